/** `sweepwatch watch`: raises sensitivity by scoped, attributed, expiring rules. */
import { randomUUID } from 'node:crypto';
import { epochSeconds, isoTime } from '../../lib/finding/model.ts';
import { stateOfWatch, WATCH_PARTS, type Watch, type WatchScope } from '../../lib/notify/watch.ts';
import { watchFault } from '../../lib/notify/watch-fault.ts';
import { RuleChanges } from '../../lib/store/rule-changes.ts';
import { WatchesStore } from '../../lib/store/watches-store.ts';
import { jsonText, printable } from '../../lib/text/untrusted.ts';
import { type Deployment, type DeploymentOptions, openDeployment } from '../deployment.ts';
import { readTime } from '../finding-filters.ts';
import { type ChangeOptions, keepChange } from '../rule-change.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

/** The options of a command that lists, as the program reads them. */
interface ListOptions extends DeploymentOptions {
  readonly json?: boolean;
}

/** The options of `watch add`, as the program reads them. */
interface AddOptions extends ChangeOptions, ListOptions, WatchScope {
  readonly sensitivity: Watch['sensitivity'];
  readonly for?: string;
  readonly until?: string;
  readonly since?: string;
  readonly owner: string;
  readonly reason: string;
}

/** Runs `watch add` and returns the exit code. */
export async function addWatchRule(options: AddOptions, terminal: Terminal): Promise<number> {
  const now = Date.now() / 1000;
  const { owner, reason, sensitivity } = options;
  const scope = Object.fromEntries(WATCH_PARTS.flatMap((part) => (options[part] ? [[part, options[part]]] : [])));
  const from = options.since === undefined ? now : readTime('--since', options.since, now);
  const times = { from: isoTime(from), until: isoTime(endOf(options, now)) };
  const watch: Watch = { id: randomUUID().slice(0, 8), ...scope, owner, reason, sensitivity, ...times };
  const fault = watchFault(watch, now);
  if (fault) throw new UsageError(`--${fault}`);
  const { deployment, store } = await open(options);
  if (watch.namespace !== undefined && deployment.hasSignals === false)
    throw new UsageError(
      '--namespace needs signals, and this deployment reads none. Watch --source or --instance, or see the setting "signals"',
    );
  await keepChange('watches', 'added', watch, options, deployment);
  await store.put(watch);
  terminal.stdout(`${options.json ? jsonText(watch, 2) : watch.id}\n`);
  terminal.stderr(
    `${printable(watchText(watch))} is judged at ${sensitivity} sensitivity until ${watch.until}, within a minute. Undo: npx --no-install sweepwatch watch remove ${watch.id} ${deployment.again}\n`,
  );
  return 0;
}

/** Epoch seconds of the end that the options give. @throws UsageError if they give none. */
function endOf(options: AddOptions, now: number): number {
  if (options.for !== undefined) {
    if (!/^\d+[mhd]$/.test(options.for))
      throw new UsageError(`--for must be a span such as 12h or 7d, got "${options.for}"`);
    return 2 * now - readTime('--for', options.for, now);
  }
  if (options.until === undefined)
    throw new UsageError('--for must say how long the watch lasts, such as 7d, or --until when it ends');
  const until = Date.parse(options.until) / 1000;
  if (Number.isNaN(until)) throw new UsageError(`--until must be a date such as 2026-12-01, got "${options.until}"`);
  return until;
}

/** Runs `watch list` and returns the exit code. */
export async function listWatches(options: ListOptions, terminal: Terminal): Promise<number> {
  const { store } = await open(options);
  const now = Date.now() / 1000;
  const watches = (await store.list()).toSorted((a, b) => (a.until > b.until ? -1 : 1));
  const listed = watches.map((watch) => ({ ...watch, state: stateOfWatch(watch, now) }));
  if (options.json) terminal.stdout(`${jsonText(listed, 2)}\n`);
  else for (const watch of listed) printLine([watch.id, watch.state, ...columnsOf(watch)], terminal);
  return 0;
}

/** Runs `watch remove` and returns the exit code. */
export async function removeWatch(id: string, options: ChangeOptions, terminal: Terminal): Promise<number> {
  const { deployment, store } = await open(options);
  const now = Date.now() / 1000;
  const watch = (await store.list()).find((one) => one.id === id);
  if (!watch || epochSeconds(watch.until) <= now) {
    const state = watch ? `watch ${printable(id)} has ended` : `no watch ${printable(id)}`;
    terminal.stderr(`${state} in ${printable(deployment.table)}. "watch list" shows the ids\n`);
    return 1;
  }
  await keepChange('watches', 'removed', watch, options, deployment);
  await store.put({ ...watch, until: isoTime(now) });
  return 0;
}

/** Runs `watch history` and returns the exit code. */
export async function listWatchChanges(options: ListOptions, terminal: Terminal): Promise<number> {
  const { client, table } = await openDeployment(options);
  const changes = await new RuleChanges<Watch>(client, table, 'watches').list();
  if (options.json) terminal.stdout(`${jsonText(changes, 2)}\n`);
  else
    for (const { at, change, by, accessKey, rule } of changes)
      printLine([at, change, by, accessKey, rule.id, ...columnsOf(rule)], terminal);
  return 0;
}

const printLine = (columns: readonly string[], terminal: Terminal): void =>
  terminal.stdout(`${columns.map(printable).join('\t')}\n`);

const columnsOf = (watch: Watch): string[] => [
  watchText(watch),
  watch.sensitivity,
  watch.from,
  watch.until,
  watch.owner,
  watch.reason,
];

/** What is watched: `10.0.7.0/24 to 10.0.9.0/24, account 123456789012`. Not yet printable. */
function watchText({ source, target, ...others }: WatchScope): string {
  const network = target === undefined ? source : `${source ?? 'any source'} to ${target}`;
  const parts = WATCH_PARTS.flatMap((part) =>
    part === 'source' || part === 'target' || others[part] === undefined ? [] : [`${part} ${others[part]}`],
  );
  return [...(network === undefined ? [] : [network]), ...parts].join(', ');
}

async function open(options: DeploymentOptions): Promise<{ deployment: Deployment; store: WatchesStore }> {
  const deployment = await openDeployment(options);
  return { deployment, store: new WatchesStore(deployment.client, deployment.table) };
}
