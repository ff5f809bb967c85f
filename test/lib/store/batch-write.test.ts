/** Writing many items: every one is acknowledged, or the call fails. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { putAll } from '../../../lib/store/batch-write.ts';
import { interfere } from './fixture/faults.ts';
import { type Embedded, itemsOf, startEmbedded } from './fixture/tables.ts';

let embedded: Embedded;
beforeAll(async () => {
  embedded = await startEmbedded();
});
afterAll(() => embedded.stop());

const items = (count: number) => Array.from({ length: count }, (_, n) => ({ pk: `p${n % 7}`, sk: `s${n}`, n }));
type Requests = Record<string, { PutRequest: { Item: { n: number } } }[]>;

test('several thousand items all arrive', async () => {
  const { windows } = await embedded.tables();
  const client = embedded.client();
  expect(await putAll(client, windows, items(3010))).toBe(3010);
  const stored = await itemsOf(client, windows);
  expect(stored.map(({ n }) => n).sort((a, b) => Number(a) - Number(b))).toEqual(items(3010).map(({ n }) => n));
});

test('no items need no call', async () => {
  const client = embedded.client();
  const calls = interfere(client);
  expect(await putAll(client, 'none', [])).toBe(0);
  expect(calls.size).toBe(0);
});

test('items that the table did not process are sent again, and only those', async () => {
  const { windows } = await embedded.tables();
  const client = embedded.client();
  const sent: number[][] = [];
  interfere(client, async (_, input, nth) => {
    const requests = (input.RequestItems as Requests)[windows]!;
    sent.push(requests.map(({ PutRequest }) => PutRequest.Item.n));
    if (nth === 1) {
      await putAll(
        embedded.client(),
        windows,
        requests.slice(0, 20).map(({ PutRequest }) => PutRequest.Item),
      );
      return { UnprocessedItems: { [windows]: requests.slice(20) } };
    }
    return nth === 2 ? { UnprocessedItems: { [windows]: requests } } : undefined;
  });
  await putAll(client, windows, items(25));
  expect(sent.slice(1)).toEqual([
    [20, 21, 22, 23, 24],
    [20, 21, 22, 23, 24],
  ]);
  expect(await itemsOf(embedded.client(), windows)).toHaveLength(25);
});

test('a batch that fails fails the call, also when other batches end in the same moment', async () => {
  const client = embedded.client();
  interfere(client, async (_, __, nth) => {
    // The second of four batches fails within the same turn of the event loop in which the first succeeds.
    for (let turn = 0; turn < nth; turn++) await Promise.resolve();
    if (nth === 2) throw new Error('the table is gone');
    return {};
  });
  await expect(putAll(client, 'windows', items(25 * 12))).rejects.toThrow('the table is gone');
});

test('what is still unsent is not sent after a failure', async () => {
  const client = embedded.client();
  const calls = interfere(client, () => Promise.reject(new Error('denied')));
  await expect(putAll(client, 'windows', items(25 * 100))).rejects.toThrow('denied');
  expect(calls.get('BatchWriteItem')).toBeLessThan(10);
});
