/** Suppressions: scoped, expiring, attributed rules that silence alerts and leave the evidence unchanged. */
import type { Finding } from '../finding/model.ts';
import { everythingLike, formatCidr, hostCidr, isEverything, narrowestCidr } from '../net/cidr.ts';
import { covers, type NetworkScope, type SuppressionScope, scopeFault, targetsOf } from './suppression-scope.ts';

/**
 * Silences alerts until a time. It covers a finding if every source that the finding names is in `source`, every target
 * that it names is in `target`, and neither are more than the network has addresses. An approved scanner that leaves its
 * approved range therefore alerts again. Instance, interface, service and actor of the finding must be those of the
 * rule, its ports among those of the rule, its probes in the weekly times of the rule. A finding without the part that a rule names is not covered.
 */
export interface Suppression extends SuppressionScope {
  readonly id: string;
  readonly owner: string;
  readonly reason: string;
  /** ISO 8601 date or time at which the rule expires. */
  readonly expires: string;
  /** Whether a source that does what it did not do before alerts all the same. */
  readonly alertsOnChange?: boolean;
  /** A part that a later release wrote and this one does not know. */
  readonly unknownPart?: string;
}

/**
 * Explains the mistake in a suppression, whoever wrote it. Undefined if it is valid. An invalid one silences nothing.
 */
export function suppressionFault(suppression: Suppression, now: number): string | undefined {
  if (suppression.unknownPart !== undefined)
    return `${suppression.unknownPart} is a part that this release does not know`;
  const fault = scopeFault(suppression);
  if (fault) return fault;
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
export function scopeToSilence(finding: Finding): NetworkScope | undefined {
  if (finding.source) return { source: hostCidr(finding.source.address) };
  const network = narrowestCidr(targetsOf(finding));
  if (!network || isEverything(network)) return undefined;
  const target = formatCidr(network);
  return { source: everythingLike(target), target };
}
