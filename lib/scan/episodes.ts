/** Joins marked contacts to episodes: one scan of one source in one direction, from first probe to last. */
import type { DetectionSettings } from '../config/detection.ts';
import { isFailure } from '../evidence/seen.ts';
import { networkOf } from '../net/cidr.ts';
import { contactKey, type Direction, type FirstContact } from './contacts.ts';
import { type Evidence, type Mark, markScans, union } from './groups.ts';

/** One scan of one source in one direction: its contacts in order, and the evidence, earliest first. */
export interface Episode {
  readonly direction: Direction;
  readonly contacts: readonly FirstContact[];
  readonly evidence: readonly Evidence[];
  /** It, or some stretch of it, was found by the horizons of days. */
  readonly isSlow: boolean;
}

/** A slow scan pauses for up to this many times its usual pause; a longer one ends it. */
const PACE = 10;
const DAY = 86_400;

/** The episodes in a source's contacts, which must be in order: `first` within the hour, `distinct` over days. */
export function findEpisodes(
  first: readonly FirstContact[],
  distinct: readonly FirstContact[],
  settings: DetectionSettings,
): Episode[] {
  const episodes: Episode[] = [];
  const distinctBy = Map.groupBy(distinct, (contact) => contact.direction);
  for (const [direction, group] of Map.groupBy(first, (contact) => contact.direction)) {
    const marks = markScans(direction, group, distinctBy.get(direction) ?? [], settings);
    const slow = slowEpisodes(
      marks.filter((mark) => mark.isSlow),
      direction,
      settings,
    );
    episodes.push(...joined([...fastEpisodes(marks, direction, settings), ...slow], settings));
  }
  return episodes;
}

function fastEpisodes(marks: readonly Mark[], direction: Direction, settings: DetectionSettings): Episode[] {
  const evidence = marks.flatMap((mark) => mark.evidence);
  const fast = union(...marks.filter((mark) => !mark.isSlow).map((mark) => mark.contacts));
  return splitAtSilence(fast, settings.episodeGapSeconds).flatMap((part) =>
    splitAtNewTargets(part, evidence, direction, settings),
  );
}

/** A slow scan in which there are fast stretches, of the same targets, is one scan. */
function joined(episodes: readonly Episode[], settings: DetectionSettings): Episode[] {
  const kept: Episode[] = [];
  for (const episode of episodes.toSorted((a, b) => a.contacts[0]!.end - b.contacts[0]!.end)) {
    const at = kept.findIndex((other) => isSameScan(other, episode, settings));
    if (at < 0) kept.push(episode);
    else kept[at] = together(kept[at]!, episode);
  }
  return kept;
}

function isSameScan(earlier: Episode, later: Episode, settings: DetectionSettings): boolean {
  if (!earlier.isSlow && !later.isSlow) return false;
  const gap = later.contacts[0]!.end - lastEndOf(earlier.contacts);
  if (gap > settings.episodeGapSeconds) return false;
  const targets = new Set(earlier.contacts.map(({ target }) => target));
  return later.contacts.some(({ target }) => targets.has(target));
}

function together(a: Episode, b: Episode): Episode {
  const known = new Set(a.contacts.map(contactKey));
  return {
    direction: a.direction,
    contacts: union(
      a.contacts,
      b.contacts.filter((contact) => !known.has(contactKey(contact))),
    ),
    evidence: [...a.evidence, ...b.evidence].sort(byTime),
    isSlow: true,
  };
}

/** Each slow group goes at its own pace; those that overlap in time are one scan. */
function slowEpisodes(marks: readonly Mark[], direction: Direction, settings: DetectionSettings): Episode[] {
  const parts = marks
    .flatMap((mark) =>
      splitAtSilence(mark.contacts, paceOf(mark.contacts, settings)).map((contacts) => ({
        contacts,
        evidence: within(mark.evidence, contacts),
      })),
    )
    .filter((part) => part.evidence.length > 0)
    .sort((a, b) => a.contacts[0]!.end - b.contacts[0]!.end);
  const scans: { contacts: FirstContact[]; evidence: Evidence[] }[] = [];
  for (const part of parts) {
    const last = scans.at(-1);
    if (last && part.contacts[0]!.end <= last.contacts.at(-1)!.end) {
      last.contacts = union(last.contacts, part.contacts);
      last.evidence.push(...part.evidence);
    } else scans.push({ contacts: [...part.contacts], evidence: [...part.evidence] });
  }
  return scans.map(({ contacts, evidence }) => ({
    direction,
    contacts,
    evidence: evidence.sort(byTime),
    isSlow: true,
  }));
}

/** Silence after which a scan is over: as long as its own pace allows it to pause. */
export const silenceOf = (episode: Episode, settings: DetectionSettings): number => paceOf(episode.contacts, settings);

function paceOf(contacts: readonly FirstContact[], settings: DetectionSettings): number {
  const gaps = contacts
    .slice(1)
    .map((contact, at) => contact.end - contacts[at]!.end)
    .sort((a, b) => a - b);
  return Math.max(settings.episodeGapSeconds, Math.min(DAY, PACE * (gaps[Math.floor(gaps.length / 2)] ?? 0)));
}

/** The evidence whose completing contact is among the contacts. */
function within(evidence: readonly Evidence[], contacts: readonly FirstContact[]): Evidence[] {
  const keys = new Set(contacts.map(contactKey));
  const [from, to] = [contacts[0]!.end, contacts.at(-1)!.end];
  return evidence.filter(({ contact }) => contact.end >= from && contact.end <= to && keys.has(contactKey(contact)));
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

/** A sweep that goes on in another network is another scan after this long a pause, in seconds. */
const NETWORK_PAUSE = 120;

interface Burst {
  readonly contacts: FirstContact[];
  readonly evidence: Evidence[];
  readonly targets: Set<string>;
  readonly networks: Set<string>;
  /** Ports swept over many targets, and targets of which many ports were tried, by their evidence. */
  readonly swept: Set<string>;
  readonly searched: Set<string>;
}

/**
 * A burst after a pause that is a scan by itself and has its own targets is another scan (Zeek issue 1167): hosts not
 * touched before, or single hosts searched after a sweep. One sweep in several bursts remains one, unless it moves on
 * to other networks.
 */
function splitAtNewTargets(
  contacts: readonly FirstContact[],
  evidence: readonly Evidence[],
  direction: Direction,
  settings: DetectionSettings,
): Episode[] {
  const scans: Burst[] = [];
  for (const part of splitAtPauses(contacts, settings.targetSetGapSeconds)) {
    const burst = burstOf(part, evidence);
    const last = scans.at(-1);
    if (!last || (last.evidence.length > 0 && isAnotherScan(burst, last))) scans.push(burst);
    else extend(last, burst);
  }
  return scans
    .filter((scan) => scan.evidence.length > 0 && scan.contacts.some((contact) => speaks(contact)))
    .map((scan) => ({ direction, contacts: scan.contacts, evidence: scan.evidence.sort(byTime), isSlow: false }));
}

const speaks = (contact: FirstContact): boolean => isFailure(contact.outcome) || contact.isFleeting;

function burstOf(contacts: FirstContact[], all: readonly Evidence[]): Burst {
  const evidence = within(all, contacts);
  const targets = new Set(contacts.map((contact) => contact.target));
  const isSearch = (item: Evidence) => item.group === 'vertical';
  return {
    contacts,
    evidence,
    targets,
    networks: new Set([...targets].map(networkOf)),
    swept: new Set(evidence.filter((item) => !isSearch(item)).map((item) => item.shared)),
    searched: new Set(evidence.filter(isSearch).map((item) => item.shared)),
  };
}

function isAnotherScan(burst: Burst, last: Burst): boolean {
  const began = burst.contacts[0]!;
  if (!burst.evidence.some((item) => item.since >= began.end)) return false;
  const areElsewhere = burst.targets.isDisjointFrom(last.targets);
  // After a sweep, a single host is searched: that is another step. In a block scan it is but the next host.
  if (burst.swept.size === 0 && last.searched.size <= 1 && burst.searched.isDisjointFrom(last.searched)) return true;
  if (burst.swept.isDisjointFrom(last.swept)) return areElsewhere;
  const pause = began.start - lastEndOf(last.contacts);
  return areElsewhere && pause >= NETWORK_PAUSE && burst.networks.isDisjointFrom(last.networks);
}

function extend(scan: Burst, burst: Burst): void {
  const known = new Set(scan.contacts.map(contactKey));
  scan.contacts.push(...burst.contacts.filter((contact) => !known.has(contactKey(contact))));
  scan.evidence.push(...burst.evidence);
  for (const key of ['targets', 'networks', 'swept', 'searched'] as const)
    for (const item of burst[key]) scan[key].add(item);
}

const lastEndOf = (contacts: readonly FirstContact[]): number =>
  contacts.reduce((last, contact) => Math.max(last, contact.end), 0);

/** Parts between which nothing was under way for longer than a pause, whatever the length of the records. */
function splitAtPauses(contacts: readonly FirstContact[], seconds: number): FirstContact[][] {
  const parts: FirstContact[][] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const contact of contacts) {
    if (contact.start - last > seconds) parts.push([contact]);
    else parts.at(-1)!.push(contact);
    last = Math.max(last, contact.end);
  }
  return parts;
}

function byTime(a: Evidence, b: Evidence): number {
  return (
    a.contact.end - b.contact.end ||
    a.contact.start - b.contact.start ||
    a.sufficed - b.sufficed ||
    (a.shared < b.shared ? -1 : 1)
  );
}
