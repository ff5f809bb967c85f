/** The outputs of a deployment: names of its resources, and a query to try. */
import { Aws, CfnOutput, Stack } from 'aws-cdk-lib';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { foreignBucketOf, otherBucketsOf } from '../lib/config/foreign-bucket.ts';
import type { LookBackOutput } from '../lib/store/look-back-batch.ts';
import type { DetectorParts } from './detector-parts.ts';
import { version } from './version.ts';

/**
 * Adds outputs to the detector's stack under fixed names that scripts may rely on. `ScanDetector.addOutputs` states the
 * rules.
 */
export function addOutputs(detector: DetectorParts, prefix?: string): void {
  if (prefix !== undefined && !/^[A-Za-z][A-Za-z0-9]*$/.test(prefix))
    throw new Error(`${detector.node.path}: the prefix of outputs must be letters and digits, got "${prefix}"`);
  const stack = Stack.of(detector);
  const start = prefix ?? (stack.node.tryFindChild('FindingsTable') === undefined ? '' : pathWithin(stack, detector));
  const { alertTopic, findingsTable, logBucket, operationsTopic, windowsTable } = detector;
  const outputs: Record<string, [value: string, description: string]> = {
    FindingsTable: [findingsTable.tableName, 'Table of findings'],
    WindowsTable: [windowsTable.tableName, 'Table of contact windows'],
    AlertTopic: [alertTopic.topicArn, 'Topic of alerts: subscribe ticketing, a webhook or another queue here'],
    OperationsTopic: [operationsTopic.topicArn, 'Topic of alarms about the pipeline itself'],
    IngestQueue: [detector.ingestQueue.queueUrl, 'Queue of new flow log files'],
    IngestDeadLetters: [
      detector.ingestDeadLetters.queueUrl,
      'Files that could not be read in five tries: redrive from here',
    ],
    RedriveIngest: [
      redrive(detector.ingestDeadLetters, detector.ingestQueue),
      'Retries the files that could not be read',
    ],
    AlertQueue: [detector.alertQueue.queueUrl, 'Queue of findings to announce'],
    AlertDeadLetters: [detector.alertDeadLetters.queueUrl, 'Findings that could not be announced in five tries'],
    RedriveAlert: [
      redrive(detector.alertDeadLetters, detector.alertQueue),
      'Retries the findings that could not be announced',
    ],
    SettleDeadLetters: [detector.settleDeadLetters.queueUrl, 'Failed runs of the settle function'],
    IngestFunction: [detector.ingestFunction.functionName, 'Function that reads flow log files'],
    AlertFunction: [detector.alertFunction.functionName, 'Function that announces findings'],
    SettleFunction: [detector.settleFunction.functionName, 'Function that runs every five minutes'],
    SettleSchedule: [detector.settleSchedule.ruleName, 'Rule that starts the settle function'],
    IngestLogs: [detector.ingestFunction.logGroup.logGroupName, 'Log group of the ingest function'],
    AlertLogs: [detector.alertFunction.logGroup.logGroupName, 'Log group of the alert function'],
    SettleLogs: [detector.settleFunction.logGroup.logGroupName, 'Log group of the settle function'],
    LogBucket: [logBucket.bucketName, 'Bucket of flow log files'],
    LogBucketOwner: [detector.settings.bucket.existing?.account ?? Aws.ACCOUNT_ID, 'Account that owns the bucket'],
    Version: [version(), 'Version of Sweepwatch, which "sweepwatch doctor" compares with its own'],
    OpenFindings: [
      // Open findings are spread over four partitions of the index, see lib/store/keys.ts.
      `for n in 0 1 2 3; do aws dynamodb query --table-name ${findingsTable.tableName} --region ${Aws.REGION} --index-name open ` +
        `--key-condition-expression 'openShard = :shard' --no-scan-index-forward ` +
        `--expression-attribute-values '{":shard":{"S":"open#'$n'"}}'; done`,
      'Prints the open findings, latest first',
    ],
  };
  if (detector.dashboard)
    outputs.Dashboard = [
      detector.dashboard.dashboardName,
      'CloudWatch dashboard: whether it works, what it found, what it costs',
    ];
  const { signalsFunction, signalsDeadLetters } = detector;
  if (signalsFunction && signalsDeadLetters)
    Object.assign(outputs, {
      SignalsFunction: [signalsFunction.functionName, 'Function that reads logs of orchestrators and hosts'],
      SignalsLogs: [signalsFunction.logGroup.logGroupName, 'Log group of the signals function'],
      SignalsDeadLetters: [signalsDeadLetters.queueUrl, 'Log events that failed in three tries'],
    });
  const { forwardFunction, eventBus, chatTopic } = detector;
  if (forwardFunction)
    Object.assign(outputs, {
      ForwardFunction: [forwardFunction.functionName, 'Function that passes alerts on to the destinations'],
      ForwardLogs: [forwardFunction.logGroup.logGroupName, 'Log group of the forward function'],
    });
  if (detector.lookBack) {
    const { machine, bucket } = detector.lookBack;
    const map: LookBackOutput = {
      machine: machine.stateMachineArn,
      bucket: bucket.bucketName,
      maxConcurrency: detector.settings.lookBack.maxConcurrency,
      writeUnits: detector.settings.maxWriteUnits.windows,
    };
    outputs.LookBack = [JSON.stringify(map), 'Reads old files in parallel, for "sweepwatch backfill --map"'];
  }
  const where = { partition: Aws.PARTITION, account: Aws.ACCOUNT_ID, region: Aws.REGION };
  const foreign = foreignBucketOf(detector.settings, where);
  if (foreign) {
    const bucket = JSON.stringify({ ...foreign, bucket: logBucket.bucketName });
    outputs.ForeignBucket = [bucket, 'Bucket of another account, for "sweepwatch setup policy"'];
  }
  for (const [at, other] of otherBucketsOf(detector.settings, where).entries())
    outputs[`OtherBucket${at + 1}`] = [JSON.stringify(other), 'Further bucket, for "sweepwatch setup policy"'];
  if (detector.logBus) outputs.LogBus = [detector.logBus.eventBusArn, 'Bus to which rules beside further buckets send'];
  if (eventBus) outputs.EventBus = [eventBus.eventBusArn, 'Bus that gets an event for each alert'];
  if (chatTopic) outputs.ChatTopic = [chatTopic.topicArn, 'Topic for Amazon Q Developer in chat applications'];
  for (const { id, name, queue, deadLetters } of detector.destinationQueues)
    Object.assign(outputs, {
      [`${id}Queue`]: [queue.queueUrl, `Queue of alerts for ${name}`],
      [`${id}DeadLetters`]: [deadLetters.queueUrl, `Alerts that ${name} did not accept in five tries`],
      [`Redrive${id}`]: [redrive(deadLetters, queue), `Sends ${name} the alerts again that it did not accept`],
    });
  // Commands in alerts contain the name of the stack if its outputs lead to the rest, otherwise the table.
  if (start === '')
    for (const each of [detector.alertFunction, detector.settleFunction, ...(forwardFunction ? [forwardFunction] : [])])
      each.addEnvironment('STACK_NAME', Aws.STACK_NAME);
  for (const [id, [value, description]] of Object.entries(outputs)) {
    new CfnOutput(stack, `${start}${id}`, { value, description });
  }
}

/** The ids from the stack down to the detector, without characters that an output name cannot contain. */
function pathWithin(stack: Stack, { node }: DetectorParts): string {
  const ids = node.scopes.slice(stack.node.scopes.length).map(({ node: { id } }) => id);
  return ids.join('').replace(/[^A-Za-z0-9]/g, '');
}

/** The destination is named, because a message that EventBridge put there itself has no source queue. */
const redrive = (from: IQueue, to: IQueue): string =>
  `aws sqs start-message-move-task --source-arn ${from.queueArn} --destination-arn ${to.queueArn} --region ${Aws.REGION}`;
