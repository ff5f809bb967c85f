/** Records judgements in the findings table: the only way in which findings open, change and close. */
import type { DetectedFinding } from '../finding/describe-scan.ts';
import { isWorthWriting, newsOf } from '../finding/lifecycle.ts';
import type { Finding, Severity } from '../finding/model.ts';
import { addsTo, isReviewed, type Review, reviewOf, unite, verdictAsNote, withReview } from '../finding/review.ts';
import { type Announced, findingKey, type StoredFinding } from '../store/finding-item.ts';
import type { FindingRef, FindingsStore, Version } from '../store/findings-store.ts';
import { asTest } from './selftest.ts';

export interface RecorderOptions {
  readonly findings: FindingsStore;
  /** Notifies the alert function about a finding that was marked. */
  readonly requestAlert: (ref: FindingRef) => Promise<void>;
  readonly minSeverity: Severity;
  /** Whether the findings are those of `selftest`. */
  readonly isTest?: boolean;
}

/** Why a stored finding is closed. */
export type Closing = Pick<Finding, 'closedBecause' | 'mergedInto'>;

/** A stored finding that is to be closed, and why. */
export interface ToClose {
  readonly orphan: StoredFinding;
  readonly closing: Closing;
}

interface Recording {
  readonly version: Version;
  readonly now: number;
  readonly hasOutgrown: (stored: Finding) => boolean;
  readonly inherited?: Announced | undefined;
  /** What people said of findings that turned out to be part of this one. */
  readonly takenOver?: Review | undefined;
}

type Outcome = 'opened' | 'updated' | 'unchanged' | 'refused';

/** People seldom say more than this about one finding at once. */
const REVIEWS = 4;

/**
 * Opens or updates a finding, and requests an alert if that is news. What people said of it stays: a judgement made
 * before they said it is made again.
 * @param hasOutgrown whether to write the stored finding again although nothing important changed.
 * @param inherited the alert about signals that turned out to belong to this scan.
 * @returns `refused` if the stored finding rests on more evidence.
 */
export async function storeFinding(
  options: RecorderOptions,
  judged: DetectedFinding,
  known: StoredFinding | undefined,
  recording: Recording,
): Promise<Outcome> {
  const detection = options.isTest ? asTest(judged) : judged;
  let current = known;
  for (let tries = 0; ; tries++) {
    const outcome = await storeOnce(options, detection, current, recording);
    if (outcome !== 'refused' || tries === REVIEWS) return outcome;
    const next = await options.findings.at(findingKey(detection));
    if (next?.reviews === current?.reviews) return 'refused';
    current = next;
  }
}

async function storeOnce(
  { findings, requestAlert, minSeverity }: RecorderOptions,
  judged: DetectedFinding,
  known: StoredFinding | undefined,
  { version: judgedBy, now, hasOutgrown, inherited, takenOver = {} }: Recording,
): Promise<Outcome> {
  const own = known ? reviewOf(known.finding) : {};
  const detection = { ...judged, finding: withReview(judged.finding, unite(own, takenOver)) };
  const takesOver = addsTo(own, takenOver);
  const isOver = judged.finding.status === 'closed';
  const isWorth =
    !known || takesOver || isWorthWriting(known.finding, detection.finding, isOver) || hasOutgrown(known.finding);
  if (!isWorth) return 'unchanged';
  const handedOn = known?.announced ? undefined : inherited;
  const isNews = newsOf(detection.finding, known?.announced ?? handedOn, minSeverity) !== undefined;
  const version = { ...judgedBy, reviews: known?.reviews, takesOver, foundAt: known ? known.foundAt : now };
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

/**
 * Puts what people said of signals on the scan to which they turned out to belong. Their verdict becomes a note, since
 * nobody saw the scan when it was given. @returns false if the scan was reviewed in the meantime.
 */
export async function noteReviewOf(
  { findings }: Pick<RecorderOptions, 'findings'>,
  { finding }: StoredFinding,
  scan: StoredFinding,
  now: number,
): Promise<boolean> {
  const review = verdictAsNote(finding);
  if (!isReviewed(review)) return true;
  const current = await findings.at(scan);
  if (!current || !addsTo(reviewOf(current.finding), review)) return true;
  return findings.review(current, unite(reviewOf(current.finding), review), now);
}

/** Whether a judgement may close a finding. It never refutes what a person closed. */
export const mayClose = ({ finding }: StoredFinding, { closedBecause }: Closing): boolean =>
  finding.closedBecause !== 'analyst' || closedBecause === 'merged';

/** What people said of findings that are to be merged, by the id of the finding that survives. */
export function takenOverBy(toClose: readonly ToClose[]): ReadonlyMap<string, Review> {
  const reviews = new Map<string, Review>();
  for (const { orphan, closing } of toClose) {
    const review = reviewOf(orphan.finding);
    if (closing.mergedInto === undefined || !isReviewed(review)) continue;
    reviews.set(closing.mergedInto, unite(reviews.get(closing.mergedInto) ?? {}, review));
  }
  return reviews;
}
