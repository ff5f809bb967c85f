/**
 * Other addresses for the hosts of a log, one for one: inside stays inside, outside outside, and hosts that shared a
 * network of any length from /16 on (from /32 on in IPv6) share one again, because below that only bits are flipped.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { hash, type Random } from '../../bench/random.ts';

/** Never moved: what the detector leaves uncounted, and what no host has. */
const SPECIAL = /^(0|127|255|22[4-9]|23\d|24\d|25[0-5])\.|^169\.254\.|^::$|^::1$|^f[ef]/i;
const INSIDE = /^(10|192\.168|172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./;
/** First octets that hold a private, shared, link-local or documentation range: no outside host is moved there. */
const RESERVED = new Set([10, 100, 127, 169, 172, 192, 198, 203]);

export type Readdress = (address: string) => string;

/** A bijection of addresses. The same `random` gives the same one if addresses appear in the same order. */
export function readdressing(random: Random): Readdress {
  const key = String(random.next());
  const moved = new Map<string, string>();
  const prefixes = new Map<string, string>();
  const taken = new Set<string>();
  const newPrefix = (prefix: string): string => {
    const known = prefixes.get(prefix);
    if (known) return known;
    let chosen: string;
    do chosen = INSIDE.test(`${prefix}.`) ? insidePrefix(random) : outsidePrefix(random);
    while (taken.has(chosen));
    taken.add(chosen);
    prefixes.set(prefix, chosen);
    return chosen;
  };
  const move = (address: string): string => {
    if (SPECIAL.test(address)) return address;
    if (isIPv4(address)) {
      const [a, b, c, d] = address.split('.');
      const third = Number(c) ^ (hash(`${key} ${a}.${b}`) & 255);
      // A row of neighbouring addresses stays one, in its order or against it: all bits are flipped, or none.
      const fourth = Number(d) ^ (hash(`${key} ${a}.${b}.${c}`) & 1 ? 255 : 0);
      return `${newPrefix(`${a}.${b}`)}.${third}.${fourth}`;
    }
    if (isIPv6(address)) return moveIpv6(address, key);
    return address;
  };
  return (address) => {
    const known = moved.get(address);
    if (known !== undefined) return known;
    const other = move(address);
    moved.set(address, other);
    return other;
  };
}

/** The same for a list of addresses and networks as labels write it. */
export const readdressAll = (targets: string, readdress: Readdress): string =>
  targets
    .split(/([\s,]+)/)
    .map((entry) => {
      const [address, bits] = entry.split('/') as [string, string?];
      return bits === undefined ? readdress(address) : `${base(readdress(address), Number(bits))}/${bits}`;
    })
    .join('');

function insidePrefix(random: Random): string {
  const place = random.whole(0, 272);
  if (place < 256) return `10.${place}`;
  return place < 272 ? `172.${16 + place - 256}` : '192.168';
}

function outsidePrefix(random: Random): string {
  let first: number;
  do first = random.whole(1, 223);
  while (RESERVED.has(first));
  return `${first}.${random.whole(0, 255)}`;
}

/** The network address: flipped bits below the prefix are cleared again. IPv6 networks are left to their host bits. */
function base(address: string, bits: number): string {
  if (!isIPv4(address)) return address;
  const number = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const network = Math.floor(number / 2 ** (32 - bits)) * 2 ** (32 - bits);
  return [24, 16, 8, 0].map((shift) => Math.floor(network / 2 ** shift) % 256).join('.');
}

/** Flips bits in every group behind the first two, by what stands before the group (before the /64 for the host part). */
function moveIpv6(address: string, key: string): string {
  const groups = groupsOf(address);
  return groups
    .map((group, index) => {
      if (index < 2) return group;
      const before = groups.slice(0, Math.min(index, 4)).join(':');
      return group ^ (hash(`${key} ${index} ${before}`) & 0xffff);
    })
    .map((group) => group.toString(16))
    .join(':');
}

function groupsOf(address: string): number[] {
  const [head, tail] = address.split('::') as [string, string?];
  const parse = (part: string | undefined) => (part ? part.split(':').map((group) => Number.parseInt(group, 16)) : []);
  const [front, back] = [parse(head), parse(tail)];
  return [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back];
}
