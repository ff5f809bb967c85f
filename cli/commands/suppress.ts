/** `sweepwatch suppress`: silences alerts about approved scanners by scoped, attributed, expiring rules. */
import { randomUUID } from 'node:crypto';
import { type Suppression, suppressionFault } from '../../lib/notify/suppression.ts';
import { lengthFault, overlapsOf, whyWide } from '../../lib/notify/suppression-limits.ts';
import { SuppressionsStore } from '../../lib/store/suppressions-store.ts';
import { printable } from '../../lib/text/untrusted.ts';
import { type Deployment, type DeploymentOptions, openDeployment } from '../deployment.ts';
import { type ChangeOptions, changerOf, keepChange } from '../rule-change.ts';
import { asOption, type ScopeOptions, scopeGiven, scopeText } from '../rule-text.ts';
import type { Terminal } from '../terminal.ts';
import { tellOfWideRule } from '../wide-rule.ts';

/** The options of `suppress add`, as the program reads them. */
interface AddOptions extends ChangeOptions, ScopeOptions {
  readonly owner: string;
  readonly reason: string;
  /** ISO 8601 date or time. */
  readonly expires: string;
  /** Whether the rule may last longer than usual. */
  readonly long?: boolean;
  /** Whether a scanner that changes stays silent. */
  readonly ignoreChanges?: boolean;
}

/** Runs `suppress add` and returns the exit code. */
export async function addRule(options: AddOptions, terminal: Terminal): Promise<number> {
  const { owner, reason, expires } = options;
  const id = randomUUID().slice(0, 8);
  const watching = options.ignoreChanges ? {} : { alertsOnChange: true };
  const rule = { id, ...scopeGiven(options), owner, reason, expires, ...watching };
  const now = Date.now() / 1000;
  const fault = suppressionFault(rule, now) ?? lengthFault(rule, now, options.long ?? false);
  if (fault) throw asOption(fault);
  const { deployment, store } = await open(options);
  const overlaps = overlapsOf(rule, await store.list(), now);
  await keepChange('suppressions', 'added', rule, options, deployment);
  await store.add(rule);
  const why = whyWide(rule, now);
  terminal.stdout(`${id}\n`);
  for (const overlap of overlaps) {
    const text = overlap.isCovering ? 'already covers all of it' : 'covers some of it too';
    const { rule: other } = overlap;
    terminal.stderr(
      `rule ${printable(`${other.id} (${scopeText(other)}) of ${other.owner}`)} ${text}, until ${printable(other.expires)}\n`,
    );
  }
  if (why) terminal.stderr(`${await tellOfWideRule(rule, why, changerOf(options), deployment)}\n`);
  terminal.stderr(
    `alerts about ${printable(scopeText(rule))} are silent until ${printable(expires)}. Undo: npx --no-install sweepwatch suppress remove ${id} ${deployment.again}\n`,
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
export async function removeRule(id: string, options: ChangeOptions, terminal: Terminal): Promise<number> {
  const { deployment, store } = await open(options);
  const rule = (await store.list()).find((one) => one.id === id);
  if (rule) {
    await keepChange('suppressions', 'removed', rule, options, deployment);
    if (await store.remove(id)) return 0;
  }
  terminal.stderr(`no suppression ${printable(id)} in ${printable(deployment.table)}. "suppress list" shows the ids\n`);
  return 1;
}

async function open(options: DeploymentOptions): Promise<{ deployment: Deployment; store: SuppressionsStore }> {
  const deployment = await openDeployment(options);
  return { deployment, store: new SuppressionsStore(deployment.client, deployment.table) };
}

/** A rule written into the table by hand may be invalid, and the alert function ignores it. */
function stateOf(rule: Suppression, now: number): 'active' | 'expired' | 'void' {
  // An expiry that is not a time counts as expired.
  if (!(Date.parse(rule.expires) / 1000 > now)) return 'expired';
  return suppressionFault(rule, now) ? 'void' : 'active';
}
