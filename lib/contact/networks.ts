/** Which addresses are inside, which are outside, and which never count as a target. */
import { parseIpv4, parseIpv6 } from '../flowlog/address.ts';
import { KIND_INSIDE, KIND_UNCOUNTED } from '../kernel/kernel.ts';

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

/** Answers questions about addresses. */
export class Networks {
  #inside: readonly Network[];
  #uncounted = UNCOUNTED.map(parseNetwork);

  /** @param internal further CIDRs that count as inside, valid ones (the settings schema checks them). */
  constructor(internal: readonly string[] = []) {
    this.#inside = [...PRIVATE, ...internal].map(parseNetwork);
  }

  /**
   * What kind of address four words are: {@link KIND_INSIDE} where it is inside by its number alone (interfaces' own public
   * addresses are known from records only), {@link KIND_UNCOUNTED} where contacts with it can be no probes.
   */
  kindOf(w0: number, w1: number, w2: number, w3: number): number {
    const words: Words = [w0, w1, w2, w3];
    const inside = this.#inside.some((network) => contains(network, words)) ? KIND_INSIDE : 0;
    const uncounted = this.#uncounted.some((network) => contains(network, words)) ? KIND_UNCOUNTED : 0;
    return inside | uncounted;
  }

  /** Whether an address written as text is inside by its number. */
  isInsideText(text: string): boolean {
    const words = parseWords(text);
    return words !== undefined && this.#inside.some((network) => contains(network, words));
  }
}

function contains({ words, masks }: Network, address: Words): boolean {
  for (let at = 0; at < 4; at++) if ((address[at]! & masks[at]!) >>> 0 !== words[at]) return false;
  return true;
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
