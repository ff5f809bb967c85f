/** What a deployment tells whoever made it: the names to look at, and a query to try. */
import { CfnOutput, type Stack } from 'aws-cdk-lib';
import type { ScanDetector } from './scan-detector.ts';

/** Adds outputs to the stack under fixed names, which scripts may rely on. */
export function addOutputs(stack: Stack, detector: ScanDetector): void {
  const { alertTopic, findingsTable, logBucket, operationsTopic, windowsTable } = detector;
  const outputs: Record<string, [value: string, description: string]> = {
    FindingsTable: [findingsTable.tableName, 'Table of findings'],
    WindowsTable: [windowsTable.tableName, 'Table of contact windows'],
    AlertTopic: [alertTopic.topicArn, 'Topic of alerts: subscribe chat, ticketing or another queue here'],
    OperationsTopic: [operationsTopic.topicArn, 'Topic of alarms about the pipeline itself'],
    IngestQueue: [detector.ingestQueue.queueUrl, 'Queue of new flow log files'],
    IngestDeadLetters: [detector.ingestDeadLetters.queueUrl, 'Files that five tries could not read: redrive from here'],
    RedriveIngest: [
      `aws sqs start-message-move-task --source-arn ${detector.ingestDeadLetters.queueArn}`,
      'Sends the files that could not be read round again',
    ],
    AlertQueue: [detector.alertQueue.queueUrl, 'Queue of findings to announce'],
    AlertDeadLetters: [detector.alertDeadLetters.queueUrl, 'Findings that five tries could not announce'],
    LogBucket: [logBucket.bucketName, 'Bucket of flow log files'],
    OpenFindings: [
      // Open findings are spread over four partitions of the index; see lib/store/keys.ts.
      `for n in 0 1 2 3; do aws dynamodb query --table-name ${findingsTable.tableName} --index-name open ` +
        `--key-condition-expression 'openShard = :shard' --no-scan-index-forward ` +
        `--expression-attribute-values '{":shard":{"S":"open#'$n'"}}'; done`,
      'Prints the open findings, latest first',
    ],
  };
  for (const [id, [value, description]] of Object.entries(outputs)) {
    new CfnOutput(stack, id, { value, description });
  }
}
