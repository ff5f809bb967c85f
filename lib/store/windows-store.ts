/** The windows table: fragments by source and hour. Most sources share items, see placements.ts. */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { decodeFragment, decodeFragments } from '../evidence/decode.ts';
import type { Fragment } from '../evidence/evidence.ts';
import type { HashKey } from '../evidence/keyed-hash.ts';
import type { LeastEvidence } from '../evidence/least-evidence.ts';
import { isSelftestScope } from '../flowlog/selftest-key.ts';
import type { Networks } from '../net/networks.ts';
import { Agenda, SILENCE } from './agenda.ts';
import { offerAll, putAll } from './batch-write.ts';
import { inParallel } from './in-parallel.ts';
import {
  hourText,
  INSIDE_BUCKETS,
  insideSharesPartition,
  OUTSIDE_BUCKETS,
  packedInsideBucket,
  packedInsidePartition,
  packedOutsideBucket,
  packedOutsidePartition,
  type SourceName,
  sampledOutsideBucket,
  sourcePartition,
} from './keys.ts';
import { PackedSources } from './packed-sources.ts';
import { type Query, queryAll } from './query.ts';
import { type Watching, WindowItems } from './window-items.ts';

/** Files follow the time of their records by up to this many seconds. */
const DELIVERY_SECONDS = 600;
/** Number of partitions to read in parallel. */
const PARALLEL = 8;
export interface WindowsStoreOptions {
  readonly client: DynamoDBDocumentClient;
  readonly table: string;
  readonly retentionDays: number;
  /** Seconds of log time after which a missing answer is overdue. */
  readonly settleSeconds: number;
  /** With less evidence than this, the own items of a source are not read separately. */
  readonly least: LeastEvidence;
  /** Which addresses are inside. */
  readonly networks: Networks;
  /** The key of the hashes of contacts. */
  readonly key: HashKey;
}

/** The result of writing the fragments of an object. */
export interface Written {
  readonly items: number;
  /** Outside sources with few contacts that were dropped because the table was at its write ceiling. */
  readonly sourcesDropped: number;
}

/** How packed items are read. */
export interface PackedReading {
  /** Those that were already read. */
  readonly packed?: KnownPacked | undefined;
  /** Whether an eventually consistent read is enough, at half the price. */
  readonly isPast?: boolean;
}

/** Fragments of an outside source from packs, and the hours whose packs were searched. */
export interface KnownPacked {
  /** The view that read them. It reads the rest of the past, too. */
  readonly view: WindowsStore;
  readonly hours: ReadonlySet<number>;
  readonly fragments: readonly Fragment[];
}

/** Bytes of packs beyond which a view remembers no more of them. A judging function has room for several times as much. */
const MOST_REMEMBERED = 128 * 2 ** 20;

type Item = Record<string, unknown>;

export class WindowsStore {
  /** The sources and hours to judge again. */
  readonly agenda: Agenda;
  #options: WindowsStoreOptions;
  #remembered: Map<string, Promise<readonly Item[]>> | undefined;
  #rememberedBytes = 0;

  constructor(options: WindowsStoreOptions) {
    this.agenda = new Agenda(options);
    this.#options = options;
  }

  /** The same evidence, of which what is written from here expires after so many days. */
  keptFor(retentionDays: number): WindowsStore {
    return new WindowsStore({ ...this.#options, retentionDays });
  }

  /** A view for one run, which reads packs of the past once and keeps them compressed for later calls. */
  remembering(): WindowsStore {
    const view = new WindowsStore(this.#options);
    view.#remembered = new Map();
    return view;
  }

  /**
   * Writes the content of one object. Doing it again writes the same items. Returns when every item is acknowledged.
   * Only outside sources with few contacts are dropped, and counted, while the table is at its write ceiling.
   * @param watching recognises sources that are watched. Default: none is.
   */
  async writeFragments(
    objectId: string,
    fragments: Iterable<Fragment>,
    now: number,
    watching?: Watching,
  ): Promise<Written> {
    const { client, table } = this.#options;
    const items = new WindowItems({ ...this.#options, objectId, now, watching });
    const own = await putAll(client, table, items.fragments(fragments));
    // After the fragments: a later judge sees them, and the log time shows whether an earlier judge did not.
    items.markLate(Math.max(await this.agenda.logTime(), now - SILENCE));
    // Marks come after fragments, so that a reader of a mark finds its fragments.
    const marked = await putAll(client, table, items.marks.items());
    const offered = items.droppable.map(({ item }) => item);
    const refused = new Set((await offerAll(client, table, offered)).map(placeOf));
    let hours = await this.agenda.markHours(items.outsideHours, objectId, now);
    for (const [scope, ofScope] of items.insideHours)
      hours += await this.agenda.markHours(ofScope, objectId, now, {
        scope,
        // Whoever tests waits for the next run of settle.
        after: isSelftestScope(scope) ? -DELIVERY_SECONDS - 60 : this.#options.settleSeconds + DELIVERY_SECONDS,
      });
    const sourcesDropped = items.droppable.reduce(
      (sum, { item, sources }) => sum + (refused.has(placeOf(item)) ? sources : 0),
      0,
    );
    return { items: own + marked + hours + offered.length - refused.size, sourcesDropped };
  }

  /** All fragments of a source in an inclusive range of epoch hours, strongly consistent. */
  async readSource(source: SourceName, fromHour: number, toHour: number): Promise<Fragment[]> {
    const parts = [this.readOwnItems(source, fromHour, toHour), this.readPackedItems(source, fromHour, toHour)];
    return (await Promise.all(parts)).flat();
  }

  /**
   * The fragments of a source that have items of their own. For an inside source these include all in which anything
   * failed or many ports of inside hosts were found open. The other fragments can only add successes, answer its probes, or complete a
   * sweep of open ports.
   * @param isPast whether an eventually consistent read is enough, at half the price.
   */
  async readOwnItems(source: SourceName, fromHour: number, toHour: number, isPast = false): Promise<Fragment[]> {
    const items = await this.#query({
      ...hoursIn(sourcePartition(source), fromHour, toHour),
      ConsistentRead: !isPast,
    });
    return items.map((item) => decodeFragment(source, item.data as Uint8Array, this.#options.key));
  }

  /** The other fragments of a source. It may be packed for one file and have an item of its own for another. */
  async readPackedItems(
    source: SourceName,
    fromHour: number,
    toHour: number,
    { packed, isPast = false }: PackedReading = {},
  ): Promise<Fragment[]> {
    const read = async (range: Range) =>
      this.#unpack(await this.#packedItems(range, isPast), source.scope, source.address);
    const parts = [read(hoursIn(packedInsidePartition(source), fromHour, toHour))];
    if (source.scope !== 'internet') return parts[0]!;
    for (let hour = fromHour; hour <= toHour; hour++)
      if (!packed?.hours.has(hour)) parts.push(read(partition(packedOutsidePartition(hour, source))));
    const known = (packed?.fragments ?? []).filter(({ hour }) => hour >= fromHour && hour <= toHour);
    return [...(await Promise.all(parts)).flat(), ...known];
  }

  /**
   * The packed outside sources of one bucket (0 to {@link OUTSIDE_BUCKETS} - 1) in some hours, eventually consistent.
   * @param withSamples with samples of those that have items of their own.
   */
  async packedSources(hours: readonly number[], bucket: number, withSamples = false): Promise<PackedSources> {
    const read = async (place: (hour: number, bucket: number) => string) => {
      const items = await inParallel(PARALLEL, hours, (hour) => this.#packedItems(partition(place(hour, bucket))));
      return items.flat().map(({ data }) => data as Uint8Array);
    };
    return new PackedSources(
      hours,
      await read(packedOutsideBucket),
      this.#options.key,
      withSamples ? await read(sampledOutsideBucket) : [],
    );
  }

  /** All outside sources of one bucket in an hour, eventually consistent. Those with items of their own are sampled. */
  async outsideSources(hour: number, bucket: number): Promise<Fragment[]> {
    const places = [packedOutsideBucket(hour, bucket), sampledOutsideBucket(hour, bucket)];
    const items = await Promise.all(places.map((pk) => this.#packedItems(partition(pk))));
    return this.#unpack(items.flat(), 'internet');
  }

  /** The failures of inside sources of a scope that may be shares of a campaign, in some hours, eventually consistent. */
  async insideShares(scope: string, fromHour: number, toHour: number): Promise<Fragment[]> {
    const hours = hoursIn(insideSharesPartition(scope), fromHour, toHour);
    return this.#unpack(await this.#query({ ...hours, ConsistentRead: false }), scope);
  }

  /**
   * Lists at least every inside source of a scope that has a file in an hour with few contacts and no failure, strongly
   * consistent. It may list others, and a source more than once. Contacts are incomplete.
   */
  async *quietSources(scope: string, hour: number): AsyncGenerator<Fragment> {
    for (let bucket = 0; bucket < INSIDE_BUCKETS; bucket++)
      yield* this.#unpack(await this.#query(hoursIn(packedInsideBucket(scope, bucket), hour, hour)), scope);
    yield* this.#unpack(await this.#query(hoursIn(insideSharesPartition(scope), hour, hour)), scope);
  }

  /**
   * Packs of sources that no file has just written need no strongly consistent read: half the price, at worst about a
   * second old.
   */
  #packedItems(range: Range, isPast = true): Promise<readonly Item[]> {
    if (!isPast) return this.#query(range);
    const key = Object.values(range.ExpressionAttributeValues).join(' ');
    const known = this.#remembered?.get(key);
    if (known) return known;
    const packs = this.#query({ ...range, ConsistentRead: false });
    if (this.#remembered && this.#rememberedBytes < MOST_REMEMBERED) this.#remember(this.#remembered, key, packs);
    return packs;
  }

  /** A read that failed is forgotten. */
  #remember(known: Map<string, Promise<readonly Item[]>>, key: string, packs: Promise<readonly Item[]>): void {
    known.set(key, packs);
    packs.then(
      (items) => {
        for (const { data } of items) this.#rememberedBytes += (data as Uint8Array).length;
      },
      () => known.delete(key),
    );
  }

  #unpack(items: readonly Item[], scope: string, address?: string): Fragment[] {
    const wants = address === undefined ? {} : { wants: (other: string) => other === address };
    const options = { key: this.#options.key, ...wants };
    return items.flatMap((item) => decodeFragments(scope, item.data as Uint8Array, options));
  }

  #query(range: Query): Promise<Item[]> {
    return queryAll(this.#options.client, this.#options.table, { ConsistentRead: true, ...range });
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
