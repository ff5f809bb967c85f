/** When a rule's alarm counts as having found a scan, and when as a false alarm. */
import type { Alarm } from './rule.ts';

/** What the judgement needs to know of a scan. Times are epoch seconds. */
export interface KnownScan {
  readonly sources: readonly string[];
  readonly first: number;
  readonly last: number;
}

/**
 * Tolerance in seconds: records of one interval share its times, and an alarm may come up to an hour after the last
 * probe.
 */
const SLACK = 180;
const LATEST = 3600;

/** The first alarm about one of the scan's sources in its time. For a distributed scan any member's will do. */
export const alarmOf = (alarms: readonly Alarm[], { sources, first, last }: KnownScan): Alarm | undefined =>
  alarms
    .filter(({ source, at }) => sources.includes(source) && at >= first - SLACK && at <= last + LATEST + SLACK)
    .reduce<Alarm | undefined>((a, b) => (a && a.at <= b.at ? a : b), undefined);

/** The alarms about sources that no label names. */
export const falseAlarms = (alarms: readonly Alarm[], named: ReadonlySet<string>): Alarm[] =>
  alarms.filter(({ source }) => !named.has(source));
