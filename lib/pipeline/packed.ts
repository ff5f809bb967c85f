/** Values kept as the bytes of their JSON, outside the heap: a third of the memory of their objects. */

/** Bytes of a block. A longer value has a block of its own. */
const BLOCK_BYTES = 1 << 20;

/** Where the bytes of a value are. */
interface Place {
  readonly block: Buffer;
  readonly from: number;
  readonly to: number;
}

/**
 * A list of values of which one at a time is an object. For lists that may be long and are read a few times: the findings
 * of a file in which thousands of sources scan.
 */
export class Packed<T> implements Iterable<T> {
  #places: Place[] = [];
  /** The block that has room, and how much of it is taken. */
  #block: Buffer = Buffer.alloc(0);
  #taken = 0;

  get length(): number {
    return this.#places.length;
  }

  /** Appends values. They must be plain JSON. */
  add(...values: readonly T[]): void {
    for (const value of values) this.#places.push(this.#write(JSON.stringify(value)));
  }

  /** Makes each object when it is asked for. */
  *[Symbol.iterator](): Generator<T> {
    for (const place of this.#places) yield JSON.parse(textAt(place)) as T;
  }

  /** The first value that a test selects. */
  find(isWanted: (value: T) => boolean): T | undefined {
    for (const value of this) if (isWanted(value)) return value;
    return undefined;
  }

  /** One result for each value. */
  map<U>(resultOf: (value: T) => U): U[] {
    return Array.from(this, resultOf);
  }

  /** Puts another value in the place of each, or leaves it out. This list holds the other values from then on. */
  rewrite<U>(valueFor: (value: T) => U | undefined): Packed<U> {
    let kept = 0;
    for (const place of this.#places) {
      const text = textAt(place);
      const other = valueFor(JSON.parse(text) as T);
      if (other === undefined) continue;
      const otherText = JSON.stringify(other);
      this.#places[kept++] = otherText === text ? place : this.#writeOver(place, otherText);
    }
    this.#places.length = kept;
    return this as unknown as Packed<U>;
  }

  /** Sorts by a text of each value. */
  sortBy(keyOf: (value: T) => string): void {
    const keys = this.map(keyOf);
    const order = [...keys.keys()].sort((a, b) => (keys[a]! < keys[b]! ? -1 : keys[a]! > keys[b]! ? 1 : a - b));
    this.#places = order.map((at) => this.#places[at]!);
  }

  /** Writes a text where another was, if there is room. Otherwise old and new bytes would be in memory together. */
  #writeOver({ block, from, to }: Place, text: string): Place {
    const bytes = Buffer.byteLength(text);
    if (bytes > to - from) return this.#write(text);
    block.write(text, from);
    return { block, from, to: from + bytes };
  }

  #write(text: string): Place {
    const bytes = Buffer.byteLength(text);
    if (this.#block.length - this.#taken < bytes) {
      this.#block = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, bytes));
      this.#taken = 0;
    }
    const [from, to] = [this.#taken, this.#taken + bytes];
    this.#block.write(text, from);
    this.#taken = to;
    return { block: this.#block, from, to };
  }
}

const textAt = ({ block, from, to }: Place): string => block.toString('utf8', from, to);
