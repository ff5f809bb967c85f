/** The tables that these tests run against are those of the stack. */
import { expect, test } from '@jest/globals';
import { byDefault, resourcesOf } from '../../infra/synthesize.ts';
import { type Keys, TABLES } from './fixture/tables.ts';

interface Schema {
  KeySchema: { AttributeName: string; KeyType: string }[];
  Projection?: { ProjectionType: string };
}

const keysOf = ({ KeySchema }: Schema): Keys =>
  KeySchema.toSorted((a) => (a.KeyType === 'HASH' ? -1 : 1)).map(
    ({ AttributeName }) => AttributeName,
  ) as unknown as Keys;

test.each(['windows', 'findings'] as const)('the %s table has the keys and indexes of the template', (kind) => {
  const name = `${kind[0]!.toUpperCase()}${kind.slice(1)}`;
  const [, table] = resourcesOf(byDefault, 'AWS::DynamoDB::GlobalTable').find(([id]) => id.includes(name))!;
  const properties = table.Properties as unknown as Schema & {
    AttributeDefinitions: { AttributeName: string; AttributeType: string }[];
    GlobalSecondaryIndexes?: (Schema & { IndexName: string })[];
  };
  const indexes = properties.GlobalSecondaryIndexes ?? [];
  expect(keysOf(properties)).toEqual(TABLES[kind].keys);
  expect(Object.fromEntries(indexes.map((index) => [index.IndexName, keysOf(index)]))).toEqual(TABLES[kind].indexes);
  expect(indexes.every(({ Projection }) => Projection?.ProjectionType === 'ALL')).toBe(true);
  expect(properties.AttributeDefinitions.every(({ AttributeType }) => AttributeType === 'S')).toBe(true);
});
