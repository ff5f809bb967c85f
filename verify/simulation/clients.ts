/** The AWS clients of a simulated process: commands as the SDK makes them, answered by the simulated account. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { ListSubscriptionsByTopicCommand, PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import {
  BatchWriteCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { batchOf, OPERATIONS } from '../dynamodb/operations.ts';
import type { Table } from '../dynamodb/table.ts';
import type { Caller, Cloud } from './cloud.ts';
import type { CallKind } from './faults.ts';

export interface Clients {
  readonly documents: DynamoDBDocumentClient;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly sns: SNSClient;
}

/** Names of the tables and queues, as the functions' variables give them. */
export const VARIABLES = {
  WINDOWS_TABLE: 'windows',
  FINDINGS_TABLE: 'findings',
  ALERT_QUEUE_URL: 'alert',
  ALERT_TOPIC_ARN: 'arn:aws:sns:eu-central-1:123456789012:alerts',
  OPERATIONS_TOPIC_ARN: 'arn:aws:sns:eu-central-1:123456789012:operations',
  HASH_KEY: 'a secret',
  AWS_REGION: 'eu-central-1',
} as const;

/** Milliseconds that an eventually consistent read may lag. */
const LAG = 5000;
/** Refusals of one item in a row. A table that refuses for longer is another fault. */
const REFUSALS = 3;
/** Bytes of a piece of a body. */
const PIECE = 1500;

const base = new DynamoDBClient({
  region: 'eu-central-1',
  credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
});

export const clientsOf = (cloud: Cloud, caller: Caller): Clients => ({
  documents: new Documents(cloud, caller),
  s3: { send: (command: unknown) => getObject(cloud, caller, command) } as unknown as S3Client,
  sqs: { send: (command: unknown) => sendMessage(cloud, caller, command) } as unknown as SQSClient,
  sns: { send: (command: unknown) => askSns(cloud, caller, command) } as unknown as SNSClient,
});

const unknown = (command: unknown): Error =>
  new Error(`the simulated account does not know ${(command as object).constructor.name}`);

const labelOf = (caller: Caller, text: string): string => `${caller.invocation?.name.split(' ')[0]} ${text}`;

class Documents extends DynamoDBDocumentClient {
  readonly #cloud: Cloud;
  readonly #caller: Caller;
  readonly #refused = new Map<string, number>();

  constructor(cloud: Cloud, caller: Caller) {
    super(base);
    this.#cloud = cloud;
    this.#caller = caller;
  }

  // biome-ignore lint/suspicious/noExplicitAny: the overloads of the SDK say what comes of which command
  override send(command: any): any {
    if (command instanceof BatchWriteCommand) return this.#batch(command.input);
    const { input } = command;
    const table = this.#table(input.TableName);
    const now = () => this.#cloud.timeline.now;
    const kind = (text: string, isWrite: boolean): CallKind => ({
      label: labelOf(this.#caller, text),
      isWrite,
      isConditional: input.ConditionExpression !== undefined,
    });
    if (command instanceof QueryCommand) return this.#query(table, command.input as QueryInput);
    const act = (operation: string) => () => OPERATIONS[operation]!(table, input, now());
    if (command instanceof GetCommand) return this.#call(kind(`GetItem ${input.TableName}`, false), act('GetItem'));
    if (command instanceof PutCommand)
      return this.#call(kind(`PutItem ${input.ConditionExpression}`, true), act('PutItem'));
    if (command instanceof DeleteCommand)
      return this.#call(kind(`DeleteItem ${input.TableName} ${input.ConditionExpression}`, true), act('DeleteItem'));
    if (command instanceof UpdateCommand)
      return this.#call(
        kind(`UpdateItem ${input.ConditionExpression} ${input.UpdateExpression.slice(0, 24)}`, true),
        act('UpdateItem'),
      );
    throw unknown(command);
  }

  #call<T>(kind: CallKind, effect: () => T): Promise<T> {
    return this.#cloud.call(this.#caller, kind, effect);
  }

  #table(name: string): Table {
    const table = this.#cloud.tables[name as 'windows'];
    if (!table) throw new Error(`there is no table ${name}`);
    return table;
  }

  #query(table: Table, input: QueryInput): Promise<unknown> {
    const { faults, random, timeline } = this.#cloud;
    const label = labelOf(this.#caller, `Query ${input.IndexName} ${input.KeyConditionExpression}`);
    const isConsistent = input.ConsistentRead === true;
    if (isConsistent && input.IndexName) throw new Error('an index cannot be read consistently');
    return this.#call({ label, isWrite: false, mayBeStale: !isConsistent }, () => {
      const isStale = !isConsistent && faults.strikes('stale read');
      const isCut = faults.strikes('page cut short');
      const Limit = isCut ? Math.min(input.Limit ?? Number.POSITIVE_INFINITY, random.whole(1, 5)) : input.Limit;
      return table.query({ ...input, Limit }, () => timeline.now - (isStale ? random.whole(0, LAG) : 0));
    });
  }

  #batch(input: object): Promise<unknown> {
    const { faults, random, timeline } = this.#cloud;
    const { name, items } = batchOf(input);
    const isNoise = items.every(({ pk }) => String(pk).startsWith('noise#'));
    const what = String(items[0]!.pk).split('#')[0];
    return this.#call(
      { label: labelOf(this.#caller, `BatchWriteItem ${name} ${what}`), isWrite: true, isBatch: true, isNoise },
      () => {
        const isShort = faults.strikes('items unprocessed');
        const refused: object[] = [];
        for (const item of items) {
          const place = `${item.pk} ${item.sk}`;
          const times = this.#refused.get(place) ?? 0;
          if (isShort && times < REFUSALS && random.next() < 0.5) {
            this.#refused.set(place, times + 1);
            refused.push({ PutRequest: { Item: item } });
            continue;
          }
          this.#refused.delete(place);
          this.#table(name).put(timeline.now, item);
        }
        return refused.length ? { UnprocessedItems: { [name]: refused } } : {};
      },
    );
  }
}

type QueryInput = Parameters<Table['query']>[0] & { readonly ConsistentRead?: boolean };

function getObject(cloud: Cloud, caller: Caller, command: unknown): Promise<unknown> {
  if (!(command instanceof GetObjectCommand)) throw unknown(command);
  const { Key, Range } = command.input;
  const from = Number(/^bytes=(\d+)-$/.exec(Range ?? 'bytes=0-')![1]);
  return cloud.call(caller, { label: labelOf(caller, 'GetObject'), isWrite: false }, () => {
    const body = cloud.objects.get(Key!);
    if (!body) throw Object.assign(new Error('The specified key does not exist.'), { name: 'NoSuchKey' });
    return { Body: pieces(cloud, caller, body.subarray(from)), ContentLength: body.length - from, ETag: '"1"' };
  });
}

async function* pieces(cloud: Cloud, caller: Caller, body: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < body.length; at += PIECE)
    yield await cloud.call(
      caller,
      { label: labelOf(caller, 'GetObject body'), isWrite: false, isBody: true },
      () => body.subarray(at, at + PIECE),
      cloud.random.whole(0, 5),
    );
}

function sendMessage(cloud: Cloud, caller: Caller, command: unknown): Promise<unknown> {
  if (!(command instanceof SendMessageCommand)) throw unknown(command);
  return cloud.call(caller, { label: labelOf(caller, 'SendMessage'), isWrite: true }, () => {
    cloud.queues.alert.send(command.input.MessageBody!);
    return {};
  });
}

/** Everybody has confirmed. The answer comes at once and never fails: it is the last question of a run, and nothing follows from it. */
async function askSns(cloud: Cloud, caller: Caller, command: unknown): Promise<unknown> {
  if (!(command instanceof ListSubscriptionsByTopicCommand)) return publish(cloud, caller, command);
  const { TopicArn } = command.input;
  return { Subscriptions: [{ TopicArn, Protocol: 'email', SubscriptionArn: `${TopicArn}:1` }] };
}

function publish(cloud: Cloud, caller: Caller, command: unknown): Promise<unknown> {
  if (!(command instanceof PublishCommand)) throw unknown(command);
  const { Message, MessageAttributes } = command.input;
  const attributes = Object.fromEntries(
    Object.entries(MessageAttributes ?? {}).map(([name, { StringValue }]) => [name, String(StringValue)]),
  );
  const { invocation } = caller;
  const sentAt = cloud.timeline.now;
  return cloud.call(caller, { label: labelOf(caller, 'Publish'), isWrite: true }, () => {
    const body = JSON.parse(JSON.parse(Message!).default);
    cloud.published.push({ sentAt, attributes, body, by: invocation! });
    cloud.note(() => `published: ${attributes.event} ${body.id ?? body.day ?? body.ids} ${attributes.severity ?? ''}`);
    return { MessageId: String(cloud.published.length) };
  });
}
