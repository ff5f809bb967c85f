/** `sweepwatch backfill --map` on the local cloud: the Distributed Map reads old files, and what failed is named. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { backfillCommand } from '../../../cli/commands/backfill.ts';
import type { Finding } from '../../../lib/finding/model.ts';
import type { LookBackOutput } from '../../../lib/store/look-back-batch.ts';
import { LookBackRuns } from '../../../lib/store/look-back-runs.ts';
import { type RunningStack, startStack } from '../../functions/fixture/stack.ts';
import { file, scan } from '../../lib/pipeline/fixture/flow-logs.ts';
import { runHere } from '../run-cli.ts';
import { folderWith } from '../scan-files.ts';

jest.setTimeout(500_000);

const DAY = 86_400;
const STACK = ['--stack', 'look-back', '--region', 'us-east-1'];
const today = Math.floor(Date.now() / 1000 / DAY) * DAY;
const dayBefore = (days: number) => new Date((today - days * DAY) * 1000).toISOString().slice(0, 10);
const folder = folderWith({});
const cursor = join(folder, 'cursor.json');
let stack: RunningStack;
let s3: S3Client;
let bucket: string;

/** Puts a file of a past day into the bucket, and into the folder for `detect`. */
async function put(days: number, name: string, body: Uint8Array): Promise<string> {
  const day = dayBefore(days);
  const flowLog = `123456789012_vpcflowlogs_us-east-1_fl-0a1b2c3d_${day.replaceAll('-', '')}T1205Z_${name}.log.gz`;
  const key = `AWSLogs/123456789012/vpcflowlogs/us-east-1/${day.replaceAll('-', '/')}/${flowLog}`;
  await stack.put(key, body);
  mkdirSync(dirname(join(folder, String(days), key)), { recursive: true });
  writeFileSync(join(folder, String(days), key), body);
  return key;
}

const putScan = (days: number, source: string, outcome: 'rejected' | 'unanswered' = 'rejected') =>
  put(
    days,
    source.replaceAll('.', ''),
    file(scan(outcome, { from: source, count: 20, end: today - days * DAY + DAY / 2 })),
  );

beforeAll(async () => {
  // A batch takes longer than the shortened time of a function, on a busy machine.
  stack = await startStack('look-back', {}, 'as deployed');
  await stack.cloud.idle(240_000);
  bucket = stack.cloud.outputs.LogBucket!;
  s3 = new S3Client({ forcePathStyle: true });
  // The files are in the bucket, and nobody has heard of them.
  await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: bucket, NotificationConfiguration: {} }));
});
afterAll(async () => {
  s3.destroy();
  await stack.stop();
});

const backfill = (days: number, ...args: string[]) =>
  runHere([
    ...['backfill', `s3://${bucket}/AWSLogs/`, '--map', '--from', dayBefore(days), '--to', dayBefore(days)],
    ...['--cursor', cursor, ...STACK, ...args],
  ]);

/** What does not depend on the secret of the ids, or on when it was judged, by source. */
const said = (findings: readonly Finding[]) =>
  Object.fromEntries(
    findings.map(({ kind, severity, source, firstSeen, lastSeen, contacts, targets, ports, reasons }) => [
      source?.address,
      { kind, severity, firstSeen, lastSeen, contacts, targets, ports, reasons },
    ]),
  );

test('prints an estimate, and reads nothing without --yes', async () => {
  await putScan(40, '10.0.7.1');
  const dry = await backfill(40, '--dry-run');
  expect(dry).toMatchObject({ code: 0, stderr: '' });
  expect(dry.stdout).toMatch(
    /^objects {2}1 in 1 batch\nbytes {4}.*\ncost {5}about \$0\.0.* 3 transitions .*\ntime .*\nsettle .*\nalerts {3}none/,
  );
  expect(await backfill(40)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('nothing was read. Give --yes'),
  });
  expect(existsSync(cursor)).toBe(false);
});

test('finds what detect finds in the same files, and tells nobody', async () => {
  for (let n = 1; n <= 18; n++) await putScan(30, `10.0.8.${n}`, n % 2 ? 'rejected' : 'unanswered');
  stack.told();
  const run = await backfill(30, '--yes');
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(run.stdout).toMatch(/^objects {2}18 in 3 batches\n[\s\S]*\nread {5}18 of 18 files\n$/);
  await stack.cloud.idle(240_000);
  await stack.settle();
  await stack.cloud.idle(240_000);
  const stored = (await stack.findings()).filter(({ finding }) => finding.source?.address.startsWith('10.0.8.'));
  for (const { finding, announced } of stored) {
    expect(finding.suppressedBy).toBe(`look-back-${dayBefore(30)}-to-${dayBefore(30)}`);
    expect(announced).toBeUndefined();
  }
  const detect = await runHere(['detect', join(folder, '30'), '--format', 'ndjson']);
  const expected = detect.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Finding);
  expect(expected).toHaveLength(18);
  expect(said(stored.map(({ finding }) => finding))).toEqual(said(expected));
  expect(stack.told()).toEqual([]);
  expect(existsSync(cursor)).toBe(false);
});

test('names the files that failed, and reads only these the next time', async () => {
  const keys = [await putScan(20, '10.0.9.1'), await putScan(20, '10.0.9.2'), await putScan(20, '10.0.9.3')];
  const damaged = await put(20, 'damaged', Buffer.from('not gzip'));
  const truncated = await put(20, 'truncated', Buffer.from('not gzip either'));
  const run = await backfill(20, '--yes');
  expect(run).toMatchObject({ code: 1, stderr: `The same command reads what is left (${cursor})\n` });
  expect(run.stdout).toContain('\nread     3 of 5 files\nfailed   2 files\n');
  expect(run.stdout).toContain(`\n  ${damaged}: `);
  const repaired = await putScan(20, '10.0.9.4');
  expect(keys).not.toContain(repaired);
  for (const [key, from] of [
    [damaged, '10.0.9.5'],
    [truncated, '10.0.9.6'],
  ] as const)
    await stack.put(key, file(scan('rejected', { from, count: 20, end: today - 20 * DAY + DAY / 2 })));
  const again = await backfill(20, '--yes');
  expect(again).toMatchObject({ code: 0, stderr: 'going on with 2 of 5 files\n' });
  expect(again.stdout).toMatch(
    /^read {5}3 of 5 files\nfailed {3}2 files\n {2}.*damaged.*\n {2}.*truncated.*\nobjects {2}2 in 1 batch\n[\s\S]*\nread {5}2 of 2 files\n$/,
  );
  expect(existsSync(cursor)).toBe(false);
});

test('counts a file as gone that was deleted before it was read', async () => {
  const key = await putScan(15, '10.0.10.1');
  await putScan(15, '10.0.10.2');
  const runs = new LookBackRuns(stack.cloud.connection, JSON.parse(stack.cloud.outputs.LookBack!) as LookBackOutput);
  await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
  await runs.writeList('with-gone', [{ bucket, key, size: 1 }]);
  await runs.start('with-gone', 1);
  await stack.cloud.idle(240_000);
  expect(await runs.look('with-gone')).toEqual({ status: 'SUCCEEDED', done: 1, all: 1 });
  expect(await runs.outcome('with-gone')).toMatchObject({ gone: [key], read: new Set(), failed: new Map() });
  runs.destroy();
});

/** A run that ended while nobody followed it, and the cursor that it left. */
async function endUnseen(days: number, run: string, keys: readonly string[]): Promise<void> {
  const output = JSON.parse(stack.cloud.outputs.LookBack!) as LookBackOutput;
  const runs = new LookBackRuns(stack.cloud.connection, output);
  await runs.writeList(
    run,
    keys.map((key) => ({ bucket, key, size: 1 })),
  );
  await runs.start(run, 8);
  await stack.cloud.idle(240_000);
  expect(await runs.look(run)).toMatchObject({ status: 'SUCCEEDED' });
  runs.destroy();
  writeCursor(days, { machine: output.machine, run, files: keys.length });
}

const writeCursor = (days: number, run: { machine: string; run: string; files: number }) =>
  writeFileSync(
    cursor,
    JSON.stringify({ address: `s3://${bucket}/AWSLogs/`, from: dayBefore(days), to: dayBefore(days), ...run }),
  );

test('says what became of a run that ended while nobody followed, and starts no other', async () => {
  await endUnseen(14, 'unseen', [await putScan(14, '10.0.13.1'), await putScan(14, '10.0.13.2')]);
  const told = { code: 0, stdout: 'read     2 of 2 files\n', stderr: '' };
  expect(await backfill(14, '--dry-run')).toMatchObject(told);
  expect(existsSync(cursor)).toBe(true);
  expect(await backfill(14, '--yes')).toMatchObject(told);
  expect(existsSync(cursor)).toBe(false);
});

test('names the files that failed while nobody followed', async () => {
  const damaged = await put(13, 'damaged', Buffer.from('not gzip'));
  await endUnseen(13, 'unseen-failure', [await putScan(13, '10.0.14.1'), damaged]);
  const run = await backfill(13);
  expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining('going on with 1 of 2 files\n') });
  expect(run.stdout).toContain(`read     1 of 2 files\nfailed   1 file\n  ${damaged}: `);
  expect(run.stdout).toContain('\nobjects  1 in 1 batch\n');
  expect(existsSync(cursor)).toBe(true);
  rmSync(cursor);
});

/** Makes the results of a run say that its one batch ended the function. */
async function asIfCrashed(run: string): Promise<void> {
  const { bucket, ...output } = JSON.parse(stack.cloud.outputs.LookBack!) as LookBackOutput;
  const runs = new LookBackRuns(stack.cloud.connection, { bucket, ...output });
  const folder = (await runs.outcome(run)).folder!.replace(`s3://${bucket}/`, '');
  runs.destroy();
  const read = async (name: string) =>
    JSON.parse(
      await (
        await s3.send(new GetObjectCommand({ Bucket: bucket, Key: `${folder}${name}` }))
      ).Body!.transformToString(),
    );
  const put = (name: string, value: unknown) =>
    s3.send(new PutObjectCommand({ Bucket: bucket, Key: `${folder}${name}`, Body: JSON.stringify(value) }));
  const [{ Output, OutputDetails, ...batch }] = await read('SUCCEEDED_0.json');
  const cause = { errorType: 'Runtime.ExitError', errorMessage: 'RequestId: 1 Error: Runtime exited: signal: killed' };
  await put('FAILED_0.json', [
    { ...batch, Status: 'FAILED', Error: 'Runtime.ExitError', Cause: JSON.stringify(cause) },
  ]);
  const manifest = await read('manifest.json');
  const ResultFiles = { FAILED: [{ Key: `${folder}FAILED_0.json` }], PENDING: [], SUCCEEDED: [] };
  await put('manifest.json', { ...manifest, ResultFiles });
}

test('gives each file of a batch that ended the function a batch of its own', async () => {
  await endUnseen(9, 'crashed', [await putScan(9, '10.0.15.1'), await putScan(9, '10.0.15.2')]);
  await asIfCrashed('crashed');
  const calls = () =>
    stack.events.filter((event) => event.type === 'function invoked' && event.logicalId.includes('Ingest')).length;
  const before = calls();
  const run = await backfill(9, '--yes');
  expect(run).toMatchObject({ code: 0, stderr: 'going on with 2 of 2 files\n' });
  expect(run.stdout).toMatch(
    /^read {5}0 of 2 files\nfailed {3}2 files\n(?: {2}.*: Runtime.ExitError: .*killed\n){2}objects {2}2 in 2 batches\n/,
  );
  expect(run.stdout).toMatch(/\nread {5}2 of 2 files\n$/);
  expect(calls() - before).toBe(2);
});

test('says that the list of a run is gone', async () => {
  const { machine } = JSON.parse(stack.cloud.outputs.LookBack!) as LookBackOutput;
  writeCursor(11, { machine, run: 'expired', files: 3 });
  expect(await backfill(11, '--yes')).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining(`the list of files of --cursor ${cursor} is gone. Lists are kept for 90 days`),
  });
  rmSync(cursor);
});

test('refuses a rate, which the map would ignore', async () => {
  const refused = await backfill(11, '--rate', '5');
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/--map.*cannot be used with.*--rate/);
});

test('reads the whole list of a run that was never started', async () => {
  const key = await putScan(12, '10.0.12.1');
  const { machine } = JSON.parse(stack.cloud.outputs.LookBack!) as LookBackOutput;
  const runs = new LookBackRuns(stack.cloud.connection, JSON.parse(stack.cloud.outputs.LookBack!) as LookBackOutput);
  await runs.writeList('never', [{ bucket, key, size: 1 }]);
  runs.destroy();
  writeCursor(12, { machine, run: 'never', files: 1 });
  expect(await backfill(12, '--yes')).toMatchObject({ code: 0, stderr: 'going on with 1 of 1 file\n' });
  expect(existsSync(cursor)).toBe(false);
});

test('stops following, and follows the run again', async () => {
  for (let n = 1; n <= 9; n++) await putScan(10, `10.0.11.${n}`);
  const stop = new AbortController();
  const told: string[] = [];
  const terminal = {
    stdout: (text: string) => void told.push(text),
    // Progress is drawn once the run has started.
    stderr: (text: string) => {
      told.push(text);
      if (text.includes(' of 9 files')) stop.abort();
    },
    isInteractive: true,
  };
  const day = { from: dayBefore(10), to: dayBefore(10) };
  const options = { ...day, map: true, yes: true, rate: 20, cursor, stack: 'look-back', region: 'us-east-1' };
  expect(await backfillCommand(`s3://${bucket}/AWSLogs/`, options, terminal, stop.signal)).toBe(1);
  expect(told.at(-1)).toMatch(/^stopped following\. The run goes on in AWS[\s\S]*stop-execution --execution-arn arn:/);
  expect(JSON.parse(readFileSync(cursor, 'utf8'))).toMatchObject({ ...day, files: 9 });
  expect(await backfill(20, '--yes')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`from ${dayBefore(10)} to ${dayBefore(10)} with --map`),
  });
  const again = await backfill(10);
  expect(again.code).toBe(0);
  expect(again.stdout).toMatch(/read {5}9 of 9 files\n$/);
  expect(existsSync(cursor)).toBe(false);
});
