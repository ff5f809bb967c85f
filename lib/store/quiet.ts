/** Quiet outside sources of one bucket over some hours, as they lie in the table: read once, looked through more than once. */
import type { HashKey } from '../contact/keyed-hash.ts';
import { decodeFragments, glance } from '../window/codec.ts';
import type { Fragment } from '../window/evidence.ts';

/** Compressed packs, a few bytes for each source: the noise of days fits into memory, its contacts would not. */
export class QuietBucket {
  /** The hours that were read, those without anything included. */
  readonly hours: ReadonlySet<number>;
  readonly #packs: readonly Uint8Array[];
  readonly #key: HashKey;

  constructor(hours: Iterable<number>, packs: readonly Uint8Array[], key: HashKey) {
    this.hours = new Set(hours);
    this.#packs = packs;
    this.#key = key;
  }

  /** Bytes of all packs. */
  get bytes(): number {
    return this.#packs.reduce((sum, { length }) => sum + length, 0);
  }

  /** Each source once for each of its fragments, with what was seen of its contacts. */
  *sources(): Generator<{ readonly address: string; readonly seen: readonly number[] }> {
    for (const pack of this.#packs) yield* glance(pack);
  }

  /** The fragments of some sources, by address. */
  fragmentsOf(addresses: ReadonlySet<string>): Map<string, Fragment[]> {
    const found = new Map<string, Fragment[]>();
    if (!addresses.size) return found;
    for (const pack of this.#packs) {
      const options = { key: this.#key, wants: (address: string) => addresses.has(address) };
      for (const fragment of decodeFragments('internet', pack, options)) {
        const known = found.get(fragment.address);
        if (known) known.push(fragment);
        else found.set(fragment.address, [fragment]);
      }
    }
    return found;
  }
}
