/** What a suppression covers: networks, what sent the packets, the actor, ports and kind. */
import { epochSeconds, type Finding } from '../finding/model.ts';
import { type AddressSample, cidrAround, holdsAll, isEverything } from '../net/cidr.ts';
import { portsOf } from './port-list.ts';
import { isWithinWeekly, weeklyFault } from './weekly.ts';

/** Networks that a rule covers. */
export interface NetworkScope {
  /** CIDR of the sources. */
  readonly source: string;
  /** CIDR of the targets. If missing, any target. */
  readonly target?: string;
}

/** Texts that must fit the actor of a finding. A star stands for any characters. */
const ACTOR_FIELDS = ['namespace', 'serviceAccount', 'image', 'user'] as const;
/** Parts that say who scans. A rule has at least one of them. */
export const WHO_PARTS = ['source', 'instance', 'interface', 'ecsService', ...ACTOR_FIELDS] as const;
/** Parts that limit what such a source may do. */
const LIMIT_PARTS = ['target', 'ports', 'kind', 'weekly', 'timeZone'] as const;
/** All parts, in the order in which they are shown. */
export const SCOPE_PARTS = [...WHO_PARTS, ...LIMIT_PARTS] as const;

export type ScopePart = (typeof SCOPE_PARTS)[number];

/**
 * The findings that a rule covers. Each part that is given must fit. `ecsService` is `service` or `cluster/service`,
 * `ports` a list such as `22,8000-8100`, `weekly` one such as `Sat 02:00-06:00`, by the clock of `timeZone`.
 */
export type SuppressionScope = { readonly [Part in ScopePart]?: string };

/** Parts in which a star stands for any text. */
export const PATTERNS = ['ecsService', ...ACTOR_FIELDS] as const satisfies readonly ScopePart[];

/** Forms of the other texts. */
const FORMS: readonly (readonly [ScopePart, RegExp, string])[] = [
  ['instance', /^i-[0-9a-f]{1,17}$/, 'an instance id such as i-0a1b2c3d4e5f60718'],
  ['interface', /^eni-[0-9a-f]{1,17}$/, 'an interface id such as eni-0a1b2c3d'],
  ['kind', /^[a-z][a-z-]*$/, 'a kind such as vertical-scan'],
];

/** Explains the mistake in a scope. Undefined if it is valid. */
export function scopeFault(scope: SuppressionScope): string | undefined {
  for (const part of PATTERNS) {
    const text = scope[part];
    if (text !== undefined && !/[^*\s]/.test(text))
      return `${part} must hold more than stars and blanks, got "${text}"`;
  }
  for (const [part, form, example] of FORMS) {
    const text = scope[part];
    if (text !== undefined && !form.test(text)) return `${part} must be ${example}, got "${text}"`;
  }
  if (scope.ports !== undefined && !portsOf(scope.ports))
    return `ports must be a list such as 22,443,8000-8100, got "${scope.ports}"`;
  return weeklyFault(scope.weekly, scope.timeZone) ?? networkFault(scope);
}

function networkFault(scope: SuppressionScope): string | undefined {
  const isNamed = WHO_PARTS.some((part) => part !== 'source' && scope[part] !== undefined);
  if (scope.source === undefined && !isNamed)
    return `source must be given unless ${WHO_PARTS.slice(1)
      .join(', ')
      .replace(/, (?=\w+$)/, ' or ')} limits the rule, got nothing`;
  const source = scope.source === undefined ? undefined : cidrAround(scope.source);
  if (scope.source !== undefined && !source) return `source must be a CIDR such as 10.0.3.22/32, got "${scope.source}"`;
  const target = scope.target === undefined ? undefined : cidrAround(scope.target);
  if (scope.target !== undefined && !target) return `target must be a CIDR such as 10.0.9.0/24, got "${scope.target}"`;
  if (source && !isNamed && isEverything(source) && (!target || isEverything(target)))
    return `source must not cover every address unless a target limits the rule, got ${scope.source}`;
  return undefined;
}

/** Whether each part of a scope fits a finding. */
export function covers(scope: SuppressionScope, finding: Finding): boolean {
  const { source, target } = scope;
  const sources = finding.source ? { count: 1, sample: [finding.source.address] } : finding.sources;
  if (source !== undefined && (!sources || !holdsAllText(source, sources))) return false;
  if (target !== undefined && !holdsAllText(target, targetsOf(finding))) return false;
  if (scope.kind !== undefined && scope.kind !== finding.kind) return false;
  if (scope.ports !== undefined && !holdsPorts(scope.ports, finding)) return false;
  if (!isSentBy(scope, finding)) return false;
  if (scope.weekly !== undefined && !isInTime(scope.weekly, scope.timeZone, finding)) return false;
  return ACTOR_FIELDS.every((field) => {
    const text = scope[field];
    return text === undefined || isLike(text, finding.actor?.[field]);
  });
}

/**
 * Whether the instance, interface and service of a rule sent the packets. An interface that forwards for the source (a
 * NAT gateway, a node with pods) did not: many sources are behind it.
 */
function isSentBy(scope: SuppressionScope, { source }: Finding): boolean {
  const own = source?.behindInterface ? undefined : source;
  if (scope.instance !== undefined && scope.instance !== own?.instanceId) return false;
  if (scope.interface !== undefined && scope.interface !== own?.interfaceId) return false;
  if (scope.ecsService === undefined) return true;
  const { cluster, service } = source?.ecs ?? {};
  return isLike(scope.ecsService, scope.ecsService.includes('/') ? service && `${cluster}/${service}` : service);
}

/**
 * The time of the probes decides, not that of the alert. A file may come late, and whether a scan was in its time must not
 * depend on that. A scan that goes on after its time is no longer covered.
 */
const isInTime = (weekly: string, timeZone: string | undefined, { firstSeen, lastSeen }: Finding): boolean =>
  isWithinWeekly(weekly, timeZone, epochSeconds(firstSeen), epochSeconds(lastSeen));

/** Whether a finding can be about the ports of a list alone. One without ports, such as of ICMP, is not. */
function holdsPorts(text: string, { ports, openPorts }: Finding): boolean {
  const list = portsOf(text);
  const named = [...ports.sample, ...openPorts.sample.map(({ port }) => port)];
  if (!list || named.length === 0 || (ports.exact && ports.count > list.size)) return false;
  return named.every((port) => list.has(port));
}

/** Whether a text fits a pattern with stars. Linear, since names of workloads and users are chosen by anybody. */
export function isLike(pattern: string, text: string | undefined): boolean {
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
export const targetsOf = ({ targets: { count, exact, sample } }: Finding): AddressSample => ({
  count: exact ? count : sample.length,
  sample,
});
