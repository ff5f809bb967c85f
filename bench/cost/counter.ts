/** Counts what a DynamoDB client really asks for, call by call, and what the service would charge for it. */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Steady } from './steady.ts';
import { type Index, indexUnits, itemBytes, readUnits, writeUnits } from './units.ts';

type Item = Record<string, unknown>;
type Batches = Readonly<Record<string, readonly { readonly PutRequest: { readonly Item: Item } }[]>>;

const placeOf = (table: string, { pk, sk }: Item): string => `${table}\n${pk}\n${sk}`;

/** Calls and units of one kind, with the bytes that they moved. */
export interface Count {
  calls: number;
  items: number;
  bytes: number;
  units: number;
  /** Units that the same reads would take if the days before had been like this one. */
  steadyUnits: number;
}

/** A table as the counter must know it. */
export interface CountedTable {
  readonly name: string;
  readonly indexes: readonly Index[];
}

/** Counts by table, by write or read, and by kind of item. `caller` says whose calls they are. */
export class Counter {
  /** Who calls now: the name of a function. Empty while the bench itself calls, which is not counted. */
  caller = '';
  /** Units of all reads so far, as they were and as they will be. */
  readonly reads = { units: 0, steadyUnits: 0 };
  readonly #counts = new Map<string, Count>();
  readonly #tables: ReadonlyMap<string, CountedTable>;
  readonly #steady: Steady;
  /** Bytes of the items that are there, and the items themselves where indexes depend on what they were. */
  readonly #stored = new Map<string, { readonly bytes: number; readonly item?: Item | undefined }>();
  #running = 0;
  #busySince = 0;
  #busy = 0;
  #spent = 0;
  #calls = 0;

  constructor(tables: readonly CountedTable[], steady = new Steady(0)) {
    this.#tables = new Map(tables.map((table) => [table.name, table]));
    this.#steady = steady;
  }

  /** Counts all calls of a client from now on. */
  watch(client: DynamoDBDocumentClient): void {
    client.middlewareStack.add(
      (next, context) => async (args) => {
        if (!this.caller) return next(args);
        const operation = String(context.commandName).replace(/Command$/, '');
        const input = args.input as Item;
        if (operation === 'UpdateItem') input.ReturnValues = 'ALL_NEW';
        const started = this.#begin();
        try {
          const result = await next(args);
          this.#count(operation, input, result.output as Item);
          return result;
        } catch (error) {
          if ((error as Error).name === 'ConditionalCheckFailedException') this.#refused(input);
          throw error;
        } finally {
          this.#end(started);
        }
      },
      { step: 'initialize', priority: 'low', name: 'counter' },
    );
  }

  /** All counts by `caller table write|read|index kind`. */
  get counts(): ReadonlyMap<string, Readonly<Count>> {
    return this.#counts;
  }

  /** Bytes that the tables hold, by table. */
  stored(table: string): { items: number; bytes: number } {
    const sum = { items: 0, bytes: 0 };
    for (const [key, { bytes }] of this.#stored) {
      if (!key.startsWith(`${table}\n`)) continue;
      sum.items++;
      sum.bytes += bytes;
    }
    return sum;
  }

  /**
   * Round trips that followed one another since the last call of this: the time in which any call was under way, in units
   * of the mean duration of a call. Calls made at the same time count as one.
   */
  takeRoundTrips(): number {
    const trips = this.#spent > 0 ? (this.#busy * this.#calls) / this.#spent : 0;
    this.#busy = 0;
    this.#spent = 0;
    this.#calls = 0;
    return trips;
  }

  #begin(): number {
    const now = performance.now();
    if (this.#running++ === 0) this.#busySince = now;
    this.#calls++;
    return now;
  }

  #end(started: number): void {
    const now = performance.now();
    this.#spent += now - started;
    if (--this.#running === 0) this.#busy += now - this.#busySince;
  }

  #count(operation: string, input: Item, output: Item): void {
    if (operation === 'BatchWriteItem') {
      const left = (output.UnprocessedItems ?? {}) as Batches;
      for (const [table, requests] of Object.entries(input.RequestItems as Batches)) {
        const unprocessed = new Set(left[table]?.map(({ PutRequest }) => placeOf(table, PutRequest.Item)));
        for (const { PutRequest } of requests)
          if (!unprocessed.has(placeOf(table, PutRequest.Item)))
            this.#wrote(table, PutRequest.Item, PutRequest.Item, 0);
        this.#of(table, 'write', 'batches').calls++;
      }
    } else if (operation === 'PutItem') this.#wrote(String(input.TableName), input.Item as Item, input.Item as Item, 1);
    else if (operation === 'UpdateItem')
      this.#wrote(String(input.TableName), input.Key as Item, output.Attributes as Item, 1);
    else if (operation === 'DeleteItem') this.#wrote(String(input.TableName), input.Key as Item, undefined, 1);
    else if (operation === 'Query') this.#read(input, (output.Items ?? []) as Item[]);
    else throw new Error(`${operation} is not counted; teach the counter what it costs`);
  }

  #wrote(table: string, key: Item, item: Item | undefined, calls: number): void {
    const { indexes } = this.#tables.get(table) ?? { indexes: [] };
    const id = placeOf(table, key);
    const before = this.#stored.get(id);
    const bytes = item ? itemBytes(item) : 0;
    const count = this.#of(table, 'write', kindOf(key));
    count.calls += calls;
    count.items++;
    count.bytes += bytes;
    count.units += writeUnits(bytes, before?.bytes);
    if (indexes.length) {
      const units = indexUnits(indexes, before?.item, item);
      if (units) this.#of(table, 'index', kindOf(key)).units += units;
    }
    if (item) this.#stored.set(id, { bytes, ...(indexes.length > 0 && { item }) });
    else this.#stored.delete(id);
  }

  /** A refused condition is charged like a write of what is there. */
  #refused(input: Item): void {
    const key = (input.Key ?? input.Item) as Item;
    const table = String(input.TableName);
    const count = this.#of(table, 'write', `refused ${kindOf(key)}`);
    count.calls++;
    count.units += writeUnits(this.#stored.get(placeOf(table, key))?.bytes ?? 0);
  }

  #read(input: Item, items: readonly Item[]): void {
    const table = String(input.TableName);
    const values = input.ExpressionAttributeValues as Item;
    const key = String(Object.values(values)[0]);
    const bytes = items.reduce((sum, item) => sum + itemBytes(item), 0);
    const count = this.#of(table, 'read', input.IndexName ? `index ${input.IndexName}` : kindOf({ pk: key }));
    const isConsistent = input.ConsistentRead === true;
    count.calls++;
    count.items += items.length;
    count.bytes += bytes;
    const units = readUnits(bytes, isConsistent);
    const steadyBytes = this.#steady.bytesOf(key, values[':from'], values[':to'], bytes);
    const steadyUnits = readUnits(steadyBytes, isConsistent);
    for (const sum of [count, this.reads]) {
      sum.units += units;
      sum.steadyUnits += steadyUnits;
    }
  }

  #of(table: string, way: 'write' | 'read' | 'index', kind: string): Count {
    const name = `${this.caller} ${table} ${way} ${kind}`;
    const count = this.#counts.get(name) ?? { calls: 0, items: 0, bytes: 0, units: 0, steadyUnits: 0 };
    this.#counts.set(name, count);
    return count;
  }
}

/** The kind of an item: what its partition key begins with. */
const kindOf = ({ pk }: Item): string => String(pk).split('#')[0]!;
