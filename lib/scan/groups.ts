/** Groups a source's contacts by what a scan has in common, and keeps those in windows that met the thresholds. */

import { type GroupBy, HORIZONS, type SourceDetection, type WindowRule } from './detection.ts';
import type { Direction } from './direction.ts';
import { contactKey, type FirstContact } from './first-contact.ts';
import type { ScanSettings } from './settings.ts';
import { findWindows, hasSpeakers, isShort, leastFloor, type Window } from './windows.ts';

/** The contacts of one group that are in windows which met the thresholds, in order of time. */
export interface GroupScan {
  readonly contacts: readonly FirstContact[];
  readonly windows: readonly Window[];
  /** Whether only windows beyond five minutes explain the group, so that it has its own pace. */
  readonly isSlow: boolean;
}

/** First contacts for short windows, and each contact once in three days for long ones. Both are in order of time. */
export interface Contacts {
  readonly first: readonly FirstContact[];
  readonly distinct: readonly FirstContact[];
}

export interface Group extends Contacts {
  /** The common target or port for the reason. */
  readonly shared: string;
}

const TCP = 6;
const isFast = ({ horizon }: WindowRule): boolean => horizon === '5m';

/**
 * The scans in the groups of one direction's contacts. Contacts that a window of five minutes explains are left out of
 * the longer windows, which would otherwise include unrelated earlier failures.
 */
export function findGroupScans(
  direction: Direction,
  contacts: Contacts,
  registered: readonly SourceDetection[],
  settings: ScanSettings,
): GroupScan[] {
  const detections = registered.filter(({ directions }) => directions.includes(direction));
  const floor = leastFloor(detections, settings);
  const mayHit = (detection: SourceDetection) =>
    hasSpeakers(contacts.first, detection, floor) || hasSpeakers(contacts.distinct, detection, floor);
  if (!detections.some(mayHit)) return [];
  const ofFailures = detections.filter(({ counts }) => counts === 'failures');
  const fast = scanGroups(contacts, ofFailures, (group, detection) => fastScanOf(group, detection, settings));
  const rest = withoutScanned(contacts, fast);
  const slow = scanGroups(rest, ofFailures, (group, detection) => slowScanOf(group, detection, settings));
  const touches = detections.filter(({ counts }) => counts !== 'failures');
  return [...fast, ...scanTouches(contacts, touches, fast, settings), ...slow];
}

/** Detections of touches leave out, in each group, the time that a detection of failures surely explains. */
function scanTouches(
  contacts: Contacts,
  detections: readonly SourceDetection[],
  fast: readonly GroupScan[],
  settings: ScanSettings,
): GroupScan[] {
  const keyOf = (groupBy: GroupBy, shared: string) => `${groupBy} ${shared}`;
  const sure = fast.filter(({ windows }) => windows.some(({ atMost }) => !atMost));
  const explained = Map.groupBy(sure, ({ windows: [window] }) => keyOf(window!.detection.groupBy, window!.shared));
  return detections.flatMap((detection) =>
    [...groupsOf(contacts, detection)]
      .map((group) => {
        const spans = (explained.get(keyOf(detection.groupBy, group.shared)) ?? []).map(spanOf);
        const isFree = ({ end }: FirstContact) => !spans.some(({ from, to }) => end >= from && end <= to);
        return fastScanOf({ ...group, first: group.first.filter(isFree) }, detection, settings);
      })
      .filter((scan) => scan !== undefined),
  );
}

/** The time that a scan explains: from its first contact to its last, and one window of five minutes beyond. */
const spanOf = ({ contacts }: GroupScan) => ({
  from: contacts[0]!.end - HORIZONS['5m'],
  to: contacts.at(-1)!.end + HORIZONS['5m'],
});

/**
 * Groups by target and by port first, in any order. Contacts that share neither may still be a scan, so the rest is
 * grouped by source, for one detection after the other.
 */
function scanGroups(
  contacts: Contacts,
  detections: readonly SourceDetection[],
  scanOf: (group: Group, detection: SourceDetection) => GroupScan | undefined,
): GroupScan[] {
  const isOfSource = ({ groupBy }: SourceDetection) => groupBy === 'source';
  const scansOf = (left: Contacts, detection: SourceDetection) =>
    [...groupsOf(left, detection)].map((group) => scanOf(group, detection)).filter((scan) => scan !== undefined);
  const scans = detections
    .filter((detection) => !isOfSource(detection))
    .flatMap((detection) => scansOf(contacts, detection));
  let left = withoutScanned(contacts, scans);
  for (const detection of detections.filter(isOfSource)) {
    const found = scansOf(left, detection);
    scans.push(...found);
    left = withoutScanned(left, found);
  }
  return scans;
}

const KEYS: Readonly<Record<GroupBy, (contact: FirstContact) => string>> = {
  target: ({ target, protocol }) => `${target} ${protocol}`,
  port: ({ port, protocol }) => `${port} ${protocol}`,
  source: () => '',
};

export function* groupsOf(contacts: Contacts, { groupBy, tcpPorts }: SourceDetection): Generator<Group> {
  const isCovered = ({ port, protocol }: FirstContact) => !tcpPorts || (protocol === TCP && tcpPorts.has(port));
  const [first, distinct] = [contacts.first, contacts.distinct].map((list) =>
    Map.groupBy(tcpPorts ? list.filter(isCovered) : list, KEYS[groupBy]),
  ) as [Map<string, FirstContact[]>, Map<string, FirstContact[]>];
  // There is one group per source, even if all its contacts are old.
  const keys = groupBy === 'source' ? [''] : first.keys();
  for (const key of keys)
    yield { shared: key.split(' ')[0]!, first: first.get(key) ?? [], distinct: distinct.get(key) ?? [] };
}

function fastScanOf(group: Group, detection: SourceDetection, settings: ScanSettings): GroupScan | undefined {
  const rules = detection.windows.filter(isFast);
  return scanOf(
    group.shared,
    detection,
    rules.map((rule) => [group.first, rule] as const),
    settings,
    false,
  );
}

function slowScanOf(group: Group, detection: SourceDetection, settings: ScanSettings): GroupScan | undefined {
  const rules = detection.windows.filter((rule) => !isFast(rule));
  const long = rules.filter((rule) => !isShort(rule)).map((rule) => [group.distinct, rule] as const);
  // The hourly window ignores repeats. Windows of five minutes cannot contain one, because repeats are ten minutes
  // apart.
  const once = group.first.filter((contact) => !contact.isRepeat);
  const hourly = rules.filter(isShort).map((rule) => [once, rule] as const);
  const overDays = scanOf(group.shared, detection, long, settings, true);
  const inHour = scanOf(group.shared, detection, hourly, settings, false);
  if (!overDays || !inHour) return overDays ?? inHour;
  return {
    contacts: unite(overDays.contacts, inHour.contacts),
    windows: [...inHour.windows, ...overDays.windows],
    isSlow: true,
  };
}

function scanOf(
  shared: string,
  detection: SourceDetection,
  views: readonly (readonly [readonly FirstContact[], WindowRule])[],
  settings: ScanSettings,
  isSlow: boolean,
): GroupScan | undefined {
  const members = new Set<FirstContact>();
  const windows: Window[] = [];
  for (const [contacts, rule] of views) {
    // From the last window to the first, so that each contact is visited once however the windows overlap.
    let from = contacts.length;
    for (const window of findWindows(contacts, shared, detection, rule, settings).reverse()) {
      windows.push(window);
      for (let at = Math.min(window.at, from - 1); at >= window.from; at--) members.add(contacts[at]!);
      from = Math.min(from, window.from);
    }
  }
  return windows.length ? { contacts: [...members].sort(compareByEnd), windows, isSlow } : undefined;
}

/** Contacts of several lists, each once, in order of time. */
export function unite(...lists: (readonly FirstContact[])[]): FirstContact[] {
  const known = new Set<string>();
  return lists
    .flat()
    .sort(compareByEnd)
    .filter((contact) => {
      // Both views of one contact have the same end. The same contact at a later time is a different one.
      const key = `${contactKey(contact)} ${contact.end}`;
      return !known.has(key) && known.add(key) !== undefined;
    });
}

function withoutScanned({ first, distinct }: Contacts, scans: readonly GroupScan[]): Contacts {
  const explained = new Set(scans.flatMap(({ contacts }) => contacts.map(contactKey)));
  const isFree = (contact: FirstContact) => !explained.has(contactKey(contact));
  return { first: first.filter(isFree), distinct: distinct.filter(isFree) };
}

const compareByEnd = (a: FirstContact, b: FirstContact): number =>
  a.end - b.end || a.start - b.start || (a.target < b.target ? -1 : a.target > b.target ? 1 : a.port - b.port);
