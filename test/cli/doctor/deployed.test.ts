/** `sweepwatch doctor` on the local cloud: a healthy deployment, and twenty-odd faults broken on purpose, each named. */
import { gzipSync } from 'node:zlib';
import {
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { ListSubscriptionsByTopicCommand, SNSClient, SubscribeCommand, UnsubscribeCommand } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { CHECKS } from '../../../cli/doctor/checks.ts';
import type { Described } from '../../../local/servers/described.ts';
import { type RunningStack, startStack } from '../../functions/fixture/stack.ts';
import { runHere } from '../run-cli.ts';

jest.setTimeout(180_000);

/** A line of the answer. */
interface Line {
  readonly id: string;
  readonly status: string;
  readonly text: string;
  readonly because?: string;
  readonly command?: string;
  readonly see: string;
}

let stack: RunningStack;
let described: Described;
let s3: S3Client;
let sqs: SQSClient;
let sns: SNSClient;

const FLOW_LOG = 'fl-0a1b2c3d4e5f60718';
const FORMAT =
  'account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status vpc-id subnet-id instance-id tcp-flags pkt-srcaddr pkt-dstaddr region flow-direction interface-type';
const formatOf = (columns: string): string =>
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

beforeAll(async () => {
  stack = await startStack('functions');
  described = stack.cloud.described;
  s3 = new S3Client({ forcePathStyle: true });
  sqs = new SQSClient({ useQueueUrlAsEndpoint: false });
  sns = new SNSClient();
  described.flowLogs = [flowLog()];
  await stack.settle();
  await stack.put(keyOf(Date.now()), lines(Date.now()));
  await subscribe('OperationsTopic');
  await stack.cloud.idle(60_000);
});
afterAll(async () => {
  for (const client of [s3, sqs, sns]) client.destroy();
  await stack.stop();
});

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

const doctor = (...args: string[]) => runHere(['doctor', '--stack', 'functions', '--region', 'us-east-1', ...args]);

async function linesOf(...args: string[]): Promise<{ code: number; lines: Line[] }> {
  const { code, stdout, stderr } = await doctor('--json', ...args);
  expect(stderr).toBe('');
  return { code, lines: (JSON.parse(stdout) as { checks: Line[] }).checks };
}

test('a healthy deployment has no failure and no warning', async () => {
  const { stdout, code } = await doctor();
  expect(stdout).toMatch(/^Deployment functions \(us-east-1, account 000000000000\)\n {2}ok {4}stack\.status: /);
  expect(stdout).toMatch(/\n\d\d ok, 0 warnings, 0 failed, 2 skipped\. Exit 0\.\n$/);
  expect(code).toBe(0);
});

/** Breaks something, and returns what repairs it. */
type Break = () => unknown | Promise<unknown>;
interface Fault {
  readonly name: string;
  readonly id: string;
  readonly status: 'warn' | 'FAIL';
  readonly says: RegExp;
  readonly break: Break;
  /** Seconds that the clock of doctor is ahead. */
  readonly later?: number;
}

const output = (name: string) => stack.cloud.outputs[name]!;
const setLog = (change: Partial<Described['flowLogs'][number]>) => () => Object.assign(described.flowLogs[0]!, change);
const notify = (NotificationConfiguration: object) => () =>
  s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: output('LogBucket'), NotificationConfiguration }));
const setPolicy = (Policy: string) => () =>
  sqs.send(new SetQueueAttributesCommand({ QueueUrl: output('IngestQueue'), Attributes: { Policy } }));
const queueArn = () =>
  described.mappings.find(({ functionName }) => functionName === output('IngestFunction'))!.queueArn;
const nameOf = (queue: string) => output(queue).split('/').at(-1)!;
const mapping = () => described.mappings.find(({ functionName }) => functionName === output('IngestFunction'))!;
const setStack = (change: object) => () => {
  const before = stack.cloud.stacks.get('functions')!;
  stack.cloud.stacks.set('functions', { ...before, ...change });
};
const V2 = FORMAT.replace(/ vpc-id .*$/, '');

const FAULTS: readonly Fault[] = [
  {
    name: 'an update that could not be rolled back',
    id: 'stack.status',
    status: 'FAIL',
    says: /stack is UPDATE_ROLLBACK_FAILED/,
    break: setStack({ status: 'UPDATE_ROLLBACK_FAILED' }),
  },
  {
    name: 'a stack of another version',
    id: 'stack.version',
    status: 'warn',
    says: /stack has version 0\.0\.1, this command /,
    break: () => setStack({ outputs: { ...stack.cloud.outputs, Version: '0.0.1' } })(),
  },
  {
    name: 'flow logs that go to CloudWatch Logs only',
    id: 'flow-log.destination',
    status: 'FAIL',
    says: /deliver to CloudWatch Logs or Firehose only/,
    break: setLog({ destinationType: 'cloud-watch-logs', destination: '/aws/vpc/vpc-0123' }),
  },
  {
    name: 'flow logs that go to another bucket',
    id: 'flow-log.destination',
    status: 'warn',
    says: /no flow log of this account in this Region delivers to /,
    break: () => setLog({ destination: `arn:aws:s3:::${output('LogBucket')}-old` })(),
  },
  {
    name: 'an active flow log whose delivery fails',
    id: 'flow-log.delivery',
    status: 'FAIL',
    says: /fl-0a1b2c3d4e5f60718 of vpc-0123 is active, but its delivery fails: Access error/,
    break: setLog({ delivery: 'FAILED', error: 'Access error' }),
  },
  {
    name: 'the default format',
    id: 'flow-log.format',
    status: 'warn',
    says: /lacks vpc-id, subnet-id, instance-id, tcp-flags, pkt-srcaddr, pkt-dstaddr/,
    break: setLog({ format: formatOf(V2) }),
  },
  {
    name: 'a format without the action',
    id: 'flow-log.format',
    status: 'FAIL',
    says: /lacks action$/,
    break: setLog({ format: formatOf(FORMAT.replace(' action', '')) }),
  },
  {
    name: 'a flow log of rejected traffic',
    id: 'flow-log.traffic',
    status: 'FAIL',
    says: /logs only REJECT traffic/,
    break: setLog({ trafficType: 'REJECT' }),
  },
  {
    name: 'a flow log of accepted traffic',
    id: 'flow-log.traffic',
    status: 'FAIL',
    says: /logs only ACCEPT traffic/,
    break: setLog({ trafficType: 'ACCEPT' }),
  },
  {
    name: 'ten minutes of aggregation',
    id: 'flow-log.interval',
    status: 'warn',
    says: /aggregates 600 s/,
    break: setLog({ interval: 600 }),
  },
  {
    name: 'a bucket in another Region',
    id: 'bucket.region',
    status: 'FAIL',
    says: /bucket is in eu-west-1, the stack in us-east-1/,
    break: () => described.bucketRegions.set(output('LogBucket'), 'eu-west-1'),
  },
  {
    name: 'notifications that are off',
    id: 'bucket.events',
    status: 'FAIL',
    says: /announces its objects neither to the ingest queue nor to EventBridge/,
    break: notify({}),
  },
  {
    name: 'EventBridge without a rule',
    id: 'bucket.events',
    status: 'FAIL',
    says: /no rule may feed the queue/,
    break: notify({ EventBridgeConfiguration: {} }),
  },
  {
    name: 'a notification for another prefix',
    id: 'bucket.prefix',
    status: 'FAIL',
    says: /keys logs\/\.\.\. does not cover AWSLogs\//,
    break: () =>
      notify({
        QueueConfigurations: [
          {
            QueueArn: queueArn(),
            Events: ['s3:ObjectCreated:*'],
            Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'logs/' }] } },
          },
        ],
      })(),
  },
  {
    name: 'no new object for twenty minutes',
    id: 'bucket.recent',
    status: 'warn',
    says: /newest object is 2\d min old/,
    break: () => undefined,
    later: 1260,
  },
  {
    name: 'no new object for three hours',
    id: 'bucket.recent',
    status: 'FAIL',
    says: /newest object is 3 h old/,
    break: () => undefined,
    later: 10_800,
  },
  {
    name: 'a key that denies',
    id: 'bucket.read',
    status: 'FAIL',
    says: /cannot be read: .* not authorized to perform: kms:Decrypt/,
    break: () =>
      described.denied.set(
        's3:GetObject',
        'User: arn:aws:iam::1:user/x is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext because no resource-based policy allows the kms:Decrypt action',
      ),
  },
  {
    name: 'a bucket policy that denies',
    id: 'bucket.read',
    status: 'FAIL',
    says: /with an explicit deny in a resource-based policy/,
    break: () =>
      described.denied.set(
        's3:GetObject',
        'User: arn:aws:iam::1:user/x is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::b/k" with an explicit deny in a resource-based policy',
      ),
  },
  {
    name: 'two stacks on one bucket',
    id: 'bucket.shared',
    status: 'warn',
    says: /also that of sweepwatch-old/,
    break: () =>
      stack.cloud.stacks.set('sweepwatch-old', {
        status: 'CREATE_COMPLETE',
        outputs: { ScansLogBucket: output('LogBucket'), ScansFindingsTable: 'findings-old' },
      }),
  },
  {
    name: 'a queue policy without the bucket',
    id: 'queue.policy',
    status: 'FAIL',
    says: /admits neither the bucket nor a rule/,
    break: () => setPolicy(JSON.stringify({ Version: '2012-10-17', Statement: [] }))(),
  },
  {
    name: 'files that wait',
    id: 'queue.age',
    status: 'FAIL',
    says: /the oldest file has waited for 40 min/,
    break: () => described.metrics.set(`ApproximateAgeOfOldestMessage ${nameOf('IngestQueue')}`, 2400),
  },
  {
    name: 'alerts that wait',
    id: 'queue.age',
    status: 'FAIL',
    says: /the oldest alert has waited for 7 min/,
    break: () => described.metrics.set(`ApproximateAgeOfOldestMessage ${nameOf('AlertQueue')}`, 400),
  },
  ...(['IngestDeadLetters', 'AlertDeadLetters', 'SettleDeadLetters'] as const).map(
    (name): Fault => ({
      name: `a message in ${name}`,
      id: 'queue.dead-letters',
      status: name === 'SettleDeadLetters' ? 'warn' : 'FAIL',
      says: new RegExp(`^1 dead letter in ${name}$`),
      break: () => stack.send(name, '{}'),
    }),
  ),
  {
    name: 'an event source mapping that is disabled',
    id: 'function.mapping',
    status: 'FAIL',
    says: /event source mapping of \S*Ingest\S* is Disabled/,
    break: () => {
      mapping().state = 'Disabled';
    },
  },
  {
    name: 'an event source mapping that was deleted',
    id: 'function.mapping',
    status: 'FAIL',
    says: /no queue feeds \S*Ingest/,
    break: () => described.mappings.splice(described.mappings.indexOf(mapping()), 1),
  },
  {
    name: 'a reserved concurrency of zero',
    id: 'function.concurrency',
    status: 'FAIL',
    says: /Alert\S* has a reserved concurrency of 0/,
    break: () => described.functions.set(output('AlertFunction'), { reserved: 0 }),
  },
  {
    name: 'a settle function that does not run',
    id: 'settle.runs',
    status: 'FAIL',
    says: /settle has not run for 15 minutes/,
    break: () => {
      described.metrics.delete(`Invocations ${output('SettleFunction')}`);
      return setStack({ created: '2026-01-01T00:00:00Z' })();
    },
  },
  {
    name: 'a schedule of settle that is paused',
    id: 'settle.schedule',
    status: 'FAIL',
    says: /the schedule of settle is DISABLED/,
    break: () => described.rules.set(output('SettleSchedule'), 'DISABLED'),
  },
  {
    name: 'an event bus that was deleted',
    id: 'destination.event-bus',
    status: 'FAIL',
    says: /event bus \S*security: it does not exist/,
    break: () =>
      setStack({
        outputs: { ...stack.cloud.outputs, EventBus: 'arn:aws:events:us-east-1:000000000000:event-bus/security' },
      })(),
  },
  {
    name: 'a destination Security Hub that is not enabled',
    id: 'destination.hub',
    status: 'FAIL',
    says: /Security Hub CSPM is not enabled in us-east-1/,
    break: () => setStack({ outputs: { ...stack.cloud.outputs, SecurityHubQueue: output('AlertQueue') } })(),
  },
  {
    name: 'a log that lags',
    id: 'log.time',
    status: 'warn',
    says: /log 000000000000\/us-east-1\/fl-0a1b2c3d4e5f60718 was read up to 3 h ago/,
    break: () => undefined,
    later: 10_800,
  },
  {
    name: 'logs that ended',
    id: 'log.time',
    status: 'FAIL',
    says: /no log came further than 2 days ago/,
    break: () => undefined,
    later: 172_800,
  },
  {
    name: 'a subscription that nobody confirmed',
    id: 'alert.subscriptions',
    status: 'FAIL',
    says: /email subscription of analyst@example\.com to the alerts is not confirmed/,
    break: () => described.unconfirmed.add('analyst@example.com'),
  },
  {
    name: 'an alarm that fires',
    id: 'alarm.state',
    status: 'FAIL',
    says: /alarm \S*NoObjects\S* is in state ALARM/,
    break: () => {
      const name = [...described.alarms.keys()].find((each) => each.includes('NoObjects'))!;
      described.alarms.set(name, { state: 'ALARM', since: Date.now() / 1000 - 600 });
    },
  },
];

describe('each fault that is made on purpose is named, within ten seconds', () => {
  let repaired: () => Promise<void>;
  beforeAll(async () => {
    const fresh = structuredClone({ ...described });
    const stacks = new Map(stack.cloud.stacks);
    const { QueueConfigurations } = await s3.send(
      new GetBucketNotificationConfigurationCommand({ Bucket: output('LogBucket') }),
    );
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: output('IngestQueue'), AttributeNames: ['Policy'] }),
    );
    repaired = async () => {
      const copy = structuredClone(fresh);
      Object.assign(described, { flowLogs: copy.flowLogs });
      for (const name of ['alarms', 'rules', 'functions', 'metrics', 'bucketRegions', 'denied'] as const)
        refill(described[name] as Map<string, unknown>, copy[name] as Map<string, unknown>);
      described.unconfirmed.clear();
      described.mappings.splice(0, described.mappings.length, ...copy.mappings);
      refill(stack.cloud.stacks, stacks);
      await notify({ QueueConfigurations })();
      await setPolicy(Attributes!.Policy!)();
      for (const name of ['IngestDeadLetters', 'AlertDeadLetters', 'SettleDeadLetters']) await stack.take(name);
      jest.restoreAllMocks();
    };
  });
  beforeEach(() => repaired());
  afterAll(() => repaired());

  test('and there are more than twenty', () => {
    expect(FAULTS.length).toBeGreaterThan(20);
    expect(new Set(FAULTS.map(({ id }) => id))).toEqual(
      new Set(CHECKS.map(({ id }) => id).filter((id) => id !== 'operations.subscriptions')),
    );
  });

  test.each(FAULTS)('$name', async ({ id, status, says, break: breakIt, later = 0 }) => {
    await breakIt();
    const real = Date.now;
    if (later) jest.spyOn(Date, 'now').mockImplementation(() => real() + later * 1000);
    const started = performance.now();
    const { code, lines } = await linesOf();
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(lines.filter((line) => line.id === id && says.test(line.text))).toMatchObject([{ status }]);
    // Only what the fault itself brings about is said to be wrong.
    if (!later)
      expect(lines.filter((line) => line.status === 'FAIL' && line.id !== id).map(({ text }) => text)).toEqual([]);
    if (status === 'FAIL') expect(code).toBe(1);
  });
});

function refill<K, V>(map: Map<K, V>, from: ReadonlyMap<K, V>): void {
  map.clear();
  for (const [key, value] of from) map.set(key, value);
}

test('a permission that doctor lacks is a skipped check and no failure', async () => {
  const actions = [
    'ec2:DescribeFlowLogs',
    's3:GetBucketNotification',
    's3:GetObject',
    's3:ListBucket',
    'sqs:GetQueueAttributes',
    'lambda:GetFunctionConcurrency',
    'lambda:ListEventSourceMappings',
    'cloudwatch:GetMetricData',
    'cloudwatch:DescribeAlarms',
    'sns:ListSubscriptionsByTopic',
  ];
  for (const action of actions) described.denied.set(action, 'no identity-based policy allows it');
  const { code, lines } = await linesOf();
  described.denied.clear();
  expect(lines.filter(({ status }) => status === 'FAIL' || status === 'warn')).toEqual([]);
  for (const action of actions.filter((each) => each !== 's3:GetObject'))
    expect(lines.some(({ status, text }) => status === 'skip' && text.includes(action))).toBe(true);
  expect(code).toBe(0);
});

test('nobody who subscribes to the alerts is a failure, to the alarms a warning', async () => {
  for (const topic of ['AlertTopic', 'OperationsTopic']) {
    const TopicArn = output(topic);
    const { Subscriptions = [] } = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }));
    for (const { SubscriptionArn } of Subscriptions) await sns.send(new UnsubscribeCommand({ SubscriptionArn }));
  }
  const { lines } = await linesOf('--only', 'alert', '--only', 'operations');
  expect(lines).toMatchObject([
    { id: 'alert.subscriptions', status: 'FAIL', text: 'nobody subscribes to the alerts' },
    { id: 'operations.subscriptions', status: 'warn', text: 'nobody subscribes to the alarms' },
  ]);
});

test('findings why compares with the settings of the deployed function, if it may read them', async () => {
  const why = (...args: string[]) =>
    runHere([
      'findings',
      'why',
      '10.0.0.1',
      '--stack',
      'functions',
      '--region',
      'us-east-1',
      '--format',
      'json',
      ...args,
    ]);
  const known = await why();
  expect(known).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(known.stdout)).toMatchObject([{ contacts: { begun: 1 }, scans: [] }]);
  described.denied.set('lambda:GetFunctionConfiguration', 'no');
  expect((await why()).stderr).toContain('allow lambda:GetFunctionConfiguration');
  expect((await why('--config', 'sweepwatch.config.json')).stderr).toContain(
    'Thresholds are those of sweepwatch.config.json.',
  );
});

describe('what cannot be looked at is wrong usage', () => {
  test('a stack that does not exist', async () => {
    const run = await runHere(['doctor', '--stack', 'nowhere', '--region', 'us-east-1']);
    expect(run).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('no stack nowhere in us-east-1'),
    });
  });

  test('a check that does not exist', async () => {
    expect(await doctor('--only', 'nothing')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--only nothing: no such check. The checks are stack.status, '),
    });
  });
});

test('a first deployment that failed is named, and nothing else is asked', async () => {
  stack.cloud.stacks.set('broken', { status: 'ROLLBACK_COMPLETE', outputs: {} });
  const run = await runHere(['doctor', '--stack', 'broken', '--region', 'us-east-1']);
  expect(run.code).toBe(1);
  expect(run.stdout).toMatch(/FAIL {2}stack\.status: stack is ROLLBACK_COMPLETE\n/);
  expect(run.stdout).toMatch(/\n0 ok, 0 warnings, 1 failed, 0 skipped\. Exit 1\.\n$/);
});
