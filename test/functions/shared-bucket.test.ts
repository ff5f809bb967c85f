/** A bucket that other services deliver to as well: the flow logs in it are read, the rest is ignored. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { file, scan } from '../lib/pipeline/fixture/flow-logs.ts';
import { type RunningStack, startStack } from './fixture/stack.ts';

const now = Math.floor(Date.now() / 1000) - 300;
const scanBy = (from: string) => file(scan('rejected', { from, count: 20, end: now }));
const text = (content: string) => Buffer.from(content);

/** One object of each kind that the bucket of an organization may contain. */
const OTHERS: Readonly<Record<string, Uint8Array>> = {
  'AWSLogs/': text(''),
  'AWSLogs/111122223333/': text(''),
  'AWSLogs/111122223333/CloudTrail/eu-west-1/2026/11/21/t.json.gz': text('{"Records":[]}'),
  'AWSLogs/o-a1b2c3d4e5/111122223333/CloudTrail/eu-west-1/2026/11/21/t.json.gz': text('{"Records":[]}'),
  'AWSLogs/111122223333/Config/eu-west-1/2026/11/21/ConfigHistory/c.json.gz': text('{"configurationItems":[]}'),
  'AWSLogs/111122223333/elasticloadbalancing/eu-west-1/2026/11/21/l.log.gz': text('h2 2026-11-21T10:00:00Z app/web'),
  'AWSLogs/111122223333/ELBAccessLogTestFile': text('Enable AccessLog for ELB: web'),
  'AWSLogs/111122223333/vpcflowlogs/eu-west-1/2026/11/21/empty.log.gz': text(''),
};
/** Flow logs of two accounts and Regions, in both layouts of folders. */
const FLOW_LOGS: Readonly<Record<string, string>> = {
  'AWSLogs/111122223333/vpcflowlogs/eu-west-1/2026/11/21/a.log.gz': '10.0.7.1',
  'AWSLogs/aws-account-id=222233334444/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/b.log.gz': '10.0.7.2',
};

let stack: RunningStack;
const outputs = () => stack.events.flatMap((event) => (event.type === 'function output' ? [event.line] : []));
const parsed = <T>(word: string) =>
  outputs()
    .filter((line) => line.startsWith('{') && line.includes(word))
    .map((line) => JSON.parse(line) as T);
const reasons = () =>
  parsed<{ level: string; reason: string }>('object ignored')
    .map(({ level, reason }) => `${level} ${reason}`)
    .sort();
const filesRead = () => parsed('"object read"').length;

beforeAll(async () => {
  stack = await startStack('shared-bucket', {}, 'as deployed');
  for (const [key, body] of Object.entries(OTHERS)) await stack.put(key, body);
  for (const [key, source] of Object.entries(FLOW_LOGS)) await stack.put(key, scanBy(source));
  await stack.cloud.idle(60_000);
}, 120_000);
afterAll(() => stack.stop());

test('the rule passes on the flow logs of all accounts and Regions, and they become alerts', () => {
  expect(
    stack
      .told()
      .map((subject) => /10\.0\.7\.\d/.exec(subject)?.[0])
      .sort(),
  ).toEqual(['10.0.7.1', '10.0.7.2']);
  expect(filesRead()).toBe(2);
  expect(reasons()).toEqual(['INFO an empty object']);
});

test('other objects that a bucket announces are ignored with a reason each, and nothing fails', async () => {
  const record = (key: string, size: number) => ({
    eventVersion: '2.1',
    eventName: 'ObjectCreated:Put',
    s3: { bucket: { name: 'org-logs' }, object: { key, size } },
  });
  const all = Object.entries(OTHERS).map(([key, { length }]) => record(key, length));
  await stack.send('IngestQueue', JSON.stringify({ Records: [...all, record('AWSLogs/copies/flow.log.gz', 99)] }));
  await stack.cloud.idle(60_000);
  expect(reasons()).toEqual([
    'INFO a file with which AWS tests its write access',
    'INFO a folder placeholder',
    'INFO a folder placeholder',
    'INFO a log of CloudTrail',
    'INFO a log of CloudTrail',
    'INFO a log of Config',
    'INFO a log of elasticloadbalancing',
    'INFO an empty object',
    'INFO an empty object',
    'INFO outside the folders of flow logs',
  ]);
  expect(filesRead()).toBe(2);
  expect(stack.events.filter(({ type }) => type === 'batch failed' || type === 'function failed')).toEqual([]);
  expect(await stack.take('IngestDeadLetters')).toEqual([]);
}, 90_000);
