/** What signals add to the scans of one source before they are stored. */

import type { DetectedFinding } from '../finding/describe-scan.ts';
import { episodeId } from '../finding/describe-signals.ts';
import { hasOtherSignals, isVoid } from '../finding/lifecycle.ts';
import type { Finding } from '../finding/model.ts';
import type { Announced, Hours, StoredFinding } from '../store/finding-item.ts';
import type { FindingsStore } from '../store/findings-store.ts';
import type { WindowsStore } from '../store/windows-store.ts';
import type { RunContext } from './evidence-reader.ts';
import { hourOf } from './judge-source.ts';

/** Marks of a long scan are as far apart as one judgement of signals reaches. */
const MARK_HOURS = 24;

/** Scans with what signals say about them. */
export interface SignalledScans {
  readonly detections: readonly DetectedFinding[];
  /** Number of items about signals in some hours. Undefined if no signals were read. */
  readonly itemsIn?: (hours: Hours) => number;
  /** Alerts about signals that turned out to belong to a scan, by the id of the scan. */
  readonly inherited: ReadonlyMap<string, Announced>;
}

/** Adds actors and signals to scans. Without scans, or if no signals arrive, nothing is read. */
export async function withSignals(
  detections: readonly DetectedFinding[],
  { reader }: Pick<RunContext, 'reader'>,
  { findings, secret }: { readonly findings: FindingsStore; readonly secret: string },
): Promise<SignalledScans> {
  const inherited = new Map<string, Announced>();
  if (!detections.length) return { detections, inherited };
  const from = Math.min(...detections.map(({ finding }) => hourOf(finding.firstSeen))) - 1;
  const to = Math.max(...detections.map(({ finding }) => hourOf(finding.lastSeen))) + 1;
  const near = await reader.signals({ from, to });
  if (!near) return { detections, inherited };
  const explained = detections.map((detection) => ({ detection, ...near.meeting.explain(detection.finding) }));
  const stories = explained.filter(({ episodes }) => episodes.length > 0);
  const stored = stories.length ? await findings.ofSignals({ from: from - MARK_HOURS, to }) : [];
  for (const { finding, episodes } of stories) {
    const ids = new Set(episodes.map((episode) => episodeId(secret, episode)));
    const alert = stored.find((one) => ids.has(one.finding.id) && !isVoid(one.finding) && one.announced)?.announced;
    if (alert) inherited.set(finding.id, alert);
  }
  return {
    detections: explained.map(({ detection, finding }) => ({ ...detection, finding })),
    itemsIn: near.itemsIn,
    inherited,
  };
}

/**
 * Marks the hours of a scan whose signals may be findings of their own, or no longer are. Call it before the scan is
 * written, so that a crash in between forgets nothing.
 */
export async function markSignalsOf(
  finding: Finding,
  known: StoredFinding | undefined,
  { windows }: { readonly windows: WindowsStore },
  now: number,
): Promise<void> {
  if (known && !isVoid(known.finding) && !isVoid(finding) && !hasOtherSignals(known.finding, finding)) return;
  const last = hourOf(finding.lastSeen);
  const hours = new Set([last]);
  for (let hour = hourOf(finding.firstSeen); hour < last; hour += MARK_HOURS) hours.add(hour);
  await windows.agenda.markSignals(hours, now);
}
