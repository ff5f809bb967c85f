/** CIDR blocks of IPv4 and IPv6 as numbers: parse, contain, overlap. Pure, without dependencies beyond node:net. */
import { isIPv4, isIPv6 } from 'node:net';

/** A network: its family, the number of its first address and how many leading bits are fixed. */
export interface Cidr {
  family: 4 | 6;
  /** First address as a number; the bits beyond `prefixLength` are zero. */
  network: bigint;
  prefixLength: number;
}

/** The bits of an address, or undefined if the text is no IPv4 or IPv6 address (zones such as `%eth0` are none). */
function parseAddress(text: string): { family: 4 | 6; value: bigint } | undefined {
  if (isIPv4(text)) return { family: 4, value: ipv4Value(text) };
  if (isIPv6(text) && !text.includes('%')) return { family: 6, value: ipv6Value(text) };
  return undefined;
}

/**
 * The network that `address/length` names, or a sentence fragment (`must be ...`) saying what is wrong with it. An
 * address with bits beyond the prefix is refused: it is nearly always a mistyped length.
 */
export function parseCidr(text: string): Cidr | { problem: string } {
  const form = 'must be a CIDR block such as 10.0.0.0/8 or fd00::/8';
  const slash = text.indexOf('/');
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  const lengthText = text.slice(slash + 1);
  if (slash < 0 || address === undefined || !/^(0|[1-9]\d{0,2})$/.test(lengthText)) return { problem: form };
  const bits = address.family === 4 ? 32 : 128;
  const prefixLength = Number(lengthText);
  if (prefixLength > bits) return { problem: `must have a prefix length between 0 and ${bits}` };
  const hostBits = BigInt(bits - prefixLength);
  const network = (address.value >> hostBits) << hostBits;
  const cidr: Cidr = { family: address.family, network, prefixLength };
  if (network !== address.value) return { problem: `must start at its first address, ${formatCidr(cidr)}` };
  return cidr;
}

/** Whether every address of `inner` lies in `outer`. */
export function containsCidr(outer: Cidr, inner: Cidr): boolean {
  if (outer.family !== inner.family || outer.prefixLength > inner.prefixLength) return false;
  const hostBits = BigInt((outer.family === 4 ? 32 : 128) - outer.prefixLength);
  return inner.network >> hostBits === outer.network >> hostBits;
}

/** Whether the two networks share an address, which for CIDR blocks means that one contains the other. */
export function overlapsCidr(a: Cidr, b: Cidr): boolean {
  return containsCidr(a, b) || containsCidr(b, a);
}

/** Whether the address lies in the network; false for text that is no address, and across families. */
export function containsAddress(cidr: Cidr, address: string): boolean {
  const parsed = parseAddress(address);
  if (parsed === undefined) return false;
  return containsCidr(cidr, {
    family: parsed.family,
    network: parsed.value,
    prefixLength: parsed.family === 4 ? 32 : 128,
  });
}

/** The usual spelling of a network; IPv6 is written without `::` compression of inner zeros beyond the tail. */
export function formatCidr(cidr: Cidr): string {
  return `${cidr.family === 4 ? formatIpv4(cidr.network) : formatIpv6(cidr.network)}/${cidr.prefixLength}`;
}

function ipv4Value(text: string): bigint {
  return BigInt(text.split('.').reduce((value, part) => value * 256 + Number(part), 0));
}

function ipv6Value(text: string): bigint {
  const lastColon = text.lastIndexOf(':');
  const tail = text.slice(lastColon + 1);
  if (tail.includes('.')) {
    const v4 = ipv4Value(tail);
    return ipv6Value(`${text.slice(0, lastColon + 1)}${(v4 >> 16n).toString(16)}:${(v4 & 0xffffn).toString(16)}`);
  }
  const [head = '', rest] = text.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = rest === undefined || rest === '' ? [] : rest.split(':');
  const zeros = new Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

function formatIpv4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
}

function formatIpv6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  let kept = groups.length;
  while (kept > 0 && groups[kept - 1] === '0') kept -= 1;
  return kept >= 7 ? groups.join(':') : `${groups.slice(0, kept).join(':')}::`;
}
