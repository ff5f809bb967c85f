/**
 * Splunk security_content (ESCU), "Internal Horizontal Port Scan" and "Internal Vertical Port Scan", state of 2026.
 * Thresholds: horizontal, at least 250 destination addresses for a (source, port, protocol) in a clock hour. Vertical,
 * at least 500 destination ports of which at least 20 are privileged for a (source, destination) in a clock hour.
 * Sources of RFC 1918 only. No use of action or flags.
 * Source: splunk/security_content, detections/network.
 * Approximated: `_time` is the record's start. The alarm comes with the record, at its end. Splunk's published positive
 * tests are captures of nmap that it keeps apart. The rule is checked against its thresholds instead.
 */
import { countInClockBins } from './counting.ts';
import { type FlowRecord, isPrivate } from './record.ts';
import type { Alarm, Rule } from './rule.ts';

const HOUR = 3600;
const PRIVILEGED = 1024;

export const splunkHorizontal: Rule = {
  name: 'splunk-horizontal',
  alarms: (records) =>
    countInClockBins(
      records.filter(({ source }) => isPrivate(source)),
      {
        seconds: HOUR,
        limit: 250,
        time: ({ start }: FlowRecord) => start,
        key: ({ source, targetPort, protocol }) => `${source} ${targetPort} ${protocol}`,
        value: ({ target }) => target,
        alarm: ({ source, end }) => ({ source, at: end, kind: 'horizontal' }),
      },
    ),
};

export const splunkVertical: Rule = { name: 'splunk-vertical', alarms: verticalAlarms };

function* verticalAlarms(records: readonly FlowRecord[]): Iterable<Alarm> {
  const hours = new Map<string, { hour: number; ports: Set<number>; privileged: Set<number>; fired: boolean }>();
  for (const { source, target, targetPort, start, end } of records) {
    if (!isPrivate(source)) continue;
    const key = `${source} ${target}`;
    const hour = Math.floor(start / HOUR);
    let bin = hours.get(key);
    if (!bin || hour > bin.hour) {
      bin = { hour, ports: new Set(), privileged: new Set(), fired: false };
      hours.set(key, bin);
    }
    bin.ports.add(targetPort);
    if (targetPort < PRIVILEGED) bin.privileged.add(targetPort);
    if (bin.fired || bin.ports.size < 500 || bin.privileged.size < 20) continue;
    bin.fired = true;
    yield { source, target, at: end, kind: 'vertical' };
  }
}
