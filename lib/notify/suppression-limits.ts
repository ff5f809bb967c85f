/** What is asked of a new rule beyond being valid: that it ends in time, and how it stands to the rules that exist. */
import { type Cidr, cidrAround, containsCidr, formatCidr, overlapsCidr } from '../net/cidr.ts';
import { portsOf } from './port-list.ts';
import { type Suppression, suppressionFault } from './suppression.ts';
import {
  isLike,
  PATTERNS,
  SCOPE_PARTS,
  type ScopePart,
  type SuppressionScope,
  WHO_PARTS,
} from './suppression-scope.ts';

/** How long a new rule may last, in days. An approval that nobody looks at again outlives its reason. */
const MOST_DAYS = { usual: 90, long: 366 } as const;
const DAY = 86_400;

/** How many days a rule lasts from an epoch second on. */
const daysOf = ({ expires }: Pick<Suppression, 'expires'>, now: number): number =>
  (Date.parse(expires) / 1000 - now) / DAY;

/** Explains that a valid rule lasts too long. Undefined if it does not. */
export function lengthFault(rule: Suppression, now: number, isLong: boolean): string | undefined {
  const most = isLong ? MOST_DAYS.long : MOST_DAYS.usual;
  if (daysOf(rule, now) <= most) return undefined;
  const advice = isLong ? 'Renew the rule when it ends' : `With --long it may be ${MOST_DAYS.long}`;
  return `expires must be at most ${most} days ahead, got ${rule.expires}. ${advice}`;
}

/**
 * Networks up to these are an ordinary size for what is approved: one IPv4 network of a floor or team, and one IPv6 subnet,
 * which in a VPC is always a /64.
 */
const WIDEST = { ipv4: 24, ipv6: 64 } as const;
const USUAL_DAYS = 30;

/** Why operations hear of a valid rule: it covers many sources, or it lasts long. Undefined if neither. */
export function whyWide(rule: Suppression, now: number): string | undefined {
  const source = rule.source === undefined ? undefined : cidrAround(rule.source);
  const whys = [
    ...(source && isWide(formatCidr(source))
      ? [`covers ${formatCidr(source)}, which is wider than a /24 or an IPv6 /64`]
      : []),
    ...(daysOf(rule, now) > USUAL_DAYS ? [`lasts longer than ${USUAL_DAYS} days`] : []),
  ];
  return whys.length ? whys.join(' and ') : undefined;
}

const isWide = (cidr: string): boolean => Number(cidr.split('/')[1]) < (cidr.includes(':') ? WIDEST.ipv6 : WIDEST.ipv4);

/** A rule that exists, and whether it covers all that the new one would cover, for as long. */
export interface Overlap {
  readonly rule: Suppression;
  readonly isCovering: boolean;
}

/** The rules in force that a new one shares findings with, those that make it needless first. */
export function overlapsOf(rule: Suppression, others: readonly Suppression[], now: number): Overlap[] {
  return others
    .filter((other) => other.id !== rule.id && !suppressionFault(other, now) && mayMeet(rule, other))
    .map((other) => ({
      rule: other,
      isCovering: Date.parse(other.expires) >= Date.parse(rule.expires) && isWithin(rule, other),
    }))
    .sort((a, b) => Number(b.isCovering) - Number(a.isCovering) || (a.rule.id < b.rule.id ? -1 : 1));
}

/** Whether one finding may fit both. Rules that name their sources in different ways are taken not to meet. */
function mayMeet(a: SuppressionScope, b: SuppressionScope): boolean {
  const isComparable = WHO_PARTS.some((part) => a[part] !== undefined && b[part] !== undefined);
  return (
    isComparable &&
    SCOPE_PARTS.every((part) => {
      const [one, other] = [a[part], b[part]];
      return one === undefined || other === undefined || canBoth(part, one, other);
    })
  );
}

/** Whether each finding that fits the inner scope fits the outer one. */
const isWithin = (inner: SuppressionScope, outer: SuppressionScope): boolean =>
  SCOPE_PARTS.every((part) => {
    const [text, bound] = [inner[part], outer[part]];
    return bound === undefined || (text !== undefined && isAllOf(part, text, bound));
  });

const isPattern = (part: ScopePart): boolean => (PATTERNS as readonly ScopePart[]).includes(part);

function canBoth(part: ScopePart, one: string, other: string): boolean {
  if (part === 'source' || part === 'target') return compared(one, other, overlapsCidr);
  // Weekly times may meet. A warning too many costs less than one too few.
  if (part === 'weekly' || part === 'timeZone') return true;
  if (part === 'ports') return !ports(one).isDisjointFrom(ports(other));
  // Of two patterns with stars nobody can tell without names that fit.
  return one === other || (isPattern(part) && (bothStarred(one, other) || isLike(one, other) || isLike(other, one)));
}

function isAllOf(part: ScopePart, inner: string, outer: string): boolean {
  if (part === 'source' || part === 'target') return compared(outer, inner, containsCidr);
  if (part === 'ports') return ports(inner).isSubsetOf(ports(outer));
  return inner === outer || (isPattern(part) && isLike(outer, inner));
}

const ports = (text: string): ReadonlySet<number> => portsOf(text) ?? new Set();

const bothStarred = (one: string, other: string): boolean => one.includes('*') && other.includes('*');

function compared(one: string, other: string, test: (a: Cidr, b: Cidr) => boolean): boolean {
  const [a, b] = [cidrAround(one), cidrAround(other)];
  return a !== undefined && b !== undefined && test(a, b);
}
