/** What kind of address each one is, by its number alone; asked once an address. */
import type { Addresses } from '../../lib/flowlog/address.ts';
import { kindOf } from '../../lib/kernel/kernel-tables.ts';
import { KIND_INSIDE, KIND_UNCOUNTED } from '../../lib/kernel/rows.ts';
import type { Networks } from '../../lib/net/networks.ts';

export class Kinds {
  #known: number[] = [];
  #addresses: Addresses;
  #networks: Networks;

  constructor(addresses: Addresses, networks: Networks) {
    this.#addresses = addresses;
    this.#networks = networks;
  }

  /** Whether the address is inside by its number. */
  isInside(id: number): boolean {
    return (this.#of(id) & KIND_INSIDE) !== 0;
  }

  /** Whether contacts with the address may be probes. */
  isCountable(id: number): boolean {
    return (this.#of(id) & KIND_UNCOUNTED) === 0;
  }

  #of(id: number): number {
    const word = (at: 0 | 1 | 2 | 3) => this.#addresses.word(id, at);
    this.#known[id] ??= kindOf(this.#networks, [word(0), word(1), word(2), word(3)]);
    return this.#known[id];
  }
}
