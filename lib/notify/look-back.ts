/** Look backs: stretches of old log that are read again or late, whose findings are stored and not announced. */
import { epochSeconds, type Finding } from '../finding/model.ts';

/** Keeps the findings of some days of log quiet, until it expires. */
export interface LookBack {
  readonly id: string;
  /** First and last day of the log, UTC, such as `2026-08-01`. */
  readonly from: string;
  readonly to: string;
  /** ISO 8601 time. */
  readonly expires: string;
}

const HOUR = 3600;
const DAY = 86_400;
/** A scan that ended less than this ago is news. A look back must not reach so near, and no rule is looked up for it. */
export const NEWS_SECONDS = HOUR;
/** The files of a day begin with records of the hour before. */
const EARLIER_SECONDS = HOUR;

/** The start of a day, epoch seconds. */
const startOf = (day: string): number => Date.parse(`${day}T00:00:00Z`) / 1000;

/** The end of the last day that a look back reads, epoch seconds. */
export const endOf = ({ to }: Pick<LookBack, 'to'>): number => startOf(to) + DAY;

/** The id of the look back at some days. A second one at the same days replaces the first. */
export const lookBackId = (from: string, to: string): string => `look-back-${from}-to-${to}`;

/** Whether a scan ended so long ago that a look back may have found it. */
export const isOld = ({ lastSeen }: Finding, now: number): boolean => epochSeconds(lastSeen) < now - NEWS_SECONDS;

/** The look back that keeps a finding quiet: its last probe lies in the days, and the rule has not expired. */
export function lookBackOf(finding: Finding, lookBacks: readonly LookBack[], now: number): LookBack | undefined {
  const last = epochSeconds(finding.lastSeen);
  return lookBacks.find(
    (one) => Date.parse(one.expires) / 1000 > now && last >= startOf(one.from) - EARLIER_SECONDS && last < endOf(one),
  );
}
