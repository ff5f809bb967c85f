/** The kind of each address by its number alone, told from the ranges each time. */
import { isPrivate, isUncounted, type Networks } from '../../lib/net/networks.ts';
import type { ReferenceAddresses } from './addresses.ts';

export class Kinds {
  #addresses: ReferenceAddresses;
  #networks: Networks;

  constructor(addresses: ReferenceAddresses, networks: Networks) {
    this.#addresses = addresses;
    this.#networks = networks;
  }

  /** Whether the address is inside by its number. */
  isInside(id: number): boolean {
    return this.#networks.isInside(this.#addresses.words(id));
  }

  /** Whether contacts with the address may be probes. */
  isCountable(id: number): boolean {
    return !isUncounted(this.#addresses.words(id));
  }

  /** Whether the address is private, whatever the settings say. */
  isPrivate(id: number): boolean {
    return isPrivate(this.#addresses.words(id));
  }
}
