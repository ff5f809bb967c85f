/** When a stored finding is worth rewriting, and what of it a person is to hear: opened, escalated, closed. */
import { type Finding, type Severity, severityRank } from './model.ts';

/** What an alert is about. */
export type AlertEvent = 'opened' | 'escalated' | 'closed';

/** What people were last told of a finding. */
export interface Told {
  readonly severity: Severity;
  readonly openPorts: number;
  readonly status: Finding['status'];
  readonly closedBecause?: Finding['closedBecause'];
}

/**
 * Whether a new judgement of a finding is to be written: on a change of severity, kind, status or open ports, on
 * doubling, and always once it is closed, so that what remains is exact: no partition grows hot.
 */
export function isWorthWriting(stored: Finding, next: Finding): boolean {
  if (next.status === 'closed' || stored.status === 'closed')
    return JSON.stringify(comparable(stored)) !== JSON.stringify(comparable(next));
  return (
    stored.severity !== next.severity ||
    stored.kind !== next.kind ||
    stored.campaign !== next.campaign ||
    stored.openPorts.count !== next.openPorts.count ||
    sizeOf(next) >= 2 * sizeOf(stored)
  );
}

/** A sweep of open ports has no failed contact. */
const sizeOf = ({ contacts }: Finding): number => contacts.failed + contacts.established;

/** The news in a finding for someone who was told `told`, or nothing; below `minSeverity` it waits for the digest. */
export function newsOf(finding: Finding, told: Told | undefined, minSeverity: Severity): AlertEvent | undefined {
  // A withdrawn finding counts as never announced.
  if (!told || isVoid(told)) {
    // A campaign speaks for its members, but not for one that got in.
    const isSpokenFor = finding.campaign !== undefined && severityRank(finding.severity) < severityRank('high');
    const isQuiet = isSpokenFor || severityRank(finding.severity) < severityRank(minSeverity);
    return isVoid(finding) || isQuiet ? undefined : 'opened';
  }
  if (finding.status === 'closed' && told.status !== 'closed') return 'closed';
  // The scan was announced as ended and is now withdrawn or merged: correct the earlier alert.
  if (finding.closedBecause === 'refuted' || finding.closedBecause === 'merged') return 'closed';
  // Also of one that was closed: late evidence may show that somebody got in.
  if (severityRank(finding.severity) > severityRank(told.severity)) return 'escalated';
  return finding.openPorts.count > 0 && told.openPorts === 0 ? 'escalated' : undefined;
}

/** Whether a finding was closed because it is none of its own. */
export const isVoid = ({ closedBecause }: Pick<Finding, 'closedBecause'>): boolean =>
  closedBecause === 'refuted' || closedBecause === 'merged' || closedBecause === 'analyst';

/** A finding without the parts that are set by people, in one order of keys. */
function comparable(finding: Finding): unknown {
  const { suppressedBy: _suppressedBy, verdict: _verdict, ...rest } = finding;
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
