/** What is judged more closely, and when: watches applied to sources and their evidence. */
import { type DetectionSettings, moreSensitive } from '../detections/settings.ts';
import type { Pane, SourceEvidence } from '../evidence/evidence.ts';
import { type DetectedFinding, detectScans, type JudgingContext } from '../finding/describe-scan.ts';
import { findingId } from '../finding/identity.ts';
import { isVoid } from '../finding/lifecycle.ts';
import type { Finding } from '../finding/model.ts';
import { findingSource } from '../finding/source.ts';
import { type Watches, watchedReason } from '../notify/watch.ts';
import type { Hours } from '../store/finding-item.ts';
import type { WatchesStore } from '../store/watches-store.ts';
import type { NearSignals } from './near-signals.ts';

const HOUR = 3600;
/** All hours. */
export const EVER: Hours = { from: 0, to: Number.POSITIVE_INFINITY };

/**
 * The watches, at most a minute old. One under which a finding was stored is known, so that a judge that has not heard of
 * it refutes nothing.
 */
export async function currentWatches(
  watches: WatchesStore | undefined,
  stored: readonly { readonly finding: Finding }[],
  now: number,
): Promise<Watches | undefined> {
  const current = await watches?.current(now);
  const isUnknown = stored.some(({ finding: { watchedBy } }) => watchedBy !== undefined && !current?.has(watchedBy));
  return isUnknown ? watches?.fresh(now) : current;
}

/** The watches that may be about a source in some hours. Undefined if there is no such watch. */
export const watchesNear = (watches: Watches | undefined, address: string, { from, to }: Hours): Watches | undefined =>
  watches?.near(address, from * HOUR, (to + 1) * HOUR);

/** The watches about a source by what some evidence tells of it, and those in `kept`. Undefined if there is no such watch. */
export const watchesOf = (
  watches: Watches | undefined,
  { address, scope, identity }: Omit<SourceEvidence, 'panes'>,
  kept: ReadonlySet<string>,
): Watches | undefined => watches?.of(findingSource(address, scope, identity), kept);

/** The watches about a source in the hours of its evidence, by what this evidence shows. Undefined if there is no such watch. */
export function watchesAbout(
  watches: Watches | undefined,
  { address, scope, identity }: Omit<SourceEvidence, 'panes'>,
  panes: readonly Pick<Pane, 'hour' | 'contacts'>[],
): Watches | undefined {
  if (!watches || !panes.length) return undefined;
  const hours = panes.map(({ hour }) => hour);
  const near = watchesNear(watches, address, { from: Math.min(...hours), to: Math.max(...hours) });
  return near?.about(findingSource(address, scope, identity), () =>
    panes.flatMap(({ contacts }) => contacts.map(({ target }) => target)),
  );
}

/** The settings by which sources under any of these watches are judged. */
export const watchedSettings = (settings: DetectionSettings, watches: Watches | undefined): DetectionSettings =>
  (watches?.sensitivities ?? []).reduce(moreSensitive, settings);

/** What may be asked to tell which watch covers a scan. */
export interface Watching {
  /** Stored findings of the source. */
  readonly stored: readonly Finding[];
  /** What signals tell of namespaces. Called only if a watch names one and something was found under its sensitivity. */
  readonly signals: () => Promise<NearSignals | undefined>;
}

/**
 * Detects the scans of one source. Those under a watch are detected with its sensitivity and say so. All others are the
 * same as without watches.
 */
export async function detectWatched(
  evidence: SourceEvidence,
  context: JudgingContext,
  watches: Watches | undefined,
  { stored, signals }: Watching,
): Promise<DetectedFinding[]> {
  const plain = detectScans(evidence, context);
  let found = plain;
  for (const sensitivity of watches?.sensitivities ?? []) {
    const settings = moreSensitive(context.settings, sensitivity);
    const closer = detectScans(evidence, { ...context, settings });
    const asks = closer.length > 0 && evidence.scope !== 'internet' && watches!.nameNamespaces;
    const near = asks ? await signals() : undefined;
    const watched = closer.flatMap((detection) => {
      const { finding, targets } = detection;
      const namespaces = near?.meeting.namespacesOf(finding);
      const watch = watches!.coverOf(finding, targets, sensitivity, { namespaces, kept: keptOf(finding, stored) });
      if (!watch) return [];
      const isKnown = plain.some((other) => isSameScan(other, detection));
      const reasons = [...finding.reasons, watchedReason(watch, isKnown)];
      return [{ ...detection, finding: { ...finding, reasons, watchedBy: watch.id } }];
    });
    const others = found.filter((detection) => !watched.some((other) => isSameScan(other, detection)));
    found = [...withIds(watched, found, context.secret), ...others];
  }
  return found;
}

/** The watches under which a scan was found before: those of the stored findings of its time. */
function keptOf({ direction, firstSeen, lastSeen }: Finding, stored: readonly Finding[]): ReadonlySet<string> {
  const same = stored.filter(
    (one) => !isVoid(one) && one.direction === direction && one.firstSeen <= lastSeen && firstSeen <= one.lastSeen,
  );
  return new Set(same.flatMap(({ watchedBy }) => watchedBy ?? []));
}

/** Whether two detections are about the same probes, as far as settings differ. */
const isSameScan = (a: DetectedFinding, b: DetectedFinding): boolean =>
  a.finding.direction === b.finding.direction &&
  a.finding.firstSeen <= b.finding.lastSeen &&
  b.finding.firstSeen <= a.finding.lastSeen &&
  !new Set(a.targets).isDisjointFrom(new Set(b.targets));

/**
 * The id contains the position among the findings that begin in an hour, and another sensitivity counts other findings.
 * So the one under the watch has the id that its scan has without the watch, and what would be no finding takes a
 * position that is free. Nothing that a watch adds moves the id of another finding.
 * @param plain all findings without the watch.
 */
function withIds(
  watched: readonly DetectedFinding[],
  plain: readonly DetectedFinding[],
  secret: string,
): DetectedFinding[] {
  const kept = new Map<DetectedFinding, string>();
  for (const known of plain) {
    const same = watched.filter(
      (other) => !kept.has(other) && other.anchorHour === known.anchorHour && isSameScan(other, known),
    );
    const nearest = same.toSorted((a, b) => countShared(b, known) - countShared(a, known))[0];
    if (nearest) kept.set(nearest, known.finding.id);
  }
  const taken = new Set(plain.map(({ finding }) => finding.id));
  return watched.map((detection) => {
    const { finding, anchorHour } = detection;
    const { scope, address } = finding.source!;
    const idAt = (ordinal: number): string =>
      findingId(secret, { scope, address, direction: finding.direction!, anchorHour, ordinal });
    let id = kept.get(detection);
    for (let ordinal = 0; id === undefined; ordinal++) if (!taken.has(idAt(ordinal))) id = idAt(ordinal);
    taken.add(id);
    return { ...detection, finding: { ...finding, id } };
  });
}

const countShared = (a: DetectedFinding, b: DetectedFinding): number =>
  new Set(a.targets).intersection(new Set(b.targets)).size;
