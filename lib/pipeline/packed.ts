/** Values kept as JSON text, which takes a third of the memory of their objects. */

/**
 * A list of values of which one at a time is an object. For lists that may be long and are read a few times: the findings
 * of a file in which thousands of sources scan.
 */
export class Packed<T> implements Iterable<T> {
  #texts: string[] = [];

  get length(): number {
    return this.#texts.length;
  }

  /** Appends values. They must be plain JSON. */
  add(...values: readonly T[]): void {
    for (const value of values) this.#texts.push(JSON.stringify(value));
  }

  /** Makes each object when it is asked for. */
  *[Symbol.iterator](): Generator<T> {
    for (const text of this.#texts) yield JSON.parse(text) as T;
  }

  /** One result for each value. */
  map<U>(resultOf: (value: T) => U): U[] {
    return Array.from(this, resultOf);
  }

  /** Puts another value in the place of each, or leaves it out. This list holds the other values from then on. */
  rewrite<U>(valueFor: (value: T) => U | undefined): Packed<U> {
    let kept = 0;
    for (const text of this.#texts) {
      const value = JSON.parse(text) as T;
      const other = valueFor(value);
      if (other !== undefined) this.#texts[kept++] = Object.is(other, value) ? text : JSON.stringify(other);
    }
    this.#texts.length = kept;
    return this as unknown as Packed<U>;
  }

  /** Sorts by a text of each value. */
  sortBy(keyOf: (value: T) => string): void {
    const keys = this.map(keyOf);
    const order = [...keys.keys()].sort((a, b) => (keys[a]! < keys[b]! ? -1 : keys[a]! > keys[b]! ? 1 : a - b));
    this.#texts = order.map((at) => this.#texts[at]!);
  }
}
