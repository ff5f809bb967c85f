/** CIDR blocks of IPv4 and IPv6: parse, contain, overlap, and the narrowest block around given addresses. */
import { formatAddress, isIpv4, parseAddress, type Words } from './address.ts';

/** A network. IPv4 networks lie in the block `::ffff:0:0/96`, so that one comparison serves both families. */
export interface Cidr {
  /** First address. The bits beyond {@link bits} are zero. */
  readonly words: Words;
  /** How many leading bits of the 128 are fixed: for IPv4, 96 more than its prefix length. */
  readonly bits: number;
}

/** A sample of distinct addresses, and their total number. */
export interface AddressSample {
  readonly count: number;
  readonly sample: readonly string[];
}

const FORM = 'must be a CIDR block such as 10.0.0.0/8 or fd00::/8';
/** Bits in front of an IPv4 address. */
const MAPPED_BITS = 96;

/**
 * The network that `address/length` names, or a sentence fragment (`must be ...`) that says what is wrong with it. An
 * address with bits beyond the prefix is refused, because it is nearly always a mistyped length.
 */
export function parseCidr(text: string): Cidr | { problem: string } {
  const parsed = readCidr(text);
  if ('problem' in parsed) return parsed;
  const address = text.slice(0, text.indexOf('/'));
  return areAlike(parsed.words, parseAddress(address)!, 128)
    ? parsed
    : { problem: `must start at its first address, ${formatCidr(parsed)}` };
}

/** The network around any address of it, `address/length`. Undefined if the text is not a CIDR block. */
export function cidrAround(text: string): Cidr | undefined {
  const parsed = readCidr(text);
  return 'problem' in parsed ? undefined : parsed;
}

/** The network that contains only this address, as text. Text that is not an address gets a length too. */
export const hostCidr = (address: string): string => `${address}/${address.includes(':') ? 128 : 32}`;

/** The CIDR of all addresses, in the family of an address or CIDR. */
export const everythingLike = (text: string): string => (text.includes(':') ? '::/0' : '0.0.0.0/0');

/** The canonical spelling (RFC 5952 for IPv6). */
export function formatCidr({ words, bits }: Cidr): string {
  return `${formatAddress(...words)}/${isFamily4({ words, bits }) ? bits - MAPPED_BITS : bits}`;
}

/** Whether the network is all of its address family. */
export const isEverything = (cidr: Cidr): boolean => cidr.bits === (isFamily4(cidr) ? MAPPED_BITS : 0);

/** Whether the address is in the network. False if the families differ. */
export function containsAddress(cidr: Cidr, address: Words): boolean {
  return isFamily4(cidr) === isIpv4(address) && areAlike(address, cidr.words, cidr.bits);
}

/** Whether every address of `inner` lies in `outer`. */
export function containsCidr(outer: Cidr, inner: Cidr): boolean {
  return (
    isFamily4(outer) === isFamily4(inner) && outer.bits <= inner.bits && areAlike(inner.words, outer.words, outer.bits)
  );
}

/** Whether the two networks share an address, which for CIDR blocks means that one contains the other. */
export const overlapsCidr = (a: Cidr, b: Cidr): boolean => containsCidr(a, b) || containsCidr(b, a);

/** Whether a network can contain all of the addresses: it contains the whole sample and has room for their number. */
export function holdsAll(cidr: Cidr, { count, sample }: AddressSample): boolean {
  const isWithin = (text: string): boolean => {
    const address = parseAddress(text);
    return address !== undefined && containsAddress(cidr, address);
  };
  return sample.length > 0 && sample.every(isWithin) && count <= 2 ** (128 - cidr.bits);
}

/** The narrowest network that contains all addresses. Undefined for no address, and for two families. */
export function narrowestCidr({ count, sample }: AddressSample): Cidr | undefined {
  const all = sample.map(parseAddress);
  const first = all[0];
  if (!first || all.some((words) => !words || isIpv4(words) !== isIpv4(first))) return undefined;
  const shared = Math.min(...all.map((words) => sharedBits(first, words!)));
  const least = isIpv4(first) ? MAPPED_BITS : 0;
  const bits = Math.max(least, Math.min(shared, 128 - Math.ceil(Math.log2(Math.max(1, count)))));
  return { words: maskWords(first, bits), bits };
}

/**
 * The network that represents an address where many are shown or stored together: the /24 of an IPv4 address, the /64
 * of an IPv6 address with its four groups written out. Keys of stored items contain this spelling.
 */
export function networkOf(address: string): string {
  const words = address.includes(':') ? parseAddress(address) : undefined;
  if (words === undefined || isIpv4(words)) return `${address.split('.', 3).join('.')}.0/24`;
  const groups = [words[0] >>> 16, words[0] & 0xffff, words[1] >>> 16, words[1] & 0xffff];
  return `${groups.map((group) => group.toString(16)).join(':')}::/64`;
}

function readCidr(text: string): Cidr | { problem: string } {
  const slash = text.indexOf('/');
  const addressText = text.slice(0, slash);
  const address = slash < 0 ? undefined : parseAddress(addressText);
  const lengthText = text.slice(slash + 1);
  if (address === undefined || !/^(0|[1-9]\d{0,2})$/.test(lengthText)) return { problem: FORM };
  const isDotted = !addressText.includes(':');
  const length = Number(lengthText);
  const longest = isDotted ? 32 : 128;
  if (length > longest) return { problem: `must have a prefix length between 0 and ${longest}` };
  const bits = isDotted ? length + MAPPED_BITS : length;
  return { words: maskWords(address, bits), bits };
}

const isFamily4 = ({ words, bits }: Cidr): boolean => bits >= MAPPED_BITS && isIpv4(words);

/** Whether two addresses begin with the same bits. Called for each address of a log, so it allocates nothing. */
function areAlike(a: Words, b: Words, bits: number): boolean {
  for (let at = 0; at < 4; at++) {
    const kept = bits - at * 32;
    if (kept <= 0) return true;
    const differing = a[at]! ^ b[at]!;
    if (kept >= 32 ? differing !== 0 : differing >>> (32 - kept) !== 0) return false;
  }
  return true;
}

function maskWords(words: Words, bits: number): Words {
  const masked = words.map((word, at) => {
    const kept = Math.max(0, Math.min(32, bits - at * 32));
    return kept === 0 ? 0 : (word & (0xffffffff << (32 - kept))) >>> 0;
  });
  return masked as unknown as Words;
}

/** How many leading bits two addresses have in common. */
function sharedBits(a: Words, b: Words): number {
  const at = a.findIndex((word, index) => word !== b[index]);
  return at < 0 ? 128 : at * 32 + Math.clz32((a[at]! ^ b[at]!) >>> 0);
}
