/** The simulated tables do as an embedded DynamoDB does: the same calls at random, the same answers and the same items. */

import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Condition, type Query, Table } from '../../verify/simulation/table.ts';
import { type Embedded, itemsOf, startEmbedded, TABLES } from '../lib/store/fixture/tables.ts';
import fc from '../properties.ts';

let embedded: Embedded;
let client: DynamoDBDocumentClient;
beforeAll(async () => {
  embedded = await startEmbedded();
  client = embedded.client();
});
afterAll(() => embedded.stop());

const key = fc.record({ pk: fc.constantFrom('a', 'b'), sk: fc.constantFrom('1', '2', '3', '4') });
const number = fc.integer({ min: 0, max: 3 });
const attributes = fc.record(
  {
    n: number,
    m: number,
    findingId: fc.constantFrom('x', 'y'),
    openShard: fc.constantFrom('o', 'p'),
    lastSeen: fc.constantFrom('t1', 't2', 't3'),
  },
  { requiredKeys: [] },
);
/** Conditions of the kinds that the stores write. */
const CONDITIONS = [
  undefined,
  'attribute_not_exists(pk)',
  'attribute_exists(n)',
  'attribute_not_exists(pk) OR n < :v',
  'attribute_not_exists(pk) OR #n < :v OR (n = :v AND m <= :v)',
  'attribute_exists(m) AND (attribute_not_exists(n) OR n >= :v)',
  'NOT n = :v',
  'n <> :v',
  'n BETWEEN :v AND :v',
];
const UPDATES = [
  'SET m = :v',
  'SET #n = :v, m = :v REMOVE findingId, openShard',
  'REMOVE n',
  'ADD n :v',
  'SET n = if_not_exists(n, :v) + :v',
  'SET m = if_not_exists(n, :v)',
];
const QUERIES: readonly Query[] = [
  { KeyConditionExpression: 'pk = :a', ExpressionAttributeValues: { ':a': 'a' } },
  { KeyConditionExpression: 'pk = :a AND sk < :s', ExpressionAttributeValues: { ':a': 'a', ':s': '3' } },
  {
    KeyConditionExpression: '#p = :a AND sk BETWEEN :s AND :t',
    ExpressionAttributeNames: { '#p': 'pk' },
    ExpressionAttributeValues: { ':a': 'b', ':s': '2', ':t': '3' },
  },
  { IndexName: 'byId', KeyConditionExpression: 'findingId = :x', ExpressionAttributeValues: { ':x': 'x' } },
  {
    IndexName: 'open',
    KeyConditionExpression: 'openShard = :o AND lastSeen >= :t',
    ExpressionAttributeValues: { ':o': 'o', ':t': 't2' },
  },
];

type Step = (both: { table: Table; name: string }) => Promise<void>;

const used = (expression: string, all: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(all).filter(([name]) => expression.includes(name)));

function given(condition: string | undefined, more: string, v: number): Condition {
  const text = `${condition ?? ''} ${more}`;
  const names = used(text, { '#n': 'n' }) as Record<string, string>;
  const values = used(text, { ':v': v });
  return {
    ...(condition && { ConditionExpression: condition }),
    ...(Object.keys(names).length && { ExpressionAttributeNames: names }),
    ...(Object.keys(values).length && { ExpressionAttributeValues: values }),
  };
}

/** What came of a call, on either side. */
const outcome = async (act: () => unknown): Promise<unknown> => {
  try {
    return await act();
  } catch (error) {
    const { name } = error as Error;
    if (name !== 'ConditionalCheckFailedException' && name !== 'ValidationException') throw error;
    return name;
  }
};

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(key, attributes, fc.constantFrom(...CONDITIONS), number).map(([Key, more, condition, v]): Step => {
    const of = given(condition, '', v);
    return async ({ table, name }) => {
      const Item = { ...Key, ...more };
      const real = await outcome(() =>
        client.send(new PutCommand({ TableName: name, Item, ...(of as object) })).then(() => 'put'),
      );
      const put = () => {
        table.put(0, Item, of);
        return 'put';
      };
      expect(await outcome(put)).toEqual(real);
    };
  }),
  fc
    .tuple(key, fc.constantFrom(...UPDATES), fc.constantFrom(...CONDITIONS), number)
    .map(([Key, update, condition, v]): Step => {
      const of = given(condition, update, v);
      return async ({ table, name }) => {
        const input = {
          TableName: name,
          Key,
          UpdateExpression: update,
          ReturnValues: 'ALL_NEW' as const,
          ...(of as object),
        };
        const real = await outcome(() => client.send(new UpdateCommand(input)).then(({ Attributes }) => Attributes));
        expect(await outcome(() => table.update(0, Key, update, of))).toEqual(real);
      };
    }),
  fc.tuple(key, fc.constantFrom(...CONDITIONS), number).map(([Key, condition, v]): Step => {
    const of = given(condition, '', v);
    return async ({ table, name }) => {
      const input = { TableName: name, Key, ReturnValues: 'ALL_OLD' as const, ...(of as object) };
      const real = await outcome(() => client.send(new DeleteCommand(input)).then(({ Attributes }) => Attributes));
      expect(await outcome(() => table.delete(0, Key, of))).toEqual(real);
    };
  }),
  fc.tuple(fc.constantFrom(...QUERIES), fc.integer({ min: 1, max: 3 })).map(([query, limit]): Step => {
    return async ({ table, name }) => {
      const pages = async (ask: (input: Query) => Promise<{ Items: unknown; LastEvaluatedKey?: unknown }>) => {
        const all: unknown[] = [];
        let start: unknown;
        do {
          const { Items, LastEvaluatedKey } = await ask({
            ...query,
            Limit: limit,
            ...(start ? { ExclusiveStartKey: start as never } : {}),
          });
          all.push(...(Items as unknown[]));
          start = LastEvaluatedKey;
        } while (start);
        return all;
      };
      const real = await pages(async (input) => {
        const page = await client.send(new QueryCommand({ TableName: name, ...(input as object) }));
        return { Items: page.Items ?? [], ...(page.LastEvaluatedKey && { LastEvaluatedKey: page.LastEvaluatedKey }) };
      });
      const simulated = await pages(async (input) => table.query(input, () => 0));
      // An index with equal sort keys, or without any, has an order of its own.
      const sorted = (items: unknown[]) => (query.IndexName ? items.map((item) => JSON.stringify(item)).length : items);
      expect(sorted(simulated)).toEqual(sorted(real));
      expect(new Set(simulated.map(plain))).toEqual(new Set(real.map(plain)));
    };
  }),
);

const plain = (item: unknown): string => JSON.stringify(Object.entries(item as object).sort());

test('puts, updates, deletions, conditions, queries, pages and indexes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      const both = { table: new Table(TABLES.findings), name: (await embedded.tables()).findings };
      for (const each of steps) await each(both);
      const items = await itemsOf(client, both.name);
      expect(new Set([...both.table.items()].map(plain))).toEqual(new Set(items.map(plain)));
    }),
    { numRuns: 40 },
  );
}, 120_000);

test('a read that need not be consistent sees the past, and never what was not', () => {
  const table = new Table(TABLES.findings);
  table.put(10, { pk: 'a', sk: '1', n: 1 });
  table.put(20, { pk: 'a', sk: '1', n: 2 });
  table.delete(30, { pk: 'a', sk: '1' });
  const seenAt = (time: number) =>
    table
      .query({ KeyConditionExpression: 'pk = :a', ExpressionAttributeValues: { ':a': 'a' } }, () => time)
      .Items.map(({ n }) => n);
  expect([9, 10, 19, 20, 29, 30].map(seenAt)).toEqual([[], [1], [1], [2], [2], []]);
});

test('what is not understood is an error', () => {
  const table = new Table(TABLES.findings);
  expect(() => table.put(0, { pk: 'a', sk: '1' }, { ConditionExpression: 'attribute_type(n, :v)' })).toThrow(
    'expected a comparison',
  );
  expect(() => table.update(0, { pk: 'a', sk: '1' }, 'DELETE n :v')).toThrow('expected SET, REMOVE or ADD');
});
