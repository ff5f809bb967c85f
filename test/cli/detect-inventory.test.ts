/** `sweepwatch detect` with an inventory of addresses, as a user runs it. */
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { HOUR, holding, snapshotText, subnetOf, times } from '../lib/evidence/snapshots.ts';
import { logText, NOON, probe, row, SCANNER } from '../lib/scan/traffic.ts';
import { findingsOf, runHere } from './run-cli.ts';
import { folderWith } from './scan-files.ts';

const HOSTS = Array.from({ length: 40 }, (_, n) => `10.0.9.${10 + 2 * ((n * 37) % 101)}`);
const ALSO = { packets: '4', bytes: '240', 'vpc-id': 'vpc-1' };
const LOG = logText([
  ...HOSTS.flatMap((to, n) =>
    probe({ to, port: 22, at: NOON + Math.floor(n / 5), sourcePort: 41_000 + n, fate: 'unanswered', also: ALSO }),
  ),
  row({ srcaddr: '10.0.0.99', dstaddr: '10.0.0.98', start: NOON + 900, end: NOON + 900 }),
]);
const SUBNETS = [subnetOf('10.0.0.0/16')];
const TIMES = times(NOON - 80 * HOUR, NOON + 4 * HOUR);
const isoOf = (at: number) => new Date(at * 1000).toISOString();
const nameOf = (at: number) => `${isoOf(at).replaceAll(':', '')}.json`;
const wholeAt = (at: number) => snapshotText(at, [holding([SCANNER])], SUBNETS);
const FILES = Object.fromEntries(TIMES.map((at) => [nameOf(at), wholeAt(at)]));

const detect = (...args: string[]) => runHere(['detect', '--format', 'ndjson', ...args]);
const severities = (run: Awaited<ReturnType<typeof detect>>) => findingsOf(run).map(({ severity }) => severity);

/** A folder with the log and a folder of snapshots. */
function folderOf(snapshots: Readonly<Record<string, string | Uint8Array>>) {
  const named = Object.entries(snapshots).map(([name, content]) => [join('inventory', name), content] as const);
  const folder = folderWith({ 'flow.log': LOG, ...Object.fromEntries(named) });
  return { log: join(folder, 'flow.log'), inventory: join(folder, 'inventory') };
}

test('a folder of snapshots tells dark addresses, and one line says when and where they are known', async () => {
  const { log, inventory } = folderOf(FILES);
  expect(severities(await detect(log))).toEqual(['low']);
  const run = await detect(log, '--inventory', inventory);
  expect(run.code).toBe(0);
  expect(severities(run)).toEqual(['medium']);
  expect(run.stderr).toContain(
    '43 snapshots of the inventory: dark addresses are known in 1 of 1 VPC from 2026-09-01T04:00:00Z to 2026-09-01T16:00:00Z\n',
  );
});

test('files with a time beside their name, in any order, and subnets apart', async () => {
  const outputs = TIMES.map((at) => [nameOf(at), JSON.stringify({ NetworkInterfaces: [holding([SCANNER])] })] as const);
  const { log, inventory } = folderOf({
    ...Object.fromEntries(outputs),
    'subnets.json.gz': gzipSync(JSON.stringify({ Subnets: SUBNETS })),
  });
  const given = TIMES.toReversed().flatMap((at) => ['--inventory', `${join(inventory, nameOf(at))}@${isoOf(at)}`]);
  const run = await detect(log, '--inventory', join(inventory, 'subnets.json.gz'), ...given);
  expect(run.code).toBe(0);
  expect(severities(run)).toEqual(['medium']);
});

describe('a snapshot that could not be taken', () => {
  test('is named, the others are used, and nothing is dark where they leave a pause', async () => {
    const { log, inventory } = folderOf({ ...FILES, [nameOf(NOON - 20 * HOUR)]: '' });
    const run = await detect(log, '--inventory', inventory);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain(`${nameOf(NOON - 20 * HOUR)}: is empty, as a call that failed leaves it\n`);
    expect(run.stderr).toContain('42 snapshots of the inventory: no address can be called dark');
    expect(severities(run)).toEqual(['low']);
  });

  test('does no harm where the next one came in time', async () => {
    const extra = times(NOON - 21 * HOUR, NOON - 19 * HOUR).map((at) => [nameOf(at), wholeAt(at)] as const);
    const { log, inventory } = folderOf({ ...FILES, ...Object.fromEntries(extra), [nameOf(NOON - 20 * HOUR)]: '{' });
    const run = await detect(log, '--inventory', inventory);
    expect(run.code).toBe(1);
    expect(severities(run)).toEqual(['medium']);
  });
});

test('--why shows dark contacts as a context of their own', async () => {
  const { log, inventory } = folderOf(FILES);
  const run = await detect(log, '--inventory', inventory, '--why', SCANNER);
  expect(run.stdout).toContain('"context":"dark address, patiently"');
});

test('a source in another VPC of its routing domain is judged by --config', async () => {
  const [own, other] = ['vpc-11111111', 'vpc-22222222'];
  const inOwn = (at: number) =>
    snapshotText(at, [holding([SCANNER], { VpcId: own })], [subnetOf('10.0.0.0/16', { VpcId: own })]);
  const folder = folderWith({
    'flow.log': LOG.replaceAll('vpc-1', other),
    'settings.json': JSON.stringify({ routingDomains: { prod: [own, other] } }),
    ...Object.fromEntries(TIMES.map((at) => [join('inventory', nameOf(at)), inOwn(at)])),
  });
  const given = [join(folder, 'flow.log'), '--inventory', join(folder, 'inventory')];
  expect(severities(await detect(...given))).toEqual(['low']);
  expect(severities(await detect(...given, '--config', join(folder, 'settings.json')))).toEqual(['medium']);
});

test('without a flow log it is wrong usage', async () => {
  const { inventory } = folderOf(FILES);
  const run = await detect('--inventory', inventory, '--audit', 'audit.ndjson');
  expect(run.code).toBe(2);
  expect(run.stderr).toContain('--inventory needs a flow log');
});

test('a folder without snapshots is an error', async () => {
  const { log } = folderOf({});
  const run = await detect(log, '--inventory', folderWith({}));
  expect(run.code).toBe(1);
  expect(run.stderr).toContain('the folder contains no inventory (.json, .json.gz)');
});
