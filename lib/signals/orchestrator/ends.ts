/** When pods, tasks and containers ended. Names are used again, so that an end belongs to what began before it. */

/** Ends that are kept of one name. */
const MOST = 64;
/** A deletion is asked for, and done up to this much later. Both are in the log. */
const GRACE = 600_000;

/** Collects ends. */
export class Ends {
  readonly #times = new Map<string, number[]>();

  add(id: string, at: number): void {
    const times = this.#times.get(id);
    if (!times) {
      this.#times.set(id, [at]);
      return;
    }
    if (times.includes(at)) return;
    times.push(at);
    times.sort((a, b) => a - b);
    if (times.length > MOST) times.pop();
  }

  /** When something that began at a time first ended or was told to. */
  first(id: string, began: number): number | undefined {
    return this.#times.get(id)?.find((time) => time >= began);
  }

  /** When it was gone. */
  last(id: string, began: number): number | undefined {
    const first = this.first(id, began);
    return first === undefined ? undefined : this.#times.get(id)!.findLast((time) => time - first <= GRACE);
  }
}
