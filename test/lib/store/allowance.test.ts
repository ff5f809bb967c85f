/** The count of announcements: as many as allowed in each slot and lane, whoever asks at the same time, and retries once. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Allowance } from '../../../lib/store/allowance.ts';
import { type Embedded, itemsOf, startEmbedded } from './fixture/tables.ts';

let embedded: Embedded;
let table: string;
let allowance: Allowance;
const SLOT = Date.UTC(2026, 10, 21, 10, 5) / 1000;
beforeAll(async () => {
  embedded = await startEmbedded();
});
afterAll(() => embedded.stop());
beforeEach(async () => {
  ({ findings: table } = await embedded.tables());
  allowance = new Allowance(embedded.client(), table, 3);
});
const take = (name: string, now = SLOT, lane = 'other') => allowance.take(lane, name, now);

test('gives out as many places as allowed, to many who ask at once', async () => {
  const taken = await Promise.all(Array.from({ length: 12 }, (_, n) => take(`a${n}`)));
  expect(taken.filter(Boolean)).toHaveLength(3);
});

test('gives the place that it has to an announcement that is tried again, when the lane is full too', async () => {
  for (const name of ['a', 'a', 'b', 'b', 'c', 'c']) expect(await take(name)).toBe(true);
  expect(await take('d')).toBe(false);
  expect(await take('a', SLOT + 299)).toBe(true);
});

test('counts lanes and slots of five minutes apart', async () => {
  for (const name of ['a', 'b', 'c']) await take(name, SLOT + 299);
  expect(await take('d', SLOT)).toBe(false);
  expect(await take('d', SLOT, 'critical')).toBe(true);
  expect(await take('d', SLOT - 1)).toBe(true);
  expect(await take('d', SLOT + 300)).toBe(true);
});

test('keeps each count for a week, and none for ever', async () => {
  await take('a', SLOT + 10);
  expect(await itemsOf(embedded.client(), table)).toEqual([
    {
      pk: 'allowance',
      sk: '2026-11-21T10:05:00Z#other',
      announcements: new Set(['a']),
      expiresAt: SLOT + 7 * 86_400,
    },
  ]);
});
