/** Groups first contacts by what a scan has in common, keeps those in windows that hit, and joins them to episodes. */
import type { DetectionSettings } from '../config/detection.ts';
import { isFailure } from '../contact/seen.ts';
import type { Direction } from '../finding/model.ts';
import type { FirstContact } from './first-contacts.ts';
import { findHits, type GroupKind, type Hit, HORIZONS, type Horizon } from './windows.ts';

/** A window that met every threshold, with the contact that completed it. */
export interface Evidence extends Hit {
  readonly group: GroupKind;
  /** The target, or the port, that the group shares; empty for a block. */
  readonly shared: string;
  readonly horizon: Horizon;
  readonly contact: FirstContact;
}

/** One scan of one source in one direction: its contacts in order, and the evidence, earliest first. */
export interface Episode {
  readonly direction: Direction;
  readonly contacts: readonly FirstContact[];
  readonly evidence: readonly Evidence[];
}

interface Marked {
  readonly members: Set<FirstContact>;
  readonly evidence: Evidence[];
}

/** The episodes in a source's first contacts, which must be in order. */
export function findEpisodes(contacts: readonly FirstContact[], settings: DetectionSettings): Episode[] {
  const episodes: Episode[] = [];
  for (const [direction, group] of Map.groupBy(contacts, (contact) => contact.direction)) {
    const marked = mark(group, settings);
    if (!marked.evidence.length) continue;
    const members = group.filter((contact) => marked.members.has(contact));
    for (const part of splitAtSilence(members, settings.episodeGapSeconds)) {
      episodes.push(...splitAtNewTargets(part, marked.evidence, direction, settings));
    }
  }
  return episodes;
}

function mark(contacts: readonly FirstContact[], settings: DetectionSettings): Marked {
  const marked: Marked = { members: new Set(), evidence: [] };
  for (const [shared, group] of Map.groupBy(contacts, (contact) => `${contact.target} ${contact.protocol}`)) {
    markGroup(marked, 'vertical', shared.split(' ')[0]!, group, settings);
  }
  for (const [shared, group] of Map.groupBy(contacts, (contact) => `${contact.port} ${contact.protocol}`)) {
    markGroup(marked, 'horizontal', shared.split(' ')[0]!, group, settings);
  }
  // What no target and no port explains may still be a scan of many targets at many ports.
  const rest = contacts.filter((contact) => !marked.members.has(contact));
  markGroup(marked, 'block', '', rest, settings);
  return marked;
}

function markGroup(
  marked: Marked,
  kind: GroupKind,
  shared: string,
  group: readonly FirstContact[],
  settings: DetectionSettings,
): void {
  // The long horizon would reach back to failures that have nothing to do with a burst that the short one explains.
  for (const horizon of HORIZONS) {
    const hits = findHits(group, kind, horizon, settings);
    if (!hits.length) continue;
    for (const hit of hits) {
      marked.evidence.push({ ...hit, group: kind, shared, horizon, contact: group[hit.at]! });
    }
    // From the last window to the first, so that each contact is marked once however the windows overlap.
    let from = group.length;
    for (const hit of hits.toReversed()) {
      for (let at = Math.min(hit.at, from - 1); at >= hit.from; at--) marked.members.add(group[at]!);
      from = Math.min(from, hit.from);
    }
    return;
  }
}

function splitAtSilence(contacts: readonly FirstContact[], gapSeconds: number): FirstContact[][] {
  const parts: FirstContact[][] = [];
  for (const contact of contacts) {
    const part = parts.at(-1);
    if (part && contact.end - part.at(-1)!.end <= gapSeconds) part.push(contact);
    else parts.push([contact]);
  }
  return parts;
}

/**
 * A burst after a pause that is a scan by itself, of targets not touched before, is another scan (Zeek issue 1167);
 * unless both sweep the same ports over many targets: then it is one sweep that goes on elsewhere.
 */
function splitAtNewTargets(
  contacts: readonly FirstContact[],
  evidence: readonly Evidence[],
  direction: Direction,
  settings: DetectionSettings,
): Episode[] {
  const episodes: { contacts: FirstContact[]; targets: Set<string>; evidence: Evidence[]; swept: Set<string> }[] = [];
  for (const burst of splitAtSilence(contacts, settings.targetSetGapSeconds)) {
    const targets = new Set(burst.map((contact) => contact.target));
    const members = new Set(burst);
    const own = evidence.filter((item) => members.has(item.contact));
    const swept = new Set(own.filter((item) => item.group !== 'vertical').map((item) => item.shared));
    const last = episodes.at(-1);
    const isNew =
      own.length > 0 &&
      last !== undefined &&
      last.evidence.length > 0 &&
      targets.isDisjointFrom(last.targets) &&
      swept.isDisjointFrom(last.swept);
    if (!last || isNew) episodes.push({ contacts: burst, targets, evidence: own, swept });
    else {
      last.contacts.push(...burst);
      last.evidence.push(...own);
      for (const target of targets) last.targets.add(target);
      for (const shared of swept) last.swept.add(shared);
    }
  }
  return episodes
    .filter((episode) => episode.evidence.length > 0 && episode.contacts.some((contact) => isFailure(contact.outcome)))
    .map((episode) => ({ direction, contacts: episode.contacts, evidence: episode.evidence.sort(byTime) }));
}

function byTime(a: Evidence, b: Evidence): number {
  return (
    a.contact.end - b.contact.end ||
    a.contact.start - b.contact.start ||
    a.at - a.from - (b.at - b.from) ||
    (a.shared < b.shared ? -1 : 1)
  );
}
