/** The alert storm: which alerts share a limit, and the one message about all alerts beyond it. */
import type { AlertEvent } from '../finding/lifecycle.ts';
import { type Finding, isoTime, SEVERITIES, severityRank } from '../finding/model.ts';
import { jsonText, plain } from '../text/untrusted.ts';
import { countOf, grouped } from '../text/wording.ts';
import { listSince, queryByDay } from './commands.ts';
import type { AlertMessage } from './message.ts';
import { titleOf, whoseOf } from './name.ts';
import type { AlertPlace } from './text.ts';

/** Alerts of a lane share one limit, so that noise in one lane cannot delay another. */
export type Lane = 'critical' | 'high inside' | 'high outside' | 'other' | 'ended';

/**
 * The lane of an alert. An attacker can cause many alerts: mostly medium from outside, high from an inside host, and
 * closed alerts hours later. Each of these has its own lane, so that none delays worse alerts.
 */
export function laneOf(event: AlertEvent, { severity, direction }: Finding): Lane {
  if (event === 'closed') return 'ended';
  if (severity === 'critical') return 'critical';
  if (severity !== 'high') return 'other';
  return direction === 'inbound' ? 'high outside' : 'high inside';
}

/** Identifies an announcement in the count, so that a retry is not counted twice. */
export const announcementOf = (event: AlertEvent, { id, severity }: Finding): string =>
  `${id.slice(0, 12)}${event[0]}${severityRank(severity)}`;

/** An announcement that is held. */
export interface HeldAnnouncement {
  readonly event: AlertEvent;
  readonly finding: Finding;
}

/** Number of announcements that a storm message lists one by one. */
const NAMED = 20;
/**
 * Number of ids that fit: 29 bytes each, quoted twice, of the 256 KiB that SNS accepts for all bodies and attributes.
 */
const IDS = 5000;
/** The event of each id, one letter for each. */
export const EVENT_LETTERS = { opened: 'o', escalated: 'e', closed: 'c' } as const satisfies Readonly<
  Record<AlertEvent, string>
>;
/** With more accounts or VPCs than this, the attributes for filter policies list only some. */
const PLACES = 100;
/** Number of days and shards whose query is printed. */
const DAYS = 2;
const SHARDS = [0, 1, 2, 3];

/**
 * One message about held announcements.
 * @param hasMore whether more are held than these. The next message reports them.
 * @param now epoch seconds.
 */
export function stormMessage(
  held: readonly HeldAnnouncement[],
  hasMore: boolean,
  place: AlertPlace,
  now: number,
): AlertMessage {
  const worstFirst = held.toSorted(byWorth);
  const findings = worstFirst.map(({ finding }) => finding);
  const counts = {
    bySeverity: countBy(findings.map(({ severity }) => severity)),
    byKind: countBy(findings.map(({ kind }) => kind)),
    byDirection: countBy(findings.map(({ direction }) => direction ?? 'unknown')),
    byEvent: countBy(held.map(({ event }) => event)),
  };
  const ids = findings.slice(0, IDS).map(({ id }) => id);
  return {
    subject: plain(
      `Sweepwatch alert storm: ${countOf(held.length, 'alert')} in one message, worst ${findings[0]?.severity} (${place.deployment})`,
    ).slice(0, 99),
    bodies: {
      default: jsonText({
        event: 'storm',
        deployment: place.deployment,
        count: held.length,
        hasMore,
        ...counts,
        worst: worstFirst.slice(0, NAMED).map(summaryOf),
        ids,
        idEvents: worstFirst
          .slice(0, IDS)
          .map(({ event }) => EVENT_LETTERS[event])
          .join(''),
        idsLeftOut: held.length - ids.length,
      }),
      email: `${textOf(worstFirst, counts, hasMore, place, now).map(plain).join('\n')}\n`,
    },
    attributes: attributesOf(worstFirst),
  };
}

type Counts = Readonly<Record<string, number>>;

function textOf(
  worstFirst: readonly HeldAnnouncement[],
  counts: { bySeverity: Counts; byKind: Counts; byDirection: Counts; byEvent: Counts },
  hasMore: boolean,
  place: AlertPlace,
  now: number,
): string[] {
  const findings = worstFirst.map(({ finding }) => finding);
  const rest = worstFirst.length - NAMED;
  return [
    `ALERT STORM: ${countOf(worstFirst.length, 'alert')} in one message, the worst is ${findings[0]?.severity}.`,
    'The number of alerts exceeded the limit for five minutes (setting alertsIn5Minutes), so the rest arrive together.',
    'No finding is lost: the table holds all of them, and later changes raise alerts as usual.',
    ...(hasMore ? ['More alerts are waiting: the next message follows in five minutes.'] : []),
    'Do first: look at the findings below that come from inside or that found open services.',
    '',
    'HOW MANY',
    `  by severity: ${listOf(counts.bySeverity)}`,
    `  by kind: ${listOf(counts.byKind)}`,
    `  by direction: ${listOf(counts.byDirection)}`,
    `  by event: ${listOf(counts.byEvent)}`,
    '',
    'WORST FIRST',
    ...worstFirst.slice(0, NAMED).map((item) => `  ${lineOf(item)}`),
    ...(rest > 0 ? [`  and ${grouped(rest)} more`] : []),
    '',
    'LOOK FURTHER',
    ...lookFurther(findings, place).map((line) => `  ${line}`),
    '',
    `Written ${isoTime(now)}. Deployment ${place.deployment}, table ${place.tables.findings}.`,
  ];
}

const lineOf = ({ event, finding }: HeldAnnouncement): string =>
  `${finding.severity}, ${event}: ${titleOf(finding)} by ${whoseOf(finding)}, ${countOf(finding.targets.count, 'target')}, ${countOf(finding.openPorts.count, 'service')} answered, id ${finding.id}`;

/** Commands that list the held findings, and possibly others of the same time. */
function lookFurther(findings: readonly Finding[], { tables }: AlertPlace): string[] {
  const since = findings.map(({ lastSeen }) => lastSeen).reduce((a, b) => (a < b ? a : b));
  const least = findings.map(({ severity }) => severityRank(severity)).reduce((a, b) => Math.min(a, b));
  const days = [...new Set(findings.map(({ firstSeen }) => firstSeen.slice(0, 10)))].toSorted().slice(-DAYS);
  return [
    listSince(tables, since, SEVERITIES[least]!),
    ...days.flatMap((day) => SHARDS.map((shard) => queryByDay(tables, day, shard, least))),
  ];
}

/** Lists, so that a filter policy that matches one of the held alerts also matches the message. */
function attributesOf(held: readonly HeldAnnouncement[]): AlertMessage['attributes'] {
  const findings = held.map(({ finding }) => finding);
  const lists = {
    event: ['storm', ...distinct(held.map(({ event }) => event))],
    severity: distinct(findings.map(({ severity }) => severity)),
    kind: distinct(findings.map(({ kind }) => kind)),
    direction: distinct(findings.map(({ direction }) => direction)),
    accountId: distinct(findings.map(({ source }) => source?.accountId)).slice(0, PLACES),
    vpcId: distinct(findings.map(({ source }) => source?.vpcId)).slice(0, PLACES),
  };
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0));
}

const summaryOf = ({ event, finding }: HeldAnnouncement) => ({
  id: finding.id,
  event,
  severity: finding.severity,
  kind: finding.kind,
  direction: finding.direction,
  source: finding.source?.address ?? null,
  openPorts: { count: finding.openPorts.count },
  status: finding.status,
  ...(finding.closedBecause && { closedBecause: finding.closedBecause }),
  lastSeen: finding.lastSeen,
});

/** Sorts by severity, then inside sources first, opened and escalated before closed, then size. Ids break ties. */
function byWorth(a: HeldAnnouncement, b: HeldAnnouncement): number {
  return (
    severityRank(b.finding.severity) - severityRank(a.finding.severity) ||
    Number(a.finding.direction === 'inbound') - Number(b.finding.direction === 'inbound') ||
    Number(a.event === 'closed') - Number(b.event === 'closed') ||
    b.finding.contacts.failed - a.finding.contacts.failed ||
    (a.finding.id < b.finding.id ? -1 : 1)
  );
}

const distinct = (values: readonly (string | undefined)[]): string[] => [
  ...new Set(values.filter((value): value is string => Boolean(value))),
];

/** The most frequent first. */
function countBy(words: readonly string[]): Counts {
  const counts = [...Map.groupBy(words, (word) => word)].map(([word, group]) => [word, group.length] as const);
  return Object.fromEntries(counts.toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)));
}

const listOf = (counts: Counts): string =>
  Object.entries(counts)
    .map(([word, count]) => `${grouped(count)} ${word}`)
    .join(', ');
