/**
 * ncsa/bro-simple-scan, the successor of Zeek's scan.zeek, state of its last release.
 * Thresholds: distinct failed (victim, port) attempts of a scanner, 25 for a remote one, 250 for a local one.
 * Knock-knock, one port on 20 hosts, remote only. A scanner's attempts are forgotten 15 minutes after the last one. A
 * scanner that was reported is ignored for an hour. TCP only, and only attempts that never got a SYN-ACK. The lower
 * limits for scanners that hit dark addresses need a list of those, which a default installation lacks. They are left
 * out.
 * Source: ncsa/bro-simple-scan, scripts/scan.bro.
 * Approximated: connections are put together from flow records (connections.ts).
 */
import { connectionsOf, isFailedAttempt } from './connections.ts';
import { type FlowRecord, isPrivate } from './record.ts';
import type { Alarm, Rule } from './rule.ts';

const EXPIRY = 900;
const IGNORED = 3600;
const LOCAL_LIMIT = 250;
const REMOTE_LIMIT = 25;
const KNOCK_KNOCK_LIMIT = 20;

export const broSimpleScan: Rule = { name: 'bro-simple-scan', alarms };

interface Scanner {
  readonly attempts: Set<string>;
  readonly hostsByPort: Map<number, Set<string>>;
  lastSeen: number;
  ignoredUntil: number;
}

function* alarms(records: readonly FlowRecord[]): Iterable<Alarm> {
  const scanners = new Map<string, Scanner>();
  for (const { source, target, targetPort, at } of connectionsOf(records).filter(isFailedAttempt)) {
    let scanner = scanners.get(source);
    if (!scanner) {
      scanner = { attempts: new Set(), hostsByPort: new Map(), lastSeen: at, ignoredUntil: Number.NEGATIVE_INFINITY };
      scanners.set(source, scanner);
    }
    if (at < scanner.ignoredUntil) continue;
    if (at > scanner.lastSeen + EXPIRY) forget(scanner);
    scanner.lastSeen = at;
    const hosts = scanner.hostsByPort.get(targetPort) ?? new Set();
    scanner.hostsByPort.set(targetPort, hosts.add(target));
    scanner.attempts.add(`${target} ${targetPort}`);
    const enough = isPrivate(source)
      ? scanner.attempts.size >= LOCAL_LIMIT
      : scanner.attempts.size >= REMOTE_LIMIT || hosts.size >= KNOCK_KNOCK_LIMIT;
    if (!enough) continue;
    forget(scanner);
    scanner.ignoredUntil = at + IGNORED;
    yield { source, at, kind: 'scan' };
  }
}

function forget({ attempts, hostsByPort }: Scanner): void {
  attempts.clear();
  hostsByPort.clear();
}
