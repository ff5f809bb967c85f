/** Counting of distinct values in windows: what nearly all published scan rules do. */
import type { Alarm } from './rule.ts';

/** What is counted, by which key, and when it is enough. */
export interface Counting<T> {
  /** Length of the window in seconds. */
  readonly seconds: number;
  /** Number of distinct values that are enough. A rule with "more than n" has n + 1 here. */
  readonly limit: number;
  readonly time: (item: T) => number;
  readonly key: (item: T) => string;
  readonly value: (item: T) => string | number;
  readonly alarm: (item: T) => Alarm;
}

/** Tumbling windows on the clock (minute 0, 5, 10 ...): one alarm a key and window, when the limit is reached. */
export function* countInClockBins<T>(items: Iterable<T>, counting: Counting<T>): Iterable<Alarm> {
  yield* countInBins(items, counting, (time) => Math.floor(time / counting.seconds) * counting.seconds);
}

/** Windows of fixed length that a key's first item opens: one alarm a key and window, when the limit is reached. */
export function* countInOpenedBins<T>(items: Iterable<T>, counting: Counting<T>): Iterable<Alarm> {
  const opened = new Map<string, number>();
  yield* countInBins(items, counting, (time, key) => {
    const from = opened.get(key);
    if (from !== undefined && time < from + counting.seconds) return from;
    opened.set(key, time);
    return time;
  });
}

function* countInBins<T>(
  items: Iterable<T>,
  { limit, time, key, value, alarm }: Counting<T>,
  binOf: (time: number, key: string) => number,
): Iterable<Alarm> {
  const bins = new Map<string, { from: number; values: Set<string | number>; fired: boolean }>();
  for (const item of items) {
    const name = key(item);
    const from = binOf(time(item), name);
    let bin = bins.get(name);
    if (!bin || from > bin.from) {
      bin = { from, values: new Set(), fired: false };
      bins.set(name, bin);
    }
    bin.values.add(value(item));
    if (bin.fired || bin.values.size < limit) continue;
    bin.fired = true;
    yield alarm(item);
  }
}

/** The distinct values of one key within a window that slides with the latest item. */
class SlidingSet {
  readonly seconds: number;
  /** Last time of each value, oldest first. */
  #last = new Map<string | number, number>();

  constructor(seconds: number) {
    this.seconds = seconds;
  }

  get size(): number {
    return this.#last.size;
  }

  add(value: string | number, time: number): void {
    this.#last.delete(value);
    this.#last.set(value, time);
    for (const [old, last] of this.#last) {
      if (last > time - this.seconds) break;
      this.#last.delete(old);
    }
  }
}

/** A sliding window: an alarm when the limit is reached, then none for that key for `quiet` seconds. */
export function* countInSlidingWindow<T>(
  items: Iterable<T>,
  { seconds, limit, time, key, value, alarm }: Counting<T>,
  quiet: number,
): Iterable<Alarm> {
  const windows = new Map<string, SlidingSet>();
  const silentUntil = new Map<string, number>();
  for (const item of items) {
    const name = key(item);
    const at = time(item);
    let window = windows.get(name);
    if (!window) {
      window = new SlidingSet(seconds);
      windows.set(name, window);
    }
    window.add(value(item), at);
    if (window.size < limit || at < (silentUntil.get(name) ?? Number.NEGATIVE_INFINITY)) continue;
    silentUntil.set(name, at + quiet);
    yield alarm(item);
  }
}

/** Lets a key's alarm pass once in `seconds`, as systems do that suppress repeats. */
export function* suppressRepeats(
  alarms: Iterable<Alarm>,
  seconds: number,
  key: (alarm: Alarm) => string,
): Iterable<Alarm> {
  const last = new Map<string, number>();
  for (const alarm of alarms) {
    const before = last.get(key(alarm));
    if (before !== undefined && alarm.at < before + seconds) continue;
    last.set(key(alarm), alarm.at);
    yield alarm;
  }
}
