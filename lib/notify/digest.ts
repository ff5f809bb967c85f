/** The digest: a message about what was found on a day or in an hour and raised no alert of its own. */
import { type Finding, SEVERITIES, type Severity } from '../finding/model.ts';
import { jsonText, plain } from '../text/untrusted.ts';
import { countOf, grouped } from '../text/wording.ts';
import { listSince, showFinding } from './commands.ts';
import type { AlertMessage } from './message.ts';
import { activeLines, type MostActive, mostActive } from './most-active.ts';
import { titleOf, whoseOf } from './name.ts';
import type { AlertPlace } from './text.ts';

const TOP = 10;

/** One of the largest findings of a digest, in its body for programs. */
export interface DigestEntry {
  readonly id: string;
  readonly severity: Severity;
  /** `inbound vertical scan`. */
  readonly title: string;
  /** The address of the source, the number of sources, or the actor. */
  readonly by: string;
  readonly failed: number;
  /** Services that answered. */
  readonly answered: number;
}

/** The parts of a digest's body for programs that a chat shows. */
export interface DigestBody {
  readonly day: string;
  /** The hour of the day (UTC, two digits) that an hourly digest is about. Absent in a daily one. */
  readonly hour?: string;
  /** The start of the day or hour, or the first probe of a scan that began before. Absent in the digests of earlier releases. */
  readonly since?: string;
  readonly count: number;
  /** Number of further findings that began on another day and were too many to read. Absent if none. */
  readonly unread?: number;
  readonly bySeverity: Readonly<Record<string, number>>;
  /** The largest findings, the largest first. Absent in the digests of earlier releases. */
  readonly top?: readonly DigestEntry[];
  /** Scans from outside and their sources. Absent in the digests of earlier releases, as is {@link active}. */
  readonly background?: Background;
  readonly active?: MostActive;
}

/** The scans of a digest that came from outside, and how many sources they had. */
interface Background {
  readonly scans: number;
  readonly sources: number;
}

/** Says in one line what the internet's background noise was. */
export const backgroundLine = ({ scans, sources }: Background): string =>
  scans === 0
    ? 'No scan among them came from outside.'
    : `Background noise: ${countOf(scans, 'scan')} among them came from outside, by ${countOf(sources, 'source')}.`;

function backgroundOf(findings: readonly Finding[]): Background {
  const inbound = findings.filter(({ direction }) => direction === 'inbound');
  const single = new Set(inbound.flatMap(({ source }) => source?.address ?? []));
  const ofCampaigns = inbound.reduce((sum, { sources }) => sum + (sources?.count ?? 0), 0);
  return { scans: inbound.length, sources: single.size + ofCampaigns };
}

const entryOf = (finding: Finding): DigestEntry => ({
  id: finding.id,
  severity: finding.severity,
  title: titleOf(finding),
  by: whoseOf(finding),
  failed: finding.contacts.failed,
  answered: finding.openPorts.count,
});

/** `low: inbound vertical scan by 198.51.100.7, 12 failed contacts, 0 services answered`. */
export const entryLine = ({ severity, title, by, failed, answered }: DigestEntry): string =>
  `${severity}: ${title} by ${by}, ${countOf(failed, 'failed contact')}, ${countOf(answered, 'service')} answered`;

/** `3 low, 12 informational`. */
export const severityCounts = (bySeverity: Readonly<Record<string, number>>): string =>
  Object.entries(bySeverity)
    .map(([severity, count]) => `${grouped(count)} ${severity}`)
    .join(', ');

/** `2026-11-21`, or `2026-11-21 from 10:00 to 10:59`. */
export const timeOf = (day: string, hour?: string): string => (hour ? `${day} from ${hour}:00 to ${hour}:59` : day);

/**
 * The digest of what was found on a day, or in an hour of it. Undefined if there is nothing to report.
 * @param period `2026-11-21`, or `2026-11-21T10` for an hour.
 * @param known what the findings of the week before named, so that what is new can be marked. Default: not known.
 * @param unread number of further findings that began on another day and were too many to read.
 */
export function digestMessage(
  period: string,
  findings: readonly Finding[],
  place: AlertPlace,
  { known, unread = 0 }: { readonly known?: ReadonlySet<string> | undefined; readonly unread?: number } = {},
): AlertMessage | undefined {
  if (!findings.length) return undefined;
  const [day, hour] = period.split('T') as [string, string?];
  const time = timeOf(day, hour);
  const counted = SEVERITIES.toReversed()
    .map((severity) => ({ severity, count: findings.filter((finding) => finding.severity === severity).length }))
    .filter(({ count }) => count > 0);
  const bySeverity = Object.fromEntries(counted.map(({ severity, count }) => [severity, count]));
  const top = findings
    .toSorted((a, b) => b.contacts.failed - a.contacts.failed || (a.id < b.id ? -1 : 1))
    .slice(0, TOP);
  const start = `${day}T${hour ?? '00'}:00:00Z`;
  // Slow scans, and logs that came late.
  const earlier = findings
    .map(({ firstSeen }) => firstSeen)
    .filter((firstSeen) => firstSeen < start)
    .sort();
  const since = earlier[0] ?? start;
  const active = mostActive(findings, known);
  const background = backgroundOf(findings);
  const text = [
    `${countOf(findings.length, 'scan')} found on ${time} (UTC) raised no alert: ${severityCounts(bySeverity)}.`,
    ...(earlier.length ? [`${grouped(earlier.length)} of them began earlier, from ${since} on.`] : []),
    ...(unread ? [`Not read: ${countOf(unread, 'further finding')} that began on another day.`] : []),
    backgroundLine(background),
    '',
    known ? 'MOST ACTIVE (new: in no finding of the week before)' : 'MOST ACTIVE',
    ...activeLines(active).map((line) => `  ${line}`),
    '',
    findings.length > TOP ? `LARGEST ${TOP}` : 'ALL, LARGEST FIRST',
    ...top.map((finding) => `  ${entryLine(entryOf(finding))}, id ${finding.id}`),
    '',
    'LOOK FURTHER',
    `  ${listSince(place.tables, since, counted.at(-1)!.severity)}`,
    `  ${showFinding(place.tables, top[0]!.id)}`,
    '',
    `Deployment ${place.deployment}, table ${place.tables.findings}.`,
    '',
  ];
  return {
    subject: plain(
      `Sweepwatch digest ${time}: ${countOf(findings.length, 'scan')} without an alert (${place.deployment})`,
    ).slice(0, 99),
    bodies: {
      default: jsonText({
        event: 'digest',
        deployment: place.deployment,
        day,
        hour,
        since,
        count: findings.length,
        ...(unread && { unread }),
        bySeverity,
        largest: top.map(({ id }) => id),
        top: top.map(entryOf),
        background,
        active,
      }),
      email: text.map(plain).join('\n'),
    },
    attributes: { event: 'digest' },
  };
}
