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

/** Networks that a rule covers. */
export interface NetworkScope {
  /** CIDR of the sources. */
  readonly source: string;
  /** CIDR of the targets. If missing, any target. */
  readonly target?: string;
}

/** Texts that must fit the actor of a finding. A star stands for any characters. */
export const ACTOR_FIELDS = ['namespace', 'serviceAccount', 'image', 'user'] as const;
type ActorScope = { readonly [Field in (typeof ACTOR_FIELDS)[number]]?: string };

/** The findings that a rule covers. Each part that is given must fit. */
export interface SuppressionScope extends Partial<NetworkScope>, ActorScope {}

/**
 * Silences alerts until a time. It covers a finding if every source that the finding names is in `source`, every target
 * that it names is in `target`, and neither are more than the network has addresses. An approved scanner that leaves its
 * approved range therefore alerts again. The actor of the finding must have the namespace, service account, image and
 * user of the rule. A finding without the part that a rule names is not covered.
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
  const actor = actorTexts(suppression);
  for (const [field, text] of actor)
    if (!/[^*\s]/.test(text)) return `${field} must hold more than stars and blanks, got "${text}"`;
  if (suppression.source === undefined && actor.length === 0)
    return `source must be given unless ${ACTOR_FIELDS.join(', ').replace(/, (?=\w+$)/, ' or ')} limits the rule, got nothing`;
  const source = suppression.source === undefined ? undefined : cidrAround(suppression.source);
  if (suppression.source !== undefined && !source)
    return `source must be a CIDR such as 10.0.3.22/32, got "${suppression.source}"`;
  const target = suppression.target === undefined ? undefined : cidrAround(suppression.target);
  if (suppression.target !== undefined && !target)
    return `target must be a CIDR such as 10.0.9.0/24, got "${suppression.target}"`;
  if (source && actor.length === 0 && isEverything(source) && (!target || isEverything(target)))
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
export function scopeToSilence(finding: Finding): NetworkScope | undefined {
  if (finding.source) return { source: hostCidr(finding.source.address) };
  const network = narrowestCidr(targetsOf(finding));
  if (!network || isEverything(network)) return undefined;
  const target = formatCidr(network);
  return { source: everythingLike(target), target };
}

function covers(scope: SuppressionScope, finding: Finding): boolean {
  const { source, target } = scope;
  const sources = finding.source ? { count: 1, sample: [finding.source.address] } : finding.sources;
  if (source !== undefined && (!sources || !holdsAllText(source, sources))) return false;
  if (target !== undefined && !holdsAllText(target, targetsOf(finding))) return false;
  return actorTexts(scope).every(([field, text]) => isLike(text, finding.actor?.[field]));
}

/** The parts of a rule about the actor. */
const actorTexts = (scope: ActorScope): [field: (typeof ACTOR_FIELDS)[number], text: string][] =>
  ACTOR_FIELDS.flatMap((field) => (scope[field] === undefined ? [] : [[field, scope[field]]]));

/** Whether a text fits a pattern with stars. Linear, since names of workloads and users are chosen by anybody. */
function isLike(pattern: string, text: string | undefined): boolean {
  if (text === undefined) return false;
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last)) return false;
  const end = text.length - last.length;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
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
