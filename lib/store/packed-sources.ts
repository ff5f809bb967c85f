/** Packed outside sources of one bucket over some hours, as stored in the table: read once, searched more than once. */

import { decodeFragments, glance } from '../evidence/decode.ts';
import type { Fragment } from '../evidence/evidence.ts';
import type { HashKey } from '../evidence/keyed-hash.ts';

/**
 * Compressed packs take a few bytes per source, so the background noise of days fits into memory. Its contacts would
 * not.
 */
export class PackedSources {
  /** The hours that were read, including those without any source. */
  readonly hours: ReadonlySet<number>;
  readonly #packs: readonly Uint8Array[];
  readonly #samples: readonly Uint8Array[];
  readonly #key: HashKey;

  /** @param samples of the same sources, where they have items of their own. */
  constructor(
    hours: Iterable<number>,
    packs: readonly Uint8Array[],
    key: HashKey,
    samples: readonly Uint8Array[] = [],
  ) {
    this.hours = new Set(hours);
    this.#packs = packs;
    this.#samples = samples;
    this.#key = key;
  }

  /** Bytes of all packs. */
  get bytes(): number {
    return [...this.#packs, ...this.#samples].reduce((sum, { length }) => sum + length, 0);
  }

  /** Each source once for each of its fragments, including those of samples, with what was seen of its contacts. */
  *sources(): Generator<{ readonly address: string; readonly seen: readonly number[] }> {
    for (const pack of [...this.#packs, ...this.#samples]) yield* glance(pack);
  }

  /** The packed fragments of some sources, by address. */
  fragmentsOf(addresses: ReadonlySet<string>): Map<string, Fragment[]> {
    return this.#among(addresses, this.#packs);
  }

  /** Their samples. */
  sampledFragmentsOf(addresses: ReadonlySet<string>): Map<string, Fragment[]> {
    return this.#among(addresses, this.#samples);
  }

  #among(addresses: ReadonlySet<string>, packs: readonly Uint8Array[]): Map<string, Fragment[]> {
    const found = new Map<string, Fragment[]>();
    if (!addresses.size) return found;
    for (const pack of packs) {
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
