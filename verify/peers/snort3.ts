/**
 * Snort 3, port_scan inspector, profile "medium" (default_med_port_scan), state of 2026. Off in all default policies.
 * Thresholds (scans, rejects, nets, ports) for TCP and UDP in 90 seconds: port scan 200/10/60/15, port sweep 30/7/7/10,
 * distributed port scan 200/30/120/30, decoy port scan 200/30/120/60. "Nets" and "ports" count changes from the value
 * before, not distinct values. A port scan needs few nets and many ports, a sweep many nets and few ports. One alert
 * for each host and window, which the first packet opens and which does not slide.
 * Source: snort3/snort3, the port_scan inspector's documentation and lua/snort_defaults.lua.
 * Approximated: connections are put together from flow records (connections.ts). A rejection by a security group is
 * silence to a sensor, so it counts as a scan and not as a reject, and a reset as a reject (a client that polls a few
 * closed ports then looks like a sweep, one source more than in the lab's table). The memory cap of 10 MiB is left out.
 */
import { type Connection, connectionsOf, isFailedAttempt, isNotEstablished, isReset } from './connections.ts';
import { type FlowRecord, TCP, UDP } from './record.ts';
import type { Alarm, Rule } from './rule.ts';

const WINDOW = 90;

interface Limits {
  readonly scans: number;
  readonly rejects: number;
  readonly nets: number;
  readonly ports: number;
}
const PORT_SCAN: Limits = { scans: 200, rejects: 10, nets: 60, ports: 15 };
const SWEEP: Limits = { scans: 30, rejects: 7, nets: 7, ports: 10 };
const DISTRIBUTED: Limits = { scans: 200, rejects: 30, nets: 120, ports: 30 };
const DECOY: Limits = { scans: 200, rejects: 30, nets: 120, ports: 60 };

/** Counters of one host, as scanner or as scanned. */
class Tracker {
  from = Number.NEGATIVE_INFINITY;
  scans = 0;
  rejects = 0;
  nets = 0;
  ports = 0;
  fired = false;
  #net = '';
  #port = -1;

  count(connection: Connection, net: string): void {
    if (connection.at >= this.from + WINDOW) {
      Object.assign(this, { from: connection.at, scans: 0, rejects: 0, nets: 0, ports: 0, fired: false });
      this.#net = '';
      this.#port = -1;
    }
    this.scans++;
    if (isReset(connection)) this.rejects++;
    if (net !== this.#net) this.nets++;
    if (connection.targetPort !== this.#port) this.ports++;
    this.#net = net;
    this.#port = connection.targetPort;
  }

  /** Whether enough attempts went unanswered, or were refused, to look at nets and ports. */
  isBusy({ scans, rejects }: Limits): boolean {
    return this.scans >= scans || this.rejects >= rejects;
  }
}

export const snort3Medium: Rule = { name: 'snort3-medium', alarms };

function* alarms(records: readonly FlowRecord[]): Iterable<Alarm> {
  const scanners = new Map<string, Tracker>();
  const scanned = new Map<string, Tracker>();
  for (const connection of connectionsOf(records)) {
    if (connection.protocol === TCP ? !isFailedAttempt(connection) : connection.protocol !== UDP) continue;
    if (!isNotEstablished(connection)) continue;
    const { source, target, at, protocol } = connection;
    const scanner = trackerOf(scanners, `${source} ${protocol}`);
    const victim = trackerOf(scanned, `${target} ${protocol}`);
    scanner.count(connection, target);
    victim.count(connection, source);
    if (!scanner.fired && isSweep(scanner)) {
      scanner.fired = true;
      yield { source, at, kind: 'horizontal' };
    }
    const kind = victim.fired ? undefined : scanOf(victim);
    if (kind) {
      victim.fired = true;
      yield { source, target, at, kind };
    }
  }
}

function trackerOf(trackers: Map<string, Tracker>, host: string): Tracker {
  const known = trackers.get(host) ?? new Tracker();
  trackers.set(host, known);
  return known;
}

const isSweep = (tracker: Tracker): boolean =>
  tracker.isBusy(SWEEP) && tracker.nets >= SWEEP.nets && tracker.ports <= SWEEP.ports;

function scanOf(tracker: Tracker): string | undefined {
  const { nets, ports } = tracker;
  if (tracker.isBusy(PORT_SCAN) && nets < PORT_SCAN.nets && ports >= PORT_SCAN.ports) return 'vertical';
  if (tracker.isBusy(DISTRIBUTED) && nets >= DISTRIBUTED.nets && ports >= DISTRIBUTED.ports) return 'distributed';
  if (tracker.isBusy(DECOY) && nets >= DECOY.nets && ports >= DECOY.ports) return 'decoy';
  return undefined;
}
