/** Buckets of other Regions and accounts: their files arrive over the bus, and each statement is needed for that. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SCANS } from '../../cli/selftest/log.ts';
import { type ForeignBucket, type OwnerChanges, ownerChanges } from '../../lib/config/foreign-bucket.ts';
import { type Run, runHere } from '../cli/run-cli.ts';
import { file, scan } from '../lib/pipeline/fixture/flow-logs.ts';
import { type RunningStack, startStack } from './fixture/stack.ts';

const KEY = 'AWSLogs/222233334444/vpcflowlogs/eu-west-1/2026/12/01/a.log.gz';
const now = Math.floor(Date.now() / 1000) - 300;
let stack: RunningStack;
let ireland: ForeignBucket;
let tokyo: ForeignBucket;

beforeAll(async () => {
  stack = await startStack('other-buckets', {}, 'as deployed');
  [ireland, tokyo] = [1, 2].map((at) => JSON.parse(stack.cloud.outputs[`OtherBucket${at}`]!)) as [
    ForeignBucket,
    ForeignBucket,
  ];
}, 120_000);
afterAll(() => stack.stop());

/** Puts a scan by this address into a bucket, whose owner has added these changes. */
async function put(from: string, { bucket, owner, region }: ForeignBucket, changes: OwnerChanges): Promise<void> {
  await stack.cloud.setForeignBucket({ bucket, owner, region: region!, ...changes });
  const body = file(scan('rejected', { from, count: 20, end: now }));
  await stack.putInto(bucket, KEY.replace('a.log', `${from}.log`), body);
}

/** Waits for a line about an error, or a delivery that failed, that names the file. */
async function trouble(word: string): Promise<string> {
  for (let tries = 0; tries < 300; tries++) {
    const found = stack.events.flatMap((event) => {
      if (event.type === 'delivery failed') return `${event.what}: ${event.error}`;
      return event.type === 'function output' && event.line.includes('ERROR') ? event.line : [];
    });
    const text = found.find((line) => line.includes(word));
    if (text) return text;
    await sleep(100);
  }
  throw new Error(`no trouble with ${word}`);
}

test.each([
  ['of another account and Region, under its key', '10.0.7.1', () => ireland],
  ['of the same account in another Region', '10.0.7.2', () => tokyo],
])('a file of a bucket %s arrives', async (_, from, other) => {
  await put(from, other(), ownerChanges(other()));
  await stack.cloud.idle(60_000);
  expect(stack.told().filter((mail) => mail.includes(from))).toHaveLength(1);
});

test('backfill reads old files of such a bucket as its owner', async () => {
  const { rule: _, ...rest } = ownerChanges(ireland);
  const { bucket, owner, region } = ireland;
  await stack.cloud.setForeignBucket({ bucket, owner, region: region!, ...rest });
  const body = file(scan('rejected', { from: '10.0.7.10', count: 20, end: now }));
  const name = '222233334444_vpcflowlogs_eu-west-1_fl-0123456789abcdef0_20260601T0005Z_a1b2c3d4.log.gz';
  await stack.putInto(bucket, `AWSLogs/222233334444/vpcflowlogs/eu-west-1/2026/06/01/${name}`, body);
  const day = ['--from', '2026-06-01', '--to', '2026-06-01', '--dry-run', '--stack', 'other-buckets'];
  const { code, stdout, stderr } = await runHere(['backfill', `s3://${bucket}/AWSLogs/`, ...day]);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^objects {2}1\n/);
});

test('doctor looks at each bucket in its Region', async () => {
  for (const other of [ireland, tokyo]) {
    const { bucket, owner, region } = other;
    await stack.cloud.setForeignBucket({ bucket, owner, region: region!, ...ownerChanges(other) });
    await stack.putInto(bucket, KEY, file(scan('rejected', { from: '10.0.7.11', count: 20, end: now })));
  }
  await stack.cloud.idle(60_000);
  const run = async () => {
    const { stdout } = await runHere(['doctor', '--only', 'other-buckets', '--json', '--stack', 'other-buckets']);
    const { checks } = JSON.parse(stdout) as { checks: { id: string; status: string; text: string }[] };
    return checks.map(({ id, status, text }) => `${status} ${id} ${text}`);
  };
  expect(await run()).toEqual([
    expect.stringMatching(/^ok other-buckets\.bus the event bus sweepwatch-(\w+-)?flow-logs exists$/),
    'ok other-buckets.region ireland-logs: the bucket is in eu-west-1',
    'ok other-buckets.region tokyo-logs: the bucket is in ap-northeast-1',
    expect.stringMatching(/^ok other-buckets\.recent ireland-logs: newest object is \d+ s old$/),
    expect.stringMatching(/^ok other-buckets\.recent tokyo-logs: newest object is \d+ s old$/),
    'ok other-buckets.read ireland-logs: the newest object can be read',
    'ok other-buckets.read tokyo-logs: the newest object can be read',
  ]);
});

/** Runs `selftest` while the schedule of settle goes on. */
async function selftest(...args: string[]): Promise<Run> {
  let isOver = false;
  const ended = runHere(['selftest', '--stack', 'other-buckets', ...args]).finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await stack.settle().catch(() => undefined);
    await Promise.race([ended, sleep(1000)]);
  }
  return ended;
}

/** The lines about a step, without times and ids. */
const linesOf = ({ stdout }: Run, step: string): string[] =>
  stdout
    .split('\n')
    .filter((line) => line.includes(` s  ${step} `))
    .map((line) => line.replace(/^.* s {2}\w+ +/, '').replace(/ \([0-9a-f]{24}\)/, ''));

test('selftest tests each bucket, in its Region and as its owner', async () => {
  for (const other of [ireland, tokyo]) {
    const { bucket, owner, region } = other;
    await stack.cloud.setForeignBucket({ bucket, owner, region: region!, ...ownerChanges(other) });
  }
  const run = await selftest('--wait', '2');
  expect([run.code, run.stderr]).toEqual([0, '']);
  const first = stack.cloud.outputs.LogBucket!;
  for (const step of ['finding', 'alert']) {
    const lines = linesOf(run, step);
    for (const bucket of ['ireland-logs', 'tokyo-logs'])
      expect(lines.filter((line) => line.startsWith(`${bucket}: `))).toEqual([
        expect.stringMatching(`^${bucket}: vertical-scan`),
      ]);
    expect(lines.filter((line) => line.startsWith(`${first}: `))).toHaveLength(SCANS.length);
  }
  expect(linesOf(run, 'object')).toEqual([
    expect.stringMatching(`^s3://${first}/AWSLogs/000000000000/vpcflowlogs/us-east-1/`),
    expect.stringMatching('^s3://ireland-logs/AWSLogs/000000000000/vpcflowlogs/eu-west-1/'),
    expect.stringMatching('^s3://tokyo-logs/AWSLogs/000000000000/vpcflowlogs/ap-northeast-1/'),
  ]);
  expect(linesOf(run, 'removed')).toHaveLength(3);
  expect(run.stdout).toMatch(/All 6 kinds were found and announced\. Logs of 3 buckets arrived\.\n$/);
  const tests = (await stack.findings()).filter(({ finding }) => finding.test);
  expect(new Set(tests.map(({ finding, roll }) => finding.source?.scope ?? roll?.scope)).size).toBe(3);
});

test('selftest names a bucket that may not be written, and tests the others', async () => {
  const { bucket, region } = tokyo;
  await stack.cloud.setForeignBucket({ bucket, owner: '999988887777', region: region!, ...ownerChanges(tokyo) });
  const run = await selftest('--bucket', 'tokyo-logs', '--bucket', 'ireland-logs', '--wait', '2');
  expect(run.code).toBe(1);
  expect(run.stderr).toMatch(/^sweepwatch: s3:\/\/tokyo-logs may not be written with these credentials \(.*\n$/);
  expect(run.stderr).toContain('"sweepwatch selftest --stack other-buckets --by-hand --bucket tokyo-logs"');
  expect(linesOf(run, 'alert')).toHaveLength(SCANS.length);
  expect(run.stdout).toMatch(/All 6 kinds .* Logs of 1 bucket arrived\.\nNot tested: tokyo-logs\.\n$/);
});

test('selftest names a bucket whose files do not arrive', async () => {
  const { rule: _, ...rest } = ownerChanges(ireland);
  const { bucket, owner, region } = ireland;
  await stack.cloud.setForeignBucket({ bucket, owner, region: region!, ...rest });
  const run = await runHere([...['selftest', '--stack', 'other-buckets'], ...['--bucket', bucket, '--wait', '0.01']]);
  expect(run.code).toBe(1);
  expect(run.stdout).toContain('did not come: ireland-logs: finding vertical-scan, ireland-logs: alert vertical-scan');
});

test.each([
  [['--bucket', 'paris-logs'], 'reads no bucket "paris-logs". It reads '],
  [['--bucket', 'tokyo-logs', '--prefix', 'network/'], '--prefix belongs to the bucket '],
])('selftest %j is wrong usage', async (args, message) => {
  const run = await runHere(['selftest', '--stack', 'other-buckets', ...args]);
  expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
});

test('the rule of the bus takes no other bucket, whatever the rule of the owner sends', async () => {
  const others = { ...ireland, owner: '555566667777', bucket: 'paris-logs' };
  const { rule, ...rest } = ownerChanges(ireland);
  const pattern = { source: ['aws.s3'] };
  const sent = () => stack.events.filter(({ type }) => type === 'message sent').length;
  const before = sent();
  await put('10.0.7.3', others, { ...rest, rule: { ...rule!, pattern } });
  await stack.cloud.idle(60_000);
  expect(sent()).toBe(before);
});

const all = () => ownerChanges(ireland);

test.each<[missing: string, from: string, changes: () => OwnerChanges, message: string]>([
  ['the statement to read', '10.0.7.4', () => ({ ...all(), bucketPolicy: [] }), 'access denied'],
  [
    'the statement of the key',
    '10.0.7.5',
    () => ({ ...all(), keyPolicy: { ...all().keyPolicy!, statements: [] } }),
    'cannot be decrypted',
  ],
  [
    'the permissions of the role of the rule',
    '10.0.7.6',
    () => ({ ...all(), rule: { ...all().rule!, role: { ...all().rule!.role, permissions: [] } } }),
    'may not send to',
  ],
  [
    'the fixed name of the role of the rule',
    '10.0.7.7',
    () => {
      const { rule } = all();
      return { ...all(), rule: { ...rule!, target: { ...rule!.target, RoleArn: `${rule!.target.RoleArn}-other` } } };
    },
    'may not send to',
  ],
  [
    'the trust of the role of the rule',
    '10.0.7.8',
    () => ({ ...all(), rule: { ...all().rule!, role: { ...all().rule!.role, trust: [] } } }),
    'may not assume',
  ],
])('without %s it is refused', async (_, from, changes, message) => {
  await put(from, ireland, changes());
  expect(await trouble(from)).toContain(message);
});

test('S3 sends the function to the Region of the bucket if it asks in another one', async () => {
  await put('10.0.7.9', { ...ireland, region: 'eu-west-3' }, { ...all(), rule: movedTo('eu-west-3') });
  expect(await trouble('10.0.7.9')).toContain('another Region');
});

const movedTo = (region: string): OwnerChanges['rule'] =>
  JSON.parse(JSON.stringify(all().rule).replaceAll('events:eu-west-1', `events:${region}`));
