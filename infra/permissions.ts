/** The permissions of each function: exactly the actions that its code calls, on exactly the resources it uses. */
import { Aws } from 'aws-cdk-lib';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { LISTS, RESULTS } from '../lib/store/look-back-batch.ts';
import type { LogBucket } from './log-bucket.ts';
import type { OtherBuckets } from './other-buckets.ts';
import type { DestinationQueue } from './props.ts';
import type { QueuePair } from './queues.ts';
import type { Tables } from './tables.ts';
import type { Topics } from './topics.ts';

/** Everything that the functions access. */
export interface Resources {
  readonly log: LogBucket;
  readonly others: OtherBuckets;
  readonly tables: Tables;
  readonly topics: Topics;
  readonly ingest: QueuePair;
  readonly alert: QueuePair;
  readonly settleDeadLetters: Queue;
  readonly key?: IKey;
}

/** Statements of the ingest function: read files, write windows and findings, announce findings. */
export function ingestStatements({
  log,
  others: { buckets },
  tables,
  ingest,
  alert,
  key,
}: Resources): PolicyStatement[] {
  return [
    consume('ConsumeIngestQueue', ingest.queue),
    allow(
      'ReadLogFiles',
      ['s3:GetObject'],
      [log.bucket.arnForObjects(log.objects), ...buckets.map(({ objectsArn }) => objectsArn)],
    ),
    // Without it S3 answers "access denied" for a deleted object, which looks like a missing permission.
    allow(
      'TellGoneFromDenied',
      ['s3:ListBucket'],
      [log.bucket.bucketArn, ...buckets.map(({ bucketArn }) => bucketArn)],
    ),
    allow('WriteWindows', table('BatchWriteItem', 'Query', 'UpdateItem'), [tables.windows.tableArn]),
    allow('WriteFindings', table('BatchWriteItem', 'Query', 'UpdateItem'), [tables.findings.tableArn]),
    allow('SendToAlertQueue', ['sqs:SendMessage'], [alert.queue.queueArn]),
    ...(log.keyArn === undefined ? [] : [useKey('DecryptLogFiles', log.keyArn, 's3', ['kms:Decrypt'])]),
    ...buckets.flatMap(({ keyArn, region }, at) =>
      keyArn === undefined ? [] : [useKey(`DecryptOtherLogFiles${at}`, keyArn, 's3', ['kms:Decrypt'], region)],
    ),
    ...tableKey(key),
  ];
}

/** Statements of the alert function: lease a finding, publish it. */
export function alertStatements({ tables, topics, alert, key }: Resources): PolicyStatement[] {
  return [
    consume('ConsumeAlertQueue', alert.queue),
    allow('LeaseFindings', table('Query', 'UpdateItem'), [tables.findings.tableArn]),
    allow('PublishAlerts', ['sns:Publish'], [topics.alerts.topicArn]),
    ...topicKey(topics.alerts.masterKey),
    ...tableKey(key),
  ];
}

/**
 * Statements of the settle function: judge what is due, close findings, repeat announcements, send the digest, check
 * subscriptions.
 * @param withSignals whether logs of orchestrators or hosts arrive. Settle then marks the hours of scans that it judges.
 * @param withInventory whether it takes an inventory of addresses. The calls for it have no resource that a statement
 * could name.
 */
export function settleStatements(
  { tables, topics, alert, settleDeadLetters, key }: Resources,
  { withSignals, withInventory }: { readonly withSignals: boolean; readonly withInventory: boolean },
): PolicyStatement[] {
  const { findings, windows } = tables;
  return [
    allow('ReadWindows', table(...(withSignals || withInventory ? ['BatchWriteItem'] : []), 'DeleteItem', 'Query'), [
      windows.tableArn,
    ]),
    allow('SettleFindings', table('BatchWriteItem', 'PutItem', 'Query', 'UpdateItem'), [findings.tableArn]),
    allow(
      'ReadFindingsIndexes',
      table('Query'),
      ['announce', 'byDay', 'open'].map((index) => `${findings.tableArn}/index/${index}`),
    ),
    allow('SendToAlertQueue', ['sqs:SendMessage'], [alert.queue.queueArn]),
    allow('KeepFailedRuns', ['sqs:SendMessage'], [settleDeadLetters.queueArn]),
    allow('PublishDigest', ['sns:Publish'], [topics.alerts.topicArn]),
    ...(withInventory ? [allow('ListAddresses', ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets'], ['*'])] : []),
    allow('CountSubscriptions', ['sns:ListSubscriptionsByTopic'], [topics.alerts.topicArn, topics.operations.topicArn]),
    ...topicKey(topics.alerts.masterKey),
    ...tableKey(key),
  ];
}

/** Statements of the signals function: store what logs tell, judge it, keep what failed. */
export function signalsStatements({ tables, alert, key }: Resources, deadLetters: Queue): PolicyStatement[] {
  return [
    allow('WriteWindows', table('BatchWriteItem', 'Query'), [tables.windows.tableArn]),
    allow('WriteFindings', table('BatchWriteItem', 'Query', 'UpdateItem'), [tables.findings.tableArn]),
    allow('ReadFindingsByDay', table('Query'), [`${tables.findings.tableArn}/index/byDay`]),
    allow('SendToAlertQueue', ['sqs:SendMessage'], [alert.queue.queueArn]),
    allow('KeepFailedEvents', ['sqs:SendMessage'], [deadLetters.queueArn]),
    ...tableKey(key),
  ];
}

/** What the forward function takes alerts from, and where it passes them on. */
interface ForwardTargets {
  readonly queues: readonly DestinationQueue[];
  readonly eventBus?: IEventBus | undefined;
  readonly chatTopic?: Topic | undefined;
  readonly hubProductArn?: string | undefined;
}

/**
 * Statements of the forward function: take alerts from its queues, read the findings of a storm, pass them on. A chat
 * shows a storm as one message, so that nothing is read for it.
 */
export function forwardStatements(
  { tables, key }: Resources,
  { queues, eventBus, chatTopic, hubProductArn }: ForwardTargets,
): PolicyStatement[] {
  const readsFindings = eventBus !== undefined || hubProductArn !== undefined;
  const { tableArn } = tables.findings;
  return [
    ...queues.map(({ id, queue }) => consume(`Consume${id}Queue`, queue)),
    ...(readsFindings ? [allow('ReadFindingsOfStorms', table('Query'), [tableArn, `${tableArn}/index/byId`])] : []),
    ...(eventBus ? [allow('PutEvents', ['events:PutEvents'], [eventBus.eventBusArn])] : []),
    ...(chatTopic ? [allow('PublishToChats', ['sns:Publish'], [chatTopic.topicArn])] : []),
    ...topicKey(chatTopic?.masterKey),
    ...(hubProductArn ? [allow('ImportFindings', ['securityhub:BatchImportFindings'], [hubProductArn])] : []),
    ...tableKey(readsFindings ? key : undefined),
  ];
}

/** What the state machine of look backs uses. It is named by ARNs, because it needs its role before it exists. */
interface LookBackTargets {
  readonly machineArn: string;
  readonly executionsArn: string;
  readonly ingest: IFunction;
  readonly bucket: IBucket;
  readonly key?: IKey | undefined;
}

/**
 * Statements of the state machine of look backs: start an execution of itself for each batch, read a list, invoke
 * ingest, write results.
 */
export function lookBackStatements({
  machineArn,
  executionsArn,
  ingest,
  bucket,
  key,
}: LookBackTargets): PolicyStatement[] {
  return [
    allow('StartBatches', ['states:StartExecution'], [machineArn]),
    allow('FollowBatches', ['states:DescribeExecution', 'states:StopExecution'], [executionsArn]),
    allow('ReadBatches', ['lambda:InvokeFunction'], [ingest.functionArn]),
    allow('ReadLists', ['s3:GetObject'], [bucket.arnForObjects(`${LISTS}*`)]),
    // The four that AWS asks for. Results are uploaded in parts.
    allow(
      'WriteResults',
      ['AbortMultipartUpload', 'GetObject', 'ListMultipartUploadParts', 'PutObject'].map((call) => `s3:${call}`),
      [bucket.arnForObjects(`${RESULTS}/*`)],
    ),
    ...(key === undefined ? [] : [useKey('UseBucketKey', key.keyArn, 's3', ['kms:Decrypt', 'kms:GenerateDataKey'])]),
  ];
}

/**
 * Statements of a function that is traced. Lambda sends the traces under its role, with a report of how many it sent.
 * Neither action has a resource that a statement could name.
 */
export function tracingStatements(): PolicyStatement[] {
  return [allow('SendTraces', ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'], ['*'])];
}

function allow(
  sid: string,
  actions: string[],
  resources: string[],
  conditions?: Record<string, object>,
): PolicyStatement {
  return new PolicyStatement({ sid, actions, resources, ...(conditions === undefined ? {} : { conditions }) });
}

function table(...calls: string[]): string[] {
  return calls.map((call) => `dynamodb:${call}`);
}

/** The permissions that Lambda needs to poll a queue. A failed message returns when its visibility timeout ends. */
function consume(sid: string, queue: Queue): PolicyStatement {
  const calls = ['DeleteMessage', 'GetQueueAttributes', 'ReceiveMessage'];
  return allow(
    sid,
    calls.map((call) => `sqs:${call}`),
    [queue.queueArn],
  );
}

function useKey(
  sid: string,
  keyArn: string,
  service: string,
  actions: string[],
  region: string = Aws.REGION,
): PolicyStatement {
  return allow(sid, actions, [keyArn], {
    StringEquals: { 'kms:ViaService': `${service}.${region}.${Aws.URL_SUFFIX}` },
  });
}

/** A table under a customer managed key is read and written with the caller's permission to use that key. */
function tableKey(key: IKey | undefined): PolicyStatement[] {
  const calls = ['Decrypt', 'DescribeKey', 'Encrypt', 'GenerateDataKey', 'ReEncryptFrom', 'ReEncryptTo'];
  return key === undefined
    ? []
    : [
        useKey(
          'UseTableKey',
          key.keyArn,
          'dynamodb',
          calls.map((call) => `kms:${call}`),
        ),
      ];
}

function topicKey(key: IKey | undefined): PolicyStatement[] {
  return key === undefined ? [] : [useKey('UseTopicKey', key.keyArn, 'sns', ['kms:Decrypt', 'kms:GenerateDataKey'])];
}
