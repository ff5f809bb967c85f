/** The simulated tables do as an embedded DynamoDB does: the same calls at random, the same answers and the same items. */

import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  type DeleteCommandInput,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  type PutCommandInput,
  paginateQuery,
  type QueryCommandInput,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Condition, type Query, Table } from '../../verify/dynamodb/table.ts';
import { type Embedded, itemsOf, startEmbedded, startMemory, TABLES } from '../lib/store/fixture/tables.ts';
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
    s: fc.constantFrom(new Set(['x']), new Set(['y', 'z'])),
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
  'contains(s, :x)',
  'attribute_not_exists(s) OR size(s) < :v',
  'begins_with(lastSeen, :t)',
];
const UPDATES = [
  'SET m = :v',
  'SET #n = :v, m = :v REMOVE findingId, openShard',
  'REMOVE n',
  'ADD n :v',
  'SET n = if_not_exists(n, :v) + :v',
  'SET m = if_not_exists(n, :v)',
  'SET m = :v ADD s :set',
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

/** Calls a client, and returns what came of it. */
type Step = (client: DynamoDBDocumentClient, table: string) => Promise<unknown>;

const used = (expression: string, all: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(all).filter(([name]) => expression.includes(name)));

function given(condition: string | undefined, more: string, v: number): Condition {
  const text = `${condition ?? ''} ${more}`;
  const names = used(text, { '#n': 'n' }) as Record<string, string>;
  const values = used(text, { ':v': v, ':x': 'x', ':t': 't1', ':set': new Set(['x']) });
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

/** What the tests and the stores write into items, beside keys. */
const nested = fc.constantFrom<unknown>(undefined, null, '', true, { a: [1, { b: undefined }] }, new Set(['x', 'y']));

const step: fc.Arbitrary<Step> = fc.oneof(
  fc
    .tuple(key, attributes, nested, fc.constantFrom(...CONDITIONS), number)
    .map(([Key, more, data, condition, v]): Step => {
      const input = { Item: { ...Key, ...more, data }, ReturnValues: 'ALL_OLD' as const, ...given(condition, '', v) };
      return async (client, TableName) =>
        (await client.send(new PutCommand({ TableName, ...(input as object) } as PutCommandInput))).Attributes;
    }),
  fc
    .tuple(key, fc.constantFrom(...UPDATES), fc.constantFrom(...CONDITIONS), number)
    .map(([Key, update, condition, v]): Step => {
      const input = { Key, UpdateExpression: update, ReturnValues: 'ALL_NEW' as const, ...given(condition, update, v) };
      return async (client, TableName) =>
        (await client.send(new UpdateCommand({ TableName, ...(input as object) } as UpdateCommandInput))).Attributes;
    }),
  fc.tuple(key, fc.constantFrom(...CONDITIONS), number).map(([Key, condition, v]): Step => {
    const input = { Key, ReturnValues: 'ALL_OLD' as const, ...given(condition, '', v) };
    return async (client, TableName) =>
      (await client.send(new DeleteCommand({ TableName, ...(input as object) } as DeleteCommandInput))).Attributes;
  }),
  key.map(
    (Key): Step =>
      async (client, TableName) =>
        (await client.send(new GetCommand({ TableName, Key }))).Item,
  ),
  fc.array(fc.tuple(key, attributes), { minLength: 1, maxLength: 3 }).map((puts): Step => {
    const requests = puts.map(([Key, more]) => ({ PutRequest: { Item: { ...Key, ...more } } }));
    return async (client, TableName) =>
      (await client.send(new BatchWriteCommand({ RequestItems: { [TableName]: requests } }))).UnprocessedItems ?? {};
  }),
  // Keys that DynamoDB refuses.
  fc.constantFrom({ pk: '', sk: '1' }, { pk: 'a', sk: 1 }, { pk: 'a', sk: '1', findingId: '' }).map(
    (Item): Step =>
      async (client, TableName) =>
        (await client.send(new PutCommand({ TableName, Item }))).Attributes,
  ),
  fc
    .tuple(fc.constantFrom(...QUERIES), fc.integer({ min: 1, max: 3 }), fc.boolean())
    .map(([query, Limit, ScanIndexForward]): Step => {
      return async (client, TableName) => {
        const pages = paginateQuery({ client }, {
          TableName,
          Limit,
          ScanIndexForward,
          ...(query as object),
        } as QueryCommandInput);
        const items: unknown[] = [];
        for await (const page of pages) items.push(...(page.Items ?? []));
        // An index with equal sort keys, or without any, has an order of its own.
        return query.IndexName ? items.map(plain).sort() : items;
      };
    }),
);

const plain = (item: unknown): string =>
  JSON.stringify(Object.entries(item as object).sort(), (_, value) =>
    value instanceof Set ? [...value].sort() : value,
  );

test('puts, updates, deletions, batches, conditions, queries, pages and indexes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      const inMemory = await startMemory();
      const simulated = { client: inMemory.client(), name: (await inMemory.tables()).findings };
      const { findings } = await embedded.tables();
      for (const each of steps) {
        const real = await outcome(() => each(client, findings));
        expect(await outcome(() => each(simulated.client, simulated.name))).toEqual(real);
      }
      const [items, real] = [await itemsOf(simulated.client, simulated.name), await itemsOf(client, findings)];
      expect(new Set(items.map(plain))).toEqual(new Set(real.map(plain)));
      await inMemory.stop();
    }),
    { numRuns: 40 },
  );
}, 120_000);

test('a table that is not there, and an operation that the project does not call, are errors', async () => {
  const inMemory = await startMemory();
  const simulated = inMemory.client();
  await expect(simulated.send(new GetCommand({ TableName: 'none', Key: { pk: 'a', sk: '1' } }))).rejects.toThrow(
    'none',
  );
  await expect(simulated.send(new BatchGetCommand({ RequestItems: {} }))).rejects.toThrow('BatchGetItem');
  await inMemory.stop();
});

test('an item that is read is a copy: changing it changes nothing in the table', async () => {
  const inMemory = await startMemory();
  const [simulated, TableName] = [inMemory.client(), (await inMemory.tables()).findings];
  const Item = { pk: 'a', sk: '1', list: [1] };
  await simulated.send(new PutCommand({ TableName, Item }));
  Item.list.push(2);
  const { Item: read } = await simulated.send(new GetCommand({ TableName, Key: { pk: 'a', sk: '1' } }));
  (read!.list as number[]).push(3);
  expect((await itemsOf(simulated, TableName))[0]!.list).toEqual([1]);
  await inMemory.stop();
});

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
