/** The other describing calls: flow logs, queues, functions, metrics, topics, alarms, and how far the logs have come. */
import { paginateListSubscriptionsByTopic, type SNSClient } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { ask } from './ask.ts';
import type { FlowLogFacts, FunctionFacts, QueueFacts, SubscriptionFacts } from './facts.ts';
import { childrenOf, type SignedCalls, textOf } from './signed-calls.ts';

/** All flow logs of the account in this Region. */
export async function flowLogsOf(calls: SignedCalls): Promise<FlowLogFacts[]> {
  return (await calls.ec2('DescribeFlowLogs', 'flowLogSet')).map((log) => {
    const [options = ''] = childrenOf(log, 'destinationOptions');
    return {
      id: textOf(log, 'flowLogId'),
      resource: textOf(log, 'resourceId'),
      destinationType: textOf(log, 'logDestinationType'),
      destination: textOf(log, 'logDestination') || textOf(log, 'logGroupName'),
      columns: [...textOf(log, 'logFormat').matchAll(/\$\{([\w-]+)\}/g)].map((match) => match[1]!),
      trafficType: textOf(log, 'trafficType'),
      interval: Number(textOf(log, 'maxAggregationInterval') || 600),
      delivery: textOf(log, 'deliverLogsStatus'),
      error: textOf(log, 'deliverLogsErrorMessage'),
      isHive: textOf(options, 'hiveCompatiblePartitions') === 'true',
      isHourly: textOf(options, 'perHourPartition') === 'true',
    };
  });
}

/** Concurrent executions that Lambda allows the account. */
export async function accountConcurrency(calls: SignedCalls): Promise<number> {
  const path = '/2016-08-19/account-settings/';
  const { AccountLimit } = await calls.lambda<{ AccountLimit?: { ConcurrentExecutions?: number } }>(path);
  return AccountLimit?.ConcurrentExecutions ?? 0;
}

/** A queue: its ARN, its policy, and how many messages wait. */
export async function queueOf(client: SQSClient, QueueUrl: string): Promise<QueueFacts> {
  const { Attributes = {} } = await client.send(
    new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: ['QueueArn', 'Policy', 'ApproximateNumberOfMessages'],
    }),
  );
  return {
    arn: Attributes.QueueArn ?? '',
    waiting: Number(Attributes.ApproximateNumberOfMessages ?? 0),
    policy: Attributes.Policy ?? '',
  };
}

/** A function: its reserved concurrency and, if a queue feeds it, the event source mappings. */
export async function functionOf(calls: SignedCalls, name: string, fedBy: readonly string[]): Promise<FunctionFacts> {
  const reserved = await ask('lambda:GetFunctionConcurrency', async () => {
    const path = `/2019-09-30/functions/${encodeURIComponent(name)}/concurrency`;
    const answer = await calls.lambda<{ ReservedConcurrentExecutions?: number }>(path);
    return answer.ReservedConcurrentExecutions;
  });
  if (!fedBy.length) return { name, reserved };
  const mappings = await ask('lambda:ListEventSourceMappings', async () => {
    const path = '/2015-03-31/event-source-mappings/';
    // A page holds 100, and a function of this stack has three at most.
    const { EventSourceMappings = [] } = await calls.lambda<{
      EventSourceMappings?: { UUID?: string; State?: string; EventSourceArn?: string }[];
    }>(path, { FunctionName: name });
    return EventSourceMappings.map(({ UUID = '', State = '', EventSourceArn = '' }) => ({
      id: UUID,
      state: State,
      queue: EventSourceArn,
    }));
  });
  return { name, reserved, fedBy, mappings };
}

/** One value of a metric: over how many minutes, and how its periods are combined. */
export interface Measure {
  readonly namespace: string;
  readonly metric: string;
  readonly dimension: string;
  readonly value: string;
  readonly statistic: 'Sum' | 'Maximum';
  readonly minutes: number;
}

/** The values of measures, in their order. Undefined where CloudWatch has no data. */
export async function measured(
  calls: SignedCalls,
  measures: readonly Measure[],
  now: number,
): Promise<(number | undefined)[]> {
  const longest = Math.max(...measures.map(({ minutes }) => minutes));
  const { MetricDataResults = [] } = await calls.cloudwatch<{
    MetricDataResults?: { Id: string; Timestamps?: number[]; Values?: number[] }[];
  }>('GetMetricData', {
    MetricDataQueries: measures.map(({ namespace, metric, dimension, value, statistic }, at) => ({
      Id: `m${at}`,
      MetricStat: {
        Metric: { Namespace: namespace, MetricName: metric, Dimensions: [{ Name: dimension, Value: value }] },
        Period: 60,
        Stat: statistic,
      },
    })),
    StartTime: Math.floor(now - longest * 60),
    EndTime: Math.floor(now + 60),
    ScanBy: 'TimestampDescending',
  });
  return measures.map(({ statistic, minutes }, at) => {
    const { Values = [], Timestamps = [] } = MetricDataResults.find(({ Id }) => Id === `m${at}`) ?? {};
    const recent = Values.filter((_, n) => (Timestamps[n] ?? 0) >= now - minutes * 60);
    if (!recent.length) return undefined;
    return statistic === 'Sum' ? recent.reduce((sum, value) => sum + value, 0) : Math.max(...recent);
  });
}

/** The state of a rule, such as DISABLED. */
export const ruleStateOf = async (calls: SignedCalls, Name: string): Promise<string> =>
  (await calls.events<{ State?: string }>('DescribeRule', { Name })).State ?? '';

/** The name of a bus, given its ARN. */
export const busOf = async (calls: SignedCalls, arn: string): Promise<string> =>
  (await calls.events<{ Name?: string }>('DescribeEventBus', { Name: arn })).Name ?? '';

/** Whether Security Hub CSPM is enabled in the account and Region. */
export async function isHubEnabled(calls: SignedCalls): Promise<boolean> {
  try {
    return Boolean((await calls.securityHub<{ HubArn?: string }>('/accounts')).HubArn);
  } catch (error) {
    if (/^(InvalidAccessException|ResourceNotFoundException)$/.test((error as Error).name)) return false;
    throw error;
  }
}

/** The subscriptions of a topic. Removed ones, which SNS lists for some days, are left out. */
export async function subscriptionsOf(client: SNSClient, TopicArn: string): Promise<SubscriptionFacts[]> {
  const all: SubscriptionFacts[] = [];
  for await (const { Subscriptions = [] } of paginateListSubscriptionsByTopic({ client }, { TopicArn }))
    for (const { Protocol = '', Endpoint = '', SubscriptionArn = '' } of Subscriptions)
      if (SubscriptionArn !== 'Deleted')
        all.push({ protocol: Protocol, endpoint: Endpoint, isConfirmed: SubscriptionArn.startsWith('arn:') });
  return all;
}

/** The alarms of a stack that are in state ALARM. */
export async function alarmsOf(calls: SignedCalls, stack: string): Promise<{ name: string; since: number }[]> {
  const all: { name: string; since: number }[] = [];
  let NextToken: string | undefined;
  do {
    const page: {
      MetricAlarms?: { AlarmName?: string; StateUpdatedTimestamp?: number }[];
      NextToken?: string;
    } = await calls.cloudwatch('DescribeAlarms', { StateValue: 'ALARM', AlarmNamePrefix: `${stack}-`, NextToken });
    for (const { AlarmName = '', StateUpdatedTimestamp = 0 } of page.MetricAlarms ?? [])
      all.push({ name: AlarmName, since: StateUpdatedTimestamp });
    ({ NextToken } = page);
  } while (NextToken);
  return all;
}
