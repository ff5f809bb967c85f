/** Rules of `suppress`: from options, and in words. */
import { KINDS } from '../lib/detections/index.ts';
import { SCOPE_PARTS, type ScopePart, type SuppressionScope } from '../lib/notify/suppression-scope.ts';
import { SIGNAL_KINDS } from '../lib/signals/signal.ts';
import { UsageError } from './usage-error.ts';

/** How a part of a rule is called before its text. Networks come first and need no word. */
const WORDS: Readonly<Record<Exclude<ScopePart, 'source' | 'target'>, string>> = {
  instance: 'instance',
  interface: 'interface',
  ecsService: 'ECS service',
  namespace: 'namespace',
  serviceAccount: 'service account',
  image: 'image',
  user: 'user',
  ports: 'ports',
  kind: 'kind',
};

const KNOWN_KINDS: readonly string[] = [...KINDS, ...SIGNAL_KINDS];

/** The scope that the options of a command give. @throws UsageError for a kind that no finding has. */
export function scopeGiven(options: SuppressionScope): SuppressionScope {
  const { kind } = options;
  if (kind !== undefined && !KNOWN_KINDS.includes(kind))
    throw new UsageError(`--kind must be one of ${KNOWN_KINDS.join(', ')}, got "${kind}"`);
  return Object.fromEntries(
    SCOPE_PARTS.flatMap((part) => (options[part] === undefined ? [] : [[part, options[part]]])),
  );
}

/** A mistake in a rule, with the parts called as the options are. */
export const asOption = (fault: string): UsageError =>
  new UsageError(`--${fault.replaceAll('serviceAccount', 'service-account').replaceAll('ecsService', 'ecs-service')}`);

/** What a rule covers: `10.0.3.22/32 to 10.0.9.0/24, namespace ci`. Not yet printable. */
export function scopeText(scope: SuppressionScope): string {
  const { source, target } = scope;
  const network = target ? `${source ?? 'any source'} to ${target}` : source;
  const others = SCOPE_PARTS.flatMap((part) =>
    part === 'source' || part === 'target' || scope[part] === undefined ? [] : [`${WORDS[part]} ${scope[part]}`],
  );
  return [...(network === undefined ? [] : [network]), ...others].join(', ');
}
