/** Networks of addresses: whether a CIDR holds some addresses, and the narrowest CIDR that does. */

/** Some distinct addresses, and how many there are in all. */
interface Addresses {
  readonly count: number;
  readonly sample: readonly string[];
}

const FAMILIES = {
  4: { bits: 32, width: 8, radix: 10, separator: '.' },
  6: { bits: 128, width: 16, radix: 16, separator: ':' },
} as const;
type Family = keyof typeof FAMILIES;

interface Bits {
  readonly family: Family;
  /** Binary digits, the first first. */
  readonly digits: string;
}

interface Network extends Bits {
  readonly prefix: number;
}

/** Whether the text is an address and a prefix length, such as 10.0.3.0/24. */
export const isCidr = (cidr: string): boolean => networkOf(cidr) !== undefined;

/** Whether the CIDR is all of its address family. */
export const isEverything = (cidr: string): boolean => networkOf(cidr)?.prefix === 0;

/** Whether a CIDR holds all of some addresses, as far as can be told: each of the sample, and room for their number. */
export function holdsAll(cidr: string, { count, sample }: Addresses): boolean {
  const network = networkOf(cidr);
  if (!network || !sample.length) return false;
  const start = network.digits.slice(0, network.prefix);
  const isWithin = (address: string) => {
    const bits = bitsOf(address);
    return bits?.family === network.family && bits.digits.startsWith(start);
  };
  return sample.every(isWithin) && count <= 2 ** (FAMILIES[network.family].bits - network.prefix);
}

/** The CIDR of one address; also of what is none, as it comes. */
export const hostCidr = (address: string): string => `${address}/${address.includes(':') ? 128 : 32}`;

/** The CIDR of everything, in the family of an address. */
export const everythingLike = (address: string): string => (address.includes(':') ? '::/0' : '0.0.0.0/0');

/** The narrowest CIDR with all of some addresses in it and room for their number; none for two families. */
export function narrowestNetwork({ count, sample }: Addresses): string | undefined {
  const [first, ...others] = sample.map(bitsOf);
  if (!first || others.some((bits) => bits?.family !== first.family)) return undefined;
  const all = FAMILIES[first.family].bits;
  const apart = others.map(({ digits } = first) => [...digits].findIndex((digit, at) => digit !== first.digits[at]));
  const shared = Math.min(all, ...apart.filter((at) => at >= 0));
  const prefix = Math.max(0, Math.min(shared, all - Math.ceil(Math.log2(Math.max(1, count)))));
  const digits = first.digits.slice(0, prefix).padEnd(all, '0');
  return `${addressOf({ family: first.family, digits })}/${prefix}`;
}

function networkOf(cidr: string): Network | undefined {
  const [address = '', length = '', ...rest] = cidr.split('/');
  const bits = bitsOf(address);
  const prefix = /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  return bits && !rest.length && prefix <= FAMILIES[bits.family].bits ? { ...bits, prefix } : undefined;
}

function bitsOf(address: string): Bits | undefined {
  const family = address.includes(':') ? 6 : 4;
  const groups = family === 6 ? groupsOfIpv6(address) : groupsOfIpv4(address);
  const { width, radix } = FAMILIES[family];
  const digits = groups?.map((group) => Number.parseInt(group, radix).toString(2).padStart(width, '0')).join('');
  return digits === undefined ? undefined : { family, digits };
}

function groupsOfIpv4(address: string): string[] | undefined {
  const groups = address.split('.');
  const isByte = (group: string) => /^(0|[1-9]\d{0,2})$/.test(group) && Number(group) < 256;
  return groups.length === 4 && groups.every(isByte) ? groups : undefined;
}

/** All eight groups; the URL standard's parser knows every way to write an IPv6 address. */
function groupsOfIpv6(address: string): string[] | undefined {
  if (!/^[0-9a-f:.]+$/i.test(address) || !URL.canParse(`http://[${address}]`)) return undefined;
  const [head, tail] = canonicalIpv6(address)
    .split('::')
    .map((part) => part.split(':').filter(Boolean));
  return tail ? [...head!, ...new Array<string>(8 - head!.length - tail.length).fill('0'), ...tail] : head;
}

const canonicalIpv6 = (address: string): string => new URL(`http://[${address}]`).hostname.slice(1, -1);

function addressOf({ family, digits }: Bits): string {
  const { width, radix, separator } = FAMILIES[family];
  const groups = digits.match(new RegExp(`.{${width}}`, 'g'))!;
  const text = groups.map((group) => Number.parseInt(group, 2).toString(radix)).join(separator);
  return family === 6 ? canonicalIpv6(text) : text;
}
