/** Addresses in a plain table: the reference for the kernel's. */
import { Addresses } from '../../lib/flowlog/address.ts';

/** Addresses in a table that grows with them; 21 to 42 bytes an address. */
export class AddressTable extends Addresses {
  #words = new Uint32Array(4 * 1024);
  #index = new Int32Array(4096);
  /** Ids in use, {@link NO_ADDRESS} included. */
  count = 1;

  override intern(w0: number, w1: number, w2: number, w3: number): number {
    const words = this.#words;
    const index = this.#index;
    const mask = index.length - 1;
    let slot = hashWords(w0, w1, w2, w3) & mask;
    for (let id = index[slot]!; id !== 0; id = index[slot]!) {
      const at = id * 4;
      if (words[at + 3] === w3 && words[at + 2] === w2 && words[at + 1] === w1 && words[at] === w0) return id;
      slot = (slot + 1) & mask;
    }
    return this.#add(slot, w0, w1, w2, w3);
  }

  override word(id: number, position: 0 | 1 | 2 | 3): number {
    return this.#words[id * 4 + position]!;
  }

  #add(slot: number, w0: number, w1: number, w2: number, w3: number): number {
    const id = this.count++;
    if (id * 4 + 4 > this.#words.length) {
      const grown = new Uint32Array(this.#words.length * 2);
      grown.set(this.#words);
      this.#words = grown;
    }
    this.#words.set([w0, w1, w2, w3], id * 4);
    this.#index[slot] = id;
    if (this.count * 2 > this.#index.length) this.#rehash();
    return id;
  }

  #rehash(): void {
    const index = new Int32Array(this.#index.length * 2);
    const mask = index.length - 1;
    for (let id = 1; id < this.count; id++) {
      const at = id * 4;
      let slot = hashWords(this.#words[at]!, this.#words[at + 1]!, this.#words[at + 2]!, this.#words[at + 3]!) & mask;
      while (index[slot] !== 0) slot = (slot + 1) & mask;
      index[slot] = id;
    }
    this.#index = index;
  }
}

function hashWords(w0: number, w1: number, w2: number, w3: number): number {
  let hash = Math.imul(w3 ^ 0x9e3779b9, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15) ^ w2, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 13) ^ w1, 0x27d4eb2f);
  hash = Math.imul(hash ^ (hash >>> 16) ^ w0, 0x165667b1);
  return hash ^ (hash >>> 15);
}
