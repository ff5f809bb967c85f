/** Scans too slow for an hour: found in the pipeline as in one pass over the same files, and nothing else with them. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Collector } from '../../../lib/evidence/builder.ts';
import { hashKey } from '../../../lib/evidence/keyed-hash.ts';
import { detectScans } from '../../../lib/finding/describe-scan.ts';
import type { Finding } from '../../../lib/finding/model.ts';
import { readFlowLog } from '../../../lib/flowlog/read.ts';
import { bufferSource } from '../../../lib/flowlog/source.ts';
import { type Database, startMemory } from '../store/fixture/tables.ts';
import { type Deployment, newDeployment, SECRET } from './fixture/deployment.ts';
import { file, probe } from './fixture/flow-logs.ts';

let embedded: Database;
beforeAll(async () => {
  embedded = await startMemory();
});
afterAll(() => embedded.stop());

const HOUR = 3600;
const START = Date.UTC(2026, 10, 20, 8, 7) / 1000;
const PROBES = 40;
const END = START + PROBES * HOUR;

/** One file an hour, each with what `lines` says of it. */
async function live(deployment: Deployment, lines: (hour: number) => string[]): Promise<void> {
  for (let hour = 0; hour < PROBES; hour++) {
    const now = START + hour * HOUR;
    await deployment.ingest(`hour-${hour}`, file(lines(hour)), now + 600);
    if (hour % 5 === 4) expect((await deployment.settle(now + 1800)).failures).toEqual([]);
  }
}

async function onePass(deployment: Deployment, lines: (hour: number) => string[], logTime: number): Promise<Finding[]> {
  const collector = new Collector({ key: hashKey(SECRET) });
  const all = Array.from({ length: PROBES }, (_, hour) => lines(hour)).flat();
  await readFlowLog(bufferSource('all', file(all)), collector);
  const { settings } = deployment;
  const context = { settings, secret: SECRET, logTime, overdueBefore: logTime - settings.settleSeconds };
  return [...collector.sources()].flatMap((source) => detectScans(source, context).map(({ finding }) => finding));
}

const fromInside = (hour: number) => [
  probe({ from: '10.0.7.9', to: '10.0.12.30', port: 1000 + hour, end: START + hour * HOUR }, 'REJECT'),
];
const fromOutside = (hour: number) => [
  probe({ from: '198.51.100.7', to: '10.0.12.30', port: 1000 + hour, end: START + hour * HOUR }, 'REJECT'),
];
const stale = (hour: number) =>
  Array.from({ length: 30 }, (_, n) =>
    probe({ from: '10.0.7.9', to: `10.0.12.${n}`, port: 9200, end: START + hour * HOUR + n }, 'REJECT'),
  );

describe('one probe an hour for forty hours', () => {
  test('from inside is found while it goes on, once, and ends as one pass over all files has it', async () => {
    const deployment = await newDeployment(embedded);
    await live(deployment, fromInside);
    const open = await deployment.stored();
    expect(open.map(({ finding }) => finding)).toMatchObject([
      { kind: 'vertical-scan', severity: 'high', horizon: '24h', status: 'open', contactsAtDetection: 25 },
    ]);
    const late = END + 30 * HOUR;
    await deployment.settle(late);
    const closed = (await deployment.stored()).map(({ finding }) => finding);
    expect(closed).toEqual(JSON.parse(JSON.stringify(await onePass(deployment, fromInside, late - HOUR))));
    expect(closed).toMatchObject([{ status: 'closed', closedBecause: 'ended', contacts: { failed: PROBES } }]);
  }, 60_000);

  test('from outside, too quiet for an item of its own, is found when days of quiet sources are looked through', async () => {
    const deployment = await newDeployment(embedded);
    await live(deployment, fromOutside);
    expect((await deployment.stored()).map(({ finding }) => finding)).toMatchObject([
      { kind: 'vertical-scan', direction: 'inbound', severity: 'low', source: { address: '198.51.100.7' } },
    ]);
  }, 60_000);
});

test('the same thirty dead targets tried every hour add up to no slow scan', async () => {
  const deployment = await newDeployment(embedded);
  await live(deployment, stale);
  const horizons = (await deployment.stored()).map(({ finding }) => finding.horizon);
  expect(horizons).not.toContain('24h');
  expect(horizons).not.toContain('72h');
}, 60_000);
