/** The kind of each address by its number alone, asked for once per address. */
import { kindOf } from '../../lib/kernel/kernel-tables.ts';
import { KIND_INSIDE, KIND_PRIVATE, KIND_UNCOUNTED } from '../../lib/kernel/rows.ts';
import type { Networks } from '../../lib/net/networks.ts';
import type { ReferenceAddresses } from './addresses.ts';

export class Kinds {
  #known: number[] = [];
  #addresses: ReferenceAddresses;
  #networks: Networks;

  constructor(addresses: ReferenceAddresses, networks: Networks) {
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

  /** Whether the address is private, whatever the settings say. */
  isPrivate(id: number): boolean {
    return (this.#of(id) & KIND_PRIVATE) !== 0;
  }

  #of(id: number): number {
    this.#known[id] ??= kindOf(this.#networks, this.#addresses.words(id));
    return this.#known[id];
  }
}
