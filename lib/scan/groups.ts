/** Groups a source's contacts by what a scan has in common, and marks those in windows that hit. */
import type { DetectionSettings } from '../config/detection.ts';
import { contactKey, type Direction, type FirstContact } from './contacts.ts';
import {
  findHits,
  type GroupKind,
  type Hit,
  type Horizon,
  hasSpeakers,
  LONG_HORIZONS,
  leastFloor,
  SHORT_HORIZONS,
} from './windows.ts';

/** A window that met every threshold, with the contact that completed it. */
export interface Evidence extends Hit {
  readonly group: GroupKind;
  /** The target, or the port, that the group shares; empty for a block. */
  readonly shared: string;
  readonly horizon: Horizon;
  readonly contact: FirstContact;
  /** End of the first of the contacts that would have sufficed. */
  readonly since: number;
}

/** The contacts of one group that stood in windows that hit, in order of time. */
export interface Mark {
  readonly contacts: readonly FirstContact[];
  readonly evidence: readonly Evidence[];
  /** Only the long horizons explain the group: its pace is its own. */
  readonly isSlow: boolean;
}

interface Group {
  readonly kind: GroupKind;
  readonly shared: string;
  readonly first: readonly FirstContact[];
  readonly distinct: readonly FirstContact[];
}

const [FAST, HOURLY] = SHORT_HORIZONS as [Horizon, Horizon];

/**
 * The marks of one direction's contacts: `first` contacts for the short horizons, `distinct` ones for the long.
 * What the fast horizon explains takes no part in the others, which would reach back to failures that have nothing
 * to do with it; what no target and no port explains may still be a scan of many targets at many ports.
 */
export function markScans(
  direction: Direction,
  first: readonly FirstContact[],
  distinct: readonly FirstContact[],
  settings: DetectionSettings,
): Mark[] {
  const floor = leastFloor(settings);
  if (!hasSpeakers(first, 'open', floor) && !hasSpeakers(distinct, 'open', floor)) return [];
  const fast = markAll(first, distinct, settings, markFast);
  const rest = without(fast, first, distinct);
  const slow = markAll(rest.first, rest.distinct, settings, markSlow);
  // Outside, that everything answers is the ordinary case: crawlers, resolvers, updates.
  const open = direction === 'lateral' ? markOpen(first, fast, settings) : [];
  return [...fast, ...open, ...slow];
}

/** Sweeps of one port on which (nearly) everything answers; ports that are swept anyhow are told there. */
function markOpen(first: readonly FirstContact[], fast: readonly Mark[], settings: DetectionSettings): Mark[] {
  const swept = new Set(fast.flatMap((mark) => mark.evidence).map((item) => `${item.group} ${item.shared}`));
  return [...groupsOf(first, [])]
    .filter((group) => group.kind === 'horizontal' && !swept.has(`horizontal ${group.shared}`))
    .map((group) => markHits({ ...group, kind: 'open' }, [[group.first, FAST]], settings, false))
    .filter((mark) => mark !== undefined);
}

function markAll(
  first: readonly FirstContact[],
  distinct: readonly FirstContact[],
  settings: DetectionSettings,
  mark: (group: Group, settings: DetectionSettings) => Mark | undefined,
): Mark[] {
  const marks = [...groupsOf(first, distinct)]
    .map((group) => mark(group, settings))
    .filter((item) => item !== undefined);
  const rest = without(marks, first, distinct);
  const block = mark({ kind: 'block', shared: '', ...rest }, settings);
  return block ? [...marks, block] : marks;
}

function* groupsOf(first: readonly FirstContact[], distinct: readonly FirstContact[]): Generator<Group> {
  const kinds: readonly (readonly [GroupKind, (contact: FirstContact) => string])[] = [
    ['vertical', (contact) => `${contact.target} ${contact.protocol}`],
    ['horizontal', (contact) => `${contact.port} ${contact.protocol}`],
  ];
  for (const [kind, key] of kinds) {
    const byDay = Map.groupBy(distinct, key);
    for (const [shared, group] of Map.groupBy(first, key)) {
      yield { kind, shared: shared.split(' ')[0]!, first: group, distinct: byDay.get(shared) ?? [] };
    }
  }
}

function markFast(group: Group, settings: DetectionSettings): Mark | undefined {
  return markHits(group, [[group.first, FAST]], settings, false);
}

function markSlow(group: Group, settings: DetectionSettings): Mark | undefined {
  const long = markHits(
    group,
    LONG_HORIZONS.map((horizon) => [group.distinct, horizon] as const),
    settings,
    true,
  );
  // What is tried again within the hour is no further contact; within five minutes, nothing is tried again.
  const once = group.first.filter((contact) => !contact.isRepeat);
  const hourly = markHits(group, [[once, HOURLY]], settings, false);
  if (!long || !hourly) return long ?? hourly;
  return {
    contacts: union(long.contacts, hourly.contacts),
    evidence: [...hourly.evidence, ...long.evidence],
    isSlow: true,
  };
}

function markHits(
  group: Group,
  views: readonly (readonly [readonly FirstContact[], Horizon])[],
  settings: DetectionSettings,
  isSlow: boolean,
): Mark | undefined {
  const members = new Set<FirstContact>();
  const evidence: Evidence[] = [];
  for (const [contacts, horizon] of views) {
    // From the last window to the first, so that each contact is marked once however the windows overlap.
    let from = contacts.length;
    for (const hit of findHits(contacts, group.kind, horizon, settings).reverse()) {
      evidence.push({
        ...hit,
        group: group.kind,
        shared: group.shared,
        horizon,
        contact: contacts[hit.at]!,
        since: contacts[hit.at - hit.sufficed + 1]!.end,
      });
      for (let at = Math.min(hit.at, from - 1); at >= hit.from; at--) members.add(contacts[at]!);
      from = Math.min(from, hit.from);
    }
  }
  return evidence.length ? { contacts: [...members].sort(byEnd), evidence, isSlow } : undefined;
}

/** Contacts of either list, each once, in order of time. */
export function union(...lists: (readonly FirstContact[])[]): FirstContact[] {
  const known = new Set<string>();
  return lists
    .flat()
    .sort(byEnd)
    .filter((contact) => {
      // Both views of one contact begin at once; the same contact made again later is another.
      const key = `${contactKey(contact)} ${contact.end}`;
      return !known.has(key) && known.add(key) !== undefined;
    });
}

function without(marks: readonly Mark[], first: readonly FirstContact[], distinct: readonly FirstContact[]) {
  const explained = new Set(marks.flatMap((mark) => mark.contacts.map(contactKey)));
  const isFree = (contact: FirstContact) => !explained.has(contactKey(contact));
  return { first: first.filter(isFree), distinct: distinct.filter(isFree) };
}

const byEnd = (a: FirstContact, b: FirstContact): number =>
  a.end - b.end || a.start - b.start || (a.target < b.target ? -1 : a.target > b.target ? 1 : a.port - b.port);
