/** `sweepwatch selftest` on the local cloud: every kind is found and announced as a test, and nothing else changes. */
import { rmSync } from 'node:fs';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { SCANS } from '../../../cli/selftest/log.ts';
import { KINDS } from '../../../lib/detections/index.ts';
import { logTimes } from '../../../lib/store/agenda.ts';
import { Allowance } from '../../../lib/store/allowance.ts';
import { createDocumentClient, createS3Client } from '../../../lib/store/clients.ts';
import { FindingsStore } from '../../../lib/store/findings-store.ts';
import { expectValidFinding } from '../../finding-schema.ts';
import { type RunningStack, startStack } from '../../functions/fixture/stack.ts';
import { file, scan } from '../../lib/pipeline/fixture/flow-logs.ts';
import { itemsOf } from '../../lib/store/fixture/tables.ts';
import { type Run, runHere } from '../run-cli.ts';

jest.setTimeout(180_000);

const STACK = ['--stack', 'functions', '--region', 'us-east-1'];
let stack: RunningStack;
const documents = () => createDocumentClient(stack.cloud.connection);
beforeAll(async () => {
  stack = await startStack('functions');
  await stack.cloud.idle(60_000);
});
afterAll(() => stack.stop());

const selftest = (...args: string[]) => runHere(['selftest', ...STACK, ...args]);

/** Runs it while the schedule of settle goes on. */
async function withSettle(run: Promise<Run>): Promise<Run> {
  let isOver = false;
  const ended = run.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await stack.settle().catch(() => undefined);
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 1000))]);
  }
  return ended;
}

test('the log has a scan of each kind', () => {
  expect(SCANS.map(({ kind }) => kind).sort()).toEqual([...KINDS].sort());
});

test('each kind is found and announced, although a suppression covers it and a storm goes on', async () => {
  const client = documents();
  const { FindingsTable, WindowsTable } = stack.cloud.outputs as Record<string, string>;
  await stack.put(
    'AWSLogs/1/live.log.gz',
    file(scan('rejected', { from: '10.0.7.1', count: 20, end: Math.floor(Date.now() / 1000) - 300 })),
  );
  await stack.cloud.idle(60_000);
  expect(stack.told()).toHaveLength(1);
  for (const source of ['198.51.100.0/24', '0.0.0.0/0'])
    await runHere([
      'suppress',
      'add',
      ...STACK,
      '--source',
      source,
      '--target',
      '203.0.113.0/24',
      '--owner',
      'me',
      '--reason',
      'test',
      '--expires',
      new Date(Date.now() + 30 * 86_400_000).toISOString(),
    ]);
  const allowance = new Allowance(client, FindingsTable!, 50);
  const now = Date.now() / 1000;
  for (const slot of [now, now + 300]) for (let n = 0; n < 50; n++) await allowance.take('high inside', `a${n}`, slot);
  const before = { times: await logTimes(client, WindowsTable!), taken: await takenIn(client) };

  const run = await withSettle(selftest());
  expect(run).toMatchObject({ code: 0, stderr: '' });
  for (const { kind } of SCANS) {
    expect(run.stdout).toMatch(new RegExp(`^ +\\d+\\.\\d s {2}finding  ${kind} \\([0-9a-f]{24}\\)$`, 'm'));
    expect(run.stdout).toMatch(new RegExp(`^ +\\d+\\.\\d s {2}alert    ${kind}, subject says TEST$`, 'm'));
  }
  expect(run.stdout).toMatch(/All 6 kinds were found and announced\.\n$/);
  await stack.cloud.idle(60_000);

  // Operations hear of the rule, because it is wide.
  const [rule, ...subjects] = stack.told();
  expect(rule).toMatch(/^Suppression added: /);
  expect(subjects).toHaveLength(SCANS.length);
  for (const subject of subjects) expect(subject).toMatch(/^\[\w+\] TEST lateral /);
  const tests = (await stack.findings()).filter(({ finding }) => finding.test);
  expect(tests).toHaveLength(SCANS.length);
  for (const { finding, announced } of tests) {
    expectValidFinding(finding);
    expect(finding).toMatchObject({ test: true, status: 'closed', closedBecause: 'ended' });
    expect(finding.suppressedBy).toBeUndefined();
    expect(announced).toBeDefined();
  }
  // Log time and the places of alerts are as before.
  expect(await logTimes(client, WindowsTable!)).toEqual(before.times);
  expect(await takenIn(client)).toEqual(before.taken);
  // Everything that the test wrote expires in a day.
  const day = Date.now() / 1000 + 86_400;
  for (const table of [FindingsTable!, WindowsTable!]) {
    const own = (await itemsOf(client, table)).filter(
      (item) => JSON.stringify(item).includes('selftest-') || item.test,
    );
    expect(own.length).toBeGreaterThan(0);
    for (const { expiresAt } of own) expect(Number(expiresAt)).toBeLessThanOrEqual(day + 60);
  }
  client.destroy();
});

/** The places that alerts took of the limit. */
async function takenIn(client: ReturnType<typeof documents>): Promise<unknown> {
  const items = await itemsOf(client, stack.cloud.outputs.FindingsTable!);
  return items.filter(({ pk }) => String(pk).startsWith('allowance')).length;
}

/** The keys in the bucket that begin with a prefix. */
async function objectsBelow(Prefix: string): Promise<unknown[]> {
  const s3 = createS3Client(stack.cloud.connection);
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: stack.cloud.outputs.LogBucket, Prefix }));
  s3.destroy();
  return Contents.map(({ Key }) => Key);
}

test('later runs of settle say nothing more about it', async () => {
  stack.putForward(3 * 3600);
  await stack.settle();
  await stack.cloud.idle(60_000);
  expect(stack.told().filter((subject) => subject.includes('TEST'))).toEqual([]);
  stack.putForward(0);
});

test('a bucket that may not be written is named, with what to do instead', async () => {
  stack.cloud.described.denied.set('s3:PutObject', 'Access Denied');
  const run = await selftest();
  stack.cloud.described.denied.clear();
  expect(run).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('sweepwatch selftest --stack functions --by-hand'),
  });
});

test('what does not come is named, and doctor is next', async () => {
  const run = await selftest('--wait', '0.01', '--prefix', 'elsewhere/');
  expect(run.code).toBe(1);
  expect(run.stdout).toMatch(/After 0\.01 minutes these did not come: finding vertical-scan, alert vertical-scan, /);
  expect(run.stderr).toBe('sweepwatch: "sweepwatch doctor --stack functions" says where they may have stopped\n');
});

test('an interrupted test removes its object', async () => {
  const run = selftest('--prefix', 'elsewhere/');
  while (!(await objectsBelow('elsewhere/')).length) await new Promise((resolve) => setTimeout(resolve, 20));
  process.emit('SIGINT');
  expect(await run).toMatchObject({ code: 130, stderr: expect.stringContaining('interrupted. These had not come: ') });
  expect(await objectsBelow('elsewhere/')).toEqual([]);
});

test('a wait that fails removes the object', async () => {
  const query = jest.spyOn(FindingsStore.prototype, 'ofSource').mockRejectedValue(new Error('no answer'));
  const run = await selftest('--prefix', 'elsewhere/');
  query.mockRestore();
  expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('no answer') });
  expect(await objectsBelow('elsewhere/')).toEqual([]);
});

test('an object that cannot be removed is named, and the exit code is that of the test', async () => {
  stack.cloud.described.denied.set('s3:DeleteObject', 'Access Denied');
  const run = await selftest('--wait', '0.01', '--prefix', 'else where/');
  stack.cloud.described.denied.clear();
  expect(run.code).toBe(1);
  expect(run.stdout).toContain('After 0.01 minutes these did not come');
  expect(run.stderr).toMatch(
    /the object of the test stays in the bucket \(.*\)\. Remove it: aws s3 rm 's3:\/\/\S+\/else where\/AWSLogs\//,
  );
});

test('the command for the owner of the bucket is one line of quoted words', async () => {
  const run = await selftest('--by-hand', '--wait', '0.001', '--prefix', "a\u001b[2J'; $(id) #/");
  const [line] = run.stdout.split('\n').filter((each) => each.startsWith('aws s3 cp '));
  const [, file] = / (selftest-[0-9a-f]{8}\.log\.gz) /.exec(line!)!;
  rmSync(file!);
  expect(line).toContain(`/a?[2J'\\''; $(id) #/AWSLogs/`);
  expect(line).toMatch(/ 's3:\/\/.*\.log\.gz' --region us-east-1$/);
});

test('a wait that is no number is wrong usage', async () => {
  expect(await selftest('--wait', 'long')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--wait must be minutes'),
  });
});
