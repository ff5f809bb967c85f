/**
 * Reads as they will be when a deployment has been running for days: what a first day reads of the days before is nothing.
 * Reads that reach back beyond the first hour are charged as if the hours before had been like those since.
 */
import { hourOfText } from '../../lib/store/keys.ts';

const HOUR_IN_KEY = /^(.*#)(\d{4}-\d\d-\d\dT\d\d)(#|$)/;

/** Bytes that the queries of a deployment some days old would read, told from those of a new one. */
export class Steady {
  /** The epoch hour that it is. */
  hour: number;
  readonly #first: number;
  /** What partitions of an hour that is over hold, by kind. */
  readonly #seen = new Map<string, { partitions: number; bytes: number }>();

  /** @param first the epoch hour in which the run begins. */
  constructor(first: number) {
    this.#first = first;
    this.hour = first;
  }

  /** Bytes of a query that read `bytes`, had the days before been like this one. */
  bytesOf(key: string, from: unknown, to: unknown, bytes: number): number {
    if (typeof from === 'string' && typeof to === 'string') return bytes * this.#longer(from, to);
    const match = HOUR_IN_KEY.exec(key);
    return match ? this.#partition(match[1]!, hourOfText(match[2]!), bytes) : bytes;
  }

  #longer(from: string, to: string): number {
    if (!/^\d{4}-/.test(from)) return 1;
    const first = hourOfText(from.slice(0, 13));
    // What lies ahead is empty then too.
    const last = Math.min(hourOfText(to.slice(0, 13)), this.hour);
    return Math.max(1, (last - first + 1) / (last - Math.max(first, this.#first) + 1));
  }

  #partition(kind: string, hour: number, bytes: number): number {
    const seen = this.#seen.get(kind) ?? { partitions: 0, bytes: 0 };
    if (hour < this.#first) return seen.partitions ? seen.bytes / seen.partitions : 0;
    if (hour < this.hour) this.#seen.set(kind, { partitions: seen.partitions + 1, bytes: seen.bytes + bytes });
    return bytes;
  }
}
