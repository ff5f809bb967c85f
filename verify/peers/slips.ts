/**
 * Stratosphere Linux IPS (Slips), vertical and horizontal port scan evidence, state of 2026.
 * Thresholds in a time window of 1 h that tumbles, over not established TCP and UDP flows: documented as 5 ports of a
 * host and 6 hosts on a port, but the logarithm in the code must exceed 0, which takes 10. Then evidence again at 100
 * and at 1,000.
 * (The row in the lab's table counts the first level only: without the other two the findings are its 72.)
 * Source: stratosphereips/StratosphereLinuxIPS, network discovery documentation and modules.
 * Approximated: connections are put together from flow records (connections.ts). Every evidence counts as an alarm (the
 * alert that Slips accumulates from evidence is left out). ICMP and DHCP scans are left out.
 */
import { type Connection, connectionsOf, isNotEstablished } from './connections.ts';
import { countInClockBins } from './counting.ts';
import { TCP, UDP } from './record.ts';
import type { Rule } from './rule.ts';

const LEVELS = [10, 100, 1000];

export const slips: Rule = {
  name: 'slips',
  alarms: (records) => {
    const failed = connectionsOf(records).filter(
      (connection) => (connection.protocol === TCP || connection.protocol === UDP) && isNotEstablished(connection),
    );
    return LEVELS.flatMap((limit) => {
      const counting = { seconds: 3600, limit, time: ({ at }: Connection) => at };
      return [
        ...countInClockBins(failed, {
          ...counting,
          key: ({ source, target, protocol }) => `${source} ${target} ${protocol}`,
          value: ({ targetPort }) => targetPort,
          alarm: ({ source, target, at }) => ({ source, target, at, kind: 'vertical' }),
        }),
        ...countInClockBins(failed, {
          ...counting,
          key: ({ source, targetPort, protocol }) => `${source} ${targetPort} ${protocol}`,
          value: ({ target }) => target,
          alarm: ({ source, at }) => ({ source, at, kind: 'horizontal' }),
        }),
      ];
    });
  },
};
