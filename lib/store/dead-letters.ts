/** Dead-letter queues: what lies in them, which queue it came from, and the way back there. */
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

/** A queue that others give their undeliverable messages to. */
export interface DeadLetterQueue {
  readonly name: string;
  readonly url: string;
  readonly arn: string;
  /** ARNs of the queues whose dead letters go here; a queue that a function fails into directly has none. */
  readonly sources: readonly string[];
}

/** A message, as it lies there. */
export interface DeadLetter {
  readonly body: string;
  /** When it was first sent to the queue it came from; ISO 8601. */
  readonly sentAt: string | undefined;
  /** What the sender said of the failure: EventBridge does, a queue does not. */
  readonly error: string | undefined;
}

/** How far a move is; `toMove` is SQS's estimate and missing until it has one. */
export interface MoveProgress {
  readonly moved: number;
  readonly toMove: number | undefined;
}

/** The queue is not there, or its messages cannot be moved back; the message says why. */
export class DeadLetterError extends Error {
  override name = 'DeadLetterError';
}

const POLL_MS = 1000;
/** The limit of a call. */
const BATCH = 10;
/** Seconds that messages stay invisible, so that each is shown once. */
const HELD_SECONDS = 60;
const MAX_SHOWN = 1000;

/** The dead-letter queue with a name, an ARN or a URL. @throws DeadLetterError when there is none. */
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
 * What lies in a queue, up to a thousand messages. They are taken, hidden from others meanwhile, and put back; should this
 * process end before that, they are back within a minute.
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
    // Nothing, or only what has come back in the meantime: all have been seen.
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
 * Has SQS move the messages of a dead-letter queue to the queue that it belongs to. That queue is named, since a message
 * that EventBridge put among the dead letters itself came from no queue. What can be read by now is read; the rest comes
 * back after its tries.
 * @returns how many were moved. @throws DeadLetterError when there is not exactly one queue to move to, or the move failed.
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
    // The list may lag behind: a task of last week has ended well, too.
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

/** The ARN of the one queue whose dead letters these are. @throws DeadLetterError when there is none, or more than one. */
export function destinationOf({ name, sources }: DeadLetterQueue): string {
  if (sources.length !== 1)
    throw new DeadLetterError(
      sources.length === 0
        ? `${name} is the dead-letter queue of no queue: there is nowhere to move its messages to`
        : `${name} is the dead-letter queue of ${sources.length} queues, and which of them each message came from only SQS knows; expected one`,
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
      // A long poll asks all servers of the queue; a short one may overlook what lies on some.
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
    // The service's own words do not say which.
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
