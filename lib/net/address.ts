/** IP addresses as four 32-bit words, an IPv4 address as the IPv4-mapped IPv6 address `::ffff:a.b.c.d` (RFC 4291). */

/** Four unsigned 32-bit words, the most significant first. */
export type Words = readonly [number, number, number, number];

/** The third word of every IPv4 address. */
export const V4_PREFIX = 0xffff;

/** The words of an address written as text, or undefined when it is neither IPv4 nor IPv6 (`fe80::1%eth0` is neither). */
export function parseAddress(text: string): Words | undefined {
  const v4 = parseIpv4(text);
  return v4 === undefined ? parseIpv6(text) : [0, 0, V4_PREFIX, v4];
}

/** Whether four words are an IPv4 address. Called for each address of a log, so it makes no iterator. */
export const isIpv4 = (words: Words): boolean => words[0] === 0 && words[1] === 0 && words[2] === V4_PREFIX;

/** Four words of an IPv6 address written as text, or undefined when it is not one (RFC 4291, section 2.2). */
export function parseIpv6(text: string): Words | undefined {
  if (text.length > 45 || !/^[0-9a-f:.]+$/i.test(text)) return undefined;
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const groups: number[][] = [];
  for (const half of halves) {
    const parts = half === '' ? [] : half.split(':');
    const numbers: number[] = [];
    for (const [position, part] of parts.entries()) {
      if (part.includes('.')) {
        const tail = parseIpv4(part);
        const isLast = position === parts.length - 1 && groups.length === halves.length - 1;
        if (tail === undefined || !isLast) return undefined;
        numbers.push(tail >>> 16, tail & 0xffff);
      } else if (/^[0-9a-f]{1,4}$/i.test(part)) numbers.push(Number.parseInt(part, 16));
      else return undefined;
    }
    groups.push(numbers);
  }
  const head = groups[0]!;
  const tail = groups[1] ?? [];
  const gap = 8 - head.length - tail.length;
  if (halves.length === 2 ? gap < 1 : gap !== 0) return undefined;
  const all = [...head, ...new Array<number>(gap).fill(0), ...tail];
  const word = (at: number) => ((all[at]! << 16) | all[at + 1]!) >>> 0;
  return [word(0), word(2), word(4), word(6)];
}

/**
 * The 32-bit number of a dotted IPv4 address, or undefined when it is not one. Leading zeros are refused, since some
 * programs read them as octal.
 */
export function parseIpv4(text: string): number | undefined {
  const match = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/.exec(text);
  if (!match) return undefined;
  let value = 0;
  for (const part of match.slice(1)) {
    if (Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
}

/** An address as a number, so that neighbours differ by one. */
export const addressNumber = (words: Words): bigint => words.reduce((sum, word) => (sum << 32n) | BigInt(word), 0n);

/** Canonical text of an address given as four words (IPv6 as in RFC 5952). */
export function formatAddress(w0: number, w1: number, w2: number, w3: number): string {
  if (w0 === 0 && w1 === 0 && w2 === V4_PREFIX)
    return `${w3 >>> 24}.${(w3 >>> 16) & 255}.${(w3 >>> 8) & 255}.${w3 & 255}`;
  const groups = [w0 >>> 16, w0 & 0xffff, w1 >>> 16, w1 & 0xffff, w2 >>> 16, w2 & 0xffff, w3 >>> 16, w3 & 0xffff];
  let best = { at: -1, length: 1 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (at + length < 8 && groups[at + length] === 0) length++;
    if (length > best.length) best = { at, length };
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.at < 0) return hex.join(':');
  return `${hex.slice(0, best.at).join(':')}::${hex.slice(best.at + best.length).join(':')}`;
}

/** The canonical text of an address that is written in any way, or undefined when it is not one. */
export function canonicalAddress(text: string): string | undefined {
  const words = parseAddress(text);
  return words && formatAddress(...words);
}
