/**
 * Sumo Logic, Cloud SIEM rules "Amazon VPC - Port Scan" and "Amazon VPC - Network Scan", state of 2026.
 * Threshold: 25 distinct destination ports (port scan) or addresses (network scan) for a source in 5 minutes, severity 1.
 * The published field list shows no action although the text says "blocked": this is the charitable reading, REJECT only.
 * Source: the public rule catalogue of Sumo Logic Cloud SIEM.
 * Approximated: the window slides. A repeat for the same entity is suppressed for 12 hours, the documented default.
 */
import { countInSlidingWindow } from './counting.ts';
import type { FlowRecord } from './record.ts';
import type { Rule } from './rule.ts';

const HALF_A_DAY = 43_200;

export const sumoReject: Rule = {
  name: 'sumo-reject',
  alarms: (records) => {
    const denied = records.filter(({ rejected }) => rejected);
    const counting = {
      seconds: 300,
      limit: 25,
      time: ({ end }: FlowRecord) => end,
      key: ({ source }: FlowRecord) => source,
    };
    return [
      ...countInSlidingWindow(
        denied,
        {
          ...counting,
          value: ({ targetPort }) => targetPort,
          alarm: ({ source, end }) => ({ source, at: end, kind: 'vertical' }),
        },
        HALF_A_DAY,
      ),
      ...countInSlidingWindow(
        denied,
        {
          ...counting,
          value: ({ target }) => target,
          alarm: ({ source, end }) => ({ source, at: end, kind: 'horizontal' }),
        },
        HALF_A_DAY,
      ),
    ];
  },
};
