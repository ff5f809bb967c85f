/** `sweepwatch backfill` on the local cloud: old files are read, findings are stored and nobody is told, unless wanted. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PutBucketNotificationConfigurationCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { backfillCommand } from '../../../cli/commands/backfill.ts';
import { type RunningStack, startStack } from '../../functions/fixture/stack.ts';
import { file, scan } from '../../lib/pipeline/fixture/flow-logs.ts';
import { runHere } from '../run-cli.ts';
import { folderWith } from '../scan-files.ts';

jest.setTimeout(120_000);

const DAY = 86_400;
const STACK = ['--stack', 'functions', '--region', 'us-east-1'];
const today = Math.floor(Date.now() / 1000 / DAY) * DAY;
const dayBefore = (days: number) => new Date((today - days * DAY) * 1000).toISOString().slice(0, 10);
const cursor = join(folderWith({}), 'cursor.json');
let stack: RunningStack;
let bucket: string;
let keys: readonly string[];

/** A scan by one source at the noon of a day, and the key that its file has. */
async function putScan(days: number, source: string): Promise<string> {
  const day = dayBefore(days);
  const name = `123456789012_vpcflowlogs_us-east-1_fl-0a1b2c3d_${day.replaceAll('-', '')}T1205Z_${source.replaceAll('.', '')}.log.gz`;
  const key = `AWSLogs/123456789012/vpcflowlogs/us-east-1/${day.replaceAll('-', '/')}/${name}`;
  await stack.put(key, file(scan('rejected', { from: source, count: 20, end: today - days * DAY + DAY / 2 })));
  return key;
}

beforeAll(async () => {
  stack = await startStack('functions');
  await stack.cloud.idle(60_000);
  bucket = stack.cloud.outputs.LogBucket!;
  const s3 = new S3Client({ forcePathStyle: true });
  // The files are in the bucket, and nobody has heard of them.
  await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: bucket, NotificationConfiguration: {} }));
  s3.destroy();
  keys = [await putScan(40, '10.0.7.1'), await putScan(39, '10.0.7.2'), await putScan(30, '10.0.7.3')];
  stack.told();
});
afterAll(() => stack.stop());

const days = ['--from', dayBefore(40), '--to', dayBefore(39)];
const backfill = (...args: string[]) =>
  runHere(['backfill', `s3://${bucket}/AWSLogs/`, ...days, '--cursor', cursor, ...STACK, ...args]);
const sources = async () => (await stack.findings()).map(({ finding }) => finding.source?.address).sort();

test('prints an estimate, and sends nothing without --yes', async () => {
  const dry = await backfill('--dry-run');
  expect(dry).toMatchObject({ code: 0, stderr: '' });
  expect(dry.stdout).toMatch(
    /^objects {2}2\nbytes {4}[\d.]+ KB, about .*\ncost {5}about \$0\.0.*\ntime .*\nalerts {3}none/,
  );
  const run = await backfill();
  expect(run).toMatchObject({ code: 2, stdout: dry.stdout });
  expect(run.stderr).toContain('nothing was sent. Give --yes to begin');
  await stack.cloud.idle(60_000);
  expect(await sources()).toEqual([]);
  expect(existsSync(cursor)).toBe(false);
});

test('stores the findings of the days, tells nobody, and removes its cursor', async () => {
  const run = await backfill('--yes');
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(run.stdout).toMatch(/\nsent {5}2 of 2 objects\n$/);
  await stack.cloud.idle(60_000);
  await stack.settle();
  await stack.cloud.idle(60_000);
  expect(await sources()).toEqual(['10.0.7.1', '10.0.7.2']);
  const id = `look-back-${dayBefore(40)}-to-${dayBefore(39)}`;
  for (const { finding, announced } of await stack.findings()) {
    expect(finding.suppressedBy).toBe(id);
    expect(announced).toBeUndefined();
  }
  expect(stack.told()).toEqual([]);
  expect(existsSync(cursor)).toBe(false);
});

test('goes on after the last key of its cursor', async () => {
  const job = {
    queue: stack.cloud.outputs.IngestQueue,
    address: `s3://${bucket}/AWSLogs/`,
    from: days[1],
    to: days[3],
  };
  writeFileSync(cursor, JSON.stringify({ ...job, lastKey: keys[0], sent: 1 }));
  const run = await backfill('--yes');
  expect(run.stdout).toMatch(/^objects {2}1\n[\s\S]*\nsent {5}2 of 2 objects\n$/);
  expect(run.stderr).toBe(`going on after 1 object (${cursor})\n`);
  await stack.cloud.idle(60_000);
});

test('leaves a cursor when it is stopped, and refuses the cursor of other days', async () => {
  const stop = new AbortController();
  const told: string[] = [];
  const terminal = {
    stdout: (text: string) => void told.push(text),
    // Progress is drawn after the first call.
    stderr: (text: string) => {
      told.push(text);
      if (text.includes(' left')) stop.abort();
    },
    isInteractive: true,
  };
  for (let n = 10; n < 25; n++) await putScan(20, `10.0.8.${n}`);
  const [from, to] = [dayBefore(20), dayBefore(20)];
  const options = { from, to, yes: true, rate: 1000, cursor, stack: 'functions', region: 'us-east-1' };
  const address = `s3://${bucket}/AWSLogs/`;
  expect(await backfillCommand(address, options, terminal, stop.signal)).toBe(1);
  expect(told.join('')).toContain('sent     10 of 15 objects');
  expect(told.at(-1)).toContain('stopped. The same command goes on from here');
  expect(JSON.parse(readFileSync(cursor, 'utf8'))).toMatchObject({ from, to, sent: 10 });
  expect(await backfill('--yes')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`belongs to the look back at ${address} from ${from} to ${to}`),
  });
  expect(await backfillCommand(address, options, terminal, new AbortController().signal)).toBe(0);
  expect(existsSync(cursor)).toBe(false);
  await stack.cloud.idle(60_000);
  expect((await sources()).filter((address) => address?.startsWith('10.0.8.'))).toHaveLength(15);
  expect(stack.told()).toEqual([]);
});

test('announces the findings with --alerts', async () => {
  const run = await runHere([
    ...['backfill', `s3://${bucket}/AWSLogs/`, '--from', dayBefore(30), '--to', dayBefore(30), '--alerts', '--yes'],
    ...['--cursor', cursor, ...STACK],
  ]);
  expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('alerts   as usual') });
  await stack.cloud.idle(60_000);
  expect(stack.told()).toEqual([expect.stringContaining('10.0.7.3')]);
});

const WRONG: readonly [string, readonly string[], string][] = [
  ['another bucket', ['s3://other/AWSLogs/', ...days], 'and no other bucket, got s3://other'],
  ['no address', ['logs/', ...days], 'expected s3://bucket/prefix, got "logs/"'],
  [
    'a day that does not exist',
    ['s3://b/', '--from', '2026-02-30', '--to', '2026-03-01'],
    '--from must be a day such as',
  ],
  [
    'days in the wrong order',
    ['s3://b/', '--from', '2026-03-02', '--to', '2026-03-01'],
    '--from must not be after --to',
  ],
  ['today', ['s3://b/', '--from', dayBefore(1), '--to', dayBefore(0)], '--to must be a day that ended an hour ago'],
  ['a rate of zero', ['s3://b/', ...days, '--rate', '0'], 'Expected a number from 1 to 1000.'],
];
test.each(WRONG)('refuses %s', async (_, args, message) => {
  const run = await runHere(['backfill', ...args, ...STACK]);
  expect(run).toMatchObject({ code: 2, stdout: '' });
  expect(run.stderr).toContain(message);
});

test('says so where the days hold no flow logs', async () => {
  const run = await runHere([
    ...['backfill', `s3://${bucket}/AWSLogs/`, '--from', '2020-01-01', '--to', '2020-01-31', '--dry-run', ...STACK],
  ]);
  expect(run).toMatchObject({ code: 1, stdout: '' });
  expect(run.stderr).toContain('no flow logs from 2020-01-01 to 2020-01-31');
});
