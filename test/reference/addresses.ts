/** Addresses in plain maps: inside ones by the network of the record that is read, since networks may have the same. */

import { Addresses } from '../../lib/flowlog/address.ts';
import { kindOf } from '../../lib/kernel/kernel-tables.ts';
import { KIND_INSIDE } from '../../lib/kernel/rows.ts';
import type { Networks } from '../../lib/net/networks.ts';

export class ReferenceAddresses extends Addresses {
  /** Network of the record whose addresses are interned next. */
  network = 0;
  #networks: Networks;
  #ids = new Map<string, number>();
  #rows: { readonly words: readonly number[]; readonly network: number }[] = [{ words: [], network: 0 }];

  constructor(networks: Networks) {
    super();
    this.#networks = networks;
  }

  override intern(...words: [number, number, number, number]): number {
    const network = kindOf(this.#networks, words) & KIND_INSIDE ? this.network : 0;
    const key = [...words, network].join(' ');
    const id = this.#ids.get(key) ?? this.#rows.push({ words, network }) - 1;
    this.#ids.set(key, id);
    return id;
  }

  override word(id: number, position: 0 | 1 | 2 | 3): number {
    return this.#rows[id]!.words[position]!;
  }

  /** The network that an inside address belongs to; 0 for outside ones. */
  networkOf(id: number): number {
    return this.#rows[id]!.network;
  }
}
