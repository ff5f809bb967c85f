/** A DynamoDB table in memory, with its past: what an eventually consistent read may still see. */
import { condition, type Item, type Names, updates, type Values } from './expressions.ts';

/** Partition and sort attribute. */
export type Keys = readonly [partition: string, sort?: string];

export interface TableKeys {
  readonly keys: Keys;
  readonly indexes: Readonly<Record<string, Keys>>;
}

/** The condition did not hold, so nothing was written. */
class ConditionalCheckFailedException extends Error {
  override name = 'ConditionalCheckFailedException';
}

/** DynamoDB refuses the request. */
class ValidationException extends Error {
  override name = 'ValidationException';
}

export interface Condition {
  readonly ConditionExpression?: string | undefined;
  readonly ExpressionAttributeNames?: Names;
  readonly ExpressionAttributeValues?: Values;
}

export interface Query {
  readonly IndexName?: string | undefined;
  readonly KeyConditionExpression?: string | undefined;
  readonly ExpressionAttributeNames?: Names;
  readonly ExpressionAttributeValues?: Values;
  readonly ExclusiveStartKey?: Item | undefined;
  readonly Limit?: number | undefined;
  readonly ScanIndexForward?: boolean | undefined;
}

export interface Page {
  readonly Items: readonly Item[];
  readonly LastEvaluatedKey?: Item;
}

/** The versions of an item, the latest last. `undefined` means that it did not exist. */
interface Versions {
  readonly pk: string;
  readonly sk: string;
  readonly past: { readonly at: number; readonly item: Item | undefined }[];
}

/** Versions older than this are forgotten, in the unit of the times given. */
const REMEMBERED = 60_000;

export class Table {
  readonly #indexes: Readonly<Record<string, Keys>>;
  readonly #partitions = new Map<string, Map<string, Versions>>();
  /** Items that have or had a place in a partition of an index. */
  readonly #indexed = new Map<string, Set<Versions>>();
  /** Called with each item that is written, and what it replaces. */
  readonly #onWrite: (item: Item, before: Item | undefined) => void;

  constructor({ indexes }: TableKeys, onWrite: (item: Item, before: Item | undefined) => void = () => undefined) {
    this.#indexes = indexes;
    this.#onWrite = onWrite;
  }

  put(at: number, item: Item, given: Condition = {}): Item | undefined {
    const before = this.#check(item, given);
    this.#write(at, String(item.pk), String(item.sk), item);
    return before;
  }

  delete(at: number, key: Item, given: Condition = {}): Item | undefined {
    const before = this.#check(key, given);
    if (before) this.#write(at, String(key.pk), String(key.sk), undefined);
    return before;
  }

  /** Creates the item if it does not exist. Returns the item after the update. */
  update(at: number, key: Item, expression: string, given: Condition = {}): Item {
    const before = this.#check(key, given) ?? key;
    const item: Record<string, unknown> = { ...before };
    for (const act of updates(expression))
      act(item, before, given.ExpressionAttributeNames, given.ExpressionAttributeValues);
    this.#write(at, String(key.pk), String(key.sk), item);
    return item;
  }

  get(key: Item): Item | undefined {
    return latest(this.#partitions.get(String(key.pk))?.get(String(key.sk)));
  }

  /**
   * One page of a query.
   * @param seenAt the time as of which items are read. Later writes are not visible.
   */
  query(input: Query, seenAt: (item: { readonly pk: string; readonly sk: string }) => number): Page {
    const { IndexName, ExpressionAttributeNames: names, ExpressionAttributeValues: values } = input;
    const [partition, sort] = IndexName ? this.#keysOf(IndexName) : (['pk', 'sk'] as const);
    const isMatch = condition(input.KeyConditionExpression ?? '');
    const wanted = wantedPartition(input, partition);
    const candidates = IndexName
      ? (this.#indexed.get(`${IndexName}\n${wanted}`) ?? [])
      : (this.#partitions.get(wanted)?.values() ?? []);
    const found: Item[] = [];
    for (const versions of candidates) {
      const item = asOf(versions, seenAt(versions));
      if (item && item[partition] === wanted && (!sort || item[sort] !== undefined) && isMatch(item, names, values))
        found.push(item);
    }
    const forward = input.ScanIndexForward === false ? -1 : 1;
    const order = (a: Item, b: Item) =>
      forward * ((sort ? byText(a[sort], b[sort]) : 0) || byText(a.pk, b.pk) || byText(a.sk, b.sk));
    found.sort(order);
    const start = input.ExclusiveStartKey;
    const rest = start ? found.filter((item) => order(item, start) > 0) : found;
    const items = rest.slice(0, input.Limit ?? rest.length);
    const last = items.at(-1);
    if (!last || items.length === rest.length) return { Items: items };
    const key = { pk: last.pk, sk: last.sk, [partition]: last[partition], ...(sort && { [sort]: last[sort] }) };
    return { Items: items, LastEvaluatedKey: key };
  }

  /** Every item as it is now. */
  *items(): Generator<Item> {
    for (const partition of this.#partitions.values())
      for (const versions of partition.values()) {
        const item = latest(versions);
        if (item) yield item;
      }
  }

  /** Removes what has expired, as DynamoDB does in its own time. Returns how many. */
  expire(at: number, epochSeconds: number): number {
    const expired = [...this.items()].filter(({ expiresAt }) => Number(expiresAt ?? Infinity) < epochSeconds);
    for (const { pk, sk } of expired) this.#write(at, String(pk), String(sk), undefined);
    return expired.length;
  }

  /** A copy of an item, with attributes that its keys and those of the indexes allow. */
  #stored(item: Item): Item {
    const indexed = Object.values(this.#indexes).flatMap((keys) => [...keys] as string[]);
    for (const key of ['pk', 'sk', ...indexed.filter((name) => item[name] !== undefined)]) {
      const value = item[key];
      if (typeof value !== 'string' || value === '')
        throw new ValidationException(`the key attribute ${key} must be a text that is not empty, got ${value}`);
    }
    return copied(item) as Item;
  }

  #keysOf(index: string): Keys {
    const keys = this.#indexes[index];
    if (!keys) throw new Error(`there is no index ${index}`);
    return keys;
  }

  #check(key: Item, given: Condition): Item | undefined {
    const before = this.get(key);
    const { ConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues } = given;
    if (
      ConditionExpression &&
      !condition(ConditionExpression)(before ?? {}, ExpressionAttributeNames, ExpressionAttributeValues)
    )
      throw new ConditionalCheckFailedException('The conditional request failed');
    return before;
  }

  #write(at: number, pk: string, sk: string, item: Item | undefined): void {
    const partition = this.#partitions.get(pk) ?? new Map<string, Versions>();
    this.#partitions.set(pk, partition);
    const versions = partition.get(sk) ?? { pk, sk, past: [] };
    partition.set(sk, versions);
    const stored = item && this.#stored(item);
    while (versions.past.length > 1 && versions.past[1]!.at < at - REMEMBERED) versions.past.shift();
    const before = latest(versions);
    versions.past.push({ at, item: stored });
    if (!stored) return;
    this.#onWrite(stored, before);
    for (const [index, [attribute]] of Object.entries(this.#indexes)) {
      const value = stored[attribute];
      if (value === undefined) continue;
      const place = `${index}\n${value}`;
      this.#indexed.set(place, (this.#indexed.get(place) ?? new Set()).add(versions));
    }
  }
}

/** What the document client makes of a value and back: a copy without what is undefined. @throws on what it refuses. */
export function copied(value: unknown): unknown {
  if (value instanceof Uint8Array) return value;
  if (value instanceof Set) return new Set(value);
  if (Array.isArray(value)) return value.map(copied);
  if (value !== null && typeof value === 'object') {
    const name = value.constructor?.name ?? 'Object';
    if (name !== 'Object') throw new Error(`an item holds a ${name}, which the document client refuses`);
    const entries = Object.entries(value).filter(([, each]) => each !== undefined);
    return Object.fromEntries(entries.map(([key, each]) => [key, copied(each)]));
  }
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new Error(`an item holds ${value}, which the document client refuses`);
  return value;
}

const latest = (versions: Versions | undefined): Item | undefined => versions?.past.at(-1)?.item;

const asOf = ({ past }: Versions, time: number): Item | undefined => past.findLast(({ at }) => at <= time)?.item;

const byText = (a: unknown, b: unknown): number => (String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0);

/** The partition that a key condition names: always `attribute = :value`, first. */
function wantedPartition(input: Query, partition: string): string {
  const match = /^\s*([#\w]+)\s*=\s*(:\w+)/.exec(input.KeyConditionExpression ?? '');
  const name = match && (match[1]!.startsWith('#') ? input.ExpressionAttributeNames?.[match[1]!] : match[1]);
  if (!match || name !== partition)
    throw new Error(`the key condition must begin with ${partition} = :value, got "${input.KeyConditionExpression}"`);
  return String(input.ExpressionAttributeValues?.[match[2]!]);
}
