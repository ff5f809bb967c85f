/**
 * A log bucket of another account or Region: the fixed names that its owner's policies refer to, and what the owner must add so
 * that files are announced and can be read. `setup policy` prints it, and the proof of the permissions evaluates it.
 */
import { createHash } from 'node:crypto';
import { keysOf } from './bucket-keys.ts';
import type { Settings } from './settings-types.ts';

/** The bucket, its owner, and the deployment that reads it. */
export interface ForeignBucket {
  /** The account that owns the bucket. */
  readonly owner: string;
  readonly bucket: string;
  /** Beginning of the keys that are announced. */
  readonly prefix: string;
  /** The keys that are read, with `*` for any characters. */
  readonly objects: string;
  /** `bus`: the owner's rule sends to the bus of the deployment, from any Region. */
  readonly events: 'notification' | 'eventbridge' | 'bus';
  /** The Region of the bucket, if it may be another one than that of the deployment. */
  readonly region?: string;
  /** The customer managed key of the objects, if there is one. */
  readonly keyArn?: string | undefined;
  /** The deployment that reads. */
  readonly reader: Reader;
}

/** Where a deployment is. */
export interface Reader {
  readonly partition: string;
  readonly account: string;
  readonly region: string;
  /** The setting deploymentName. */
  readonly deployment: string;
}

/** One policy statement. */
export type Statement = Readonly<Record<string, unknown>> & { readonly Sid: string };

/** What the owner adds. */
export interface OwnerChanges {
  /** Statements for the policy of the bucket. Empty if the bucket belongs to the reader's account. */
  readonly bucketPolicy: readonly Statement[];
  /** Statements for the policy of the key. Missing without one, or if the key belongs to the reader's account. */
  readonly keyPolicy?: { readonly keyArn: string; readonly statements: readonly Statement[] };
  /** For events through EventBridge: the rule in the owner's account, and the role with which it sends. */
  readonly rule?: EventRule;
  /** For `events: notification`: what to add to the notifications of the bucket. */
  readonly notification?: Readonly<Record<string, unknown>>;
}

/** An EventBridge rule that sends to the queue or the bus of the deployment. */
export interface EventRule {
  readonly name: string;
  readonly pattern: Readonly<Record<string, unknown>>;
  readonly target: { readonly Id: string; readonly Arn: string; readonly RoleArn: string };
  readonly role: {
    readonly name: string;
    readonly trust: readonly Statement[];
    readonly permissions: readonly Statement[];
  };
}

/** The foreign bucket that settings name. Undefined if the bucket belongs to the account of the stack. */
export function foreignBucketOf(settings: Settings, where: Omit<Reader, 'deployment'>): ForeignBucket | undefined {
  const { existing } = settings.bucket;
  if (existing?.account === undefined) return undefined;
  return {
    owner: existing.account,
    bucket: existing.bucket.replace(/^arn:[^:]+:s3:::/, ''),
    ...keysOf(existing),
    events: existing.events,
    ...(existing.kmsKeyArn !== undefined && { keyArn: existing.kmsKeyArn }),
    reader: { ...where, deployment: settings.deploymentName },
  };
}

/** The further buckets that settings name, each with the account that owns it. */
export function otherBucketsOf(settings: Settings, where: Omit<Reader, 'deployment'>): ForeignBucket[] {
  const { deploymentName: deployment, otherBuckets } = settings;
  return otherBuckets.map(({ bucket, account, region, flowLogsUnder, kmsKeyArn }) => ({
    owner: account ?? where.account,
    bucket,
    region,
    ...keysOf({ flowLogsUnder, prefix: '' }),
    events: 'bus',
    ...(kmsKeyArn !== undefined && { keyArn: kmsKeyArn }),
    reader: { ...where, deployment },
  }));
}

/** The further buckets of a deployment, from its outputs. */
export function otherBucketsIn(findOutput: (name: string) => string | undefined): ForeignBucket[] {
  const found: ForeignBucket[] = [];
  for (;;) {
    const output = findOutput(`OtherBucket${found.length + 1}`);
    if (output === undefined) return found;
    found.push(JSON.parse(output) as ForeignBucket);
  }
}

/** The partition of a Region. */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

/** Name of the ingest role. It is fixed, so that the owner's policies can name it before and after a deployment. */
export const ingestRoleName = ({ deployment, region }: Pick<Reader, 'deployment' | 'region'>): string =>
  `${deployment}-ingest-${region}`;

/** Name of the ingest queue. It is fixed because the owner's rule or notification names it. */
export const ingestQueueName = (deployment: string): string => `${deployment}-ingest`;

/** Name of the bus to which the rules of further buckets send. It is fixed because they name it. */
export const logBusName = (deployment: string): string => `${deployment}-flow-logs`;

const roleArn = ({ partition, account, ...names }: Reader): string =>
  `arn:${partition}:iam::${account}:role/${ingestRoleName(names)}`;

type Where = Pick<Reader, 'partition' | 'region' | 'deployment'>;
/** The further bucket that a rule is about, and the account that reads it. */
type OtherBucket = { readonly bucket: string; readonly account: string };

/**
 * ARN of the role with which the owner's rule sends.
 * @param other the further bucket, if the rule is about one. An owner may have several, each with a rule of its own, and
 * several accounts may read one.
 */
export const rulesRoleArn = (owner: string, { partition, ...names }: Where, other?: OtherBucket): string =>
  `arn:${partition}:iam::${owner}:role/${other ? busRuleName(names, other) : queueRuleRoleName(names)}`;

const queueRuleRoleName = ({ deployment, region }: Omit<Where, 'partition'>): string =>
  `${deployment}-events-${region}`;

/** Name of the owner's rule that sends to a bus, and of its role. At most 61 characters. */
const busRuleName = ({ deployment, region }: Omit<Where, 'partition'>, { bucket, account }: OtherBucket): string =>
  `${deployment}-${account}-${region}-${shortOf(bucket)}`;

/** A name of 63 characters would not fit into the names of rules and roles, which have 64 at most. */
const shortOf = (bucket: string): string => createHash('sha256').update(bucket).digest('hex').slice(0, 8);

const queueArn = ({ partition, account, region, deployment }: Reader): string =>
  `arn:${partition}:sqs:${region}:${account}:${ingestQueueName(deployment)}`;

/** ARN of the bus of a deployment. */
export const logBusArn = ({ partition, account, region, deployment }: Reader): string =>
  `arn:${partition}:events:${region}:${account}:event-bus/${logBusName(deployment)}`;

/**
 * What the owner must add.
 * @param people ARNs of further roles that may read the files: those of people who run `backfill` and `doctor`. A `*`
 * covers any characters.
 */
export function ownerChanges(foreign: ForeignBucket, people: readonly string[] = []): OwnerChanges {
  const { owner, bucket, objects, prefix, keyArn, events, reader, region = reader.region } = foreign;
  const { partition, account } = reader;
  const bucketArn = `arn:${partition}:s3:::${bucket}`;
  // A statement that names a role stops working when the role is created again, and cannot be saved before the role
  // exists. The condition has neither problem.
  const Principal = { AWS: `arn:${partition}:iam::${account}:root` };
  const isOneOf = (arns: readonly string[]) => ({ ArnLike: { 'aws:PrincipalArn': arns } });
  const isReader = isOneOf([roleArn(reader), ...people]);
  const folder = { 's3:prefix': `${prefix}*` };
  const mayList = { Effect: 'Allow', Principal, Action: 's3:ListBucket', Resource: bucketArn };
  const suffix = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  const bucketPolicy: Statement[] = [
    {
      Sid: 'SweepwatchReadsFlowLogs',
      Effect: 'Allow',
      Principal,
      Action: 's3:GetObject',
      Resource: `${bucketArn}/${objects}`,
      Condition: isReader,
    },
    {
      Sid: 'SweepwatchTellsMissingFiles',
      ...mayList,
      // IfExists: to answer that a file is missing, and not that access is denied, S3 asks for this permission without
      // any prefix. That also admits a list of all keys, so people get a statement of their own.
      Condition: { ...isOneOf([roleArn(reader)]), ...(prefix && { StringLikeIfExists: folder }) },
    },
    ...(people.length === 0
      ? []
      : [
          {
            Sid: 'SweepwatchListsFlowLogs',
            ...mayList,
            Condition: { ...isOneOf(people), ...(prefix && { StringLike: folder }) },
          },
        ]),
  ];
  return {
    bucketPolicy: owner === account ? [] : bucketPolicy,
    ...(keyArn !== undefined &&
      keyArn.split(':')[4] !== account && {
        keyPolicy: {
          keyArn,
          statements: [
            {
              Sid: 'SweepwatchDecryptsFlowLogs',
              Effect: 'Allow',
              Principal,
              Action: 'kms:Decrypt',
              Resource: '*',
              Condition: { ...isReader, StringEquals: { 'kms:ViaService': `s3.${region}.${suffix}` } },
            },
          ],
        },
      }),
    ...(events !== 'notification'
      ? { rule: ruleOf(foreign) }
      : {
          notification: {
            Id: reader.deployment,
            QueueArn: queueArn(reader),
            Events: ['s3:ObjectCreated:*'],
            ...(prefix && { Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: prefix }] } } }),
          },
        }),
  };
}

function ruleOf(foreign: ForeignBucket): EventRule {
  const { owner, bucket, prefix, objects, events, reader, region = reader.region } = foreign;
  const { partition, deployment } = reader;
  const isForBus = events === 'bus';
  const other = isForBus ? { bucket, account: reader.account } : undefined;
  const name = other ? busRuleName(reader, other) : `${deployment}-flow-logs`;
  const target = isForBus ? logBusArn(reader) : queueArn(reader);
  return {
    name,
    pattern: {
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: objectCreatedDetail(bucket, { prefix, objects }),
    },
    target: { Id: deployment, Arn: target, RoleArn: rulesRoleArn(owner, reader, other) },
    role: {
      name: other ? name : queueRuleRoleName(reader),
      trust: [
        {
          Sid: 'RuleAssumes',
          Effect: 'Allow',
          Principal: { Service: 'events.amazonaws.com' },
          Action: 'sts:AssumeRole',
          Condition: {
            ArnEquals: { 'aws:SourceArn': `arn:${partition}:events:${region}:${owner}:rule/${name}` },
            StringEquals: { 'aws:SourceAccount': owner },
          },
        },
      ],
      permissions: [
        {
          Sid: 'RuleSends',
          Effect: 'Allow',
          Action: isForBus ? 'events:PutEvents' : 'sqs:SendMessage',
          Resource: target,
        },
      ],
    },
  };
}

/** The part of an event about a new object that a rule compares. */
export function objectCreatedDetail(
  bucket: string,
  { prefix, objects }: Pick<ForeignBucket, 'prefix' | 'objects'>,
): Readonly<Record<string, unknown>> {
  const key = objects === `${prefix}*` ? { prefix } : { wildcard: objects };
  return { bucket: { name: [bucket] }, ...(objects !== '*' && { object: { key: [key] } }) };
}
