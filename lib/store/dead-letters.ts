/** Dead-letter queues: what lies in them, which queue it came from, and the way back there. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListMessageMoveTasksCommand,
  type ListMessageMoveTasksCommandOutput,
  type Message,
  paginateListDeadLetterSourceQueues,
  paginateListQueues,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';

/** A queue that others give their undeliverable messages to. */
export interface DeadLetterQueue {
  readonly name: string;
  readonly url: string;
  readonly arn: string;
  /** The queues that its messages came from; a queue that a function fails into directly has none. */
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
/** Seconds that messages stay invisible: to show each once, or to bring a batch over. */
const HELD_SECONDS = 60;
const MAX_SHOWN = 1000;

/** What the stack calls its dead-letter queues that have a way back: its construct's ids are part of their names. */
const NAMES = /(Ingest|Alert)DeadLetters/;

/** The dead-letter queues of a stack that are fed by a queue, by name; an empty name means all stacks of this place. */
export async function deadLettersOf(client: SQSClient, stack: string): Promise<DeadLetterQueue[]> {
  const urls: string[] = [];
  const prefix = stack ? { QueueNamePrefix: `${stack}-` } : {};
  for await (const { QueueUrls = [] } of paginateListQueues({ client }, { ...prefix, MaxResults: 1000 }))
    urls.push(...QueueUrls.filter((url) => NAMES.test(nameOf(url))));
  return Promise.all(urls.sort().map((url) => describeQueue(client, url)));
}

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
 * Moves the messages of a dead-letter queue back to where they came from, by SQS itself; where the server does not know
 * how (an emulator), one by one. What could be read by now is read; the rest comes back after its tries.
 * @returns how many were moved. @throws DeadLetterError when there is no queue to go back to, or SQS gave up.
 */
export async function moveBack(
  client: SQSClient,
  queue: DeadLetterQueue,
  watch: (progress: MoveProgress) => void,
): Promise<number> {
  if (queue.sources.length === 0)
    throw new DeadLetterError(`${queue.name} is the dead-letter queue of no queue: there is nowhere to move back to`);
  let before: MoveTask | undefined;
  try {
    before = await latestTask(client, queue);
    await client.send(new StartMessageMoveTaskCommand({ SourceArn: queue.arn }));
  } catch (error) {
    if (!isUnknownCall(error)) throw error;
    return carryBack(client, queue, watch);
  }
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

type MoveTask = NonNullable<ListMessageMoveTasksCommandOutput['Results']>[number];

async function latestTask(client: SQSClient, { arn }: DeadLetterQueue): Promise<MoveTask | undefined> {
  const { Results = [] } = await client.send(new ListMessageMoveTasksCommand({ SourceArn: arn, MaxResults: 1 }));
  return Results[0];
}

/** Receive, send, delete: in this order a crash repeats a message, which is harmless, and loses none. */
async function carryBack(
  client: SQSClient,
  { name, url, sources }: DeadLetterQueue,
  watch: (progress: MoveProgress) => void,
): Promise<number> {
  if (sources.length > 1)
    throw new DeadLetterError(
      `${name} serves ${sources.length} queues, and which of them a message came from only SQS itself knows; expected one`,
    );
  const toMove = await sizeOf(client, url);
  let moved = 0;
  // What fails again comes back here while this goes on; it is not moved twice.
  while (moved < toMove) {
    const messages = await receive(client, url);
    if (messages.length === 0) break;
    for (const { Body: MessageBody, MessageAttributes, ReceiptHandle } of messages) {
      await client.send(new SendMessageCommand({ QueueUrl: sources[0], MessageBody, MessageAttributes }));
      await client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
      moved++;
    }
    watch({ moved, toMove });
  }
  return moved;
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

async function sizeOf(client: SQSClient, QueueUrl: string): Promise<number> {
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
  );
  return Number(Attributes?.ApproximateNumberOfMessages ?? 0);
}

async function describeQueue(client: SQSClient, url: string): Promise<DeadLetterQueue> {
  const { Attributes } = await named(url, () =>
    client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] })),
  );
  const arn = Attributes?.QueueArn ?? '';
  return { name: nameOf(url), url, arn, sources: await sourcesOf(client, url, arn) };
}

async function sourcesOf(client: SQSClient, url: string, arn: string): Promise<string[]> {
  const sources: string[] = [];
  try {
    const pages = paginateListDeadLetterSourceQueues({ client }, { QueueUrl: url, MaxResults: 1000 });
    for await (const { queueUrls = [] } of pages) sources.push(...queueUrls);
  } catch (error) {
    if (!isUnknownCall(error)) throw error;
    for await (const { QueueUrls = [] } of paginateListQueues({ client }, { MaxResults: 1000 }))
      for (const each of QueueUrls) if (await feeds(client, each, arn)) sources.push(each);
  }
  return sources;
}

async function feeds(client: SQSClient, QueueUrl: string, arn: string): Promise<boolean> {
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['RedrivePolicy'] }),
  );
  const policy = JSON.parse(Attributes?.RedrivePolicy || '{}') as { deadLetterTargetArn?: string };
  return policy.deadLetterTargetArn === arn;
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

/** What a server answers that does not have a call at all. `UnsupportedOperation` is AWS's refusal of a move it knows. */
const isUnknownCall = (error: unknown): boolean =>
  ['InvalidAction', 'UnknownOperationException'].includes((error as Error).name);

const letterOf = ({ Body = '', Attributes, MessageAttributes }: Message): DeadLetter => {
  const sent = Number(Attributes?.SentTimestamp);
  return {
    body: Body,
    sentAt: sent ? new Date(sent).toISOString() : undefined,
    error: MessageAttributes?.ERROR_MESSAGE?.StringValue,
  };
};

const nameOf = (url: string): string => url.split('/').at(-1) ?? url;
