/** Records judgements in the findings table: the only way in which findings open, change and close. */
import type { DetectedFinding } from '../finding/describe-scan.ts';
import { isWorthWriting, newsOf } from '../finding/lifecycle.ts';
import type { Finding, Severity } from '../finding/model.ts';
import { type Announced, findingKey, type StoredFinding } from '../store/finding-item.ts';
import type { FindingRef, FindingsStore, Version } from '../store/findings-store.ts';

export interface RecorderOptions {
  readonly findings: FindingsStore;
  /** Notifies the alert function about a finding that was marked. */
  readonly requestAlert: (ref: FindingRef) => Promise<void>;
  readonly minSeverity: Severity;
}

/** Why a stored finding is closed. */
export type Closing = Pick<Finding, 'closedBecause' | 'mergedInto'>;

interface Recording {
  readonly version: Version;
  readonly now: number;
  readonly hasOutgrown: (stored: Finding) => boolean;
  readonly inherited?: Announced | undefined;
}

/**
 * Opens or updates a finding, and requests an alert if that is news.
 * @param hasOutgrown whether to write the stored finding again although nothing important changed.
 * @param inherited the alert about signals that turned out to belong to this scan.
 * @returns `refused` if the stored finding rests on more evidence.
 */
export async function storeFinding(
  { findings, requestAlert, minSeverity }: RecorderOptions,
  detection: DetectedFinding,
  known: StoredFinding | undefined,
  { version, now, hasOutgrown, inherited }: Recording,
): Promise<'opened' | 'updated' | 'unchanged' | 'refused'> {
  if (known?.finding.closedBecause === 'analyst') return 'unchanged';
  if (known && !isWorthWriting(known.finding, detection.finding) && !hasOutgrown(known.finding)) return 'unchanged';
  const handedOn = known?.announced ? undefined : inherited;
  const isNews = newsOf(detection.finding, known?.announced ?? handedOn, minSeverity) !== undefined;
  if (!(await findings.upsert(detection, version, isNews, now, handedOn))) return 'refused';
  if (isNews) await requestAlert(findingKey(detection));
  return known ? 'updated' : 'opened';
}

/**
 * Closes a finding, and requests an alert if its opening was announced. @returns false if the table refused the write.
 */
export async function closeFinding(
  { findings, requestAlert }: RecorderOptions,
  stored: StoredFinding,
  closing: Closing,
  { version, now }: { version: Version; now: number },
): Promise<boolean> {
  if (!(await findings.close(stored, closing, version, now))) return false;
  if (stored.announced || stored.announceSince) await requestAlert(stored);
  return true;
}
