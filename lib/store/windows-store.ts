/** The windows table: fragments by source and hour, quiet outside sources many to an item, due marks, log times. */
import { DeleteCommand, type DynamoDBDocumentClient, paginateQuery, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { isFailure, outcomeOf } from '../contact/seen.ts';
import { isoTime } from '../finding/model.ts';
import { decodeFragment, encodeFragment } from '../window/codec.ts';
import type { Fragment } from '../window/evidence.ts';
import { putAll } from './batch-write.ts';
import {
  duePartition,
  dueShard,
  dueSort,
  expiresAt,
  hourText,
  NOISE_BUCKETS,
  noiseBucket,
  noisePartition,
  SHARDS,
  sourcePartition,
} from './keys.ts';

/** Outside sources with at most this many contacts in one file are kept many to an item. */
const QUIET_CONTACTS = 2;
/** Encoded quiet fragments in one item; items stay far below 100 KB. */
const NOISE_ITEM_BYTES = 48 * 1024;
/** Sources fall due in slots of this many seconds, so that a busy one is marked once a slot. */
const DUE_SLOT = 600;

/** A source, by its key. */
export interface SourceName {
  readonly scope: string;
  readonly address: string;
}

export interface WindowsStoreOptions {
  readonly client: DynamoDBDocumentClient;
  readonly table: string;
  readonly retentionDays: number;
  /** Log time after which a missing answer is overdue. */
  readonly settleSeconds: number;
}

type Item = Record<string, unknown>;

export class WindowsStore {
  #options: WindowsStoreOptions;

  constructor(options: WindowsStoreOptions) {
    this.#options = options;
  }

  /** Writes what one object says; doing it again writes the same items. Returns when every item is acknowledged. */
  async writeFragments(objectId: string, fragments: Iterable<Fragment>, now: number): Promise<number> {
    const { client, table } = this.#options;
    return putAll(client, table, this.#items(objectId, fragments, now));
  }

  /** All fragments of a source in an inclusive range of epoch hours, strongly consistent. */
  async readSource(source: SourceName, fromHour: number, toHour: number): Promise<Fragment[]> {
    const own = await this.#query({
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
      ExpressionAttributeValues: {
        ':pk': sourcePartition(source),
        ':from': `${hourText(fromHour)}#`,
        ':to': `${hourText(toHour)}#~`,
      },
    });
    const fragments = own.map((item) => decodeFragment(source, item.data as Uint8Array));
    // Inside sources and those with more than a contact or two are never in the buckets of one object, but may be in another's.
    if (source.scope === 'internet') {
      for (let hour = fromHour; hour <= toHour; hour++)
        fragments.push(
          ...(await this.#quiet(noisePartition(hour, source))).filter(
            (fragment) => fragment.address === source.address,
          ),
        );
    }
    return fragments;
  }

  /** The quiet outside sources of an hour, bucket by bucket. */
  async *quietSources(hour: number): AsyncGenerator<Fragment[]> {
    for (let bucket = 0; bucket < NOISE_BUCKETS; bucket++) yield this.#quiet(noiseBucket(hour, bucket));
  }

  /** Sources whose answers are overdue at a log time, with the keys that `clearDue` takes. */
  async dueSources(logTime: number): Promise<{ source: SourceName; pk: string; sk: string; hour: number }[]> {
    const due: { source: SourceName; pk: string; sk: string; hour: number }[] = [];
    for (let shard = 0; shard < SHARDS; shard++) {
      const items = await this.#query({
        KeyConditionExpression: 'pk = :pk AND sk < :now',
        ExpressionAttributeValues: { ':pk': dueShard(shard), ':now': isoTime(logTime) },
      });
      for (const item of items) {
        due.push({
          source: { scope: String(item.scope), address: String(item.address) },
          pk: String(item.pk),
          sk: String(item.sk),
          hour: Number(item.hour),
        });
      }
    }
    return due;
  }

  /** Takes a due mark back after its source was decided. */
  async clearDue(mark: { readonly pk: string; readonly sk: string }): Promise<void> {
    await this.#options.client.send(
      new DeleteCommand({ TableName: this.#options.table, Key: { pk: mark.pk, sk: mark.sk } }),
    );
  }

  /** Notes how far a log has come, epoch seconds; never goes back. */
  async advanceLogTime(log: string, time: number, now: number): Promise<void> {
    const { client, table, retentionDays } = this.#options;
    try {
      await client.send(
        new UpdateCommand({
          TableName: table,
          Key: { pk: 'log', sk: log },
          UpdateExpression: 'SET logTime = :time, expiresAt = :expires',
          ConditionExpression: 'attribute_not_exists(logTime) OR logTime < :time',
          ExpressionAttributeValues: { ':time': time, ':expires': expiresAt(time, now, retentionDays) },
        }),
      );
    } catch (error) {
      if ((error as Error).name !== 'ConditionalCheckFailedException') throw error;
    }
  }

  /** The latest record end over all logs, epoch seconds; 0 before the first object. */
  async logTime(): Promise<number> {
    const items = await this.#query({
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': 'log' },
    });
    return items.reduce((latest, item) => Math.max(latest, Number(item.logTime)), 0);
  }

  *#items(objectId: string, fragments: Iterable<Fragment>, now: number): Generator<Item> {
    const quiet = new Map<string, { parts: Buffer[]; bytes: number; chunk: number; hour: number }>();
    const marked = new Set<string>();
    for (const fragment of fragments) {
      const expires = expiresAt((fragment.hour + 1) * 3600, now, this.#options.retentionDays);
      if (isQuiet(fragment)) {
        const pk = noisePartition(fragment.hour, fragment);
        const held = quiet.get(pk) ?? { parts: [], bytes: 0, chunk: 0, hour: fragment.hour };
        quiet.set(pk, held);
        const part = quietPart(fragment);
        if (held.bytes + part.length > NOISE_ITEM_BYTES) {
          yield noiseItem(pk, objectId, held, expires);
          quiet.set(pk, { parts: [part], bytes: part.length, chunk: held.chunk + 1, hour: fragment.hour });
        } else {
          held.parts.push(part);
          held.bytes += part.length;
        }
        continue;
      }
      yield {
        pk: sourcePartition(fragment),
        sk: `${hourText(fragment.hour)}#${objectId}`,
        data: encodeFragment(fragment),
        expiresAt: expires,
      };
      const mark = this.#dueMark(fragment, expires);
      if (mark && !marked.has(mark.sk)) {
        marked.add(mark.sk);
        yield mark;
      }
    }
    for (const [pk, held] of quiet)
      yield noiseItem(pk, objectId, held, expiresAt((held.hour + 1) * 3600, now, this.#options.retentionDays));
  }

  /** A source with a failure, or with an answer outstanding, is decided again once its answers are overdue. */
  #dueMark(fragment: Fragment, expires: number): (Item & { sk: string }) | undefined {
    let last = 0;
    for (const contact of fragment.contacts)
      if (isFailure(outcomeOf(contact.seen))) last = Math.max(last, contact.lastEnd);
    if (last === 0) return undefined;
    const dueAt = (Math.floor((last + this.#options.settleSeconds) / DUE_SLOT) + 1) * DUE_SLOT;
    return {
      pk: duePartition(fragment),
      sk: dueSort(dueAt, fragment),
      scope: fragment.scope,
      address: fragment.address,
      hour: fragment.hour,
      expiresAt: expires,
    };
  }

  async #quiet(pk: string): Promise<Fragment[]> {
    const items = await this.#query({ KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': pk } });
    return items.flatMap((item) => [...quietFragments(Buffer.from(item.data as Uint8Array))]);
  }

  async #query(input: {
    KeyConditionExpression: string;
    ExpressionAttributeValues: Record<string, unknown>;
  }): Promise<Item[]> {
    const items: Item[] = [];
    const { client, table } = this.#options;
    for await (const page of paginateQuery({ client }, { TableName: table, ConsistentRead: true, ...input }))
      items.push(...(page.Items ?? []));
    return items;
  }
}

const isQuiet = (fragment: Fragment) =>
  !fragment.inside && fragment.scope === 'internet' && fragment.contacts.length <= QUIET_CONTACTS;

function noiseItem(pk: string, objectId: string, held: { parts: Buffer[]; chunk: number }, expires: number): Item {
  return { pk, sk: `${objectId}#${held.chunk}`, data: Buffer.concat(held.parts), expiresAt: expires };
}

/** Length-prefixed address and fragment: quiet sources are all in the scope of the internet. */
function quietPart(fragment: Fragment): Buffer {
  const address = Buffer.from(fragment.address);
  const data = encodeFragment(fragment);
  const head = Buffer.alloc(3);
  head.writeUInt8(address.length, 0);
  head.writeUInt16LE(data.length, 1);
  return Buffer.concat([head, address, data]);
}

function* quietFragments(bytes: Buffer): Generator<Fragment> {
  for (let at = 0; at < bytes.length; ) {
    const addressEnd = at + 3 + bytes.readUInt8(at);
    const dataEnd = addressEnd + bytes.readUInt16LE(at + 1);
    yield decodeFragment(
      { scope: 'internet', address: bytes.toString('latin1', at + 3, addressEnd) },
      bytes.subarray(addressEnd, dataEnd),
    );
    at = dataEnd;
  }
}
