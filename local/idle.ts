/** Waits until the local cloud is idle: no queued message, batch, invocation or delivery. */
import { setTimeout as delay } from 'node:timers/promises';
import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** The work that may be in progress. */
export interface Activity {
  sqs: SQSClient;
  /** The queues that a function consumes. Others (dead letters, subscribers) may contain messages. */
  queueUrls: readonly string[];
  /** Descriptions of what is running now, other than queued messages. */
  running(): string[];
  /** A number that grows with every event. */
  happenings(): number;
  /** What has failed so far. A failed batch stays in its queue for its visibility timeout. */
  failures(): readonly string[];
}

const PAUSE_MS = 20;

/** Resolves when everything is idle. Rejects after `timeoutMs` milliseconds with what is not. */
export async function waitUntilIdle(activity: Activity, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (let stillRounds = 0; ; ) {
    const before = activity.happenings();
    const busy = [...(await findQueued(activity)), ...activity.running()];
    // Two idle rounds without an event in between, because a message may move on while the queues are asked one by one.
    stillRounds = busy.length === 0 && activity.happenings() === before ? stillRounds + 1 : 0;
    if (stillRounds === 2) return;
    if (Date.now() > deadline) {
      const failures = activity.failures().map((failure) => `. Earlier: ${failure}`);
      throw new Error(
        `the local cloud is not idle after ${timeoutMs} ms: ${busy.join('; ') || 'events keep coming'}${failures.join('')}`,
      );
    }
    await delay(PAUSE_MS);
  }
}

async function findQueued({ sqs, queueUrls }: Activity): Promise<string[]> {
  const counts = await Promise.all(
    queueUrls.map(async (queueUrl) => {
      const command = new GetQueueAttributesCommand({
        QueueUrl: queueUrl,
        AttributeNames: [
          'ApproximateNumberOfMessages',
          'ApproximateNumberOfMessagesNotVisible',
          'ApproximateNumberOfMessagesDelayed',
        ],
      });
      const { Attributes: attributes = {} } = await sqs.send(command);
      const total = Object.values(attributes).reduce((sum, count) => sum + Number(count), 0);
      return total === 0 ? [] : [`queue ${queueUrl.split('/').at(-1)} holds ${total} messages`];
    }),
  );
  return counts.flat();
}
