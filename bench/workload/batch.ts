/** Records of one delivery in columns, put in the order in which AWS writes them: run by run, an interface's interval each. */
import type { Random } from '../random.ts';

/** The seconds of an aggregation interval. */
export const INTERVAL = 60;

export const ACCEPT = 0;
export const REJECT = 1;
/** An interval without traffic: a row of hyphens. */
export const NODATA = 2;
export type Verdict = typeof ACCEPT | typeof REJECT | typeof NODATA;

/** One flow log row. Addresses are 32-bit numbers, also in IPv6 files. See {@link file://./address-text.ts}. */
export interface Row {
  /** Index of the interface that logs. */
  readonly at: number;
  /** Aggregation interval since the beginning of the log. */
  readonly interval: number;
  readonly isEgress: boolean;
  readonly source: number;
  readonly target: number;
  /** The packet's own addresses, where they are others. */
  readonly packetSource?: number;
  readonly packetTarget?: number;
  readonly sourcePort: number;
  readonly targetPort: number;
  readonly protocol: number;
  readonly packets: number;
  readonly bytes: number;
  readonly flags: number;
  readonly verdict?: Verdict;
}

const SMALLEST = 4096;

/** Grows as rows are added. When cleared, it keeps its memory. */
export class Batch {
  length = 0;
  at = new Int32Array(SMALLEST);
  interval = new Int32Array(SMALLEST);
  isEgress = new Uint8Array(SMALLEST);
  source = new Uint32Array(SMALLEST);
  target = new Uint32Array(SMALLEST);
  packetSource = new Uint32Array(SMALLEST);
  packetTarget = new Uint32Array(SMALLEST);
  sourcePort = new Uint16Array(SMALLEST);
  targetPort = new Uint16Array(SMALLEST);
  protocol = new Uint8Array(SMALLEST);
  packets = new Int32Array(SMALLEST);
  bytes = new Int32Array(SMALLEST);
  flags = new Uint8Array(SMALLEST);
  verdict = new Uint8Array(SMALLEST);

  add(row: Row): void {
    const n = this.length++;
    if (n === this.at.length) this.#grow();
    this.at[n] = row.at;
    this.interval[n] = row.interval;
    this.isEgress[n] = Number(row.isEgress);
    this.source[n] = row.source;
    this.target[n] = row.target;
    this.packetSource[n] = row.packetSource ?? row.source;
    this.packetTarget[n] = row.packetTarget ?? row.target;
    this.sourcePort[n] = row.sourcePort;
    this.targetPort[n] = row.targetPort;
    this.protocol[n] = row.protocol;
    this.packets[n] = row.packets;
    this.bytes[n] = row.bytes;
    this.flags[n] = row.flags;
    this.verdict[n] = row.verdict ?? ACCEPT;
  }

  clear(): void {
    this.length = 0;
  }

  /**
   * Row numbers by interface, then interval, and in any order within a run, as in AWS's files. A counting sort, then
   * shuffled.
   */
  inRuns(interfaces: number, firstInterval: number, intervals: number, random: Random): Int32Array {
    const ends = new Int32Array(interfaces * intervals + 1);
    const runOf = (n: number) => this.at[n]! * intervals + this.interval[n]! - firstInterval;
    for (let n = 0; n < this.length; n++) ends[runOf(n) + 1]!++;
    for (let run = 1; run < ends.length; run++) ends[run]! += ends[run - 1]!;
    const order = new Int32Array(this.length);
    for (let n = 0; n < this.length; n++) order[ends[runOf(n)]!++] = n;
    for (let run = 0, first = 0; run < ends.length - 1; first = ends[run++]!)
      for (let last = ends[run]! - 1; last > first; last--) swap(order, last, random.whole(first, last));
    return order;
  }

  /** Row numbers in no order at all. */
  inNoOrder(random: Random): Int32Array {
    const order = Int32Array.from({ length: this.length }, (_, n) => n);
    for (let last = order.length - 1; last > 0; last--) swap(order, last, random.whole(0, last));
    return order;
  }

  #grow(): void {
    this.at = twice(this.at);
    this.interval = twice(this.interval);
    this.isEgress = twice(this.isEgress);
    this.source = twice(this.source);
    this.target = twice(this.target);
    this.packetSource = twice(this.packetSource);
    this.packetTarget = twice(this.packetTarget);
    this.sourcePort = twice(this.sourcePort);
    this.targetPort = twice(this.targetPort);
    this.protocol = twice(this.protocol);
    this.packets = twice(this.packets);
    this.bytes = twice(this.bytes);
    this.flags = twice(this.flags);
    this.verdict = twice(this.verdict);
  }
}

function swap(order: Int32Array, a: number, b: number): void {
  const held = order[a]!;
  order[a] = order[b]!;
  order[b] = held;
}

function twice<T extends Int32Array | Uint32Array | Uint16Array | Uint8Array>(column: T): T {
  const grown = new (column.constructor as new (length: number) => T)(column.length * 2);
  grown.set(column);
  return grown;
}
