/** `sweepwatch findings`: looks up findings in the table of a deployment, and explains one. */
import { epochSeconds, type Finding, isoTime, type Severity, severityRank } from '../../lib/finding/model.ts';
import { networkOf } from '../../lib/net/cidr.ts';
import { asEarlier, EARLIER_DAYS } from '../../lib/notify/earlier.ts';
import { alertText } from '../../lib/notify/text.ts';
import { FindingsStore } from '../../lib/store/findings-store.ts';
import { printable } from '../../lib/text/untrusted.ts';
import { type Deployment, type DeploymentOptions, openDeployment } from '../deployment.ts';
import { type Format, formatFindings } from '../formats.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { whatSilences } from '../what-silences.ts';

const DAY = 86_400;
const SPANS: Readonly<Record<string, number>> = { m: 60, h: 3600, d: DAY };

/** The options of `findings show`, as the program reads them. */
export interface ShowOptions extends DeploymentOptions {
  readonly format: Format;
}

/** The options of `findings list`, as the program reads them. */
export interface ListOptions extends ShowOptions, Query {
  /** A date, a time or a span, see {@link readSince}. */
  readonly since: string;
  readonly severity?: Severity;
  readonly open?: boolean;
  readonly kind?: string;
  /** Part of a name in the finding's actor. */
  readonly actor?: string;
  /** File for the page. */
  readonly report?: string;
}

/** Runs `findings list` and returns the exit code. */
export async function listFindings(options: ListOptions, terminal: Terminal): Promise<number> {
  if (options.scope && !options.source)
    throw new UsageError('--scope needs --source: the same address may exist in several scopes');
  const since = readSince(options.since, Date.now() / 1000);
  const { deployment, store } = await open(options);
  const found = await lookUp(store, since, options);
  const minRank = options.severity ? severityRank(options.severity) : 0;
  const shown = found
    .filter((finding) => epochSeconds(finding.lastSeen) >= since && severityRank(finding.severity) >= minRank)
    .filter((finding) => !options.open || finding.status === 'open')
    .filter((finding) => !options.kind || finding.kind === options.kind)
    .filter((finding) => !options.actor || isBy(finding, options.actor))
    .filter((finding) => !options.source || finding.source?.address === options.source)
    .sort((a, b) => (a.detectedAt < b.detectedAt ? -1 : 1));
  formatFindings(shown, options.format, terminal);
  if (options.report === undefined) return 0;
  const { writeReport } = await import('../write-report.ts');
  const { source, scope, target, kind, actor, severity } = options;
  const filters = Object.entries({ source, scope, target, kind, actor, severity, open: options.open && 'yes' });
  const reported = {
    findings: shown,
    options: [
      ['command', 'findings list'],
      ['deployment', deployment.stack ?? deployment.table],
      ['last probe since', isoTime(since)],
      ...filters.flatMap(([name, value]) => (value ? [[name, value] as const] : [])),
    ] as const,
    inputs: [],
    notes: [],
    tables: tablesOf(deployment),
  };
  return (await writeReport(options.report, reported, terminal)) ? 0 : 1;
}

/** The names that printed commands use. */
const tablesOf = ({ table, stack, region }: Deployment) => ({ findings: table, region, ...(stack && { stack }) });

/** Whether the actor's name, namespace, user, service account, image, command or host contains a text. */
const isBy = ({ actor }: Finding, text: string): boolean =>
  Object.values(actor ?? {}).some((value) => value.toLowerCase().includes(text.toLowerCase()));

interface Query {
  readonly source?: string;
  readonly scope?: string;
  readonly target?: string;
}

async function open(options: DeploymentOptions): Promise<{ deployment: Deployment; store: FindingsStore }> {
  const deployment = await openDeployment(options);
  const store = new FindingsStore({ client: deployment.client, table: deployment.table, retentionDays: 1 });
  return { deployment, store };
}

async function lookUp(store: FindingsStore, since: number, query: Query): Promise<Finding[]> {
  if (query.target) {
    const ids = new Set([
      ...(await store.idsOfTarget(query.target)),
      ...(await store.idsOfTarget(networkOf(query.target))),
    ]);
    const stored = await Promise.all([...ids].map((id) => store.byId(id)));
    return stored.flatMap((item) => (item ? [item.finding] : []));
  }
  if (query.source && query.scope)
    return (await store.ofSource({ scope: query.scope, address: query.source })).map(({ finding }) => finding);
  const now = Date.now() / 1000;
  const days: string[] = [];
  // One more day on either side: a finding is filed under the day it began, and log time may be ahead of this clock.
  for (let time = since - DAY; time < now + 2 * DAY; time += DAY) days.push(isoTime(time).slice(0, 10));
  const lists = await Promise.all([...new Set(days)].map((day) => store.ofDay(day)));
  return lists.flat().map(({ finding }) => finding);
}

/** Runs `findings show` and returns the exit code. */
export async function showFinding(id: string, options: ShowOptions, terminal: Terminal): Promise<number> {
  const { deployment, store } = await open(options);
  const finding = (await store.byId(id))?.finding;
  if (!finding) {
    terminal.stderr(`no finding ${printable(id)} in ${printable(deployment.table)}. "findings list" shows the ids\n`);
    return 1;
  }
  if (options.format !== 'table') {
    formatFindings([finding], options.format, terminal);
    return 0;
  }
  const place = { deployment: deployment.stack ?? deployment.table, tables: tablesOf(deployment) };
  const began = epochSeconds(finding.firstSeen);
  const earlier = finding.source ? await store.announcedBefore(finding.source, began, EARLIER_DAYS) : [];
  const event = finding.status === 'closed' ? 'closed' : 'opened';
  const told = earlier.map((stored) => asEarlier(stored.finding));
  terminal.stdout(alertText(event, finding, place, Date.now() / 1000, told));
  const silencers = whatSilences(finding).map((text) => `  ${printable(text)}\n`);
  terminal.stdout(`\nWHAT WOULD HAVE SUPPRESSED IT\n${silencers.join('')}`);
  if (finding.suppressedBy) terminal.stdout(`  rule in effect: ${printable(finding.suppressedBy)}\n`);
  return 0;
}

/** Epoch seconds of a date, a time, or a span back from now. */
export function readSince(text: string, now: number): number {
  const span = /^(\d+)([mhd])$/.exec(text);
  if (span) return now - Number(span[1]) * SPANS[span[2]!]!;
  const time = Date.parse(text) / 1000;
  if (Number.isNaN(time))
    throw new UsageError(
      `--since must be a date such as 2026-11-21, a time, or a span such as 6h or 7d, got "${text}"`,
    );
  return time;
}
