/**
 * Reads as they will be when a deployment has been running for days: what a first day reads of the days before is nothing.
 * Reads that reach back beyond the first hour are charged as if the hours before had been like those since.
 */
import { hourOfText } from '../../lib/store/keys.ts';

/** Partitions of a day, whose sort keys begin with the hour. */
const DAY_IN_KEY = /^(.*#)(\d{4}-\d\d-\d\d)#(\d+)$/;
/** The partitions of marks. What is judged has no marks any more, so the days before leave none. */
const MARKS = /^due(#|$)/;
const HOUR_IN_KEY = /^(.*#)(\d{4}-\d\d-\d\dT\d\d)(#|$)/;

/** Bytes that the queries of a deployment some days old would read, told from those of a new one. */
export class Steady {
  /** The epoch hour that it is. */
  hour: number;
  readonly #first: number;
  /** What a partition holds of an hour, by its key, as it was read last, and all of its kind. */
  readonly #densities = new Map<string, { hours: number; bytes: number }>();
  /** What partitions of an hour that is over hold, by kind. */
  readonly #seen = new Map<string, { partitions: number; bytes: number }>();

  /** Bytes of an hour in a shard of a day, by kind and shard, as last read. */
  readonly #ofHour = new Map<string, number>();

  /** @param first the epoch hour in which the run begins. */
  constructor(first: number) {
    this.#first = first;
    this.hour = first;
  }

  /** Bytes of a query that read `bytes`, had the days before been like this one. */
  bytesOf(key: string, from: unknown, to: unknown, bytes: number): number {
    if (MARKS.test(key)) return bytes;
    const day = DAY_IN_KEY.exec(key);
    if (day && typeof from === 'string' && typeof to === 'string') return this.#hoursOfDay(day, from, to, bytes);
    if (typeof from === 'string' && typeof to === 'string') return this.#inHours(key, from, to, bytes);
    const match = HOUR_IN_KEY.exec(key);
    return match ? this.#partition(match[1]!, hourOfText(match[2]!), bytes) : bytes;
  }

  /** Hours before the run hold what an hour of it held when it was last read. */
  #hoursOfDay([, kind, day, shard]: RegExpExecArray, from: string, to: string, bytes: number): number {
    const midnight = hourOfText(`${day}T00`);
    const first = Math.max(midnight, hourOfText(from.slice(0, 13)));
    const last = Math.min(midnight + 23, hourOfText(to.slice(0, 13)), this.hour);
    const known = Math.max(0, last - Math.max(first, this.#first) + 1);
    const before = Math.max(0, Math.min(last, this.#first - 1) - first + 1);
    if (known > 0) this.#ofHour.set(`${kind}${shard}`, bytes / known);
    return bytes + before * (this.#ofHour.get(`${kind}${shard}`) ?? 0);
  }

  #inHours(key: string, from: string, to: string, bytes: number): number {
    if (!/^\d{4}-/.test(from)) return bytes;
    const first = hourOfText(from.slice(0, 13));
    // What lies ahead is empty then too.
    const last = Math.min(hourOfText(to.slice(0, 13)), this.hour);
    const kind = key.slice(0, key.indexOf('#'));
    const hours = last - Math.max(first, this.#first) + 1;
    if (hours > 0) {
      const ofKind = this.#densities.get(kind) ?? { hours: 0, bytes: 0 };
      this.#densities.set(kind, { hours: ofKind.hours + hours, bytes: ofKind.bytes + bytes });
      this.#densities.set(key, { hours, bytes });
      return bytes * Math.max(1, (last - first + 1) / hours);
    }
    const known = this.#densities.get(key) ?? this.#densities.get(kind);
    return known ? (Math.max(0, last - first + 1) * known.bytes) / known.hours : 0;
  }

  #partition(kind: string, hour: number, bytes: number): number {
    const seen = this.#seen.get(kind) ?? { partitions: 0, bytes: 0 };
    if (hour < this.#first) return seen.partitions ? seen.bytes / seen.partitions : 0;
    if (hour < this.hour) this.#seen.set(kind, { partitions: seen.partitions + 1, bytes: seen.bytes + bytes });
    return bytes;
  }
}
