/** Simulated time: what is to happen, in order of time and then of planning, one thing after the other. */

interface Planned {
  readonly time: number;
  readonly order: number;
  readonly act: () => void;
}

/** Lets all that is ready run: promises that were settled, and what follows from them, but no timer and no network. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class Timeline {
  /** Milliseconds since 1970. */
  now: number;
  #planned: Planned[] = [];
  #order = 0;

  constructor(start: number) {
    this.now = start;
  }

  /** Plans something, at the earliest for now. */
  at(time: number, act: () => void): void {
    const heap = this.#planned;
    heap.push({ time: Math.max(time, this.now), order: this.#order++, act });
    for (let at = heap.length - 1; at > 0; ) {
      const above = (at - 1) >> 1;
      if (isBefore(heap[above]!, heap[at]!)) break;
      [heap[above], heap[at]] = [heap[at]!, heap[above]!];
      at = above;
    }
  }

  after(milliseconds: number, act: () => void): void {
    this.at(this.now + milliseconds, act);
  }

  /** Runs everything planned up to a time, including what that plans in turn. The clock then shows that time. */
  async runUntil(time: number): Promise<void> {
    await settle();
    for (let next = this.#planned[0]; next && next.time <= time; next = this.#planned[0]) {
      this.#take();
      this.now = next.time;
      next.act();
      await settle();
    }
    this.now = Math.max(this.now, time);
  }

  #take(): void {
    const heap = this.#planned;
    const last = heap.pop()!;
    if (!heap.length) return;
    heap[0] = last;
    for (let at = 0; ; ) {
      let least = at;
      for (const below of [2 * at + 1, 2 * at + 2])
        if (below < heap.length && isBefore(heap[below]!, heap[least]!)) least = below;
      if (least === at) return;
      [heap[least], heap[at]] = [heap[at]!, heap[least]!];
      at = least;
    }
  }
}

const isBefore = (a: Planned, b: Planned): boolean => a.time < b.time || (a.time === b.time && a.order < b.order);
