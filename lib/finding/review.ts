/** What people say of a finding: that they look at it, notes, and a verdict. It outlives every judgement. */
import { type Finding, type Note, type Severity, severityRank, type Verdict } from './model.ts';

export const VERDICTS: readonly Verdict[] = ['true', 'benign', 'tuned'];

/** Each verdict as part of a sentence: "closed it as ...". */
export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  true: 'a true positive',
  benign: 'benign',
  tuned: 'benign, to be tuned away',
};

/** The fields of a finding that people set. */
export type Review = Pick<Finding, 'verdict' | 'verdictGiven' | 'acknowledged' | 'notes'>;

/** A finding holds this many notes. */
export const MOST_NOTES = 20;

/** What people said of a finding. */
export function reviewOf({ verdict, verdictGiven, acknowledged, notes }: Review): Review {
  return {
    ...(verdict && { verdict }),
    ...(verdictGiven && { verdictGiven }),
    ...(acknowledged && { acknowledged }),
    ...(notes && { notes }),
  };
}

/** Whether people said anything of a finding. */
export const isReviewed = (review: Review): boolean =>
  Boolean(review.verdict || review.acknowledged || review.notes?.length);

/**
 * A judgement of a finding with what people said of it. A verdict keeps the finding closed and quiet, also while its scan
 * goes on, until the severity is higher than the one that the person saw.
 */
export function withReview<Judged extends Finding>(judged: Judged, review: Review): Judged {
  const reviewed = { ...judged, ...reviewOf(review) };
  return isCoveredBy(review, judged.severity) && !isWithdrawn(judged)
    ? { ...reviewed, status: 'closed', closedBecause: 'analyst' }
    : reviewed;
}

/** Whether a verdict was given at this severity or a higher one. */
const isCoveredBy = ({ verdictGiven }: Review, severity: Severity): boolean =>
  verdictGiven !== undefined && severityRank(severity) <= severityRank(verdictGiven.severity);

/** Whether a person closed a finding that is open again because its severity rose. */
export const isReopened = ({ verdictGiven, closedBecause, severity }: Finding): boolean =>
  verdictGiven !== undefined && closedBecause !== 'analyst' && !isCoveredBy({ verdictGiven }, severity);

const isWithdrawn = ({ closedBecause }: Finding): boolean => closedBecause === 'refuted' || closedBecause === 'merged';

/**
 * What people said of two findings that turned out to be one. The surviving finding's own verdict comes first, then the
 * other's. Notes of both stay in order of time, of which the latest 20 are kept.
 */
export function unite(own: Review, other: Review): Review {
  const said = own.verdict ? own : other;
  const acknowledged = own.acknowledged ?? other.acknowledged;
  const notes = new Map([...(own.notes ?? []), ...(other.notes ?? [])].map((note) => [keyOf(note), note]));
  const inOrder = [...notes.values()].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  return reviewOf({
    ...(said.verdict && { verdict: said.verdict }),
    ...(said.verdictGiven && { verdictGiven: said.verdictGiven }),
    ...(acknowledged && { acknowledged }),
    ...(inOrder.length > 0 && { notes: inOrder.slice(-MOST_NOTES) }),
  });
}

/** What people said of a finding, with its verdict as a note. */
export function verdictAsNote(finding: Pick<Finding, 'id' | 'kind'> & Review): Review {
  const { verdict, verdictGiven, acknowledged, notes } = finding;
  if (!verdict || !verdictGiven) return reviewOf({ ...(acknowledged && { acknowledged }), ...(notes && { notes }) });
  const { by, at } = verdictGiven;
  const text = `closed ${finding.kind} ${finding.id} as ${VERDICT_WORDS[verdict]}`;
  return unite(
    { notes: [{ by, at, text }] },
    reviewOf({ ...(acknowledged && { acknowledged }), ...(notes && { notes }) }),
  );
}

const keyOf = ({ by, at, text }: Note): string => JSON.stringify([by, at, text]);

/** Whether a review adds something to another one. */
export const addsTo = (own: Review, other: Review): boolean =>
  JSON.stringify(sorted(unite(own, other))) !== JSON.stringify(sorted(reviewOf(own)));

/** The state of a finding in a word or two: `open`, `acknowledged`, `reopened`, `ended`, `closed: benign`. */
export function stateOf(finding: Finding): string {
  if (finding.test) return 'test';
  if (finding.closedBecause === 'analyst') return `closed: ${finding.verdict ?? 'analyst'}`;
  if (finding.closedBecause === 'ended' && finding.acknowledged) return 'ended, acknowledged';
  if (finding.status === 'closed') return finding.closedBecause ?? 'closed';
  if (isReopened(finding)) return 'reopened';
  return finding.acknowledged ? 'acknowledged' : 'open';
}

/** Stored maps come back with their keys in another order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
