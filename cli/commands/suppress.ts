/** `sweepwatch suppress`: silences alerts about approved scanners by scoped, attributed, expiring rules. */
import { randomUUID } from 'node:crypto';
import {
  ACTOR_FIELDS,
  type Suppression,
  type SuppressionScope,
  suppressionFault,
} from '../../lib/notify/suppression.ts';
import { SuppressionsStore } from '../../lib/store/suppressions-store.ts';
import { printable } from '../../lib/text/untrusted.ts';
import { type Deployment, type DeploymentOptions, openDeployment } from '../deployment.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

/** The options of `suppress add`, as the program reads them. */
export interface AddOptions extends DeploymentOptions, SuppressionScope {
  readonly owner: string;
  readonly reason: string;
  /** ISO 8601 date or time. */
  readonly expires: string;
}

/** Runs `suppress add` and returns the exit code. */
export async function addRule(options: AddOptions, terminal: Terminal): Promise<number> {
  const { source, target, namespace, serviceAccount, image, user, owner, reason, expires } = options;
  const id = randomUUID().slice(0, 8);
  const given = Object.entries({ source, target, namespace, serviceAccount, image, user });
  const scope: SuppressionScope = Object.fromEntries(given.filter(([, text]) => text !== undefined));
  const rule = { id, ...scope, owner, reason, expires };
  const fault = suppressionFault(rule, Date.now() / 1000);
  if (fault) throw new UsageError(`--${fault.replaceAll('serviceAccount', 'service-account')}`);
  const { deployment, store } = await open(options);
  await store.add(rule);
  terminal.stdout(`${id}\n`);
  terminal.stderr(
    `alerts about ${scopeText(rule)} are silent until ${printable(expires)}. Undo: npx --no-install sweepwatch suppress remove ${id} ${deployment.again}\n`,
  );
  return 0;
}

/** Runs `suppress list` and returns the exit code. */
export async function listRules(options: DeploymentOptions, terminal: Terminal): Promise<number> {
  const { store } = await open(options);
  const now = Date.now() / 1000;
  for (const rule of (await store.list()).toSorted((a, b) => (a.expires < b.expires ? -1 : 1))) {
    const columns = [rule.id, stateOf(rule, now), scopeText(rule), rule.expires, rule.owner, rule.reason];
    terminal.stdout(`${columns.map(printable).join('\t')}\n`);
  }
  return 0;
}

/** Runs `suppress remove` and returns the exit code. */
export async function removeRule(id: string, options: DeploymentOptions, terminal: Terminal): Promise<number> {
  const { deployment, store } = await open(options);
  if (await store.remove(id)) return 0;
  terminal.stderr(`no suppression ${printable(id)} in ${printable(deployment.table)}. "suppress list" shows the ids\n`);
  return 1;
}

async function open(options: DeploymentOptions): Promise<{ deployment: Deployment; store: SuppressionsStore }> {
  const deployment = await openDeployment(options);
  return { deployment, store: new SuppressionsStore(deployment.client, deployment.table) };
}

/** What a rule covers: `10.0.3.22/32 to 10.0.9.0/24, namespace ci`. */
function scopeText({ source, target, ...rule }: SuppressionScope): string {
  const network = target ? `${source ?? 'any source'} to ${target}` : source;
  const actor = ACTOR_FIELDS.flatMap((field) => (rule[field] === undefined ? [] : [`${WORDS[field]} ${rule[field]}`]));
  return [...(network === undefined ? [] : [network]), ...actor].join(', ');
}

const WORDS = { namespace: 'namespace', serviceAccount: 'service account', image: 'image', user: 'user' } as const;

/** A rule written into the table by hand may be invalid, and the alert function ignores it. */
function stateOf(rule: Suppression, now: number): 'active' | 'expired' | 'void' {
  // An expiry that is not a time counts as expired.
  if (!(Date.parse(rule.expires) / 1000 > now)) return 'expired';
  return suppressionFault(rule, now) ? 'void' : 'active';
}
