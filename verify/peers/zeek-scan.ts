/**
 * Zeek, policy/misc/scan.zeek (deprecated 2022-08-23, removed in 6.1, 2023-06-14).
 * Thresholds: Address_Scan, 25 distinct victims for a (scanner, port), and Port_Scan, 15 distinct ports for a (scanner,
 * victim), each in an epoch of 5 minutes that tumbles. Failed TCP attempts only. A notice's identifier is the scanner,
 * and a notice with a known identifier is suppressed for an hour.
 * Source: zeek/zeek before 6.1, scripts/policy/misc/scan.zeek.
 * Approximated: connections are put together from flow records (connections.ts). Epochs are on the clock.
 */
import { type Connection, connectionsOf, isFailedAttempt } from './connections.ts';
import { countInClockBins, suppressRepeats } from './counting.ts';
import type { Rule } from './rule.ts';

const EPOCH = 300;
const SUPPRESSION = 3600;

export const zeekScan: Rule = {
  name: 'zeek-scan',
  alarms: (records) => {
    const failed = connectionsOf(records).filter(isFailedAttempt);
    const time = ({ at }: Connection) => at;
    const addressScans = countInClockBins(failed, {
      seconds: EPOCH,
      limit: 25,
      time,
      key: ({ source, targetPort }) => `${source} ${targetPort}`,
      value: ({ target }) => target,
      alarm: ({ source, at }) => ({ source, at, kind: 'horizontal' }),
    });
    const portScans = countInClockBins(failed, {
      seconds: EPOCH,
      limit: 15,
      time,
      key: ({ source, target }) => `${source} ${target}`,
      value: ({ targetPort }) => targetPort,
      alarm: ({ source, target, at }) => ({ source, target, at, kind: 'vertical' }),
    });
    return [addressScans, portScans].flatMap((alarms) => [
      ...suppressRepeats(alarms, SUPPRESSION, ({ source }) => source),
    ]);
  },
};
