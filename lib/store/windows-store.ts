/** The windows table: fragments by source and hour, quiet outside sources many to an item, due marks, log times. */
import { DeleteCommand, type DynamoDBDocumentClient, paginateQuery, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { HashKey } from '../contact/keyed-hash.ts';
import { isoTime } from '../finding/model.ts';
import { decodeFragment, decodeFragments } from '../window/codec.ts';
import type { Fragment } from '../window/evidence.ts';
import { offerAll, putAll } from './batch-write.ts';
import {
  calmPartition,
  duePartition,
  dueShard,
  dueSort,
  expiresAt,
  HOURS,
  hourSort,
  hourText,
  loudBucket,
  NOISE_BUCKETS,
  noiseBucket,
  noisePartition,
  SHARDS,
  sourcePartition,
} from './keys.ts';
import { QuietBucket } from './quiet.ts';
import { WindowItems } from './window-items.ts';

/** Partitions read at the same time. */
const PARALLEL = 8;
/** Hours are marked in slots of the clock of this length, in seconds: what comes late is looked at once a slot. */
const HOUR_SLOT = 600;
/** What was just written shows in every read after this, in seconds. */
const CONSISTENT_AFTER = 60;
/** Log time may be ahead of the clock by as much, in seconds: an hour that ends later is looked at by nobody yet. */
const SURELY_GOING_ON = 1200;
/** Where logs are silent, the clock takes over after as many seconds. */
export const SILENCE = 3600;
/** Marks that are remembered as written. */
const MOST_REMEMBERED = 1000;

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
  /** What the hashes of contacts are made with. */
  readonly key: HashKey;
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

/** An hour whose outside sources are to be looked at; `object` wrote the mark last. */
export interface DueHour {
  readonly pk: string;
  readonly sk: string;
  readonly hour: number;
  readonly object: string;
}

/** What became of the fragments of an object. */
export interface Written {
  readonly items: number;
  /** Quiet outside sources that were given up, because the table takes no more. */
  readonly givenUp: number;
}

/** What of a source was read already. */
export interface KnownParts {
  /** What {@link WindowsStore.readSuspect} gave for the same hours. */
  readonly suspect?: readonly Fragment[] | undefined;
  readonly quiet?: KnownQuiet | undefined;
}

/** Fragments of a quiet outside source, and the hours that were looked through for them. */
export interface KnownQuiet {
  readonly hours: ReadonlySet<number>;
  readonly fragments: readonly Fragment[];
}

type Item = Record<string, unknown>;

export class WindowsStore {
  #options: WindowsStoreOptions;
  #remembered: Map<string, Promise<readonly Item[]>> | undefined;
  /** Hours that were marked before, by their sort key. */
  #marked = new Set<string>();

  constructor(options: WindowsStoreOptions) {
    this.#options = options;
  }

  /** A view for one run, which reads the packs of outside sources once and keeps them, compressed, for the next who asks. */
  remembering(): WindowsStore {
    const view = new WindowsStore(this.#options);
    view.#remembered = new Map();
    return view;
  }

  /**
   * Writes what one object says; doing it again writes the same items. Returns when every item is acknowledged, but for
   * quiet outside sources while the table is at its write ceiling: those are given up, and counted.
   */
  async writeFragments(objectId: string, fragments: Iterable<Fragment>, now: number): Promise<Written> {
    const { client, table } = this.#options;
    const items = new WindowItems({ ...this.#options, objectId, now });
    const own = await putAll(client, table, items.fragments(fragments));
    // After the fragments: who judges later sees them, and who judged before shows in the log time.
    items.markLate(Math.max(await this.logTime(), now - SILENCE));
    // Marks after fragments: whoever finds one finds the fragments that it stands for.
    const marked = await putAll(client, table, items.marks.values());
    const offered = items.noise.map(({ item }) => item);
    const refused = new Set((await offerAll(client, table, offered)).map(placeOf));
    const hours = await this.#markHours(items.outsideHours, objectId, now);
    const givenUp = items.noise.reduce((sum, { item, sources }) => sum + (refused.has(placeOf(item)) ? sources : 0), 0);
    return { items: own + marked + hours + offered.length - refused.size, givenUp };
  }

  /** Marks a source to be decided again by the next run of settle, about an hour and a log time. */
  async markAgain(source: SourceName, hour: number, logTime: number, objectId: string, now: number): Promise<void> {
    const { client, table, retentionDays } = this.#options;
    // Due already, and in a second of the minute in which no other mark falls due.
    const dueAt = (Math.floor(logTime / 60) - 1) * 60 + 2;
    const mark = { ...source, hour, object: objectId, expiresAt: expiresAt(logTime, now, retentionDays) };
    await putAll(client, table, [{ pk: duePartition(source), sk: dueSort(dueAt, source), ...mark }]);
  }

  /**
   * All fragments of a source in an inclusive range of epoch hours, strongly consistent.
   * @param known need not be read again.
   */
  async readSource(
    source: SourceName,
    fromHour: number,
    toHour: number,
    { suspect, quiet }: KnownParts = {},
  ): Promise<Fragment[]> {
    const parts = [
      suspect ?? this.readSuspect(source, fromHour, toHour),
      this.#calm(source, hoursIn(calmPartition(source), fromHour, toHour)),
    ];
    // Those that are quiet in one object may be loud in another's.
    if (source.scope === 'internet') {
      for (let hour = fromHour; hour <= toHour; hour++)
        if (!quiet?.hours.has(hour)) parts.push(this.#noise(hour, source));
      parts.push((quiet?.fragments ?? []).filter(({ hour }) => hour >= fromHour && hour <= toHour));
    }
    return (await Promise.all(parts)).flat();
  }

  /**
   * The fragments of a source that have items of their own, strongly consistent. Of a source that is not of the internet these are all in which
   * anything failed or many ports were found open: what the others say can only speak for it.
   */
  async readSuspect(source: SourceName, fromHour: number, toHour: number): Promise<Fragment[]> {
    const items = await this.#query(hoursIn(sourcePartition(source), fromHour, toHour));
    return items.map((item) => decodeFragment(source, item.data as Uint8Array, this.#options.key));
  }

  /**
   * The quiet outside sources of one bucket (0 to {@link NOISE_BUCKETS} - 1) in some hours; eventually consistent.
   * @param withLoud with samples of what they did where they were not quiet.
   */
  async quietSources(hours: readonly number[], bucket: number, withLoud = false): Promise<QuietBucket> {
    const read = async (place: (hour: number, bucket: number) => string) => {
      const packs: Uint8Array[] = [];
      for (let at = 0; at < hours.length; at += PARALLEL) {
        const reading = hours.slice(at, at + PARALLEL).map((hour) => this.#packs(place(hour, bucket)));
        for (const item of (await Promise.all(reading)).flat()) packs.push(item.data as Uint8Array);
      }
      return packs;
    };
    return new QuietBucket(hours, await read(noiseBucket), this.#options.key, withLoud ? await read(loudBucket) : []);
  }

  /** What is known of all outside sources of one bucket in an hour, of loud ones a sample; eventually consistent. */
  async outsideSources(hour: number, bucket: number): Promise<Fragment[]> {
    const places = [noiseBucket(hour, bucket), loudBucket(hour, bucket)];
    return this.#unpack((await Promise.all(places.map((pk) => this.#packs(pk)))).flat(), 'internet');
  }

  /**
   * Sources whose answers are overdue at a log time, with what `clearDue` takes: those of the internet last.
   * @param limit of each, those of the internet and the others.
   */
  async dueSources(logTime: number, limit = Number.POSITIVE_INFINITY): Promise<DueMark[]> {
    const due: DueMark[] = [];
    for (let at = 0; at < 2 * SHARDS; at++) {
      const items = await this.#query({
        KeyConditionExpression: 'pk = :pk AND sk < :now',
        ExpressionAttributeValues: { ':pk': dueShard(at % SHARDS, at >= SHARDS), ':now': isoTime(logTime) },
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

  /** Hours whose outside sources were written about some time before a second of the clock. */
  async dueHours(now: number): Promise<DueHour[]> {
    const items = await this.#query({
      KeyConditionExpression: 'pk = :pk AND sk < :now',
      ExpressionAttributeValues: { ':pk': HOURS, ':now': isoTime(now) },
    });
    return items.map(({ pk, sk, hour, object }) => ({
      pk: String(pk),
      sk: String(sk),
      hour: Number(hour),
      object: String(object),
    }));
  }

  /** After the fragments: whoever finds a mark finds what it stands for. */
  async #markHours(hours: Iterable<number>, object: string, now: number): Promise<number> {
    const { client, table, retentionDays } = this.#options;
    const marks: Item[] = [];
    const dueAt = Math.ceil((now + CONSISTENT_AFTER) / HOUR_SLOT) * HOUR_SLOT;
    for (const hour of hours) {
      const sk = hourSort(dueAt, hour);
      const end = (hour + 1) * 3600;
      if (this.#marked.has(sk) && end > now + SURELY_GOING_ON) continue;
      marks.push({ pk: HOURS, sk, hour, object, expiresAt: expiresAt(end, now, retentionDays) });
    }
    await putAll(client, table, marks);
    if (this.#marked.size > MOST_REMEMBERED) this.#marked.clear();
    for (const { sk } of marks) this.#marked.add(String(sk));
    return marks.length;
  }

  /** Takes a due mark back after its source, or the sources of its hour, were decided; it stays when another object renewed it meanwhile. */
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

  async #calm({ scope, address }: SourceName, hours: Range): Promise<Fragment[]> {
    return this.#unpack(await this.#query(hours), scope, address);
  }

  async #noise(hour: number, source: SourceName): Promise<Fragment[]> {
    return this.#unpack(await this.#query(partition(noisePartition(hour, source))), source.scope, source.address);
  }

  /** Many sources at a time, which nobody has just written about: half the price, and at worst as if asked a second ago. */
  #packs(pk: string): Promise<readonly Item[]> {
    const packs = this.#remembered?.get(pk) ?? this.#query({ ...partition(pk), ConsistentRead: false });
    this.#remembered?.set(pk, packs);
    return packs;
  }

  #unpack(items: readonly Item[], scope: string, address?: string): Fragment[] {
    const wants = address === undefined ? {} : { wants: (other: string) => other === address };
    const options = { key: this.#options.key, ...wants };
    return items.flatMap((item) => decodeFragments(scope, item.data as Uint8Array, options));
  }

  async #query(input: Range & { limit?: number; ConsistentRead?: boolean }): Promise<Item[]> {
    const items: Item[] = [];
    const { client, table } = this.#options;
    const { limit = Number.POSITIVE_INFINITY, ...range } = input;
    const query = { TableName: table, ConsistentRead: true, ...range, ...(Number.isFinite(limit) && { Limit: limit }) };
    for await (const page of paginateQuery({ client }, query)) {
      items.push(...(page.Items ?? []));
      if (items.length >= limit) break;
    }
    return items;
  }
}

const placeOf = ({ pk, sk }: Item): string => `${pk}\n${sk}`;

interface Range {
  readonly KeyConditionExpression: string;
  readonly ExpressionAttributeValues: Record<string, unknown>;
}

const partition = (pk: string): Range => ({
  KeyConditionExpression: 'pk = :pk',
  ExpressionAttributeValues: { ':pk': pk },
});

const hoursIn = (pk: string, from: number, to: number): Range => ({
  KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
  ExpressionAttributeValues: { ':pk': pk, ':from': `${hourText(from)}#`, ':to': `${hourText(to)}#~` },
});
