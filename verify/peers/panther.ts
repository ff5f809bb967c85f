/**
 * Panther, panther-analysis, "AWS VPC Port Scanning" as rewritten in April 2026 (commit b87643e0, PR 2009): a streaming
 * rule, shipped disabled and marked experimental.
 * Threshold: at least 10 distinct destination ports for a (source, destination, VPC, subnet) within a deduplication
 * period of 60 minutes. Egress records only. Destination ports of seven common services are left out.
 * Source: panther-labs/panther-analysis, the rule's Python and YAML files.
 * Approximated: event time is the record's start, and the period opens with the first event of a key. The alarm comes
 * with the record, at its end.
 */
import { countInOpenedBins } from './counting.ts';
import type { FlowRecord } from './record.ts';
import type { Rule } from './rule.ts';

const COMMON_PORTS = new Set([80, 123, 443, 445, 53, 853, 2049]);

export const panther: Rule = {
  name: 'panther',
  alarms: (records) =>
    countInOpenedBins(
      records.filter(({ egress, targetPort }) => egress !== false && !COMMON_PORTS.has(targetPort)),
      {
        seconds: 3600,
        limit: 10,
        time: ({ start }: FlowRecord) => start,
        key: ({ source, target, vpc, subnet }) => `${source} ${target} ${vpc} ${subnet}`,
        value: ({ targetPort }) => targetPort,
        alarm: ({ source, target, end }) => ({ source, target, at: end, kind: 'vertical' }),
      },
    ),
};
