/** The windows table: fragments by source and hour, quiet outside sources many to an item, due marks, log times. */
import { DeleteCommand, type DynamoDBDocumentClient, paginateQuery, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { isBareProbe, isFailure, isSuspect, outcomeOf } from '../contact/seen.ts';
import { isoTime } from '../finding/model.ts';
import { decodeFragment, encodeFragment } from '../window/codec.ts';
import { type Fragment, mergeFragments } from '../window/evidence.ts';
import { putAll } from './batch-write.ts';
import {
  duePartition,
  dueShard,
  dueSort,
  expiresAt,
  hourText,
  loudBucket,
  loudPartition,
  NOISE_BUCKETS,
  noiseBucket,
  noisePartition,
  SHARDS,
  sourcePartition,
} from './keys.ts';
import { type Pack, packed, packedFragments, packItem } from './packs.ts';

/** Outside sources with at most this many contacts in one file are kept many to an item. */
const QUIET_CONTACTS = 7;
/** Contacts of a louder one in the copy that is kept beside, many to an item; more are sampled. */
const LOUD_CONTACTS = 256;
/** Sources fall due in slots of this many seconds, so that a busy one is marked once a slot. */
const DUE_SLOT = 600;
/** Records that end this long before they are read may be about findings that are closed, in seconds. */
const LATE = 3600;

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
  /** Hosts that an inside source finds open on one port, and leaves, before it is worth a second look. */
  readonly openTargets: number;
}

/** A source that is to be decided again; `object` wrote the mark last. */
export interface DueMark {
  readonly source: SourceName;
  readonly pk: string;
  readonly sk: string;
  readonly hour: number;
  readonly object: string;
  /** The horizons of days are due as well. */
  readonly isLong: boolean;
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
    const marks = new Map<string, Item>();
    const written = await putAll(client, table, this.#items(objectId, fragments, now, marks));
    // Marks last: whoever finds one finds the fragments that it stands for.
    return written + (await putAll(client, table, marks.values()));
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
      const hours = Array.from({ length: toHour - fromHour + 1 }, (_, at) => fromHour + at);
      const quiet = hours.map((hour) => this.#quiet(noisePartition(hour, source), source.address));
      fragments.push(...(await Promise.all(quiet)).flat());
    }
    return fragments;
  }

  /** What is known of the quiet outside sources of one bucket (0 to {@link NOISE_BUCKETS} - 1) in an hour. */
  async quietSources(hour: number, bucket: number): Promise<Fragment[]> {
    return this.#quiet(noiseBucket(hour, bucket));
  }

  /** What is known of all outside sources of one bucket in an hour, of loud ones a sample. */
  async outsideSources(hour: number, bucket: number): Promise<Fragment[]> {
    const both = await Promise.all([this.#quiet(noiseBucket(hour, bucket)), this.#quiet(loudBucket(hour, bucket))]);
    return both.flat();
  }

  /** Sources whose answers are overdue at a log time, with what `clearDue` takes. */
  async dueSources(logTime: number, limit = Number.POSITIVE_INFINITY): Promise<DueMark[]> {
    const due: DueMark[] = [];
    for (let shard = 0; shard < SHARDS; shard++) {
      const items = await this.#query({
        KeyConditionExpression: 'pk = :pk AND sk < :now',
        ExpressionAttributeValues: { ':pk': dueShard(shard), ':now': isoTime(logTime) },
        limit: Math.ceil(limit / SHARDS),
      });
      for (const item of items) {
        due.push({
          source: { scope: String(item.scope), address: String(item.address) },
          pk: String(item.pk),
          sk: String(item.sk),
          hour: Number(item.hour),
          object: String(item.object),
          isLong: item.isLong === true,
        });
      }
    }
    return due;
  }

  /** Takes a due mark back after its source was decided; it stays when another object renewed it meanwhile. */
  async clearDue(mark: Pick<DueMark, 'pk' | 'sk' | 'object'>): Promise<void> {
    try {
      await this.#options.client.send(
        new DeleteCommand({
          TableName: this.#options.table,
          Key: { pk: mark.pk, sk: mark.sk },
          ConditionExpression: '#object = :object',
          ExpressionAttributeNames: { '#object': 'object' },
          ExpressionAttributeValues: { ':object': mark.object },
        }),
      );
    } catch (error) {
      if ((error as Error).name !== 'ConditionalCheckFailedException') throw error;
    }
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

  *#items(objectId: string, fragments: Iterable<Fragment>, now: number, marks: Map<string, Item>): Generator<Item> {
    const packs = new Map<string, Pack>();
    for (const fragment of fragments) {
      const expires = expiresAt((fragment.hour + 1) * 3600, now, this.#options.retentionDays);
      if (isQuiet(fragment)) {
        yield* packed(packs, noisePartition(fragment.hour, fragment), objectId, fragment, expires);
        continue;
      }
      yield {
        pk: sourcePartition(fragment),
        sk: `${hourText(fragment.hour)}#${objectId}`,
        data: encodeFragment(fragment),
        expiresAt: expires,
      };
      if (isOutside(fragment))
        yield* packed(packs, loudPartition(fragment.hour, fragment), objectId, sampleOf(fragment), expires);
      for (const mark of this.#dueMarks(objectId, fragment, expires, now)) marks.set(mark.sk, mark);
    }
    for (const [pk, pack] of packs) yield packItem(pk, objectId, pack);
  }

  /**
   * A source with a failure, or with an answer outstanding, is decided again once its answers are overdue; so is one
   * whose answers come so late that a finding which they refute may be closed, for nobody would look at it again.
   */
  /** One mark for when the answers are overdue, and for inside sources one an hour for the horizons of days. */
  *#dueMarks(objectId: string, fragment: Fragment, expires: number, now: number): Generator<Item & { sk: string }> {
    const opensMany = fragment.inside && this.#opensMany(fragment);
    let last = 0;
    for (const contact of fragment.contacts) {
      const isDue = opensMany
        ? isSuspect(contact.seen)
        : isFailure(outcomeOf(contact.seen)) || isBareProbe(contact.seen);
      if (isDue || contact.lastEnd < now - LATE) last = Math.max(last, contact.lastEnd);
    }
    if (last === 0) return;
    const { scope, address, hour } = fragment;
    const mark = { pk: duePartition(fragment), scope, address, hour, object: objectId, expiresAt: expires };
    const { settleSeconds } = this.#options;
    yield { ...mark, sk: dueSort((Math.floor((last + settleSeconds) / DUE_SLOT) + 1) * DUE_SLOT, fragment) };
    // A second past a slot: the two marks must never be one item.
    if (scope !== 'internet')
      yield { ...mark, isLong: true, sk: dueSort((hour + 1) * 3600 + settleSeconds + 1, fragment) };
  }

  /** Whether half as many hosts as make a sweep of open ports are contacted on one port: the file may be cut anywhere. */
  #opensMany({ contacts }: Fragment): boolean {
    const hosts = new Map<number, number>();
    for (const { port, protocol, seen } of contacts) {
      if (!isSuspect(seen)) continue;
      const service = port * 256 + protocol;
      const count = (hosts.get(service) ?? 0) + 1;
      if (count * 2 >= this.#options.openTargets) return true;
      hosts.set(service, count);
    }
    return false;
  }

  async #quiet(pk: string, address?: string): Promise<Fragment[]> {
    const items = await this.#query({ KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': pk } });
    return items.flatMap((item) => [...packedFragments(Buffer.from(item.data as Uint8Array), address)]);
  }

  async #query(input: {
    KeyConditionExpression: string;
    ExpressionAttributeValues: Record<string, unknown>;
    limit?: number;
  }): Promise<Item[]> {
    const items: Item[] = [];
    const { client, table } = this.#options;
    const { limit = Number.POSITIVE_INFINITY, ...query } = input;
    for await (const page of paginateQuery({ client }, { TableName: table, ConsistentRead: true, ...query })) {
      items.push(...(page.Items ?? []));
      if (items.length >= limit) break;
    }
    return items;
  }
}

const isOutside = (fragment: Fragment) => !fragment.inside && fragment.scope === 'internet';
const isQuiet = (fragment: Fragment) => isOutside(fragment) && fragment.contacts.length <= QUIET_CONTACTS;

/** A fragment with its contacts cut to a uniform sample. */
function sampleOf(fragment: Fragment): Fragment {
  const [pane] = mergeFragments([fragment], LOUD_CONTACTS)!.panes;
  return { ...fragment, ...pane! };
}
