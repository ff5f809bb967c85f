/**
 * Joins the scans of groups into episodes. Each is one scan by one source in one direction, from first probe to last.
 */
import { isFailure } from '../evidence/seen.ts';
import { networkOf } from '../net/cidr.ts';
import type { SourceDetection } from './detection.ts';
import type { Direction } from './direction.ts';
import { contactKey, type FirstContact } from './first-contact.ts';
import { type Contacts, findGroupScans, type GroupScan, unite } from './groups.ts';
import type { ScanSettings } from './settings.ts';
import type { Window } from './windows.ts';

/** One scan by one source in one direction: its contacts in order, and the windows that found it, earliest first. */
export interface Scan {
  readonly direction: Direction;
  readonly contacts: readonly FirstContact[];
  readonly windows: readonly Window[];
  /** Whether horizons of days found it or part of it. */
  readonly isSlow: boolean;
}

/** A slow scan pauses for up to this many times its usual pause. A longer pause ends it. */
const PACE = 10;
const DAY = 86_400;

/** The scans in a source's contacts, in no particular order. */
export function findScans(
  { first, distinct }: Contacts,
  detections: readonly SourceDetection[],
  settings: ScanSettings,
): Scan[] {
  const scans: Scan[] = [];
  const distinctBy = Map.groupBy(distinct, (contact) => contact.direction);
  for (const [direction, group] of Map.groupBy(first, (contact) => contact.direction)) {
    const contacts = { first: group, distinct: distinctBy.get(direction) ?? [] };
    const ofGroups = findGroupScans(direction, contacts, detections, settings);
    const slow = joinSlow(
      ofGroups.filter(({ isSlow }) => isSlow),
      direction,
      settings,
    );
    scans.push(...joinOverlapping([...joinFast(ofGroups, direction, settings), ...slow], settings));
  }
  return scans;
}

function joinFast(ofGroups: readonly GroupScan[], direction: Direction, settings: ScanSettings): Scan[] {
  const windows = ofGroups.flatMap((scan) => scan.windows);
  const fast = unite(...ofGroups.filter(({ isSlow }) => !isSlow).map(({ contacts }) => contacts));
  return splitAtSilence(fast, settings.episodeGapSeconds).flatMap((part) =>
    splitAtNewTargets(part, windows, direction, settings),
  );
}

/** A slow scan that contains fast stretches with the same targets is one scan. */
function joinOverlapping(scans: readonly Scan[], settings: ScanSettings): Scan[] {
  const kept: Scan[] = [];
  for (const scan of scans.toSorted((a, b) => a.contacts[0]!.end - b.contacts[0]!.end)) {
    const at = kept.findIndex((other) => isSameScan(other, scan, settings));
    if (at < 0) kept.push(scan);
    else kept[at] = joinTwo(kept[at]!, scan);
  }
  return kept;
}

function isSameScan(earlier: Scan, later: Scan, settings: ScanSettings): boolean {
  if (!earlier.isSlow && !later.isSlow) return false;
  const gap = later.contacts[0]!.end - lastEndOf(earlier.contacts);
  if (gap > settings.episodeGapSeconds) return false;
  const targets = new Set(earlier.contacts.map(({ target }) => target));
  return later.contacts.some(({ target }) => targets.has(target));
}

function joinTwo(a: Scan, b: Scan): Scan {
  const known = new Set(a.contacts.map(contactKey));
  return {
    direction: a.direction,
    contacts: unite(
      a.contacts,
      b.contacts.filter((contact) => !known.has(contactKey(contact))),
    ),
    windows: [...a.windows, ...b.windows].sort(compareByTime),
    isSlow: true,
  };
}

/**
 * Each slow group has its own pace. A pause within a window that is enough is part of the scan, however long: bursts that
 * are enough only together are one scan. Groups that overlap in time are one scan.
 */
function joinSlow(ofGroups: readonly GroupScan[], direction: Direction, settings: ScanSettings): Scan[] {
  const parts = ofGroups
    .flatMap(({ contacts, windows }) => {
      const pace = paceOf(contacts, settings);
      return splitAtSilence(contacts, pace, spansOf(windows))
        .map((part) => withoutStrays(part, pace, windows))
        .map((part) => ({ contacts: part, windows: windowsWithin(windows, part) }));
    })
    .filter((part) => part.windows.length > 0)
    .sort((a, b) => a.contacts[0]!.end - b.contacts[0]!.end);
  const scans: { contacts: FirstContact[]; windows: Window[] }[] = [];
  for (const part of parts) {
    const last = scans.at(-1);
    if (last && part.contacts[0]!.end <= last.contacts.at(-1)!.end) {
      last.contacts = unite(last.contacts, part.contacts);
      last.windows.push(...part.windows);
    } else scans.push({ contacts: [...part.contacts], windows: [...part.windows] });
  }
  return scans.map(({ contacts, windows }) => ({
    direction,
    contacts,
    windows: windows.sort(compareByTime),
    isSlow: true,
  }));
}

/** A span of time in epoch seconds. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** The time in which the contacts of each window were enough, overlapping spans joined, in order of time. */
function spansOf(windows: readonly Window[]): Span[] {
  const spans: { from: number; to: number }[] = [];
  for (const { since, contact } of windows.toSorted((a, b) => a.since - b.since)) {
    const last = spans.at(-1);
    if (last && since <= last.to) last.to = Math.max(last.to, contact.end);
    else spans.push({ from: since, to: contact.end });
  }
  return spans;
}

/** Contacts that make a burst. Fewer ones long before a scan that is enough without them are no part of it. */
const BURST = 3;

function withoutStrays(
  contacts: readonly FirstContact[],
  pace: number,
  windows: readonly Window[],
): readonly FirstContact[] {
  const [first, ...later] = splitAtSilence(contacts, pace);
  const rest = later.flat();
  const isEnough = windowsWithin(windows, rest).some(({ since }) => since >= rest[0]!.end);
  return first && first.length < BURST && isEnough ? withoutStrays(rest, pace, windows) : contacts;
}

/** Silence after which a scan is over: the longest pause that its own pace allows, or that it has made already. */
export function silenceOf({ contacts }: Scan, settings: ScanSettings): number {
  const longest = gapsOf(contacts).reduce((most, gap) => Math.max(most, gap), 0);
  return Math.max(paceOf(contacts, settings), Math.min(DAY, longest));
}

function paceOf(contacts: readonly FirstContact[], settings: ScanSettings): number {
  const gaps = gapsOf(contacts).sort((a, b) => a - b);
  return Math.max(settings.episodeGapSeconds, Math.min(DAY, PACE * (gaps[Math.floor(gaps.length / 2)] ?? 0)));
}

const gapsOf = (contacts: readonly FirstContact[]): number[] =>
  contacts.slice(1).map((contact, at) => contact.end - contacts[at]!.end);

/** The windows whose completing contact is among the contacts. */
function windowsWithin(windows: readonly Window[], contacts: readonly FirstContact[]): Window[] {
  if (contacts.length === 0) return [];
  const keys = new Set(contacts.map(contactKey));
  const [from, to] = [contacts[0]!.end, contacts.at(-1)!.end];
  return windows.filter(({ contact }) => contact.end >= from && contact.end <= to && keys.has(contactKey(contact)));
}

/** Splits contacts where nothing happened for longer than the gap. Pauses within the given spans do not count. */
function splitAtSilence(
  contacts: readonly FirstContact[],
  gapSeconds: number,
  spans: readonly Span[] = [],
): FirstContact[][] {
  const parts: FirstContact[][] = [];
  let span = 0;
  for (const contact of contacts) {
    while (span < spans.length && spans[span]!.to < contact.end) span++;
    const part = parts.at(-1);
    const last = part?.at(-1)?.end ?? 0;
    const isWithin = span < spans.length && spans[span]!.from <= last;
    if (part && (isWithin || contact.end - last <= gapSeconds)) part.push(contact);
    else parts.push([contact]);
  }
  return parts;
}

/** A sweep that continues in another network after this pause (in seconds) is another scan. */
const NETWORK_PAUSE = 120;

interface Burst {
  readonly contacts: FirstContact[];
  readonly windows: Window[];
  readonly targets: Set<string>;
  readonly networks: Set<string>;
  /** Ports swept over many targets, and targets with many probed ports, from the windows. */
  readonly swept: Set<string>;
  readonly searched: Set<string>;
}

/**
 * A burst after a pause is another scan if it is a scan by itself and has its own targets (Zeek issue 1167): hosts not
 * touched before, or single hosts searched after a sweep. One sweep in several bursts remains one scan, unless it moves
 * on to other networks.
 */
function splitAtNewTargets(
  contacts: readonly FirstContact[],
  windows: readonly Window[],
  direction: Direction,
  settings: ScanSettings,
): Scan[] {
  const scans: Burst[] = [];
  for (const part of splitAtPauses(contacts, settings.targetSetGapSeconds)) {
    const burst = burstOf(part, windows);
    const last = scans.at(-1);
    if (!last || (last.windows.length > 0 && isAnotherScan(burst, last))) scans.push(burst);
    else extend(last, burst);
  }
  return scans
    .filter((scan) => scan.windows.length > 0 && scan.contacts.some(isProbe))
    .map((scan) => ({ direction, contacts: scan.contacts, windows: scan.windows.sort(compareByTime), isSlow: false }));
}

const isProbe = (contact: FirstContact): boolean => isFailure(contact.outcome) || contact.isTouch || contact.isVisit;

function burstOf(contacts: FirstContact[], all: readonly Window[]): Burst {
  const windows = windowsWithin(all, contacts);
  const targets = new Set(contacts.map((contact) => contact.target));
  const isSearch = ({ detection }: Window) => detection.groupBy === 'target';
  return {
    contacts,
    windows,
    targets,
    networks: new Set([...targets].map(networkOf)),
    swept: new Set(windows.filter((window) => !isSearch(window)).map(({ shared }) => shared)),
    searched: new Set(windows.filter(isSearch).map(({ shared }) => shared)),
  };
}

function isAnotherScan(burst: Burst, last: Burst): boolean {
  const began = burst.contacts[0]!;
  if (!burst.windows.some(({ since }) => since >= began.end)) return false;
  const areElsewhere = burst.targets.isDisjointFrom(last.targets);
  // Searching a single host after a sweep is another step. In a block scan it is only the next host.
  if (burst.swept.size === 0 && last.searched.size <= 1 && burst.searched.isDisjointFrom(last.searched)) return true;
  if (burst.swept.isDisjointFrom(last.swept)) return areElsewhere;
  const pause = began.start - lastEndOf(last.contacts);
  return areElsewhere && pause >= NETWORK_PAUSE && burst.networks.isDisjointFrom(last.networks);
}

function extend(scan: Burst, burst: Burst): void {
  const known = new Set(scan.contacts.map(contactKey));
  scan.contacts.push(...burst.contacts.filter((contact) => !known.has(contactKey(contact))));
  scan.windows.push(...burst.windows);
  for (const key of ['targets', 'networks', 'swept', 'searched'] as const)
    for (const item of burst[key]) scan[key].add(item);
}

const lastEndOf = (contacts: readonly FirstContact[]): number =>
  contacts.reduce((last, contact) => Math.max(last, contact.end), 0);

/** Splits contacts where nothing happened for longer than a pause, whatever the length of the records. */
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

function compareByTime(a: Window, b: Window): number {
  return (
    a.contact.end - b.contact.end ||
    a.contact.start - b.contact.start ||
    a.enough - b.enough ||
    (a.shared < b.shared ? -1 : 1)
  );
}
