/** A scan beneath thousands of successful contacts, through the tables. */
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { calls, end, failures, HOUR } from '../scan/busy.ts';
import { DEFAULT_FORMAT, FULL_FORMAT, horizontal, logText, NOON, type Row, SCANNER } from '../scan/traffic.ts';
import { type Database, itemsOf, startMemory } from '../store/fixture/tables.ts';
import { type Deployment, newDeployment } from './fixture/deployment.ts';

let database: Database;
let deployment: Deployment;
beforeAll(async () => {
  database = await startMemory();
});
afterAll(() => database.stop());
beforeEach(async () => {
  deployment = await newDeployment(database);
});

const scan = horizontal(20, { at: NOON + 1500, every: 3 });

/** Takes in the rows in files of so many seconds, and settles in the hours after. */
async function run(rows: readonly Row[], seconds: number, format: string): Promise<void> {
  const files = Map.groupBy(rows, (row) => Math.floor(Number(row.end) / seconds));
  for (const [at, own] of [...files].sort(([a], [b]) => a - b))
    await deployment.ingest(`f${at}`, gzipSync(logText(own, format)), (at + 1) * seconds + 60);
  await deployment.ingest('later', gzipSync(logText(end(NOON + 3 * HOUR), format)), NOON + 3 * HOUR + 60);
  for (const hours of [3, 4]) expect((await deployment.settle(NOON + hours * HOUR + 120)).failures).toEqual([]);
}

const findings = async () =>
  (await deployment.stored())
    .filter(({ finding }) => finding.source?.address === SCANNER)
    .map(({ finding: { kind, severity, targets } }) => [kind, severity, targets.count]);

describe.each([
  ['all columns', FULL_FORMAT],
  ['the default columns', DEFAULT_FORMAT],
])('with %s', (_, format) => {
  test.each([
    [7000, 300],
    [7000, HOUR],
    [20_000, HOUR],
  ])('twenty hosts are found beneath %i calls, in files of %i seconds', async (count, seconds) => {
    await run([...calls(count), ...scan], seconds, format);
    expect(await findings()).toEqual([['horizontal-scan', 'high', expect.any(Number)]]);
    const [[, , targets]] = (await findings()) as [[string, string, number]];
    expect(targets).toBeGreaterThanOrEqual(18);
    const sizes = (await itemsOf(deployment.client, deployment.names.windows)).map(
      ({ data }) => (data as Uint8Array | undefined)?.length ?? 0,
    );
    expect(Math.max(...sizes)).toBeLessThan(100_000);
  });
});

test('an outage of servers that one file shows to have answered is not a scan, although few of them are kept', async () => {
  await run([...calls(7000), ...failures(7000, NOON + HOUR)], HOUR, FULL_FORMAT);
  for (const [, severity] of await findings()) expect(severity).toBe('low');
});
