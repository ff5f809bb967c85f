/** `sweepwatch findings`: look findings up in the table of a deployment, and have one explained. */
import { parseArgs } from 'node:util';
import {
  epochSeconds,
  type Finding,
  isoTime,
  SEVERITIES,
  type Severity,
  severityRank,
} from '../../lib/finding/model.ts';
import { networkOf } from '../../lib/net/cidr.ts';
import { alertText } from '../../lib/notify/text.ts';
import { FindingsStore } from '../../lib/store/findings-store.ts';
import { printable } from '../../lib/text/untrusted.ts';
import { DEPLOYMENT_HELP, type Deployment, deploymentOptions, openDeployment } from '../deployment.ts';
import { FORMATS, type Format, formatFindings } from '../formats.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { whatSilences } from '../what-silences.ts';

const HELP = `Usage: sweepwatch findings list [OPTIONS]
       sweepwatch findings show ID [OPTIONS]

Looks findings up in a deployment. "show" explains one: who, what, why it fired, what was not visible, what to do,
and which setting, at which value, or which suppression would have kept it quiet.

Options:
  --since TIME            last probe since a date (2026-11-21), a time (2026-11-21T08:00:00Z) or a span (6h, 7d) on; default 7d
  --source ADDRESS        of one source; with --scope straight from its partition, else by day
  --scope NAME            scope of the source: an account id, a routing domain, or "internet"
  --target ADDRESS        that touched a target
  --severity LEVEL        of this severity or above: ${SEVERITIES.join(', ')}
  --open                  open ones only
  --format FORMAT         table (default), ndjson, json, ocsf
${DEPLOYMENT_HELP}
  --help                  this text
`;

const DAY = 86_400;
const SPANS: Readonly<Record<string, number>> = { m: 60, h: 3600, d: DAY };

/** Runs `findings`; returns the exit code. */
export async function findingsCommand(args: string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...deploymentOptions,
      since: { type: 'string' },
      source: { type: 'string' },
      scope: { type: 'string' },
      target: { type: 'string' },
      severity: { type: 'string' },
      open: { type: 'boolean' },
      format: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    terminal.stdout(HELP);
    return 0;
  }
  const [verb, id] = positionals;
  if (verb !== 'list' && verb !== 'show')
    throw new UsageError(`expected "findings list" or "findings show ID", got "${verb ?? ''}"`);
  const format = (values.format ?? 'table') as Format;
  if (!FORMATS.includes(format)) throw new UsageError(`--format must be one of ${FORMATS.join(', ')}, got "${format}"`);
  if (values.severity !== undefined && !SEVERITIES.includes(values.severity as Severity))
    throw new UsageError(`--severity must be one of ${SEVERITIES.join(', ')}, got "${values.severity}"`);
  if (values.scope && !values.source) throw new UsageError('--scope goes with --source: it says whose address that is');
  const since = readSince(values.since ?? '7d', Date.now() / 1000);
  const deployment = await openDeployment(values);
  const store = new FindingsStore({ client: deployment.client, table: deployment.table, retentionDays: 1 });
  if (verb === 'show') {
    if (!id) throw new UsageError('no ID given; "findings list" shows the ids');
    return show(await store.byId(id).then((stored) => stored?.finding), id, format, deployment, terminal);
  }
  const found = await lookUp(store, since, values);
  const minRank = values.severity ? severityRank(values.severity as Severity) : 0;
  const shown = found
    .filter((finding) => epochSeconds(finding.lastSeen) >= since && severityRank(finding.severity) >= minRank)
    .filter((finding) => !values.open || finding.status === 'open')
    .filter((finding) => !values.source || finding.source?.address === values.source)
    .sort((a, b) => (a.detectedAt < b.detectedAt ? -1 : 1));
  formatFindings(shown, format, terminal);
  return 0;
}

interface Query {
  readonly source?: string | undefined;
  readonly scope?: string | undefined;
  readonly target?: string | undefined;
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
  // A day more on either side: a finding is filed under the day it began, and log time may run ahead of this clock.
  for (let time = since - DAY; time < now + 2 * DAY; time += DAY) days.push(isoTime(time).slice(0, 10));
  const lists = await Promise.all([...new Set(days)].map((day) => store.ofDay(day)));
  return lists.flat().map(({ finding }) => finding);
}

function show(
  finding: Finding | undefined,
  id: string,
  format: Format,
  deployment: Pick<Deployment, 'table' | 'stack' | 'region'>,
  terminal: Terminal,
): number {
  if (!finding) {
    terminal.stderr(`no finding ${printable(id)} in ${printable(deployment.table)}; "findings list" shows the ids\n`);
    return 1;
  }
  if (format !== 'table') {
    formatFindings([finding], format, terminal);
    return 0;
  }
  const { table, stack, region } = deployment;
  const place = { deployment: stack ?? table, tables: { findings: table, region, ...(stack && { stack }) } };
  terminal.stdout(alertText(finding.status === 'closed' ? 'closed' : 'opened', finding, place, Date.now() / 1000));
  const silencers = whatSilences(finding).map((text) => `  ${printable(text)}\n`);
  terminal.stdout(`\nWHAT WOULD HAVE SUPPRESSED IT\n${silencers.join('')}`);
  if (finding.suppressedBy) terminal.stdout(`  it is suppressed by ${printable(finding.suppressedBy)}\n`);
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
