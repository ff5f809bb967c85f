/**
 * Google Cloud, Community Security Analytics, query 6.01 "Hosts reaching out to many other hosts or ports per hour" on
 * VPC flow logs, state of 2026.
 * Threshold: more than 10 destination addresses, or more than 10 destination ports, for a source in a clock hour.
 * Everything counts: no action, flags, direction or ports are looked at.
 * Source: GoogleCloudPlatform/security-analytics, query 6_01.
 * Approximated: the bins take the record's start. The alarm comes with the record that passes the limit, at its end.
 * Each of the two limits that a source passes in an hour is an alarm.
 */
import { countInClockBins } from './counting.ts';
import type { FlowRecord } from './record.ts';
import type { Alarm, Rule } from './rule.ts';

const LIMIT = 10;

export const gcpCsa: Rule = { name: 'gcp-csa', alarms };

function* alarms(records: readonly FlowRecord[]): Iterable<Alarm> {
  const counting = {
    seconds: 3600,
    limit: LIMIT + 1,
    time: ({ start }: FlowRecord) => start,
    key: ({ source }: FlowRecord) => source,
  };
  yield* countInClockBins(records, {
    ...counting,
    value: ({ target }) => target,
    alarm: ({ source, end }) => ({ source, at: end, kind: 'horizontal' }),
  });
  yield* countInClockBins(records, {
    ...counting,
    value: ({ targetPort }) => targetPort,
    alarm: ({ source, end }) => ({ source, at: end, kind: 'vertical' }),
  });
}
