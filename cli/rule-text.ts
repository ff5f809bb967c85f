/** Rules of `suppress`: from options, and in words. */
import { KINDS } from '../lib/detections/index.ts';
import { SCOPE_PARTS, type ScopePart, type SuppressionScope } from '../lib/notify/suppression-scope.ts';
import { SIGNAL_KINDS } from '../lib/signals/signal.ts';
import { UsageError } from './usage-error.ts';

/** How a part of a rule is called before its text. Networks come first and need no word. */
const WORDS: Readonly<Record<Exclude<ScopePart, 'source' | 'target' | 'timeZone'>, string>> = {
  instance: 'instance',
  interface: 'interface',
  ecsService: 'ECS service',
  namespace: 'namespace',
  serviceAccount: 'service account',
  image: 'image',
  user: 'user',
  ports: 'ports',
  kind: 'kind',
  weekly: 'weekly',
};

const KNOWN_KINDS: readonly string[] = [...KINDS, ...SIGNAL_KINDS];

/** The options that say what a rule covers, as the program reads them. */
export interface ScopeOptions extends Omit<SuppressionScope, 'weekly'> {
  readonly weekly?: readonly string[];
}

/** The scope that the options of a command give. @throws UsageError for a kind that no finding has. */
export function scopeGiven(options: ScopeOptions): SuppressionScope {
  const { kind, timeZone, weekly: times } = options;
  const given = times === undefined ? options : { ...options, weekly: times.join(', '), timeZone: timeZone ?? 'UTC' };
  if (kind !== undefined && !KNOWN_KINDS.includes(kind))
    throw new UsageError(`--kind must be one of ${KNOWN_KINDS.join(', ')}, got "${kind}"`);
  return Object.fromEntries(SCOPE_PARTS.flatMap((part) => (given[part] === undefined ? [] : [[part, given[part]]])));
}

/** A mistake in a rule, with the parts called as the options are. */
export const asOption = (fault: string): UsageError =>
  new UsageError(
    `--${fault.replaceAll('serviceAccount', 'service-account').replaceAll('ecsService', 'ecs-service').replaceAll('timeZone', 'time-zone')}`,
  );

/** What a rule covers: `10.0.3.22/32 to 10.0.9.0/24, namespace ci`. Not yet printable. */
export function scopeText(scope: SuppressionScope): string {
  const { source, target } = scope;
  const network = target ? `${source ?? 'any source'} to ${target}` : source;
  const others = SCOPE_PARTS.flatMap((part) =>
    part === 'source' || part === 'target' || part === 'timeZone' || scope[part] === undefined
      ? []
      : [`${WORDS[part]} ${scope[part]}`],
  );
  const clock = scope.timeZone === undefined ? '' : ` (${scope.timeZone})`;
  return `${[...(network === undefined ? [] : [network]), ...others].join(', ')}${clock}`;
}
