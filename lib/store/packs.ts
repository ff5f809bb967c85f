/** Fragments of many sources compressed together into one item, so that they cost per file and bucket. */

import { encodeFragments } from '../evidence/encode.ts';
import type { Fragment } from '../evidence/evidence.ts';
import type { HashKey } from '../evidence/keyed-hash.ts';

/** A pack with this many bytes before compression is full. Items stay far below 100 KB. */
const PACK_BYTES = 48 * 1024;
const [FRAGMENT_BYTES, CONTACT_BYTES, CELL_BYTES] = [20, 50, 3];

/** Sources that share an item until it is full. */
interface Pack {
  readonly fragments: Fragment[];
  bytes: number;
  readonly chunk: number;
  readonly expires: number;
}

/** An item with the number of sources in it. */
export interface PackItem {
  readonly item: Record<string, unknown>;
  readonly sources: number;
}

/** Collects the fragments of one object that are packed. */
export class Packs {
  #packs = new Map<string, Pack>();
  #objectId: string;
  #key: HashKey | undefined;

  constructor(objectId: string, key: HashKey | undefined) {
    this.#objectId = objectId;
    this.#key = key;
  }

  /**
   * Adds a fragment to the pack of a partition. Yields the previous pack if it is full.
   * @param sort the part of the sort key before the object.
   */
  *add(pk: string, sort: string, fragment: Fragment, expires: number): Generator<PackItem> {
    const place = `${pk}\n${sort}`;
    const bytes = boundOf(fragment);
    let pack = this.#packs.get(place) ?? { fragments: [], bytes: 0, chunk: 0, expires };
    if (pack.bytes + bytes > PACK_BYTES && pack.fragments.length) {
      yield this.#item(place, pack);
      pack = { fragments: [], bytes: 0, chunk: pack.chunk + 1, expires };
    }
    pack.fragments.push(fragment);
    pack.bytes += bytes;
    this.#packs.set(place, pack);
  }

  /** The packs that are not full. */
  *rest(): Generator<PackItem> {
    for (const [place, pack] of this.#packs) yield this.#item(place, pack);
  }

  #item(place: string, { fragments, chunk, expires }: Pack): PackItem {
    const [pk, sort] = place.split('\n');
    return {
      sources: fragments.length,
      item: {
        pk,
        sk: `${sort}${this.#objectId}#${chunk}`,
        data: encodeFragments(fragments, this.#key),
        expiresAt: expires,
      },
    };
  }
}

/** Upper bound of the bytes of a fragment, without compression. */
const boundOf = ({ contacts, identity, sample }: Fragment): number =>
  FRAGMENT_BYTES +
  contacts.length * CONTACT_BYTES +
  sample.leftOut.length * CELL_BYTES +
  (identity ? JSON.stringify(identity).length : 0);
