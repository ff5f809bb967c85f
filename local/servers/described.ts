/**
 * What the describing calls of EC2, Lambda, CloudWatch and S3 answer about the stack that the local cloud runs. It begins
 * as the template says, and a test changes it to break something on purpose.
 */
import { SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { CreatedResource, Stack } from '../resources/stack.ts';

/** A flow log as DescribeFlowLogs knows it. */
export interface DescribedFlowLog {
  readonly id: string;
  readonly resourceId: string;
  destinationType: string;
  destination: string;
  format: string;
  trafficType: string;
  interval: number;
  isHive: boolean;
  isHourly: boolean;
  delivery: 'SUCCESS' | 'FAILED';
  /** Why delivery fails. */
  error: string;
}

/** A VPC as DescribeVpcs knows it. */
export interface DescribedVpc {
  /** Default: every caller's account. */
  readonly account?: string;
  /** Default: every Region. */
  readonly region?: string;
  readonly cidrs?: readonly string[];
  /** Blocks that it gave up, which stay listed for a while. */
  readonly formerCidrs?: readonly string[];
}

/** A subnet as DescribeSubnets knows it. */
interface DescribedSubnet {
  readonly id: string;
  readonly vpc: string;
  /** The account that owns its VPC. Default: every caller's account. */
  readonly account?: string;
  /** Default: every Region. */
  readonly region?: string;
  readonly cidrs: readonly string[];
}

/** A network interface as DescribeNetworkInterfaces knows it. Only the account that owns it sees it. */
interface DescribedInterface {
  readonly id: string;
  readonly vpc: string;
  readonly account?: string;
  readonly region?: string;
  readonly addresses: readonly string[];
  /** Prefixes delegated to it. */
  readonly prefixes?: readonly string[];
}

/** A peering connection, in the Regions and accounts of its ends. */
interface DescribedPeering {
  readonly id: string;
  readonly requester: string;
  readonly accepter: string;
  readonly status: 'active' | 'deleted' | 'pending-acceptance';
}

/** Something that is attached to a transit gateway. */
interface DescribedAttachment {
  readonly id: string;
  readonly gateway: string;
  readonly type: 'vpc' | 'vpn' | 'peering';
  /** The id of a VPC, or of the gateway at the other end. */
  readonly resource: string;
  readonly account?: string;
  /** The account that owns the gateway. */
  readonly owner?: string;
  readonly region?: string;
  readonly state?: 'available' | 'deleted';
}

/** A route table of a transit gateway. Only its owner sees it. */
interface DescribedRouteTable {
  readonly id: string;
  readonly gateway: string;
  readonly owner?: string;
  readonly region?: string;
  /** Attachments that use it. */
  readonly users: readonly string[];
  /** Attachments whose blocks it has. */
  readonly propagated: readonly string[];
  readonly routes: readonly { readonly cidr: string; readonly to: string }[];
}

/** What the calls answer. Tests may change all of it. */
export interface Described {
  flowLogs: DescribedFlowLog[];
  readonly vpcs: Map<string, DescribedVpc>;
  subnets: DescribedSubnet[];
  interfaces: DescribedInterface[];
  peerings: DescribedPeering[];
  attachments: DescribedAttachment[];
  routeTables: DescribedRouteTable[];
  /** Items in a page of EC2. */
  mostInPage: number;
  /** Whether SearchTransitGatewayRoutes says that there are more routes, without naming a further page. */
  isCutOff: boolean;
  /** Names of alarms with their state and the time of the last change in epoch seconds. */
  readonly alarms: Map<string, { state: string; since: number }>;
  /** Functions by name, with their reserved concurrency, environment variables and the statements of their policy. */
  readonly functions: Map<
    string,
    { reserved?: number; variables?: Readonly<Record<string, string>>; policy?: object[] }
  >;
  /** The subscription filters of log groups, by name. Others do not exist. */
  readonly logFilters: Map<string, { name: string; destination: string }[]>;
  /** States of rules by name. */
  readonly rules: Map<string, string>;
  /** Names of event buses. */
  readonly buses: Set<string>;
  readonly mappings: { uuid: string; functionName: string; queueArn: string; state: string }[];
  /** Values of the last five minutes by metric and dimension, such as `Invocations NAME`. */
  readonly metrics: Map<string, number>;
  /** Regions of buckets that are not in that of the cloud. */
  readonly bucketRegions: Map<string, string>;
  /** Endpoints of subscriptions that nobody has confirmed. */
  readonly unconfirmed: Set<string>;
  /** Concurrency that the account may use. */
  concurrency: number;
  /** Calls that are refused, such as `s3:GetObject`, with the message. */
  readonly denied: Map<string, string>;
  /** Calls of EC2 that are throttled, such as `ec2:DescribeSubnets`, with the number of further times. */
  readonly throttled: Map<string, number>;
}

/** Nothing is deployed. */
export const nothingDescribed = (): Described => ({
  flowLogs: [],
  vpcs: new Map(),
  subnets: [],
  interfaces: [],
  peerings: [],
  attachments: [],
  routeTables: [],
  mostInPage: 1000,
  isCutOff: false,
  alarms: new Map(),
  functions: new Map(),
  logFilters: new Map(),
  rules: new Map(),
  buses: new Set(['default']),
  mappings: [],
  metrics: new Map(),
  bucketRegions: new Map(),
  unconfirmed: new Set(),
  concurrency: 1000,
  denied: new Map(),
  throttled: new Map(),
});

const textOf = (value: unknown, otherwise = ''): string => (value === undefined ? otherwise : String(value));

/** Adds the resources of a stack to what is described, and its queue policies to the queues. */
export async function describeResources(
  described: Described,
  resources: ReadonlyMap<string, CreatedResource>,
  { clients }: Pick<Stack, 'clients'>,
): Promise<void> {
  for (const { type, physicalId, properties } of resources.values()) {
    if (type === 'AWS::EC2::FlowLog') addFlowLog(described, physicalId, properties);
    if (type === 'AWS::CloudWatch::Alarm') described.alarms.set(physicalId, { state: 'OK', since: Date.now() / 1000 });
    if (type === 'AWS::Events::Rule') described.rules.set(physicalId, textOf(properties.State, 'ENABLED'));
    if (type === 'AWS::Events::EventBus') described.buses.add(physicalId);
    if (type === 'AWS::Lambda::Function')
      described.functions.set(physicalId, {
        ...described.functions.get(physicalId),
        variables: variablesOf(properties),
      });
    if (type === 'AWS::Logs::SubscriptionFilter') {
      const group = textOf(properties.LogGroupName);
      const filter = { name: physicalId, destination: textOf(properties.DestinationArn) };
      described.logFilters.set(group, [...(described.logFilters.get(group) ?? []), filter]);
    }
    if (type === 'AWS::Lambda::EventSourceMapping')
      described.mappings.push({
        uuid: physicalId,
        functionName: textOf(properties.FunctionName).split(':').at(-1)!,
        queueArn: textOf(properties.EventSourceArn),
        state: textOf(properties.Enabled, 'true') === 'true' ? 'Enabled' : 'Disabled',
      });
    if (type === 'AWS::Lambda::Permission') addStatement(described, properties);
    if (type === 'AWS::SQS::QueuePolicy')
      for (const QueueUrl of properties.Queues as string[])
        await clients.sqs.send(
          new SetQueueAttributesCommand({
            QueueUrl,
            Attributes: { Policy: JSON.stringify(properties.PolicyDocument) },
          }),
        );
  }
}

/** A statement of the policy of a function, as Lambda writes it. A function may be described before or after. */
function addStatement({ functions }: Described, properties: CreatedResource['properties']): void {
  const name = textOf(properties.FunctionName).split(':').at(-1)!;
  const lambda = functions.get(name) ?? {};
  const Condition = properties.SourceArn && { ArnLike: { 'AWS:SourceArn': properties.SourceArn } };
  const statement = {
    Effect: 'Allow',
    Principal: { Service: properties.Principal },
    Action: properties.Action,
    ...(Condition ? { Condition } : {}),
  };
  functions.set(name, { ...lambda, policy: [...(lambda.policy ?? []), statement] });
}

function variablesOf({ Environment }: CreatedResource['properties']): Readonly<Record<string, string>> {
  const { Variables = {} } = (Environment ?? {}) as { Variables?: Record<string, unknown> };
  return Object.fromEntries(Object.entries(Variables).map(([name, value]) => [name, textOf(value)]));
}

function addFlowLog(described: Described, id: string, properties: CreatedResource['properties']): void {
  const options = (properties.DestinationOptions ?? {}) as Record<string, unknown>;
  described.vpcs.set(textOf(properties.ResourceId), {});
  described.flowLogs.push({
    id,
    resourceId: textOf(properties.ResourceId),
    destinationType: textOf(properties.LogDestinationType, 'cloud-watch-logs'),
    destination: textOf(properties.LogDestination),
    format: textOf(properties.LogFormat),
    trafficType: textOf(properties.TrafficType, 'ALL'),
    interval: Number(properties.MaxAggregationInterval ?? 600),
    isHive: textOf(options.HiveCompatiblePartitions) === 'true',
    isHourly: textOf(options.PerHourPartition) === 'true',
    delivery: 'SUCCESS',
    error: '',
  });
}
