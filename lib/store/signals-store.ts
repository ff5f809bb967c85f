/** What logs of orchestrators and hosts told, in the windows table: by day and hour, compressed. */
import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Gathered, HostEvents } from '../signals/gathered.ts';
import type { ProcessEvent, ScriptPart } from '../signals/host/process-event.ts';
import type { Fact, PlaceFact } from '../signals/orchestrator/facts.ts';
import { putAll } from './batch-write.ts';
import type { DynamoDBDocumentClient } from './clients.ts';
import type { Hours } from './finding-item.ts';
import { inParallel } from './in-parallel.ts';
import {
  expiresAt,
  hourText,
  PLACES_LIST,
  placesPartition,
  placesSort,
  SHARDS,
  signalsPartition,
  signalsShard,
} from './keys.ts';
import { queryAll } from './query.ts';

/** An item is full with this much text before compression, which makes a tenth of it. */
const PACK_TEXT = 100_000;
/** Longer scripts are stored in parts, and incomplete ones are cut. */
const LONGEST_SCRIPT = 90_000;
/** An item may have 400 KB. What does not compress below this is dropped, and counted. */
const LARGEST_ITEM = 300_000;
/** Events dated further in the future than this are kept under the hour of the clock. */
const AHEAD_HOURS = 1;
const PARALLEL = 8;
const HOUR = 3600;

export interface SignalsStoreOptions {
  readonly client: DynamoDBDocumentClient;
  readonly table: string;
  readonly retentionDays: number;
}

/** The result of writing a payload. */
export interface SignalsWritten {
  readonly items: number;
  readonly bytes: number;
  /** The epoch hours of what was written. */
  readonly hours: readonly number[];
  /** Facts and events that fit into no item. */
  readonly dropped: number;
}

/** What was read, with the number of items in each epoch hour. */
export interface SignalsRead {
  readonly gathered: readonly Gathered[];
  readonly items: ReadonlyMap<number, number>;
}

/** Where a payload came from, and when. */
export interface PayloadName {
  readonly digest: string;
  /** When the log received it, epoch milliseconds. 0 if unknown. */
  readonly received: number;
}

/** One fact or event as it is stored. */
type Entry = readonly [log: string | null, what: Fact | ProcessEvent | ScriptPart];

export class SignalsStore {
  #options: SignalsStoreOptions;
  /** What was read of the past, by its hours. Undefined if it is read each time. */
  readonly #past: Map<number, Promise<SignalsRead>> | undefined;

  constructor(options: SignalsStoreOptions, past?: Map<number, Promise<SignalsRead>>) {
    this.#options = options;
    this.#past = past;
  }

  /** The same store, which reads each day of the past once. For one run, because late events change the past. */
  remembering(): SignalsStore {
    return new SignalsStore(this.#options, new Map());
  }

  /**
   * Writes what was gathered from a payload. Writing it again writes the same items.
   * @param now the clock, epoch seconds.
   */
  async write({ facts, hosts }: Gathered, { digest, received }: PayloadName, now: number): Promise<SignalsWritten> {
    const { client, table, retentionDays } = this.#options;
    const latest = Math.floor(now / HOUR) + AHEAD_HOURS;
    const hourOf = (at: number): number => Math.min(latest, Math.floor((at || received || now * 1000) / 3_600_000));
    const entries: Entry[] = [
      ...facts.map((fact): Entry => [null, fact]),
      ...hosts.flatMap(({ log, events, parts = [] }) =>
        [...events.flatMap(storable), ...parts].map((what): Entry => [log, what]),
      ),
    ];
    const items: Record<string, unknown>[] = [];
    let bytes = 0;
    let dropped = 0;
    const hours = Map.groupBy(entries, ([, { at }]) => hourOf(at));
    for (const [hour, ofHour] of hours) {
      let chunk = 0;
      for (const pack of packsOf(ofHour)) {
        const data = deflateRawSync(pack.text);
        if (data.length > LARGEST_ITEM) {
          dropped += pack.count;
          continue;
        }
        bytes += data.length;
        items.push({
          pk: signalsPartition(hour, digest),
          sk: `${hourText(hour)}#${digest}#${chunk++}`,
          data,
          expiresAt: expiresAt((hour + 1) * HOUR, now, retentionDays),
        });
      }
    }
    await putAll(client, table, items);
    return { items: items.length, bytes, hours: [...hours.keys()].sort((a, b) => a - b), dropped };
  }

  /**
   * The same for hours that only weigh what others mean, at half the price: what was written in the last seconds may be
   * missing.
   */
  async readPast({ from, to }: Hours): Promise<SignalsRead> {
    const found = await Promise.all(
      Array.from({ length: Math.floor(to / 24) - Math.floor(from / 24) + 1 }, (_, at) => {
        const day = Math.floor(from / 24) + at;
        const hours = { from: Math.max(from, day * 24), to: Math.min(to, day * 24 + 23) };
        // The days at the ends are cut off elsewhere for each hour that is judged, so only whole days are kept.
        if (hours.to - hours.from < 23) return this.read(hours, { isConsistent: false });
        const known = this.#past?.get(day) ?? this.read(hours, { isConsistent: false });
        this.#past?.set(day, known);
        return known;
      }),
    );
    return {
      gathered: found.flatMap(({ gathered }) => gathered),
      items: new Map(found.flatMap(({ items }) => [...items])),
    };
  }

  /** Everything that was gathered about an inclusive range of epoch hours, strongly consistent by default. */
  async read({ from, to }: Hours, { isConsistent = true } = {}): Promise<SignalsRead> {
    const { client, table } = this.#options;
    const partitions: string[] = [];
    for (let day = Math.floor(from / 24); day <= Math.floor(to / 24); day++)
      for (let shard = 0; shard < SHARDS; shard++) partitions.push(signalsShard(day * 24, shard));
    const found = await inParallel(PARALLEL, partitions, (pk) =>
      queryAll(client, table, {
        ConsistentRead: isConsistent,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: { ':pk': pk, ':from': `${hourText(from)}#`, ':to': `${hourText(to)}#~` },
      }),
    );
    const items = new Map<number, number>();
    const gathered = found.flat().map(({ sk, data }): Gathered => {
      const hour = Date.parse(`${String(sk).slice(0, 13)}:00:00Z`) / 3_600_000;
      items.set(hour, (items.get(hour) ?? 0) + 1);
      return gatheredIn(inflateRawSync(data as Uint8Array).toString('utf8'));
    });
    return { gathered, items };
  }

  /**
   * Writes the pods and tasks that ran at an epoch hour, the beginning of a day. Without any, that is noted. Each list has
   * items of its own, named by what is in it, and another item names the list that counts. It is written last. So a list
   * that replaces another one, or was not finished, is never mixed with it.
   */
  async writePlaces(hour: number, places: readonly PlaceFact[], now: number): Promise<void> {
    const { client, table, retentionDays } = this.#options;
    const common = { pk: placesPartition(hour), expiresAt: expiresAt(hour * HOUR, now, retentionDays) };
    const texts = [...packsOf(places.map((place): Entry => [null, place]))].map(({ text }) => text);
    const list = createHash('sha256').update(texts.join('\n')).digest('hex').slice(0, 16);
    for (const [chunk, text] of texts.entries())
      await putAll(client, table, [{ ...common, sk: placesSort(list, chunk), data: deflateRawSync(text) }]);
    await putAll(client, table, [{ ...common, sk: PLACES_LIST, list, chunks: texts.length }]);
  }

  /** The pods and tasks that were written for an epoch hour. Undefined if no whole list was written. */
  async readPlaces(hour: number): Promise<Fact[] | undefined> {
    const { client, table } = this.#options;
    // The item that names the list comes first, and all items of its list are there by then.
    const [current, ...items] = await queryAll(client, table, {
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': placesPartition(hour) },
    });
    if (current?.sk !== PLACES_LIST) return undefined;
    const own = items.filter(({ sk }) => String(sk).startsWith(placesSort(String(current.list))));
    if (own.length !== current.chunks) return undefined;
    return own.flatMap(({ data }) => gatheredIn(inflateRawSync(data as Uint8Array).toString('utf8')).facts);
  }
}

/** Entries as lines of JSON, as many as an item holds. */
function* packsOf(entries: readonly Entry[]): Generator<{ readonly text: string; readonly count: number }> {
  let lines: string[] = [];
  let length = 0;
  for (const entry of entries) {
    const line = JSON.stringify(entry);
    if (lines.length && length + line.length > PACK_TEXT) {
      yield { text: lines.join('\n'), count: lines.length };
      lines = [];
      length = 0;
    }
    lines.push(line);
    length += line.length + 1;
  }
  if (lines.length) yield { text: lines.join('\n'), count: lines.length };
}

function gatheredIn(text: string): Gathered {
  const facts: Fact[] = [];
  const hosts = new Map<string, { readonly events: ProcessEvent[]; readonly parts: ScriptPart[] }>();
  for (const line of text.split('\n')) {
    const [log, what] = JSON.parse(line) as Entry;
    if (log === null) {
      facts.push(what as Fact);
      continue;
    }
    const ofLog = hosts.get(log) ?? { events: [], parts: [] };
    hosts.set(log, ofLog);
    if (what.type === 'part') ofLog.parts.push(what);
    else ofLog.events.push(what as ProcessEvent);
  }
  return { facts, hosts: [...hosts].map(([log, ofLog]): HostEvents => ({ log, ...ofLog })) };
}

/** A long script in parts, which are put together when they are read. */
function storable(event: ProcessEvent): readonly (ProcessEvent | ScriptPart)[] {
  if (event.type !== 'script' || event.script.length <= LONGEST_SCRIPT) return [event];
  const { script, isPartial, cuts: _cuts, ...common } = event;
  if (isPartial) return [{ ...event, script: script.slice(0, LONGEST_SCRIPT), limits: [...event.limits, CUT] }];
  const total = Math.ceil(script.length / LONGEST_SCRIPT);
  return Array.from({ length: total }, (_, at): ScriptPart => {
    const text = script.slice(at * LONGEST_SCRIPT, (at + 1) * LONGEST_SCRIPT);
    return { ...common, type: 'part', number: at + 1, total, text };
  });
}

const CUT = 'The script is cut, so what it says is incomplete.';
