/** Rows for rules of the bench: a rejected TCP probe from outside, changed where a test needs it. */
import type { FlowRecord } from '../../verify/peers/record.ts';
import type { Alarm, Rule } from '../../verify/peers/rule.ts';

/** A whole hour, so that windows on the clock begin where the tests do. */
export const START = 1_767_225_600;
export const OUTSIDE = '203.0.113.7';
export const INSIDE = '10.0.0.7';
export const TARGET = '10.0.1.1';

/** A row `seconds` after the start. The packet's addresses default to those of the row. */
export function row(seconds: number, changes: Partial<FlowRecord> = {}): FlowRecord {
  const { source = OUTSIDE, target = TARGET } = changes;
  return {
    source,
    target,
    packetSource: source,
    packetTarget: target,
    sourcePort: 40_000,
    targetPort: 22,
    protocol: 6,
    packets: 1,
    bytes: 44,
    start: START + seconds,
    end: START + seconds,
    rejected: true,
    flags: 2,
    egress: false,
    interfaceId: 'eni-1',
    vpc: 'vpc-1',
    subnet: 'subnet-1',
    ...changes,
  };
}

/** `count` rows, one in `interval` seconds from `from` on. */
export const rows = (
  count: number,
  changes: (n: number) => Partial<FlowRecord>,
  { interval = 0, from = 0 }: { interval?: number; from?: number } = {},
): FlowRecord[] => Array.from({ length: count }, (_, n) => row(from + n * interval, changes(n)));

/** Ports 1001, 1002 ... of one host. */
export const toPorts =
  (changes: Partial<FlowRecord> = {}, first = 1001) =>
  (n: number): Partial<FlowRecord> => ({ ...changes, targetPort: first + n });

/** One port of hosts 10.0.2.0, 10.0.2.1 ... */
export const toHosts =
  (changes: Partial<FlowRecord> = {}, first = 0) =>
  (n: number): Partial<FlowRecord> => {
    const target = `10.0.${2 + ((first + n) >> 8)}.${(first + n) & 255}`;
    return { ...changes, target, packetTarget: target };
  };

/** A row and its answer, for connections that were made or refused. */
export const answered = (probe: FlowRecord, flags: number): FlowRecord[] => [
  { ...probe, rejected: false },
  {
    ...probe,
    source: probe.target,
    target: probe.source,
    packetSource: probe.packetTarget,
    packetTarget: probe.packetSource,
    sourcePort: probe.targetPort,
    targetPort: probe.sourcePort,
    rejected: false,
    flags,
  },
];

export const SYN_ACK = 18;
export const RST = 4;

export const alarmsOf = (rule: Rule, records: readonly FlowRecord[]): Alarm[] => [
  ...rule.alarms(records.toSorted((a, b) => a.end - b.end)),
];
