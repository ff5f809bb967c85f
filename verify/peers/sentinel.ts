/**
 * Microsoft Sentinel, ASIM analytic rule "Port scan detected" (network session schema, AWS VPC flow logs among its
 * sources), state of 2026.
 * Threshold: more than 50 distinct destination ports for a source in a 5-minute bin. Public sources only. The destination
 * is no part of the key.
 * Source: Azure/Azure-Sentinel, ASIM network session detections.
 * Approximated: the bins are on the clock and take the record's end.
 */
import { countInClockBins } from './counting.ts';
import { type FlowRecord, isPrivate } from './record.ts';
import type { Rule } from './rule.ts';

export const sentinel: Rule = {
  name: 'sentinel',
  alarms: (records) =>
    countInClockBins(
      records.filter(({ source }) => !isPrivate(source)),
      {
        seconds: 300,
        limit: 51,
        time: ({ end }: FlowRecord) => end,
        key: ({ source }) => source,
        value: ({ targetPort }) => targetPort,
        alarm: ({ source, end }) => ({ source, at: end, kind: 'vertical' }),
      },
    ),
};
