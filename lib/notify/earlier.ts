/** What people already heard about the source of an alert. */
import type { Finding } from '../finding/model.ts';
import { countOf } from '../text/wording.ts';
import { nameOf } from './name.ts';

/** Days before the first probe for which earlier alerts are named. */
export const EARLIER_DAYS = 30;

/** An earlier finding of the same source that people were alerted to. */
export type EarlierAlert = Pick<Finding, 'id' | 'kind' | 'severity' | 'direction' | 'firstSeen' | 'lastSeen'>;

/** The alert about a finding as a later one names it. */
export const asEarlier = ({ id, kind, severity, direction, firstSeen, lastSeen }: Finding): EarlierAlert => ({
  id,
  kind,
  severity,
  direction,
  firstSeen,
  lastSeen,
});

/**
 * A sentence about earlier alerts. Undefined if there was none.
 * @param alerts in order of time.
 */
export function earlierSentence(alerts: readonly EarlierAlert[]): string | undefined {
  const last = alerts.at(-1);
  if (!last) return undefined;
  return (
    `The same source was reported in ${countOf(alerts.length, 'finding')} of the ${EARLIER_DAYS} days before, the last one a ` +
    `${nameOf(last)} that ended at ${last.lastSeen} (${last.severity}, finding ${last.id}).`
  );
}
