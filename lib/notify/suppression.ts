/** Suppressions: scoped, expiring, attributed rules that silence alerts and leave the evidence unchanged. */
import type { Finding } from '../finding/model.ts';
import {
  type AddressSample,
  cidrAround,
  everythingLike,
  formatCidr,
  holdsAll,
  hostCidr,
  isEverything,
  narrowestCidr,
} from '../net/cidr.ts';

/** The scans that a rule covers. */
export interface SuppressionScope {
  /** CIDR of the sources. */
  readonly source: string;
  /** CIDR of the targets. If missing, any target. */
  readonly target?: string;
}

/**
 * Silences alerts about scans from a network, optionally only on a target network, until a time. It covers a finding if
 * every source that the finding names is in `source`, every target that it names is in `target`, and neither are more
 * than the network has addresses. An approved scanner that leaves its approved range therefore alerts again.
 */
export interface Suppression extends SuppressionScope {
  readonly id: string;
  readonly owner: string;
  readonly reason: string;
  /** ISO 8601 date or time at which the rule expires. */
  readonly expires: string;
}

/**
 * Explains the mistake in a suppression, whoever wrote it. Undefined if it is valid. An invalid one silences nothing.
 */
export function suppressionFault(suppression: Suppression, now: number): string | undefined {
  const source = cidrAround(suppression.source);
  if (!source) return `source must be a CIDR such as 10.0.3.22/32, got "${suppression.source}"`;
  const target = suppression.target === undefined ? undefined : cidrAround(suppression.target);
  if (suppression.target !== undefined && !target)
    return `target must be a CIDR such as 10.0.9.0/24, got "${suppression.target}"`;
  if (isEverything(source) && (!target || isEverything(target)))
    return `source must not cover every address unless a target limits the rule, got ${suppression.source}`;
  if (!suppression.owner.trim()) return 'owner must name the person responsible for the rule, got nothing';
  if (!suppression.reason.trim()) return 'reason must say why the scans are approved, got nothing';
  const expires = Date.parse(suppression.expires) / 1000;
  if (Number.isNaN(expires)) return `expires must be a date such as 2027-01-31, got "${suppression.expires}"`;
  if (expires <= now) return `expires must be in the future, got ${suppression.expires}`;
  return undefined;
}

/** The suppression that covers a finding at an epoch second. If there are several, the one that lasts longest. */
export function suppressionOf(
  finding: Finding,
  suppressions: readonly Suppression[],
  now: number,
): Suppression | undefined {
  return suppressions
    .filter((rule) => !suppressionFault(rule, now) && covers(rule, finding))
    .toSorted((a, b) => Date.parse(b.expires) - Date.parse(a.expires) || (a.id < b.id ? -1 : 1))[0];
}

/**
 * The narrowest rule that would cover findings like this one. It names the source, or for a campaign, whose sources
 * change from day to day, the targets. Undefined if those are of two address families or have no common network.
 */
export function scopeToSilence(finding: Finding): SuppressionScope | undefined {
  if (finding.source) return { source: hostCidr(finding.source.address) };
  const network = narrowestCidr(targetsOf(finding));
  if (!network || isEverything(network)) return undefined;
  const target = formatCidr(network);
  return { source: everythingLike(target), target };
}

function covers({ source, target }: SuppressionScope, finding: Finding): boolean {
  const sources = finding.source ? { count: 1, sample: [finding.source.address] } : finding.sources;
  if (!sources || !holdsAllText(source, sources)) return false;
  return target === undefined || holdsAllText(target, targetsOf(finding));
}

function holdsAllText(text: string, addresses: AddressSample): boolean {
  const cidr = cidrAround(text);
  return cidr !== undefined && holdsAll(cidr, addresses);
}

/** An estimate must neither silence nor alert, so only the named addresses count. */
const targetsOf = ({ targets: { count, exact, sample } }: Finding) => ({
  count: exact ? count : sample.length,
  sample,
});
