/**
 * Just enough of AWS for the handlers, in memory and at once: objects, one table that takes any write, a queue, a topic.
 * The clients' `send` is replaced, so nothing goes over a network. For conditions and order see the tests on servers.
 */
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

type Item = Record<string, unknown>;

interface Command {
  readonly constructor: { readonly name: string };
  readonly input: Record<string, unknown>;
}

/** What the functions read and write. */
export class MiniAws {
  readonly objects = new Map<string, Uint8Array>();
  readonly items = new Map<string, Item>();
  /** Bodies that were sent to the alert queue. */
  readonly queued: string[] = [];
  published = 0;

  /** Answers all clients from here on. */
  install(): void {
    const answer = (send: (command: Command) => unknown) =>
      async function (this: unknown, command: Command) {
        return send(command);
      };
    Object.assign(DynamoDBDocumentClient.prototype, { send: answer((command) => this.#table(command)) });
    Object.assign(S3Client.prototype, { send: answer((command) => this.#bucket(command)) });
    Object.assign(SQSClient.prototype, {
      send: answer(({ input }) => this.queued.push(String(input.MessageBody)) && {}),
    });
    Object.assign(SNSClient.prototype, { send: answer(() => ({ MessageId: String(++this.published) })) });
  }

  #bucket({ input }: Command): unknown {
    if (input.Bucket !== 'logs') throw named('NoSuchBucket');
    // As the client does with a key that no URL can hold.
    encodeURIComponent(String(input.Key));
    const bytes = this.objects.get(String(input.Key));
    if (!bytes) throw named('NoSuchKey');
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(String(input.Range)) ?? [];
    const part = from === undefined ? bytes : bytes.subarray(Number(from), Number(to) + 1);
    return {
      Body: {
        async *[Symbol.asyncIterator]() {
          yield part;
        },
        transformToByteArray: async () => part,
      },
    };
  }

  #table({ constructor: { name }, input }: Command): unknown {
    const keyOf = ({ pk, sk }: Item) => `${String(pk)}\n${String(sk)}`;
    if (name === 'BatchWriteCommand') {
      for (const requests of Object.values(input.RequestItems as Record<string, { PutRequest?: { Item: Item } }[]>))
        for (const { PutRequest } of requests) if (PutRequest) this.items.set(keyOf(PutRequest.Item), PutRequest.Item);
    } else if (name === 'PutCommand') {
      const item = input.Item as Item;
      this.items.set(keyOf(item), item);
    } else if (name === 'UpdateCommand') {
      const key = input.Key as Item;
      if (typeof key.pk !== 'string' || typeof key.sk !== 'string' || !key.pk || !key.sk)
        throw named('ValidationException');
      const item = this.items.get(keyOf(key));
      // Of conditions it knows those alone that an item must be there.
      if (!item && /^(attribute_exists|leaseUntil =)/.test(String(input.ConditionExpression)))
        throw named('ConditionalCheckFailedException');
      const updated = { ...item, ...key, ...assigned(input) };
      this.items.set(keyOf(key), updated);
      return { Attributes: updated };
    } else if (name === 'QueryCommand') {
      const values = input.ExpressionAttributeValues as Record<string, string>;
      const [from, to] = [values[':from'] ?? '', values[':to'] ?? '\uffff'];
      const found = [...this.items.values()].filter(
        ({ pk, sk }) => pk === values[':pk'] && String(sk) >= from && String(sk) <= to,
      );
      return { Items: input.IndexName ? [] : found };
    }
    return {};
  }
}

/** What an expression of the form `SET a = :a, #b = :b` assigns. */
function assigned(input: Record<string, unknown>): Item {
  const names = (input.ExpressionAttributeNames ?? {}) as Record<string, string>;
  const values = (input.ExpressionAttributeValues ?? {}) as Record<string, unknown>;
  const [set = ''] = String(input.UpdateExpression).split(' REMOVE ');
  return Object.fromEntries(
    [...set.matchAll(/([#\w]+) = (:\w+)/g)].map(([, name, value]) => [names[name!] ?? name!, values[value!]]),
  );
}

function named(name: string): Error {
  return Object.assign(new Error(`${name} (fuzzed)`), { name, $metadata: {} });
}
