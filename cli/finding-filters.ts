/** Which findings a command is about: the options that choose them, and the look-up that answers. */
import { epochSeconds, type Finding, isoTime, type Severity, severityRank } from '../lib/finding/model.ts';
import { VERDICTS } from '../lib/finding/review.ts';
import { networkOf } from '../lib/net/cidr.ts';
import type { StoredFinding } from '../lib/store/finding-item.ts';
import type { FindingsStore } from '../lib/store/findings-store.ts';
import { countOf } from '../lib/text/wording.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

export const DIRECTIONS = ['lateral', 'inbound', 'outbound'] as const;
/** The states of a finding, and the reasons for which one is closed. */
export const STATUSES = ['open', 'closed', 'ended', 'refuted', 'merged', 'analyst'] as const;

/** The verdicts, or none. */
export const VERDICT_FILTERS = [...VERDICTS, 'none'] as const;

/** The options that choose findings, as the program reads them. */
export interface Filters {
  /** A date, a time or a span, see {@link readTime}. */
  readonly since: string;
  readonly until?: string;
  readonly source?: string;
  readonly scope?: string;
  readonly target?: string;
  readonly port?: number;
  readonly severity?: Severity;
  readonly direction?: (typeof DIRECTIONS)[number];
  readonly kind?: string;
  readonly account?: string;
  readonly vpc?: string;
  /** Part of a name in the finding's actor. */
  readonly actor?: string;
  readonly status?: (typeof STATUSES)[number];
  readonly open?: boolean;
  readonly verdict?: (typeof VERDICT_FILTERS)[number];
  /** Whether the finding was judged under a watch. */
  readonly watched?: boolean;
  /** Id of the watch. */
  readonly watchedBy?: string;
}

/** A wish for findings, understood. */
export interface Wanted {
  readonly since: number;
  readonly until: number;
  readonly filters: Filters;
}

const DAY = 86_400;
const SPANS: Readonly<Record<string, number>> = { m: 60, h: 3600, d: DAY };

/** Understands the options. @throws UsageError where they do not fit together. */
export function wantedBy(filters: Filters, now: number): Wanted {
  if (filters.scope && !filters.source)
    throw new UsageError('--scope needs --source: the same address may exist in several scopes');
  if (filters.open && filters.status && filters.status !== 'open')
    throw new UsageError(`--open contradicts --status ${filters.status}. Give one of them`);
  const since = readTime('--since', filters.since, now);
  const until = filters.until === undefined ? Number.POSITIVE_INFINITY : readTime('--until', filters.until, now);
  if (until < since) throw new UsageError('--until is before --since: no finding can be in that time');
  return { since, until, filters };
}

/** Epoch seconds of a date, a time, or a span back from now. @throws UsageError naming the option. */
export function readTime(option: string, text: string, now: number): number {
  const span = /^(\d+)([mhd])$/.exec(text);
  if (span) return now - Number(span[1]) * SPANS[span[2]!]!;
  const time = Date.parse(text) / 1000;
  if (Number.isNaN(time))
    throw new UsageError(
      `${option} must be a date such as 2026-11-21, a time, or a span such as 6h or 7d, got "${text}"`,
    );
  return time;
}

/** The findings that are wanted, the oldest detection first. What a finding does not name is said on stderr. */
export async function findWanted(
  store: FindingsStore,
  wanted: Wanted,
  now: number,
  terminal: Pick<Terminal, 'stderr'>,
): Promise<Finding[]> {
  const found = (await lookUp(store, wanted, now)).filter((finding) => isWanted(finding, wanted));
  const { port } = wanted.filters;
  if (port === undefined) return found.sort(byDetection);
  const unnamed = found.filter(
    (finding) => !isOnPort(finding, port) && finding.ports.count > finding.ports.sample.length,
  );
  if (unnamed.length)
    terminal.stderr(
      `${countOf(unnamed.length, 'further finding')} may be about port ${port}: more ports were tried than these findings name\n`,
    );
  return found.filter((finding) => isOnPort(finding, port)).sort(byDetection);
}

const byDetection = (a: Finding, b: Finding): number => (a.detectedAt < b.detectedAt ? -1 : 1);

const isOnPort = ({ ports, openPorts }: Finding, port: number): boolean =>
  ports.sample.includes(port) || openPorts.sample.some((open) => open.port === port);

/** Whether a finding fits all filters but the port and the target. */
function isWanted(finding: Finding, { since, until, filters }: Wanted): boolean {
  const { severity, status, kind, direction, account, vpc, actor, source, open, verdict, watched, watchedBy } = filters;
  const tests = [
    epochSeconds(finding.lastSeen) >= since && epochSeconds(finding.firstSeen) <= until,
    !severity || severityRank(finding.severity) >= severityRank(severity),
    !open || finding.status === 'open',
    !status || finding.status === status || finding.closedBecause === status,
    !kind || finding.kind === kind,
    !direction || finding.direction === direction,
    !account ||
      finding.source?.accountId === account ||
      finding.source?.scope === account ||
      finding.sources?.scope === account,
    !vpc || finding.source?.vpcId === vpc,
    !actor || isBy(finding, actor),
    !verdict || (finding.verdict ?? 'none') === verdict,
    !watched || finding.watchedBy !== undefined,
    !watchedBy || finding.watchedBy === watchedBy,
    !source || finding.source?.address === source,
  ];
  return tests.every(Boolean);
}

/** Whether the actor's name, namespace, user, service account, image, command or host contains a text. */
const isBy = ({ actor }: Finding, text: string): boolean =>
  Object.values(actor ?? {}).some((value) => value.toLowerCase().includes(text.toLowerCase()));

async function lookUp(store: FindingsStore, { since, until, filters }: Wanted, now: number): Promise<Finding[]> {
  const { source, scope, target } = filters;
  if (target) {
    const ids = new Set([...(await store.idsOfTarget(target)), ...(await store.idsOfTarget(networkOf(target)))]);
    const stored = await Promise.all([...ids].map((id) => store.byId(id)));
    return stored.flatMap((item) => (item ? [item.finding] : []));
  }
  if (source && scope) return (await store.ofSource({ scope, address: source })).map(({ finding }) => finding);
  const least = filters.severity ? severityRank(filters.severity) : 0;
  return (await filedSince(store, since, now, until, least)).map(({ finding }) => finding);
}

/** The stored findings of the days between two epoch seconds, and of a day on either side. `leastRank` is of their severity. */
export async function filedSince(
  store: FindingsStore,
  since: number,
  now: number,
  until = Number.POSITIVE_INFINITY,
  leastRank = 0,
): Promise<StoredFinding[]> {
  const days: string[] = [];
  // One more day on either side: a finding is filed under the day it began, and log time may be ahead of this clock.
  const end = Math.min(now + 2 * DAY, until + DAY);
  for (let time = since - DAY; time < end; time += DAY) days.push(isoTime(time).slice(0, 10));
  const lists = await Promise.all([...new Set(days)].map((day) => store.ofDay(day, leastRank)));
  return lists.flat();
}

/** Filters in the order in which the page names them. */
const SHOWN = [
  ...(['source', 'scope', 'target', 'port', 'kind', 'direction', 'account', 'vpc'] as const),
  ...(['actor', 'severity', 'status', 'open', 'verdict', 'watched', 'watchedBy'] as const),
];

/** The filters that were given, by name, for the page. */
export const namedFilters = ({ filters, since, until }: Wanted): [string, string][] => [
  ['last probe since', isoTime(since)],
  ...(Number.isFinite(until) ? [['first probe until', isoTime(until)] as [string, string]] : []),
  ...SHOWN.flatMap((name): [string, string][] => {
    const value = filters[name];
    return value === undefined || value === false ? [] : [[name, value === true ? 'yes' : String(value)]];
  }),
];
