/** Gathers what `doctor` judges. Only describing and reading calls, all at the same time. */
import { logTimes } from '../agenda.ts';
import { type Connection, createDocumentClient, createS3Client, createSnsClient, createSqsClient } from '../clients.ts';
import { inventoryHead } from '../inventory-store.ts';
import { describeAllStacks } from '../stack.ts';
import { ask, known } from './ask.ts';
import { newestOf, notificationsOf, readNewest, regionOf } from './bucket.ts';
import {
  alarmsOf,
  busOf,
  flowLogsOf,
  functionOf,
  isHubEnabled,
  type Measure,
  measured,
  queueOf,
  ruleStateOf,
  subscriptionsOf,
} from './calls.ts';
import type { Answer, Facts, OtherBucketFacts, StackFacts } from './facts.ts';
import { functionSettings } from './function-variables.ts';
import { filtersOf, subscribedGroupsOf } from './log-filters.ts';
import { vpcsOf } from './networks.ts';
import { SignedCalls } from './signed-calls.ts';

/** The outputs of a kind, such as those of queues. A deployment with destinations has more of them. */
const outputsOf = ({ outputs }: StackFacts, kind: RegExp): string[] =>
  [...outputs.keys()].filter((name) => kind.test(name));
const WORK_QUEUES = /Queue$/;
const DEAD_LETTERS = /DeadLetters$/;
/** The outputs of the queues that feed a function. Settle and signals are called without one, and forward has the rest. */
function feedersOf(stack: StackFacts, name: string): string[] {
  if (name === 'IngestFunction') return ['IngestQueue'];
  if (name === 'AlertFunction') return ['AlertQueue'];
  if (name !== 'ForwardFunction') return [];
  return outputsOf(stack, WORK_QUEUES).filter((queue) => queue !== 'IngestQueue' && queue !== 'AlertQueue');
}
const TOPICS = ['AlertTopic', 'OperationsTopic'];
/** Settle runs every five minutes. */
const SETTLE_MINUTES = 15;
const AGE_MINUTES = 10;

/** What is known before anything else is asked. */
export interface Known {
  readonly stack: StackFacts;
  readonly connection: Connection;
  readonly version: string;
  readonly again: string;
  /** The buckets of the setting `otherBuckets`. */
  readonly otherBuckets: readonly OtherBucket[];
  /** Epoch seconds. */
  readonly now: number;
}

/** A further bucket, as the settings name it. */
interface OtherBucket {
  readonly bucket: string;
  readonly owner: string;
  readonly region?: string;
  /** The folder of its flow logs. */
  readonly prefix: string;
}

/** Asks everything. @throws the error of a client if credentials are missing or not valid. */
export async function gather({ stack, connection, version, again, otherBuckets, now }: Known): Promise<Facts> {
  const output = (name: string) => stack.outputs.get(name) ?? '';
  const clients = {
    s3: createS3Client(connection, stack.outputs.get('LogBucketOwner')),
    sqs: createSqsClient(connection),
    sns: createSnsClient(connection),
    dynamodb: createDocumentClient(connection),
  };
  const { s3, sqs, sns, dynamodb } = clients;
  const calls = new SignedCalls(sqs, connection);
  const bucket = output('LogBucket');
  const { prefix: folder = '' }: { prefix?: string } = JSON.parse(output('ForeignBucket') || '{}');
  const asked = async <T>(names: readonly string[], question: (value: string) => Promise<Answer<T>>) =>
    new Map(
      await Promise.all(
        names
          .filter((name) => stack.outputs.has(name))
          .map(async (name) => [name, await question(output(name))] as const),
      ),
    );
  const metrics = measuresOf(stack);
  try {
    const flowLogs = ask('ec2:DescribeFlowLogs', () => flowLogsOf(calls));
    const newest = flowLogs.then((answer) => {
      const logs = (known(answer) ?? []).filter(({ destination }) => delivers(destination, bucket));
      return ask('s3:ListBucket', () => newestOf(s3, bucket, logs, { ...stack, now, folder }));
    });
    const settings = ask('lambda:GetFunctionConfiguration', () => functionSettings(calls, output('IngestFunction')));
    const values = ask('cloudwatch:GetMetricData', () => measured(calls, metrics, now));
    const functions = outputsOf(stack, /^[A-Z][a-z]+Function$/);
    const gathered = {
      flowLogs: await flowLogs,
      vpcs: ask('ec2:DescribeVpcs', () => vpcsOf(calls)),
      routingDomains: settings.then((answer) => {
        const given = known(answer);
        return given ? { value: given.routingDomains } : (answer as Answer<never>);
      }),
      inventory: settings.then((answer) =>
        known(answer)?.hasInventory === true
          ? ask('dynamodb:Query', () => inventoryHead(dynamodb, output('FindingsTable')))
          : undefined,
      ),
      bucketRegion: await ask('s3:ListBucket', () => regionOf(s3, bucket)),
      notifications: ask('s3:GetBucketNotification', () => notificationsOf(s3, bucket)),
      newest,
      read: newest.then((object) => readNewest(s3, bucket, object)),
      logBus: output('LogBus') ? ask('events:DescribeEventBus', () => busOf(calls, output('LogBus'))) : undefined,
      otherBuckets: Promise.all(otherBuckets.map((other) => otherBucketFacts(other, connection, now))),
      sharing: ask('cloudformation:DescribeStacks', async () =>
        (await describeAllStacks(connection))
          .filter(({ name, outputs }) => name !== stack.name && hasDetectorOf(outputs, bucket))
          .map(({ name }) => name),
      ),
      queues: asked([...outputsOf(stack, WORK_QUEUES), ...outputsOf(stack, DEAD_LETTERS)], (url) =>
        ask('sqs:GetQueueAttributes', () => queueOf(sqs, url)),
      ),
      functions: Promise.all(functions.map((name) => functionOf(calls, output(name), feedersOf(stack, name)))),
      schedule: ask('events:DescribeRule', () => ruleStateOf(calls, output('SettleSchedule'))),
      bus: output('EventBus') ? ask('events:DescribeEventBus', () => busOf(calls, output('EventBus'))) : undefined,
      hub: output('SecurityHubQueue') ? ask('securityhub:DescribeHub', () => isHubEnabled(calls)) : undefined,
      filters: output('SignalsFunction')
        ? ask('lambda:GetPolicy', async () =>
            filtersOf(calls, await subscribedGroupsOf(calls, output('SignalsFunction'))),
          )
        : undefined,
      logTimes: ask('dynamodb:Query', () => logTimes(dynamodb, output('WindowsTable'))),
      subscriptions: asked(TOPICS, (arn) => ask('sns:ListSubscriptionsByTopic', () => subscriptionsOf(sns, arn))),
      alarms: ask('cloudwatch:DescribeAlarms', () => alarmsOf(calls, stack.name)),
    };
    const answers = await allOf(gathered);
    const given = await values;
    return { now, version, again, stack, ...answers, ...fromMetrics(stack, given) };
  } finally {
    for (const client of Object.values(clients)) client.destroy();
  }
}

/** What a further bucket says, asked in the Region that the settings name, as ingest does. */
async function otherBucketFacts(
  { bucket, owner, region = '', prefix: folder }: OtherBucket,
  connection: Connection,
  now: number,
): Promise<OtherBucketFacts> {
  const s3 = createS3Client({ ...connection, region }, owner);
  try {
    const newest = ask('s3:ListBucket', () => newestOf(s3, bucket, [], { account: owner, region, now, folder }));
    const answers = {
      bucketRegion: ask('s3:ListBucket', () => regionOf(s3, bucket)),
      newest,
      read: newest.then((object) => readNewest(s3, bucket, object)),
    };
    return { bucket, owner, region, ...(await allOf(answers)) };
  } finally {
    s3.destroy();
  }
}

/**
 * Whether outputs are those of a detector that reads a bucket. Other stacks may export its name too, for instance the one
 * that created it.
 */
export const hasDetectorOf = (outputs: ReadonlyMap<string, string>, bucket: string): boolean =>
  [...outputs].some(
    ([name, value]) =>
      value === bucket && name.endsWith('LogBucket') && outputs.has(name.replace(/LogBucket$/, 'FindingsTable')),
  );

/** Whether a flow log delivers to a bucket. */
export const delivers = (destination: string, bucket: string): boolean =>
  destination.endsWith(`:s3:::${bucket}`) || destination.includes(`:s3:::${bucket}/`);

function measuresOf(stack: StackFacts): Measure[] {
  const { outputs } = stack;
  const age = (name: string): Measure => ({
    namespace: 'AWS/SQS',
    metric: 'ApproximateAgeOfOldestMessage',
    dimension: 'QueueName',
    value: (outputs.get(name) ?? '').split('/').at(-1)!,
    statistic: 'Maximum',
    minutes: AGE_MINUTES,
  });
  return [
    ...outputsOf(stack, WORK_QUEUES).map(age),
    {
      namespace: 'AWS/Lambda',
      metric: 'Invocations',
      dimension: 'FunctionName',
      value: outputs.get('SettleFunction') ?? '',
      statistic: 'Sum',
      minutes: SETTLE_MINUTES,
    },
  ];
}

/** The values in the order of {@link measuresOf}. */
function fromMetrics(stack: StackFacts, given: Answer<(number | undefined)[]>): Pick<Facts, 'ages' | 'settleRuns'> {
  const values = known(given);
  if (!values) return { ages: given as Answer<never>, settleRuns: given as Answer<never> };
  return {
    ages: { value: new Map(outputsOf(stack, WORK_QUEUES).map((name, at) => [name, values[at]])) },
    settleRuns: { value: values.at(-1) ?? 0 },
  };
}

/** Awaits the values of an object. */
async function allOf<T extends object>(promises: T): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  const entries = await Promise.all(Object.entries(promises).map(async ([name, value]) => [name, await value]));
  return Object.fromEntries(entries);
}
