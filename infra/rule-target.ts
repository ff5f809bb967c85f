/** The ingest queue as the target of EventBridge rules of the stack. */
import type { IRuleTarget } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';

/** Queues of the ingest path to which new objects are announced. */
export interface IngestQueues {
  readonly queue: Queue;
  readonly deadLetters: Queue;
}

/** The target. The CDK's own would also let EventBridge read the queue's attributes. */
export function targetOf({ queue, deadLetters }: IngestQueues): IRuleTarget {
  return { bind: () => ({ arn: queue.queueArn, deadLetterConfig: { arn: deadLetters.queueArn } }) };
}

/** Lets rules send to the queue, and to the dead letters what they could not send. */
export function admitRules({ queue, deadLetters }: IngestQueues, sid: string, ruleArns: readonly string[]): void {
  for (const each of [queue, deadLetters])
    each.addToResourcePolicy(
      new PolicyStatement({
        sid,
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [each.queueArn],
        // The ARN of a rule contains the account.
        conditions: { ArnEquals: { 'aws:SourceArn': ruleArns } },
      }),
    );
}
