/** What `doctor` knows of a deployment. One file gathers it by calls, others judge it. */
import type { InventoryHead } from '../inventory-store.ts';

/** The answer to a question: a value, or why it is missing. */
export type Answer<T> =
  | { readonly value: T }
  /** The caller may not ask. Says which permission is missing. */
  | { readonly denied: string }
  /** The thing that was asked about does not exist. */
  | { readonly missing: string }
  /** The question could not be put. */
  | { readonly failed: string };

/** The stack as CloudFormation describes it. */
export interface StackFacts {
  readonly name: string;
  readonly region: string;
  readonly account: string;
  readonly status: string;
  readonly reason?: string;
  /** Epoch seconds. */
  readonly created: number;
  readonly outputs: ReadonlyMap<string, string>;
}

/** A VPC of this account and Region, or one that another account shares with it. */
export interface VpcFacts {
  readonly id: string;
  /** The account that owns it. */
  readonly account: string;
  readonly cidrs: readonly string[];
}

/** A flow log of this account and Region. */
export interface FlowLogFacts {
  readonly id: string;
  readonly resource: string;
  /** `s3`, `cloud-watch-logs` or `kinesis-data-firehose`. */
  readonly destinationType: string;
  readonly destination: string;
  readonly columns: readonly string[];
  readonly trafficType: string;
  readonly interval: number;
  readonly delivery: string;
  readonly error: string;
  readonly isHive: boolean;
  readonly isHourly: boolean;
}

/** How a bucket announces new objects. */
export interface NotificationFacts {
  readonly eventBridge: boolean;
  readonly queues: readonly { readonly arn: string; readonly prefix: string; readonly suffix: string }[];
}

/** An object of the bucket. */
export interface ObjectFacts {
  readonly key: string;
  /** Epoch seconds. */
  readonly at: number;
  /** Whether only some folders of the bucket were looked at, so that others may have newer objects. */
  readonly isSample?: boolean;
}

/** A queue of the deployment. */
export interface QueueFacts {
  readonly arn: string;
  readonly waiting: number;
  readonly policy: string;
}

/** A function of the deployment. */
export interface FunctionFacts {
  readonly name: string;
  readonly reserved: Answer<number | undefined>;
  /** Outputs of the queues that feed it. */
  readonly fedBy?: readonly string[];
  /** Only for functions that a queue feeds. */
  readonly mappings?: Answer<readonly { readonly id: string; readonly state: string; readonly queue: string }[]>;
}

/** A subscription to a topic. */
export interface SubscriptionFacts {
  readonly protocol: string;
  readonly endpoint: string;
  readonly isConfirmed: boolean;
}

/** A subscription filter of a log group. */
export interface FilterFacts {
  readonly name: string;
  /** The ARN to which it delivers. */
  readonly destination: string;
}

/** The subscription filters of log groups, by the name of the group. */
export type FiltersOfGroups = ReadonlyMap<string, Answer<readonly FilterFacts[]>>;

/** A bucket of the setting `otherBuckets`. */
export interface OtherBucketFacts {
  readonly bucket: string;
  /** The account that owns it. */
  readonly owner: string;
  /** Its Region by the settings, and as S3 tells it. */
  readonly region: string;
  readonly bucketRegion: Answer<string>;
  /** As those of the first bucket. */
  readonly newest: Answer<ObjectFacts | undefined>;
  readonly read: Answer<number>;
}

/** Everything about a deployment that a check may ask. */
export interface Facts {
  /** Epoch seconds. */
  readonly now: number;
  /** The version of this command. */
  readonly version: string;
  /** The options that select the same deployment again, for a shell. */
  readonly again: string;
  readonly stack: StackFacts;
  readonly flowLogs: Answer<readonly FlowLogFacts[]>;
  readonly vpcs: Answer<readonly VpcFacts[]>;
  /** The setting `routingDomains` of the deployment. */
  readonly routingDomains: Answer<Readonly<Record<string, readonly string[]>>>;
  readonly bucketRegion: Answer<string>;
  readonly notifications: Answer<NotificationFacts>;
  /** The newest object, or undefined if there is no object. */
  readonly newest: Answer<ObjectFacts | undefined>;
  /** Whether the newest object can be read: the number of bytes tried. */
  readonly read: Answer<number>;
  /** The bus to which the rules of further buckets send. Undefined if there are no such buckets. */
  readonly logBus?: Answer<string> | undefined;
  readonly otherBuckets: readonly OtherBucketFacts[];
  /** Other stacks whose outputs name the same bucket. */
  readonly sharing: Answer<readonly string[]>;
  /** By the name of the output. */
  readonly queues: ReadonlyMap<string, Answer<QueueFacts>>;
  /** Seconds that the oldest message has waited, by the name of the output. Undefined without data. */
  readonly ages: Answer<ReadonlyMap<string, number | undefined>>;
  readonly functions: readonly FunctionFacts[];
  /** Runs of settle in the last 15 minutes. */
  readonly settleRuns: Answer<number>;
  /** The state of the rule that starts settle. */
  readonly schedule: Answer<string>;
  /** The event bus that gets alerts. Undefined if there is no such destination. */
  readonly bus?: Answer<string> | undefined;
  /** Whether Security Hub CSPM is enabled. Undefined if it is not a destination. */
  readonly hub?: Answer<boolean> | undefined;
  /** The log groups that the signals function reads. Undefined if there is no such function. */
  readonly filters?: Answer<FiltersOfGroups> | undefined;
  /** What is stored of the inventory of addresses, empty before the first run. Undefined if the deployment takes none. */
  readonly inventory?: Answer<InventoryHead> | undefined;
  /** How far each log has come, in epoch seconds. */
  readonly logTimes: Answer<readonly { readonly log: string; readonly at: number }[]>;
  /** By the name of the output of the topic. */
  readonly subscriptions: ReadonlyMap<string, Answer<readonly SubscriptionFacts[]>>;
  /** Alarms in state ALARM, with the time in epoch seconds. */
  readonly alarms: Answer<readonly { readonly name: string; readonly since: number }[]>;
}

/** The value of an output that the stack must have. */
export const outputOf = ({ stack }: Facts, name: string): string => stack.outputs.get(name) ?? '';

/** The account and Region of a deployment that is planned. */
export interface AccountFacts {
  readonly stack: Pick<StackFacts, 'name' | 'region'>;
  /** The state of a stack of this name. Undefined if there is no such stack. */
  readonly status: Answer<string | undefined>;
  /** The outputs of that stack. Empty if it does not exist or may not be looked at. */
  readonly outputs: ReadonlyMap<string, string>;
  readonly vpcs: Answer<readonly VpcFacts[]>;
  readonly flowLogs: Answer<readonly FlowLogFacts[]>;
  /** Concurrent executions that Lambda allows the account. */
  readonly concurrency: Answer<number>;
  /** Of the log groups that the settings name. */
  readonly filters: FiltersOfGroups;
  /** The bucket that the settings name. Undefined if its name is not known before the deployment. */
  readonly bucket?: {
    readonly name: string;
    readonly region: Answer<string>;
    readonly notifications: Answer<NotificationFacts>;
    readonly newest: Answer<ObjectFacts | undefined>;
    readonly read: Answer<number>;
  };
}
