/** Simulated time: what is due happens in order of time, and in order of planning where times are equal. */

export class Clock {
  /** Epoch seconds, with fractions. */
  now: number;
  readonly #times: number[] = [];
  readonly #orders: number[] = [];
  readonly #actions: (() => void)[] = [];
  #planned = 0;

  constructor(start: number) {
    this.now = start;
  }

  /** Plans an action. A time that has passed means now. */
  at(time: number, action: () => void): void {
    let child = this.#times.length;
    this.#times.push(Math.max(time, this.now));
    this.#orders.push(this.#planned++);
    this.#actions.push(action);
    for (let parent = (child - 1) >> 1; child > 0 && this.#isBefore(child, parent); parent = (child - 1) >> 1) {
      this.#swap(child, parent);
      child = parent;
    }
  }

  after(seconds: number, action: () => void): void {
    this.at(this.now + seconds, action);
  }

  /** Does what is due before `end`, and stands at `end` then. */
  run(end: number): void {
    while (this.#times.length > 0 && this.#times[0]! < end) {
      this.now = this.#times[0]!;
      this.#takeFirst()();
    }
    this.now = end;
  }

  #takeFirst(): () => void {
    const first = this.#actions[0]!;
    this.#swap(0, this.#times.length - 1);
    this.#times.pop();
    this.#orders.pop();
    this.#actions.pop();
    for (let parent = 0, size = this.#times.length; ; ) {
      let least = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2])
        if (child < size && this.#isBefore(child, least)) least = child;
      if (least === parent) return first;
      this.#swap(parent, least);
      parent = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const difference = this.#times[a]! - this.#times[b]!;
    return difference < 0 || (difference === 0 && this.#orders[a]! < this.#orders[b]!);
  }

  #swap(a: number, b: number): void {
    for (const column of [this.#times, this.#orders, this.#actions] as unknown[][]) {
      const kept = column[a];
      column[a] = column[b];
      column[b] = kept;
    }
  }
}
