/** Judges a finding by the traffic of others: whether a service that answered an outside scanner is public anyway. */

import type { DetectionSettings } from '../detections/settings.ts';
import { outcomeOf, SEEN_COMPLETED, SEEN_CONVERSATION } from '../evidence/seen.ts';
import { countOf } from '../text/wording.ts';
import type { DetectedFinding } from './describe-scan.ts';
import { type Severity, severityRank } from './model.ts';
import { listOf, stayedReason } from './reasons.ts';
import type { OpenService } from './summary.ts';

export const serviceKey = ({ target, port, protocol }: Pick<OpenService, 'target' | 'port' | 'protocol'>): string =>
  `${target} ${port} ${protocol}`;

/** A range of epoch hours, both ends included. */
export interface HourRange {
  readonly from: number;
  readonly to: number;
}

/** Ports of web servers. */
const PUBLIC_PORTS: ReadonlySet<number> = new Set([80, 443]);

/** Whether a service on this port, if it answers at all, is meant for everybody. */
export const isPublicPort = (port: number): boolean => PUBLIC_PORTS.has(port);
/**
 * Number of hours before a scan's first hour in which other sources are examined. Later hours may not be known when it
 * ends.
 */
const HOURS_BEFORE = 2;
/** A scan of many hosts with at least this many ports is more than the sweeps that the whole internet receives. */
const BROAD_PORTS = 10;

/** The hours in which the traffic of others counts for a detection. */
export const hoursAround = ({ anchorHour }: Pick<DetectedFinding, 'anchorHour'>): HourRange => ({
  from: anchorHour - HOURS_BEFORE,
  to: anchorHour,
});

/** Services that answered an outside scanner and are not known to be public. */
export const questionable = ({ finding, open }: DetectedFinding): readonly OpenService[] =>
  finding.direction === 'inbound' ? open.filter(({ port }) => !isPublicPort(port)) : [];

/** Outside sources that completed contacts with services, hour by hour. */
export class ServiceUsers {
  #sources = new Map<string, Map<string, Set<number>>>();

  /** Notes that an outside source completed a contact with a service in an epoch hour. */
  add(service: string, source: string, hour: number): void {
    const bySource = this.#sources.get(service) ?? new Map<string, Set<number>>();
    this.#sources.set(service, bySource);
    bySource.set(source, (bySource.get(source) ?? new Set()).add(hour));
  }

  /** Distinct sources, except the given one, that completed a contact with a service. */
  count(service: string, except: string | undefined, { from, to }: HourRange): number {
    let count = 0;
    for (const [source, hours] of this.#sources.get(service) ?? [])
      if (source !== except && [...hours].some((hour) => hour >= from && hour <= to)) count++;
    return count;
  }
}

/**
 * Raises the severity of an inbound detection according to the services that answered it. Other detections are
 * unchanged.
 */
export function raiseSeverityByWhatAnswered(
  detection: DetectedFinding,
  users: ServiceUsers,
  settings: DetectionSettings,
): DetectedFinding {
  const { finding } = detection;
  if (finding.direction !== 'inbound' || !finding.source) return detection;
  const hours = hoursAround(detection);
  const hidden = questionable(detection).filter(
    (service) => users.count(serviceKey(service), finding.source?.address, hours) < settings.publicServiceSources,
  );
  const isBroad = finding.targets.count >= settings.broadTargets && finding.ports.count >= BROAD_PORTS;
  const stays = hidden.filter(({ isConnected }) => isConnected);
  const severity: Severity = stays.length ? 'high' : hidden.length || isBroad ? 'medium' : 'low';
  if (severityRank(severity) <= severityRank(finding.severity)) return detection;
  const reasons = [...finding.reasons];
  if (hidden.length)
    reasons.push({
      test: 'answered-not-public',
      value: hidden.length,
      threshold: 1,
      text: `the scanner found ${countOf(hidden.length, 'service')} that fewer than ${settings.publicServiceSources} other outside sources use: ${listOf(hidden)}`,
    });
  if (stays.length) reasons.push(stayedReason(stays));
  if (isBroad)
    reasons.push({
      test: 'covers-many-targets',
      value: finding.targets.count,
      threshold: settings.broadTargets,
      text: `the scan tried ${countOf(finding.ports.count, 'port')} on ${countOf(finding.targets.count, 'inside host')} (threshold: ${settings.broadTargets})`,
    });
  return { ...detection, finding: { ...finding, severity, reasons } };
}

/**
 * Whether a contact shows that its source uses a service: a connection that was made and closed, or a conversation. A
 * SYN and its SYN-ACK do not show it, since anyone can send a SYN with a forged source address.
 */
export const isUse = (seen: number): boolean =>
  outcomeOf(seen) === 'established' && (seen & (SEEN_COMPLETED | SEEN_CONVERSATION)) !== 0;
