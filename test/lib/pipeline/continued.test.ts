/** Scans that outlast their windows, and logs that are older than windows are kept. */
import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Finding } from '../../../lib/finding/model.ts';
import { type Database, itemsOf, startMemory } from '../store/fixture/tables.ts';
import { type Deployment, newDeployment } from './fixture/deployment.ts';
import { answer, file, probe, scan } from './fixture/flow-logs.ts';

let embedded: Database;
let deployment: Deployment;
beforeAll(async () => {
  embedded = await startMemory();
});
afterAll(() => embedded.stop());
beforeEach(async () => {
  deployment = await newDeployment(embedded);
});

const MINUTE = 60;
const START = Date.UTC(2026, 10, 21, 10, 10) / 1000;
const NOW = START + 5 * MINUTE;
const findings = async (): Promise<Finding[]> => (await deployment.stored()).map(({ finding }) => finding);

test('old logs that are read again are judged as a whole', async () => {
  const monthLater = NOW + 30 * 24 * 3600;
  for (let n = 0; n < 20; n++) {
    const burst = scan('rejected', { count: 20, first: 1 + n * 100, end: START + n * 50 * MINUTE });
    await deployment.ingest(`burst-${n}`, file(burst), monthLater);
  }
  expect(await findings()).toMatchObject([{ firstSeen: '2026-11-21T10:09:55Z' }]);
  expect((await deployment.settle(monthLater)).failures).toEqual([]);
  expect(await findings()).toMatchObject([{ closedBecause: 'ended', contacts: { failed: 400 } }]);
});

describe('when the evidence of the beginning has expired', () => {
  /** Does what the table's TTL does to windows before an hour. Of the first hour only some items expire. */
  async function expire(isExpired: (sk: string) => boolean): Promise<void> {
    const { windows: TableName } = deployment.names;
    for (const { pk, sk } of await itemsOf(deployment.client, TableName))
      if (String(pk).startsWith('source#') && isExpired(String(sk)))
        await deployment.client.send(new DeleteCommand({ TableName, Key: { pk, sk } }));
  }

  test('a scan that goes on is judged by what is left', async () => {
    deployment = await newDeployment(embedded, { windowDays: 1 });
    const burst = (n: number) => scan('rejected', { count: 24, first: 1 + n * 100, end: START + n * 50 * MINUTE });
    const first = burst(0);
    await deployment.ingest('first-a', file(first.slice(0, 12)), NOW);
    await deployment.ingest('first-b', file(first.slice(12)), NOW);
    for (let n = 1; n < 32; n++) await deployment.ingest(`burst-${n}`, file(burst(n)), NOW + n * 50 * MINUTE);
    const [begun] = await findings();
    let gone = 0;
    await expire((sk) => sk.startsWith('2026-11-21T10') && gone++ === 0);
    const open = { port: 9999, end: START + 32 * 50 * MINUTE };
    await deployment.ingest('last', file([...burst(32), probe(open), answer(open)]), open.end + MINUTE);
    expect(await findings()).toMatchObject([{ id: begun!.id, status: 'open', openPorts: { count: 1 } }]);
  });

  test('a scan that goes on for days stays one finding and one alert, until it has gone on twice as long', async () => {
    deployment = await newDeployment(embedded, { windowDays: 1 });
    const goOn = async (from: number, to: number) => {
      for (let n = from; n < to; n++) {
        const end = START + n * 50 * MINUTE;
        const body = file(scan('rejected', { count: 20, first: 1 + n * 100, end }));
        await deployment.ingest(`burst-${n}`, body, end + MINUTE);
        await expire((sk) => sk < new Date((end - 24 * 3600) * 1000).toISOString().slice(0, 13));
        await deployment.deliverAll(end + MINUTE);
      }
    };
    await goOn(0, 60);
    expect(await findings()).toMatchObject([{ firstSeen: '2026-11-21T10:09:55Z', status: 'open' }]);
    expect(deployment.told().map(({ event }) => event)).toEqual(['opened']);
    await goOn(60, 80);
    await deployment.settle(START + 80 * 50 * MINUTE);
    expect((await findings()).map(({ status }) => status).sort()).toEqual(['closed', 'open']);
    await deployment.settle(START + 80 * 50 * MINUTE + 3 * 3600);
    expect((await findings()).map(({ closedBecause }) => closedBecause)).toEqual(['ended', 'ended']);
  });

  test('a scan that is over is closed as ended, not kept open for ever', async () => {
    await deployment.ingest('a', file(scan('rejected', { count: 20, end: START })), NOW);
    await expire(() => true);
    expect(await deployment.settle(START + 9 * 24 * 60 * MINUTE)).toMatchObject({ failures: [] });
    expect(await findings()).toMatchObject([{ status: 'closed', closedBecause: 'ended' }]);
  });
});
