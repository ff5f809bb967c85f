/**
 * CrowdSec hub, scenario "iptables-scan-multi_ports" and its siblings for other firewalls, state of 2026.
 * Threshold: a leaky bucket for each source that denied TCP packets to distinct destination ports fill. Capacity 15,
 * leak one in 5 seconds, so the 16th drop overflows it. The source is then ignored for one minute (blackhole).
 * Source: crowdsecurity/hub, scenarios.
 * Approximated: every record pours at its end, since a record has no time of its own for each packet.
 */
import { type FlowRecord, TCP } from './record.ts';
import type { Alarm, Rule } from './rule.ts';

const CAPACITY = 15;
const LEAK_SECONDS = 5;
const BLACKHOLE_SECONDS = 60;

interface Bucket {
  level: number;
  at: number;
  ports: Set<number>;
  ignoredUntil: number;
}

export const crowdsec: Rule = { name: 'crowdsec', alarms };

function* alarms(records: readonly FlowRecord[]): Iterable<Alarm> {
  const buckets = new Map<string, Bucket>();
  for (const { source, targetPort, protocol, rejected, end } of records) {
    if (!rejected || protocol !== TCP) continue;
    let bucket = buckets.get(source);
    if (!bucket) {
      bucket = { level: 0, at: end, ports: new Set(), ignoredUntil: Number.NEGATIVE_INFINITY };
      buckets.set(source, bucket);
    }
    if (end < bucket.ignoredUntil) continue;
    bucket.level = Math.max(0, bucket.level - (end - bucket.at) / LEAK_SECONDS);
    bucket.at = end;
    // An empty bucket is thrown away, and with it the memory of which ports it held.
    if (bucket.level === 0) bucket.ports.clear();
    if (bucket.ports.has(targetPort)) continue;
    bucket.ports.add(targetPort);
    bucket.level++;
    if (bucket.level <= CAPACITY) continue;
    bucket.level = 0;
    bucket.ports.clear();
    bucket.ignoredUntil = end + BLACKHOLE_SECONDS;
    yield { source, at: end, kind: 'vertical' };
  }
}
