/** Decides when to rewrite a stored finding, and which event people hear about: opened, escalated, closed. */
import { type Finding, type Severity, severityRank } from './model.ts';

/** The event that an alert reports. */
export type AlertEvent = 'opened' | 'escalated' | 'closed';

/** The state of a finding in its last alert. */
export interface Told {
  readonly severity: Severity;
  readonly openPorts: number;
  readonly status: Finding['status'];
  readonly closedBecause?: Finding['closedBecause'];
}

/**
 * Whether to write a new judgement of a finding: when severity, kind, status or open ports change, when it doubles, and
 * always when it is over, so that the final state is exact. Writing less often keeps partitions from getting hot.
 * @param isOver whether the scan is over. One that a person closed may go on.
 */
export function isWorthWriting(stored: Finding, next: Finding, isOver = next.status === 'closed'): boolean {
  if (isOver || stored.closedBecause !== next.closedBecause)
    return JSON.stringify(comparable(stored)) !== JSON.stringify(comparable(next));
  return (
    stored.severity !== next.severity ||
    stored.kind !== next.kind ||
    stored.campaign !== next.campaign ||
    stored.watchedBy !== next.watchedBy ||
    stored.openPorts.count !== next.openPorts.count ||
    hasOtherSignals(stored, next) ||
    sizeOf(next) >= 2 * sizeOf(stored)
  );
}

/** Whether two judgements of a finding name other actors or other signals. */
export const hasOtherSignals = (stored: Finding, next: Finding): boolean =>
  JSON.stringify(sortKeys([stored.actor ?? null, stored.signals ?? null])) !==
  JSON.stringify(sortKeys([next.actor ?? null, next.signals ?? null]));

/** A sweep of open ports has no failed contact, and a finding of signals alone no contact. */
const sizeOf = ({ contacts, signals }: Finding): number =>
  contacts.failed + contacts.established || (signals?.count ?? 1);

/**
 * The news in a finding for people who last heard `told`, if any. Below `minSeverity` the news waits for the digest.
 */
export function newsOf(finding: Finding, told: Told | undefined, minSeverity: Severity): AlertEvent | undefined {
  // A person who closed it heard enough, until the severity rises and it is open again.
  if (finding.closedBecause === 'analyst')
    return told && !isVoid(told) && told.status !== 'closed' ? 'closed' : undefined;
  // A withdrawn finding counts as never announced.
  if (!told || isVoid(told)) {
    // A campaign's alert covers its members, except a member that stayed connected.
    const stayed = finding.direction === 'lateral' ? 'critical' : 'high';
    const isSpokenFor = finding.campaign !== undefined && severityRank(finding.severity) < severityRank(stayed);
    const isQuiet = isSpokenFor || severityRank(finding.severity) < severityRank(minSeverity);
    return isVoid(finding) || isQuiet ? undefined : 'opened';
  }
  if (finding.status === 'closed' && told.status !== 'closed') return 'closed';
  // The scan was announced as ended and is now withdrawn or merged: correct the earlier alert.
  if (told.closedBecause !== 'analyst' && isVoid(finding)) return 'closed';
  if (isVoid(finding)) return undefined;
  // This also applies to a closed finding: late evidence may show that the scanner stayed connected.
  if (severityRank(finding.severity) > severityRank(told.severity)) return 'escalated';
  return finding.openPorts.count > 0 && told.openPorts === 0 ? 'escalated' : undefined;
}

/** Whether a finding was withdrawn or merged, so that it does not count as a finding of its own. */
export const isVoid = ({ closedBecause }: Pick<Finding, 'closedBecause'>): boolean =>
  closedBecause === 'refuted' || closedBecause === 'merged';

/** A finding without the parts that people set, with its keys in a fixed order. */
function comparable(finding: Finding): unknown {
  const {
    suppressedBy: _suppressedBy,
    verdict: _verdict,
    verdictGiven: _verdictGiven,
    acknowledged: _acknowledged,
    notes: _notes,
    ...rest
  } = finding;
  return sortKeys(rest);
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sortKeys(item)]),
  );
}
