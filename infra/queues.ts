/** The queues between the steps. Each has a queue for messages that failed five times. */
import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

/** A work queue and its dead letters. */
export interface QueuePair {
  readonly queue: Queue;
  readonly deadLetters: Queue;
}

const maxReceiveCount = 5;
const retentionPeriod = Duration.days(14);

/** A queue for messages that could not be processed. They stay for 14 days, to be inspected and redriven. */
export function createDeadLetters(scope: Construct, id: string): Queue {
  return new Queue(scope, id, { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod });
}

/**
 * A work queue whose visibility timeout is six times the timeout of the function that reads it.
 * @param queueName a fixed name, for a queue that policies outside the stack name.
 */
export function createQueuePair(
  scope: Construct,
  id: string,
  functionTimeout: Duration,
  queueName?: string,
): QueuePair {
  const deadLetters = createDeadLetters(scope, `${id}DeadLetters`);
  const queue = new Queue(scope, `${id}Queue`, {
    ...(queueName !== undefined && { queueName }),
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    visibilityTimeout: Duration.seconds(6 * functionTimeout.toSeconds()),
    retentionPeriod,
    deadLetterQueue: { queue: deadLetters, maxReceiveCount },
  });
  return { queue, deadLetters };
}
