/** Addresses in plain maps: inside ones by the network of the record that is read, since networks may have the same. */
import { formatAddress, isIpv4, type Words } from '../../lib/net/address.ts';
import type { Networks } from '../../lib/net/networks.ts';

export class ReferenceAddresses {
  /** Network of the record whose addresses are interned next. */
  network = 0;
  #networks: Networks;
  #ids = new Map<string, number>();
  #rows: { readonly words: Words; readonly network: number }[] = [{ words: [0, 0, 0, 0], network: 0 }];

  constructor(networks: Networks) {
    this.#networks = networks;
  }

  /** The number of an address. 0 for undefined. */
  intern(words: Words | undefined): number {
    if (!words) return 0;
    const network = this.#networks.isInside(words) ? this.network : 0;
    const key = [...words, network].join(' ');
    const id = this.#ids.get(key) ?? this.#rows.push({ words, network }) - 1;
    this.#ids.set(key, id);
    return id;
  }

  words(id: number): Words {
    return this.#rows[id]!.words;
  }

  text(id: number): string {
    return formatAddress(...this.words(id));
  }

  isIpv4(id: number): boolean {
    return isIpv4(this.words(id));
  }

  /** The network that an inside address belongs to. 0 for outside addresses. */
  networkOf(id: number): number {
    return this.#rows[id]!.network;
  }
}
