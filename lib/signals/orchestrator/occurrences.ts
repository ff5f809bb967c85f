/** Occurrences of one event that happens again and again: the earliest are kept, whatever the order in which they come. */

/** Occurrences that are kept of one group. */
export const MOST_OCCURRENCES = 64;

/** One occurrence of an event. Stages of one request are one occurrence. */
export interface Occurrence {
  readonly key: string;
  readonly at: number;
  readonly isRefused: boolean;
  readonly until?: number;
}

/** The earliest occurrences, and how many there were while all fit. */
export class Earliest {
  #all = new Map<string, Occurrence>();
  /** Whether later ones were left out. */
  isFull = false;

  add(one: Occurrence): void {
    const known = this.#all.get(one.key);
    if (known) {
      const until = Math.max(known.until ?? 0, one.until ?? 0);
      this.#all.set(one.key, {
        key: one.key,
        at: Math.min(known.at, one.at),
        isRefused: known.isRefused || one.isRefused,
        ...(until > 0 && { until }),
      });
      return;
    }
    this.#all.set(one.key, one);
    if (this.#all.size <= MOST_OCCURRENCES) return;
    this.isFull = true;
    let last = one;
    for (const other of this.#all.values()) if (isEarlier(last, other)) last = other;
    this.#all.delete(last.key);
  }

  /** From the earliest to the latest. */
  sorted(): Occurrence[] {
    return [...this.#all.values()].sort((a, b) => (isEarlier(a, b) ? -1 : 1));
  }
}

/** The order of occurrences. Keys decide between those of one time. */
export const isEarlier = (a: { at: number; key: string }, b: { at: number; key: string }): boolean =>
  a.at !== b.at ? a.at < b.at : a.key < b.key;
