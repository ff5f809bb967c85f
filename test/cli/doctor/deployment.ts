/** A deployment on the local cloud with one flow log that delivers, for `doctor` to look at. */
import { gzipSync } from 'node:zlib';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect } from '@jest/globals';
import type { Described } from '../../../local/servers/described.ts';
import { type RunningStack, startStack } from '../../functions/fixture/stack.ts';
import { expectValidOutput } from '../../output-schema.ts';
import { runHere } from '../run-cli.ts';

/** A line of the answer. */
interface Line {
  readonly id: string;
  readonly status: string;
  readonly text: string;
  readonly because?: string;
  readonly command?: string;
  readonly see: string;
}

export let stack: RunningStack;
export let described: Described;
export let s3: S3Client;
export let sqs: SQSClient;
export let sns: SNSClient;

const FLOW_LOG = 'fl-0a1b2c3d4e5f60718';
export const FORMAT =
  'account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status vpc-id subnet-id instance-id tcp-flags pkt-srcaddr pkt-dstaddr region flow-direction interface-type';
export const formatOf = (columns: string): string =>
  columns
    .split(' ')
    .map((name) => `\${${name}}`)
    .join(' ');

function flowLog(): Described['flowLogs'][number] {
  return {
    id: FLOW_LOG,
    resourceId: 'vpc-0123',
    destinationType: 's3',
    destination: `arn:aws:s3:::${stack.cloud.outputs.LogBucket}`,
    format: formatOf(FORMAT),
    trafficType: 'ALL',
    interval: 60,
    isHive: false,
    isHourly: false,
    delivery: 'SUCCESS',
    error: '',
  };
}

/** Starts the deployment before the tests of a file, and stops it after them. */
export function deploy(): void {
  beforeAll(async () => {
    stack = await startStack('functions');
    described = stack.cloud.described;
    s3 = new S3Client({ forcePathStyle: true });
    sqs = new SQSClient({ useQueueUrlAsEndpoint: false });
    sns = new SNSClient();
    described.flowLogs = [flowLog()];
    described.vpcs.set('vpc-0123', {});
    await stack.settle();
    await stack.put(keyOf(Date.now()), lines(Date.now()));
    await subscribe('OperationsTopic');
    await stack.cloud.idle(60_000);
  });
  afterAll(async () => {
    for (const client of [s3, sqs, sns]) client.destroy();
    await stack.stop();
  });
}

/** The key of a file as AWS names it. */
function keyOf(ms: number): string {
  const stamp = new Date(ms).toISOString();
  const day = stamp.slice(0, 10).replaceAll('-', '/');
  const slot = `${stamp.slice(0, 16).replace(/[-:]/g, '')}Z`;
  return `AWSLogs/000000000000/vpcflowlogs/us-east-1/${day}/000000000000_vpcflowlogs_us-east-1_${FLOW_LOG}_${slot}_0a1b2c3d.log.gz`;
}

/** One ordinary record that ended now. */
function lines(ms: number): Uint8Array {
  const end = Math.floor(ms / 1000);
  const header =
    'account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status';
  return gzipSync(`${header}\n000000000000 eni-1 10.0.0.1 10.0.0.2 40000 443 6 9 900 ${end - 9} ${end} ACCEPT OK\n`);
}

async function subscribe(topic: string): Promise<void> {
  const [, endpoint] = stack.cloud.outputs.IngestQueue!.match(/([^/]+)$/)!;
  const TopicArn = stack.cloud.outputs[topic];
  await sns.send(
    new SubscribeCommand({
      TopicArn,
      Protocol: 'email',
      Endpoint: `${endpoint}@example.com`,
      ReturnSubscriptionArn: true,
    }),
  );
}

export const doctor = (...args: string[]) =>
  runHere(['doctor', '--stack', 'functions', '--region', 'us-east-1', ...args]);

export async function linesOf(...args: string[]): Promise<{ code: number; lines: Line[] }> {
  const { code, stdout, stderr } = await doctor('--json', ...args);
  expect(stderr).toBe('');
  const printed = JSON.parse(stdout) as { checks: Line[] };
  expectValidOutput('doctor', printed);
  return { code, lines: printed.checks };
}

/** The value of an output of the stack. */
export const output = (name: string) => stack.cloud.outputs[name]!;
