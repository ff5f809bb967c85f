/** Watches in the findings table, as each judging process reads them. */
import { QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WatchesStore } from '../../../lib/store/watches-store.ts';
import { interfere } from './fixture/faults.ts';
import { type Embedded, startEmbedded } from './fixture/tables.ts';

/** No more are in force at once if signals start them. */
const MANY = 200;

let embedded: Embedded;
beforeAll(async () => {
  embedded = await startEmbedded();
});
afterAll(() => embedded.stop());

test('as many watches as may be in force are one query of at most twenty read units a minute', async () => {
  const { findings } = await embedded.tables();
  const client = embedded.client();
  const store = new WatchesStore(client, findings);
  for (let at = 0; at < MANY; at++)
    await store.put({
      id: `watch-${at}`,
      source: `10.0.${at}.0/24`,
      target: '10.9.0.0/16',
      owner: 'security operations',
      reason: 'incident 4711: stolen credentials were used from these hosts',
      sensitivity: 'high',
      from: '2026-11-21T10:00:00Z',
      until: '2026-12-21T10:00:00Z',
    });
  const queries: QueryCommandInput[] = [];
  interfere(client, (operation, input) => {
    if (operation === 'Query') queries.push(input as unknown as QueryCommandInput);
    return undefined;
  });
  const now = Date.UTC(2026, 10, 21, 12) / 1000;
  expect((await store.current(now)).countAt(now)).toBe(MANY);
  for (const later of [0, 30, 59]) await store.current(now + later);
  expect(queries).toHaveLength(1);
  const { ConsumedCapacity } = await embedded
    .client()
    .send(new QueryCommand({ ...queries[0]!, ReturnConsumedCapacity: 'TOTAL' }));
  expect(ConsumedCapacity!.CapacityUnits).toBeGreaterThan(1);
  expect(ConsumedCapacity!.CapacityUnits).toBeLessThanOrEqual(20);
});
