/** Dead-letter queues: their messages, the queue each came from, and how to move them back. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ChangeMessageVisibilityBatchCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListMessageMoveTasksCommand,
  type ListMessageMoveTasksCommandOutput,
  type Message,
  paginateListDeadLetterSourceQueues,
  ReceiveMessageCommand,
  type SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';

/** A queue that receives the messages other queues could not process. */
export interface DeadLetterQueue {
  readonly name: string;
  readonly url: string;
  readonly arn: string;
  /**
   * ARNs of the queues whose dead letters go here. Empty for a queue that a function sends its failures to directly.
   */
  readonly sources: readonly string[];
}

/** A message in the dead-letter queue. */
export interface DeadLetter {
  readonly body: string;
  /** When it was first sent to its original queue, ISO 8601. */
  readonly sentAt: string | undefined;
  /** The sender's description of the failure. EventBridge gives one, queues do not. */
  readonly error: string | undefined;
}

/** The progress of a move. `toMove` is SQS's estimate, missing until SQS has one. */
export interface MoveProgress {
  readonly moved: number;
  readonly toMove: number | undefined;
}

/** The queue does not exist, or its messages cannot be moved back. The message says why. */
export class DeadLetterError extends Error {
  override name = 'DeadLetterError';
}

const POLL_MS = 1000;
/** The limit of a call. */
const BATCH = 10;
/** Seconds that messages stay invisible, so that each is shown once. */
const HELD_SECONDS = 60;
const MAX_SHOWN = 1000;

/** The dead-letter queue with a name, an ARN or a URL. @throws DeadLetterError if there is no such queue. */
export async function deadLetterQueue(client: SQSClient, given: string): Promise<DeadLetterQueue> {
  if (/^https?:/.test(given)) return describeQueue(client, given);
  const [, account, name = given] = /^arn:[^:]+:sqs:[^:]+:(\d+):(.+)$/.exec(given) ?? [];
  const url = await named(given, async () => {
    const owner = account ? { QueueOwnerAWSAccountId: account } : {};
    return (await client.send(new GetQueueUrlCommand({ QueueName: name, ...owner }))).QueueUrl ?? '';
  });
  return describeQueue(client, url);
}

/**
 * The messages in a queue, up to a thousand. They are received, hidden from others for the time being, and made visible
 * again. If this process ends before that, they are visible again within a minute.
 */
export async function lookInto(
  client: SQSClient,
  { url }: DeadLetterQueue,
): Promise<{ letters: DeadLetter[]; isAll: boolean }> {
  const seen = new Map<string | undefined, Message>();
  let isAll = false;
  while (!isAll && seen.size < MAX_SHOWN) {
    const before = seen.size;
    for (const message of await receive(client, url)) seen.set(message.MessageId, message);
    // No message, or only messages that became visible again, so all have been seen.
    isAll = seen.size === before;
  }
  const messages = [...seen.values()];
  for (let at = 0; at < messages.length; at += BATCH)
    await client.send(
      new ChangeMessageVisibilityBatchCommand({
        QueueUrl: url,
        Entries: messages.slice(at, at + BATCH).map(({ ReceiptHandle }, nth) => ({
          Id: String(nth),
          ReceiptHandle,
          VisibilityTimeout: 0,
        })),
      }),
    );
  return { letters: messages.map(letterOf), isAll };
}

/**
 * Lets SQS move the messages of a dead-letter queue to the queue that it belongs to. The queue is named explicitly,
 * because SQS does not know the origin of a message that EventBridge put there itself. Messages that can now be read
 * are processed. The others return after their tries.
 * @returns how many were moved. @throws DeadLetterError if there is not exactly one queue to move to, or the move
 * failed.
 */
export async function moveBack(
  client: SQSClient,
  queue: DeadLetterQueue,
  watch: (progress: MoveProgress) => void,
): Promise<number> {
  const DestinationArn = destinationOf(queue);
  const before = await latestTask(client, queue);
  await client.send(new StartMessageMoveTaskCommand({ SourceArn: queue.arn, DestinationArn }));
  for (;;) {
    const task = await latestTask(client, queue);
    // The list may be out of date: a task from last week has also ended well.
    const isOurs = task !== undefined && task.StartedTimestamp !== before?.StartedTimestamp;
    const moved = (isOurs && task.ApproximateNumberOfMessagesMoved) || 0;
    if (isOurs) watch({ moved, toMove: task.ApproximateNumberOfMessagesToMove });
    if (isOurs && task.Status === 'COMPLETED') return moved;
    if (isOurs && (task.Status === 'FAILED' || task.Status === 'CANCELLED'))
      throw new DeadLetterError(
        `${queue.name}: the move ended as ${task.Status} after ${moved} messages${task.FailureReason ? `: ${task.FailureReason}` : ''}`,
      );
    await sleep(POLL_MS);
  }
}

/** The ARN of the one queue whose dead letters these are. @throws DeadLetterError if there is not exactly one. */
export function destinationOf({ name, sources }: DeadLetterQueue): string {
  if (sources.length !== 1)
    throw new DeadLetterError(
      sources.length === 0
        ? `${name} is not the dead-letter queue of any queue, so its messages cannot be moved`
        : `${name} is the dead-letter queue of ${sources.length} queues, and only SQS knows which of them each message came from. Expected one`,
    );
  return sources[0]!;
}

type MoveTask = NonNullable<ListMessageMoveTasksCommandOutput['Results']>[number];

async function latestTask(client: SQSClient, { arn }: DeadLetterQueue): Promise<MoveTask | undefined> {
  const { Results = [] } = await client.send(new ListMessageMoveTasksCommand({ SourceArn: arn, MaxResults: 1 }));
  return Results[0];
}

async function receive(client: SQSClient, QueueUrl: string): Promise<Message[]> {
  const { Messages = [] } = await client.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: BATCH,
      VisibilityTimeout: HELD_SECONDS,
      // A long poll asks all servers of the queue. A short one may miss messages on some.
      WaitTimeSeconds: 1,
      MessageSystemAttributeNames: ['SentTimestamp'],
      MessageAttributeNames: ['All'],
    }),
  );
  return Messages;
}

async function describeQueue(client: SQSClient, url: string): Promise<DeadLetterQueue> {
  return { name: nameOf(url), url, arn: await arnOf(client, url), sources: await sourcesOf(client, url) };
}

async function arnOf(client: SQSClient, url: string): Promise<string> {
  const { Attributes } = await named(url, () =>
    client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] })),
  );
  return Attributes?.QueueArn ?? '';
}

async function sourcesOf(client: SQSClient, url: string): Promise<string[]> {
  const sources: string[] = [];
  const pages = paginateListDeadLetterSourceQueues({ client }, { QueueUrl: url, MaxResults: 1000 });
  for await (const { queueUrls = [] } of pages) for (const each of queueUrls) sources.push(await arnOf(client, each));
  return sources;
}

async function named<T>(given: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    // The service's error does not say which queue.
    if (!/QueueDoesNotExist|NonExistentQueue/.test((error as Error).name)) throw error;
    throw new DeadLetterError(`there is no queue ${given} in this account and region`, { cause: error });
  }
}

const letterOf = ({ Body = '', Attributes, MessageAttributes }: Message): DeadLetter => {
  const sent = Number(Attributes?.SentTimestamp);
  return {
    body: Body,
    sentAt: sent ? new Date(sent).toISOString() : undefined,
    error: MessageAttributes?.ERROR_MESSAGE?.StringValue,
  };
};

const nameOf = (url: string): string => url.split('/').at(-1) ?? url;
