/** A source's first contacts in order: what remains of its evidence when retries, habits and open questions are set apart. */

import type { DetectionSettings } from '../config/detection.ts';
import { Networks } from '../contact/networks.ts';
import { hasInitiatorHalf, type Outcome, outcomeOf, SEEN_OWN_TARGET } from '../contact/seen.ts';
import type { Direction } from '../finding/model.ts';
import type { Pane, SeenContact, SourceEvidence } from '../window/evidence.ts';

const HOUR = 3600;
const FULL = 0xffffffff;
const networks = new Networks();

/** A first contact: one not made in the hour before. Times are epoch seconds. */
export interface FirstContact {
  readonly target: string;
  readonly port: number;
  readonly protocol: number;
  readonly outcome: Outcome;
  readonly start: number;
  readonly end: number;
  readonly last: number;
  /** How many contacts this one stands for: 1 where all are kept, more where they are sampled. */
  readonly weight: number;
  readonly direction: Direction;
  /** Made again and again over minutes: a poller or a stale configuration rather than a probe. */
  readonly isHabit: boolean;
}

/** What makes two first contacts the same contact. */
export const contactKey = (contact: Pick<FirstContact, 'target' | 'port' | 'protocol'>): string =>
  `${contact.target} ${contact.port} ${contact.protocol}`;

/** What decides when silence is an answer, and which public networks are inside. */
export interface Viewpoint {
  /** Log time up to which a missing answer is overdue, epoch seconds; Infinity when the log is complete. */
  readonly overdueBefore: number;
  /** Tells inside from outside; the default knows private networks only. */
  readonly networks?: Networks;
}

/** What was seen of one contact, hour by hour. */
type History = { readonly pane: Pane; readonly contact: SeenContact }[];

/**
 * The first contacts of a source, ordered by (end, start, target, port, protocol). Contacts whose outcome is still open
 * (unanswered but not overdue, or without a known initiator) are left out.
 */
export function firstContacts(
  source: SourceEvidence,
  settings: DetectionSettings,
  viewpoint: Viewpoint,
): FirstContact[] {
  const contacts: FirstContact[] = [];
  for (const history of historiesOf(source)) {
    for (let at = 0; at < history.length; at++) {
      const first = firstContactAt(history, at, source.inside, settings, viewpoint);
      if (first) contacts.push(first);
    }
  }
  return contacts.sort(byTime);
}

/**
 * The distinct contacts of a source over days, in the same order: each once, however often it came back within
 * `lookbackSeconds`, and a success if it ever succeeded. One that came back in several hours is a habit.
 */
export function distinctContacts(
  source: SourceEvidence,
  settings: DetectionSettings,
  viewpoint: Viewpoint,
  lookbackSeconds: number,
): FirstContact[] {
  const contacts: FirstContact[] = [];
  for (const history of historiesOf(source)) {
    for (let from = 0; from < history.length; ) {
      let to = from + 1;
      while (to < history.length && history[to]!.contact.firstEnd - history[to - 1]!.contact.lastEnd < lookbackSeconds)
        to++;
      const contact = distinctContact(history.slice(from, to), source.inside, settings, viewpoint);
      if (contact) contacts.push(contact);
      from = to;
    }
  }
  return contacts.sort(byTime);
}

function historiesOf(source: SourceEvidence): Iterable<History> {
  const histories = new Map<string, History>();
  for (const pane of source.panes) {
    for (const contact of pane.contacts) {
      const key = contactKey(contact);
      const history = histories.get(key);
      if (history) history.push({ pane, contact });
      else histories.set(key, [{ pane, contact }]);
    }
  }
  return histories.values();
}

function distinctContact(
  run: History,
  sourceInside: boolean,
  settings: DetectionSettings,
  viewpoint: Viewpoint,
): FirstContact | undefined {
  const probed = run.filter(({ contact }) => hasInitiatorHalf(contact.seen));
  const [first] = probed;
  if (!first) return undefined;
  const { pane, contact } = first;
  const seen = run.reduce((bits, entry) => bits | entry.contact.seen, 0);
  const last = probed.at(-1)!.contact.lastEnd;
  const outcome = outcomeOf(seen);
  if (outcome === 'unresolved' || (outcome === 'unanswered' && last > viewpoint.overdueBefore)) return undefined;
  return {
    ...beginningOf(pane, contact),
    outcome,
    // It counts for when it was first made; what comes back later is no new probe.
    last: contact.firstEnd,
    direction: directionOf(sourceInside, { ...contact, seen }, viewpoint.networks ?? networks),
    isHabit:
      probed.length >= settings.habitHours ||
      probed.some((entry) => isHabit(entry.contact, undefined, settings.habitMinutes)),
  };
}

/** What a first contact has of the hour that it was made in. */
function beginningOf(pane: Pane, contact: SeenContact) {
  const { target, port, protocol, firstStart, firstEnd } = contact;
  return { target, port, protocol, start: firstStart, end: firstEnd, weight: FULL / pane.theta };
}

function firstContactAt(
  history: History,
  at: number,
  sourceInside: boolean,
  settings: DetectionSettings,
  viewpoint: Viewpoint,
): FirstContact | undefined {
  const { pane, contact } = history[at]!;
  if (!hasInitiatorHalf(contact.seen)) return undefined;
  const before = history[at - 1];
  if (before && hasInitiatorHalf(before.contact.seen) && before.contact.lastEnd > contact.firstEnd - HOUR)
    return undefined;
  // An answer may be logged in the hour after, and a contact cut by the hour goes on there.
  const next = history[at + 1]?.pane.hour === pane.hour + 1 ? history[at + 1]!.contact : undefined;
  const previous = before?.pane.hour === pane.hour - 1 ? before.contact : undefined;
  const outcome = outcomeOf(
    contact.seen | (next?.seen ?? 0) | (previous && !hasInitiatorHalf(previous.seen) ? previous.seen : 0),
  );
  if (outcome === 'unresolved') return undefined;
  if (outcome === 'unanswered' && contact.lastEnd > viewpoint.overdueBefore) return undefined;
  return {
    ...beginningOf(pane, contact),
    outcome,
    // A conversation that goes on after the port was found open is not probing.
    last: outcome === 'established' ? contact.firstEnd : lastProbe(history, at),
    direction: directionOf(sourceInside, contact, viewpoint.networks ?? networks),
    isHabit: isHabit(contact, next, settings.habitMinutes),
  };
}

/** When a contact was last probed, in its hour or in those after, as long as they are the same first contact. */
function lastProbe(history: readonly { readonly contact: SeenContact }[], at: number): number {
  let last = history[at]!.contact.lastEnd;
  for (const { contact } of history.slice(at + 1)) {
    if (!hasInitiatorHalf(contact.seen) || last <= contact.firstEnd - HOUR) break;
    last = contact.lastEnd;
  }
  return last;
}

function directionOf(sourceInside: boolean, contact: SeenContact, known: Networks): Direction {
  const targetInside = (contact.seen & SEEN_OWN_TARGET) !== 0 || known.isInsideText(contact.target);
  if (sourceInside) return targetInside ? 'lateral' : 'outbound';
  return 'inbound';
}

/** Retransmissions stay within a minute or two of the first probe; a habit comes back over a longer time. */
function isHabit(contact: SeenContact, next: SeenContact | undefined, habitMinutes: number): boolean {
  const minutes =
    bits(contact.minutesLow) + bits(contact.minutesHigh) + (next ? bits(next.minutesLow) + bits(next.minutesHigh) : 0);
  const span = Math.max(contact.lastEnd, next?.lastEnd ?? 0) - contact.firstEnd;
  return minutes >= habitMinutes && span >= habitMinutes * 60 - 60;
}

function bits(word: number): number {
  let count = 0;
  for (let rest = word >>> 0; rest; rest = (rest & (rest - 1)) >>> 0) count++;
  return count;
}

function byTime(a: FirstContact, b: FirstContact): number {
  return (
    a.end - b.end || a.start - b.start || compareText(a.target, b.target) || a.port - b.port || a.protocol - b.protocol
  );
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
