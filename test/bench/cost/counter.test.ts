/** The counter at the client: every call of the stores, in the units that it would be charged. */
import {
  BatchWriteCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Counter } from '../../../bench/cost/counter.ts';
import { interfere } from '../../lib/store/fixture/faults.ts';
import { type Embedded, startEmbedded } from '../../lib/store/fixture/tables.ts';

let embedded: Embedded;
let client: DynamoDBDocumentClient;
let counter: Counter;
let windows: string;
let findings: string;
beforeAll(async () => {
  embedded = await startEmbedded();
});
afterAll(() => embedded.stop());
beforeEach(async () => {
  ({ windows, findings } = await embedded.tables());
  client = embedded.client();
  counter = new Counter([
    { name: windows, indexes: [] },
    { name: findings, indexes: [{ name: 'open', keys: ['openShard', 'lastSeen'] }] },
  ]);
  counter.caller = 'test';
  counter.watch(client);
});

const data = (bytes: number) => new Uint8Array(bytes);
const unitsOf = (table: string, way: string, kind: string) => counter.counts.get(`test ${table} ${way} ${kind}`)?.units;
const write = (items: object[]) =>
  client.send(
    new BatchWriteCommand({
      RequestItems: { [windows]: items.map((Item) => ({ PutRequest: { Item: { ...Item } } })) },
    }),
  );

test('a batch is charged item by item, by kind', async () => {
  await write([
    { pk: 'noise#1', sk: 'a', data: data(1500) },
    { pk: 'noise#1', sk: 'b', data: data(10) },
    { pk: 'source#x', sk: 'a', data: data(5000) },
  ]);
  expect(unitsOf(windows, 'write', 'noise')).toBe(3);
  expect(unitsOf(windows, 'write', 'source')).toBe(5);
  expect(counter.counts.get(`test ${windows} write batches`)?.calls).toBe(1);
  expect(counter.stored(windows)).toMatchObject({ items: 3 });
});

test('what a batch did not process is not charged until it is', async () => {
  const refusing = embedded.client();
  const second = { PutRequest: { Item: { pk: 'noise#1', sk: 'b' } } };
  counter.watch(refusing);
  interfere(refusing, () => ({ UnprocessedItems: { [windows]: [second] } }));
  await refusing.send(
    new BatchWriteCommand({
      RequestItems: { [windows]: [{ PutRequest: { Item: { pk: 'noise#1', sk: 'a' } } }, second] },
    }),
  );
  expect(unitsOf(windows, 'write', 'noise')).toBe(1);
});

test('a page is charged as a whole, half where eventually consistent', async () => {
  await write(Array.from({ length: 5 }, (_, n) => ({ pk: 'noise#1', sk: String(n), data: data(1000) })));
  const query = {
    TableName: windows,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': 'noise#1' },
  };
  await client.send(new QueryCommand({ ...query, ConsistentRead: true }));
  expect(unitsOf(windows, 'read', 'noise')).toBe(2);
  await client.send(new QueryCommand(query));
  expect(unitsOf(windows, 'read', 'noise')).toBe(3);
  await client.send(
    new QueryCommand({ ...query, ExpressionAttributeValues: { ':pk': 'noise#none' }, ConsistentRead: true }),
  );
  expect(unitsOf(windows, 'read', 'noise')).toBe(4);
});

test('an update is charged for the whole item, and its index entries where they appear and move', async () => {
  const Key = { pk: 'source#x', sk: 'finding#1' };
  const update = (lastSeen: string, bytes: number) =>
    client.send(
      new UpdateCommand({
        TableName: findings,
        Key,
        UpdateExpression: 'SET openShard = :s, lastSeen = :t, body = :b',
        ExpressionAttributeValues: { ':s': 'open#0', ':t': lastSeen, ':b': 'x'.repeat(bytes) },
      }),
    );
  await update('1', 1500);
  expect([unitsOf(findings, 'write', 'source'), unitsOf(findings, 'index', 'source')]).toEqual([2, 2]);
  await update('2', 10);
  // Two for the larger of both versions. The index entry is deleted (2) and written (1).
  expect([unitsOf(findings, 'write', 'source'), unitsOf(findings, 'index', 'source')]).toEqual([4, 5]);
  await client.send(new DeleteCommand({ TableName: findings, Key }));
  expect([unitsOf(findings, 'write', 'source'), unitsOf(findings, 'index', 'source')]).toEqual([5, 6]);
  expect(counter.stored(findings)).toEqual({ items: 0, bytes: 0 });
});

test('a refused condition is charged too', async () => {
  const put = () =>
    client.send(
      new PutCommand({
        TableName: findings,
        Item: { pk: 'settle', sk: 'a', data: data(1500) },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    );
  await put();
  await expect(put()).rejects.toThrow();
  expect(unitsOf(findings, 'write', 'settle')).toBe(2);
  expect(unitsOf(findings, 'write', 'refused settle')).toBe(2);
});

test('a call that it does not know is an error rather than free', async () => {
  await expect(client.send(new GetCommand({ TableName: windows, Key: { pk: 'a', sk: 'b' } }))).rejects.toThrow(
    'GetItem is not counted',
  );
});

test('calls at the same time are one round trip, calls after each other are several', async () => {
  const timed = embedded.client();
  const own = new Counter([]);
  own.caller = 'test';
  own.watch(timed);
  interfere(timed, () => new Promise((resolve) => setTimeout(() => resolve({ Items: [] }), 50)));
  const query = () =>
    timed.send(
      new QueryCommand({
        TableName: windows,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': 'a' },
      }),
    );
  await Promise.all([query(), query(), query()]);
  expect(own.takeRoundTrips()).toBeCloseTo(1, 0);
  for (let n = 0; n < 3; n++) await query();
  expect(own.takeRoundTrips()).toBeCloseTo(3, 0);
  expect(own.takeRoundTrips()).toBe(0);
});
