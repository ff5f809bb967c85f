/** Suppressions: scoped, expiring, attributed rules that silence alerts and leave the evidence as it is. */
import { BlockList, isIP } from 'node:net';
import type { Finding } from '../finding/model.ts';

/** Silences alerts about sources in a network until a time. */
export interface Suppression {
  readonly id: string;
  /** CIDR of the sources. */
  readonly source: string;
  readonly owner: string;
  readonly reason: string;
  /** ISO 8601 date or time; from then on the rule is void. */
  readonly expires: string;
}

/** What is wrong with a suppression as somebody entered it; undefined when nothing is. */
export function suppressionFault(suppression: Suppression, now: number): string | undefined {
  if (!parseCidr(suppression.source)) return `source must be a CIDR such as 10.0.3.22/32, got "${suppression.source}"`;
  if (!suppression.owner.trim()) return 'owner must name who answers for it, got nothing';
  if (!suppression.reason.trim()) return 'reason must say why, got nothing';
  const expires = Date.parse(suppression.expires) / 1000;
  if (Number.isNaN(expires)) return `expires must be a date such as 2027-01-31, got "${suppression.expires}"`;
  if (expires <= now) return `expires must lie in the future, got ${suppression.expires}`;
  return undefined;
}

/** The suppression that covers a finding at an epoch second: the one that lasts longest. */
export function suppressionOf(
  finding: Finding,
  suppressions: readonly Suppression[],
  now: number,
): Suppression | undefined {
  const { source } = finding;
  if (!source) return undefined;
  return suppressions
    .filter((rule) => Date.parse(rule.expires) / 1000 > now && covers(rule.source, source.address))
    .toSorted((a, b) => Date.parse(b.expires) - Date.parse(a.expires) || (a.id < b.id ? -1 : 1))[0];
}

function covers(cidr: string, address: string): boolean {
  const parsed = parseCidr(cidr);
  const family = isIP(address);
  if (!parsed || family !== parsed.family) return false;
  const list = new BlockList();
  list.addSubnet(parsed.network, parsed.bits, family === 6 ? 'ipv6' : 'ipv4');
  return list.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

function parseCidr(cidr: string): { network: string; bits: number; family: number } | undefined {
  const [network = '', bits = '', ...rest] = cidr.split('/');
  // Node takes a zone ("fe80::1%eth0") for part of an address, but not in a block list.
  const family = network.includes('%') ? 0 : isIP(network);
  const length = /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  return !family || rest.length || !(length <= (family === 6 ? 128 : 32))
    ? undefined
    : { network, bits: length, family };
}
