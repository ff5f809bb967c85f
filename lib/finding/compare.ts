/** Compares the findings of two judgements of the same logs: those gained, lost and changed. */
import { epochSeconds, type Finding, SEVERITIES, type Severity, severityRank } from './model.ts';

/** A finding that only one judgement has, or that both have with another severity or kind. */
export type Change =
  | { readonly change: 'gained'; readonly after: Finding }
  | { readonly change: 'lost'; readonly before: Finding }
  | {
      readonly change: 'changed';
      readonly differs: readonly ('severity' | 'kind')[];
      readonly before: Finding;
      readonly after: Finding;
    };

/** How many findings of one severity there are. A changed one counts where it is afterwards. */
interface SeverityCounts {
  readonly severity: Severity;
  readonly before: number;
  readonly after: number;
  readonly gained: number;
  readonly lost: number;
  readonly changed: number;
}

/** What differs between two judgements. */
export interface Comparison {
  /** The most severe first, then in order of time. */
  readonly changes: readonly Change[];
  /** Every severity, the worst first. */
  readonly counts: readonly SeverityCounts[];
  /** Findings with the same severity and kind in both. */
  readonly same: number;
}

/** What differs between two judgements, and the settings that make the difference. */
export interface SettingsComparison extends Comparison {
  readonly settings: readonly { readonly name: string; readonly before: number; readonly after: number }[];
}

/** The finding that stands for a change: as it is afterwards, or as it was. */
export const subjectOf = (change: Change): Finding => (change.change === 'lost' ? change.before : change.after);

/**
 * Compares two lists of findings. Findings with the same id are the same. Another setting may move the first probe of a
 * scan to another hour and so its id: then a finding by the same source in the same direction and time is the same.
 */
export function compareFindings(before: Iterable<Finding>, after: Iterable<Finding>): Comparison {
  const earlier = new Map([...before].map((finding) => [finding.id, finding] as const));
  const later = [...after];
  const pairs = new Map<Finding, Finding>();
  for (const finding of later) {
    const same = earlier.get(finding.id);
    if (same) pairs.set(finding, same);
  }
  const taken = new Set(pairs.values());
  const free = Map.groupBy(
    [...earlier.values()].filter((finding) => !taken.has(finding)),
    placeOf,
  );
  for (const finding of later) {
    if (pairs.has(finding)) continue;
    const same = free.get(placeOf(finding))?.find((other) => !taken.has(other) && isAtSameTime(other, finding));
    if (!same) continue;
    pairs.set(finding, same);
    taken.add(same);
  }
  const changes: Change[] = [];
  for (const finding of later) {
    const other = pairs.get(finding);
    const differs = other ? (['severity', 'kind'] as const).filter((field) => other[field] !== finding[field]) : [];
    if (!other) changes.push({ change: 'gained', after: finding });
    else if (differs.length) changes.push({ change: 'changed', differs, before: other, after: finding });
  }
  const lost = [...earlier.values()].filter((finding) => !taken.has(finding));
  changes.push(...lost.map((finding): Change => ({ change: 'lost', before: finding })));
  changes.sort((a, b) => compareSubjects(subjectOf(a), subjectOf(b)));
  const changed = changes.filter(({ change }) => change === 'changed').length;
  return { changes, counts: countsOf([...earlier.values()], later, changes), same: pairs.size - changed };
}

/** Who does what where. A campaign has no source, and is known by its first target. */
const placeOf = ({ source, direction, targets }: Finding): string =>
  JSON.stringify([direction, source ? [source.scope, source.address] : ['campaign', targets.sample[0]]]);

const isAtSameTime = (one: Finding, other: Finding): boolean =>
  epochSeconds(one.firstSeen) <= epochSeconds(other.lastSeen) &&
  epochSeconds(other.firstSeen) <= epochSeconds(one.lastSeen);

const compareSubjects = (a: Finding, b: Finding): number =>
  severityRank(b.severity) - severityRank(a.severity) ||
  epochSeconds(a.firstSeen) - epochSeconds(b.firstSeen) ||
  (a.id < b.id ? -1 : 1);

function countsOf(
  before: readonly Finding[],
  after: readonly Finding[],
  changes: readonly Change[],
): readonly SeverityCounts[] {
  return SEVERITIES.toReversed().map((severity) => {
    const countChanges = (kind: Change['change']) =>
      changes.filter((change) => change.change === kind && subjectOf(change).severity === severity).length;
    return {
      severity,
      before: before.filter((finding) => finding.severity === severity).length,
      after: after.filter((finding) => finding.severity === severity).length,
      gained: countChanges('gained'),
      lost: countChanges('lost'),
      changed: countChanges('changed'),
    };
  });
}
