/** The bucket with the flow log files, created or existing, and how its new objects reach the queue. */
import { Aws, Duration, Stack } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import {
  AccountPrincipal,
  type AddToResourcePolicyResult,
  PolicyStatement,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  BucketNotificationDestinationType,
  type BucketPolicy,
  type CfnBucket,
  EventType,
  type IBucket,
  type IBucketNotificationDestination,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { keysOf } from '../lib/config/bucket-keys.ts';
import { objectCreatedDetail, rulesRoleArn } from '../lib/config/foreign-bucket.ts';
import { SettingsError } from '../lib/config/load.ts';
import type { Settings } from '../lib/config/schema.ts';
import { isToken } from '../lib/config/token.ts';
import { deliveryToBucket } from './log-delivery.ts';
import { removalPolicyOf } from './removal.ts';
import { admitRules, type IngestQueues, targetOf } from './rule-target.ts';

/** A bucket with flow log files, and what is needed to read it. */
export interface LogBucket {
  readonly bucket: IBucket;
  /** The keys of the files that are read, with `*` for any characters. The role of ingest may read these. */
  readonly objects: string;
  /** Prefix for the flow logs that the detector creates, before the AWSLogs/ that AWS adds. */
  readonly flowLogPrefix: string;
  /** The customer managed key that encrypts the objects, if there is one. */
  readonly keyArn?: string;
  /** The account that owns the bucket, if it is not the account of the stack. */
  readonly owner?: string | undefined;
  /** The bucket policy, if the detector creates it. Flow logs must be created after it. */
  readonly policy?: BucketPolicy;
}

/** Creates or adopts the bucket, and connects its new objects to the ingest queue. */
export function connectLogBucket(
  scope: Construct,
  settings: Settings,
  queues: IngestQueues,
  key: IKey | undefined,
  given: IBucket | undefined,
): LogBucket {
  return settings.bucket.existing === undefined
    ? createBucket(scope, settings, queues.queue, key)
    : adoptBucket(scope, settings.bucket.existing, settings.deploymentName, queues, given);
}

function createBucket(scope: Construct, settings: Settings, queue: Queue, key: IKey | undefined): LogBucket {
  const objectPrefix = 'AWSLogs/';
  // The name is fixed because bucket and queue policy name each other. A generated name would be a cycle.
  const name = settings.bucket.new?.name ?? `${settings.deploymentName}-flow-logs-${Aws.ACCOUNT_ID}-${Aws.REGION}`;
  const bucket = new Bucket(scope, 'LogBucket', {
    bucketName: name,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    ...(key === undefined
      ? { encryption: BucketEncryption.S3_MANAGED }
      : { encryption: BucketEncryption.KMS, encryptionKey: key, bucketKeyEnabled: true }),
    lifecycleRules: [
      {
        expiration: Duration.days(settings.retentionDays.logObjects),
        abortIncompleteMultipartUploadAfter: Duration.days(1),
      },
    ],
    removalPolicy: removalPolicyOf(settings),
  });
  // Written here so that AWS does not attach its own.
  for (const statement of deliveryToBucket(settings, bucket.bucketArn)) bucket.addToResourcePolicy(statement);
  const allowed = admitBucket(queue, name);
  // The construct's own notification method would add a custom resource, a function and a role.
  (bucket.node.defaultChild as CfnBucket).notificationConfiguration = {
    queueConfigurations: [
      {
        event: 's3:ObjectCreated:*',
        queue: queue.queueArn,
        filter: { s3Key: { rules: [{ name: 'prefix', value: objectPrefix }] } },
      },
    ],
  };
  // S3 tests the queue when the notification is set, and refuses one that it may not send to.
  if (allowed.policyDependable !== undefined) bucket.node.addDependency(allowed.policyDependable);
  return { bucket, objects: `${objectPrefix}*`, flowLogPrefix: '', keyArn: key?.keyArn, policy: bucket.policy };
}

/**
 * Lets a bucket announce its objects. Without the owner's account in the condition, anybody who takes over the bucket's
 * name could do so too.
 */
function admitBucket(queue: Queue, bucketName: string, owner: string = Aws.ACCOUNT_ID): AddToResourcePolicyResult {
  return queue.addToResourcePolicy(
    new PolicyStatement({
      sid: 'LogBucketSends',
      principals: [new ServicePrincipal('s3.amazonaws.com')],
      actions: ['sqs:SendMessage'],
      resources: [queue.queueArn],
      conditions: {
        ArnEquals: { 'aws:SourceArn': `arn:${Aws.PARTITION}:s3:::${bucketName}` },
        StringEquals: { 'aws:SourceAccount': owner },
      },
    }),
  );
}

/**
 * Lets the owner's rule send events about the bucket. A rule of EventBridge that sends to a queue of another account does
 * so with a role of its own account. A principal that names the role could not be saved before the role exists. The
 * condition can, and in a request of that role aws:PrincipalArn is the ARN of the role, not of its session.
 */
function admitRuleOf(queue: Queue, owner: string, deployment: string): void {
  const role = rulesRoleArn(owner, { partition: Aws.PARTITION, region: Aws.REGION, deployment });
  queue.addToResourcePolicy(
    new PolicyStatement({
      sid: 'OwnerOfBucketSends',
      principals: [new AccountPrincipal(owner)],
      actions: ['sqs:SendMessage'],
      resources: [queue.queueArn],
      conditions: { ArnEquals: { 'aws:PrincipalArn': role } },
    }),
  );
}

type ExistingBucket = NonNullable<Settings['bucket']['existing']>;

function adoptBucket(
  scope: Construct,
  existing: ExistingBucket,
  deployment: string,
  queues: IngestQueues,
  given: IBucket | undefined,
): LogBucket {
  const name = existing.bucket.replace(/^arn:[^:]+:s3:::/, '');
  if (given === undefined) refuseArnOfUnknownName(scope, name);
  const bucket = given ?? Bucket.fromBucketName(scope, 'LogBucket', name);
  const { account: owner } = existing;
  const { prefix, objects } = keysOf(existing);
  if (owner !== undefined) {
    // The owner adds the rule or the notification.
    if (existing.events === 'notification') admitBucket(queues.queue, name, owner);
    else admitRuleOf(queues.queue, owner, deployment);
  } else if (existing.events === 'notification') {
    // A notification can only have a prefix, so ingest ignores other objects.
    const filters = prefix === '' ? [] : [{ prefix }];
    // The CDK's own destination would let any account that owns a bucket of this name send messages and get the queue's
    // URL.
    const destination: IBucketNotificationDestination = {
      bind: () => {
        const { policyDependable } = admitBucket(queues.queue, name);
        return {
          arn: queues.queue.queueArn,
          type: BucketNotificationDestinationType.QUEUE,
          dependencies: policyDependable === undefined ? [] : [policyDependable],
        };
      },
    };
    bucket.addEventNotification(EventType.OBJECT_CREATED, destination, ...filters);
  } else {
    const rule = new Rule(scope, 'ObjectCreated', {
      description: 'New flow log files in an existing bucket, which must send its events to EventBridge',
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: objectCreatedDetail(name, { prefix, objects }),
      },
      targets: [targetOf(queues)],
    });
    admitRules(queues, 'RuleSends', [rule.ruleArn]);
  }
  const flowLogPrefix = prefix.replace(/AWSLogs\/(o-[a-z0-9]+\/)?$/, '');
  return { bucket, objects, flowLogPrefix, keyArn: existing.kmsKeyArn, owner };
}

/**
 * Refuses an ARN that contains a token, because the name in it cannot be read before deployment. @throws SettingsError
 */
function refuseArnOfUnknownName(scope: Construct, name: string): void {
  const resolved: unknown = isToken(name) ? Stack.of(scope).resolve(name) : undefined;
  if ((resolved as { 'Fn::GetAtt'?: string[] })?.['Fn::GetAtt']?.[1] === 'Arn')
    throw new SettingsError('settings', [
      'bucket.existing.bucket: must be a name if it is a token, got an ARN: use bucketName, or the prop bucket',
    ]);
}
