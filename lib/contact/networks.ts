/** Which addresses are inside, which are outside, and which never count as a target. */
import { type AddressTable, parseIpv4, parseIpv6 } from '../flowlog/address.ts';

type Words = readonly [number, number, number, number];
interface Network {
  readonly words: Words;
  readonly masks: Words;
}

/** RFC 1918, shared address space (RFC 6598), unique local IPv6 (RFC 4193). */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'];
/** Multicast, broadcast, link-local, loopback, unspecified: discovery traffic by design, or not on the network at all. */
const UNCOUNTED = [
  '224.0.0.0/4',
  '255.255.255.255/32',
  '169.254.0.0/16',
  '127.0.0.0/8',
  '0.0.0.0/8',
  'ff00::/8',
  'fe80::/10',
  '::/127',
];

/** Answers questions about addresses, remembering the answers by interned id. */
export class Networks {
  #inside: readonly Network[];
  #uncounted = UNCOUNTED.map(parseNetwork);
  #known = new Uint8Array(1024);

  /** @param internal further CIDRs that count as inside, valid ones (the settings schema checks them). */
  constructor(internal: readonly string[] = []) {
    this.#inside = [...PRIVATE, ...internal].map(parseNetwork);
  }

  /** Whether the address is inside by its number alone; interfaces' own public addresses are known from records only. */
  isInside(addresses: AddressTable, id: number): boolean {
    return (this.#classOf(addresses, id) & 2) !== 0;
  }

  /** Whether contacts with the address can be probes at all. */
  isCountable(addresses: AddressTable, id: number): boolean {
    return (this.#classOf(addresses, id) & 4) === 0;
  }

  /** The same as {@link isInside} for an address written as text. */
  isInsideText(text: string): boolean {
    const words = parseWords(text);
    return words !== undefined && this.#inside.some((network) => contains(network, words));
  }

  #classOf(addresses: AddressTable, id: number): number {
    if (id >= this.#known.length) {
      const grown = new Uint8Array(Math.max(id + 1, this.#known.length * 2));
      grown.set(this.#known);
      this.#known = grown;
    }
    const known = this.#known[id]!;
    if (known) return known;
    const words: Words = [addresses.word(id, 0), addresses.word(id, 1), addresses.word(id, 2), addresses.word(id, 3)];
    const inside = this.#inside.some((network) => contains(network, words)) ? 2 : 0;
    const uncounted = this.#uncounted.some((network) => contains(network, words)) ? 4 : 0;
    this.#known[id] = 1 | inside | uncounted;
    return this.#known[id]!;
  }
}

function contains({ words, masks }: Network, address: Words): boolean {
  return words.every((word, at) => (address[at]! & masks[at]!) >>> 0 === word);
}

function parseWords(text: string): Words | undefined {
  const v4 = parseIpv4(text);
  return v4 === undefined ? parseIpv6(text) : [0, 0, 0xffff, v4];
}

function parseNetwork(cidr: string): Network {
  const [address, length] = cidr.split('/');
  const words = parseWords(address!);
  if (!words) throw new Error(`${cidr} is no CIDR: expected an address and a prefix length such as 10.0.0.0/8`);
  const bits = length === undefined ? 128 : Number(length) + (address!.includes(':') ? 0 : 96);
  const mask = (at: number) => {
    const set = Math.max(0, Math.min(32, bits - at * 32));
    return set === 0 ? 0 : (0xffffffff << (32 - set)) >>> 0;
  };
  const masks: Words = [mask(0), mask(1), mask(2), mask(3)];
  return { words: words.map((word, at) => (word & masks[at]!) >>> 0) as unknown as Words, masks };
}
