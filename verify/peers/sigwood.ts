/**
 * sigwood 0.4.0 (August 2026), scan detector with its defaults. Offline, over Zeek's conn.log.
 * Thresholds in a window of 3,600 s that truly slides: vertical 15 ports of a host, horizontal 15 hosts on a port,
 * block 20 hosts and 20 ports with a failure ratio of at least 0.30. Slow, at least 8 ports over at least 4 hourly
 * buckets, each below 15. Severity follows the failure ratio of the winning window: 0.20 is the least that is reported
 * as medium.
 * Source: helixmap/sigwood, scan detector.
 * Approximated: connections are put together from flow records (connections.ts). Below a failure ratio of 0.20 nothing
 * counts as reported. One finding a source, as its report groups them. Its benign labels (resolver, BitTorrent ...) are
 * left out. In the lab's background this sets off three sources where the row has five: those at the edge of the
 * failure ratio.
 */
import { type Connection, connectionsOf, isNotEstablished } from './connections.ts';
import { type FlowRecord, TCP, UDP } from './record.ts';
import type { Alarm, Rule } from './rule.ts';

const WINDOW = 3600;
const LIMIT = 15;
const BLOCK_LIMIT = 20;
const BLOCK_FAILURE_RATIO = 0.3;
const LEAST_FAILURE_RATIO = 0.2;
const SLOW_PORTS = 8;
const SLOW_BUCKETS = 4;

export const sigwood: Rule = { name: 'sigwood', alarms };

interface Event {
  readonly at: number;
  readonly value: string | number;
  readonly failed: boolean;
}

/** The events of one group within the window before the latest. */
class SlidingGroup {
  #events: Event[] = [];
  #head = 0;
  #counts = new Map<string | number, number>();
  #failed = 0;

  add(event: Event): void {
    this.#events.push(event);
    this.#counts.set(event.value, (this.#counts.get(event.value) ?? 0) + 1);
    if (event.failed) this.#failed++;
    for (let oldest = this.#events[this.#head]!; oldest.at <= event.at - WINDOW; oldest = this.#events[this.#head]!) {
      this.#head++;
      if (oldest.failed) this.#failed--;
      const left = this.#counts.get(oldest.value)! - 1;
      if (left) this.#counts.set(oldest.value, left);
      else this.#counts.delete(oldest.value);
    }
  }

  get distinct(): number {
    return this.#counts.size;
  }

  get failureRatio(): number {
    return this.#failed / (this.#events.length - this.#head);
  }
}

function* alarms(records: readonly FlowRecord[]): Iterable<Alarm> {
  const bySource = Map.groupBy(
    connectionsOf(records).filter(({ protocol }) => protocol === TCP || protocol === UDP),
    ({ source }) => source,
  );
  for (const [source, connections] of bySource) {
    const alarm = fastScan(source, connections) ?? slowScan(source, connections);
    if (alarm) yield alarm;
  }
}

/** The first window that shows a scan. */
function fastScan(source: string, connections: readonly Connection[]): Alarm | undefined {
  const groups = new Map<string, SlidingGroup>();
  const grouped = (key: string, event: Event): SlidingGroup => {
    const group = groups.get(key) ?? new SlidingGroup();
    groups.set(key, group);
    group.add(event);
    return group;
  };
  const isScan = (group: SlidingGroup) => group.distinct >= LIMIT && group.failureRatio >= LEAST_FAILURE_RATIO;
  for (const connection of connections) {
    const { target, targetPort, protocol, at } = connection;
    const failed = isNotEstablished(connection);
    const portsOfTarget = grouped(`host ${target}`, { at, failed, value: targetPort });
    const hostsOnPort = grouped(`port ${targetPort} ${protocol}`, { at, failed, value: target });
    const hosts = grouped('hosts', { at, failed, value: target });
    const ports = grouped('ports', { at, failed, value: targetPort });
    if (isScan(portsOfTarget)) return { source, target, at, kind: 'vertical' };
    if (isScan(hostsOnPort)) return { source, at, kind: 'horizontal' };
    const isWide = hosts.distinct >= BLOCK_LIMIT && ports.distinct >= BLOCK_LIMIT;
    if (isWide && hosts.failureRatio >= BLOCK_FAILURE_RATIO) return { source, at, kind: 'block' };
  }
  return undefined;
}

/** A scan that stays below the limit in every hour. Reported at the end of the data, as in a batch. */
function slowScan(source: string, connections: readonly Connection[]): Alarm | undefined {
  const failed = connections.filter(isNotEstablished);
  if (failed.length / connections.length < LEAST_FAILURE_RATIO) return undefined;
  const hours = Map.groupBy(failed, ({ at }) => Math.floor(at / WINDOW));
  const portsOf = (some: readonly Connection[]) => new Set(some.map(({ targetPort }) => targetPort)).size;
  const isSlow =
    portsOf(failed) >= SLOW_PORTS &&
    hours.size >= SLOW_BUCKETS &&
    [...hours.values()].every((hour) => portsOf(hour) < LIMIT);
  return isSlow ? { source, at: failed.at(-1)!.at, kind: 'slow' } : undefined;
}
