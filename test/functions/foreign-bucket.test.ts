/** A bucket of another account: its files arrive, and each statement of its owner is needed for that. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ForeignBucket, type OwnerChanges, ownerChanges } from '../../lib/config/foreign-bucket.ts';
import { file, scan } from '../lib/pipeline/fixture/flow-logs.ts';
import { type RunningStack, startStack } from './fixture/stack.ts';

const KEY = 'AWSLogs/aws-account-id=222233334444/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/a.log.gz';
const now = Math.floor(Date.now() / 1000) - 300;
let stack: RunningStack;
let foreign: ForeignBucket;

beforeAll(async () => {
  stack = await startStack('foreign-bucket', {}, 'as deployed');
  foreign = JSON.parse(stack.cloud.outputs.ForeignBucket!);
}, 120_000);
afterAll(() => stack.stop());

/** Puts a scan by this address into the bucket, whose owner has added these changes. */
async function put(from: string, changes: OwnerChanges, owner = foreign.owner): Promise<void> {
  await stack.cloud.setForeignBucket({ bucket: foreign.bucket, owner, ...changes });
  const body = file(scan('rejected', { from, count: 20, end: now }));
  await stack.putInto(foreign.bucket, KEY.replace('a.log', `${from}.log`), body);
}

/** The lines about errors, and deliveries that failed, that name something. */
const troublesWith = (word: string): string[] =>
  stack.events.flatMap((event) => {
    const text =
      event.type === 'delivery failed'
        ? `${event.what}: ${event.error}`
        : event.type === 'function output'
          ? event.line
          : '';
    return /ERROR|may not/.test(text) && text.includes(word) ? [text] : [];
  });

/** Waits for such a line. */
async function trouble(word: string): Promise<string> {
  for (let tries = 0; tries < 300; tries++) {
    const [found] = troublesWith(word);
    if (found) return found;
    await sleep(100);
  }
  throw new Error(`no trouble with ${word}`);
}

const all = () => ownerChanges(foreign);
const leftOut = (sid: string): OwnerChanges => ({
  ...all(),
  bucketPolicy: all().bucketPolicy.filter(({ Sid }) => Sid !== sid),
});

test('a file arrives with all that the owner must add', async () => {
  await put('10.0.7.1', all());
  await stack.cloud.idle(60_000);
  expect(stack.told()).toEqual([expect.stringContaining('10.0.7.1')]);
  expect(troublesWith('10.0.7.1')).toEqual([]);
});

test('without the rule nothing is announced', async () => {
  const { rule: _, ...rest } = all();
  await put('10.0.7.2', rest);
  await stack.cloud.idle(60_000);
  expect(stack.told()).toEqual([]);
});

test.each<[missing: string, from: string, changes: () => OwnerChanges, message: string]>([
  ['the statement to read', '10.0.7.3', () => leftOut('SweepwatchReadsFlowLogs'), 'access denied'],
  [
    'the statement of the key',
    '10.0.7.4',
    () => ({ ...all(), keyPolicy: { ...all().keyPolicy!, statements: [] } }),
    'cannot be decrypted',
  ],
  [
    'the permissions of the role of the rule',
    '10.0.7.5',
    () => ({ ...all(), rule: { ...all().rule!, role: { ...all().rule!.role, permissions: [] } } }),
    'may not send to',
  ],
  [
    'the fixed name of the role of the rule',
    '10.0.7.9',
    () => {
      const { rule } = all();
      const RoleArn = rule!.target.RoleArn.replace('-events-', '-others-');
      return { ...all(), rule: { ...rule!, target: { ...rule!.target, RoleArn } } };
    },
    'may not send to',
  ],
  [
    'the trust of the role of the rule',
    '10.0.7.6',
    () => ({ ...all(), rule: { ...all().rule!, role: { ...all().rule!.role, trust: [] } } }),
    'may not assume',
  ],
])('without %s it is refused', async (_, from, changes, message) => {
  await put(from, changes());
  expect(await trouble(from)).toContain(message);
});

test('a bucket that somebody else has taken over is not read, even if its statements admit the role', async () => {
  const { rule: _, ...rest } = all();
  await put('10.0.7.7', rest, '999988887777');
  const key = KEY.replace('a.log', '10.0.7.7.log');
  const record = {
    eventVersion: '2.1',
    eventName: 'ObjectCreated:Put',
    s3: { bucket: { name: foreign.bucket }, object: { key } },
  };
  await stack.send('IngestQueue', JSON.stringify({ Records: [record] }));
  expect(await trouble('10.0.7.7')).toContain('the bucket belongs to 999988887777, expected 555566667777');
});

test('a notification is refused when it is set, as by S3, if the queue admits only a rule', async () => {
  const { rule: _, ...rest } = ownerChanges({ ...foreign, events: 'notification' });
  await expect(put('10.0.7.8', rest)).rejects.toThrow('Unable to validate the following destination configurations');
});
