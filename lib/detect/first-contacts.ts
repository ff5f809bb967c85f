/** A source's first contacts in order: what remains of its evidence when retries, habits and open questions are set apart. */

import type { DetectionSettings } from '../config/detection.ts';
import { Networks } from '../contact/networks.ts';
import {
  hasInitiatorHalf,
  isBareProbe,
  isFailure,
  isWithoutSyn,
  type Outcome,
  outcomeOf,
  SEEN_CONVERSATION,
  SEEN_OWN_TARGET,
  SEEN_PROBE,
  SEEN_REJECT,
  SEEN_RESET,
} from '../contact/seen.ts';
import type { Direction } from '../finding/model.ts';
import type { Pane, SeenContact, SourceEvidence } from '../window/evidence.ts';

const HOUR = 3600;
const FULL = 0xffffffff;
const PRIVILEGED = 1024;
const UDP = 17;
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
  /** Established, nothing to speak of said, never made before and not again: a port that was found open, and left. */
  readonly isFleeting: boolean;
  /** Established, and something was said over several minutes: the source stayed. */
  readonly isConnected: boolean;
  /** Not the first visit, but one after a pause, of a contact that failed: a scan may be run again. */
  readonly isRepeat: boolean;
  /** Probed without a SYN. */
  readonly isStealth: boolean;
  /** Separate minutes in which it was probed: attempts, each counted once a minute. */
  readonly attempts: number;
  /** What its probes look like, for naming the tool; see {@link SeenContact}. */
  readonly sourcePort: number;
  readonly packetBytes: number;
}

/** What makes two first contacts the same contact. */
export const contactKey = (contact: Pick<FirstContact, 'target' | 'port' | 'protocol'>): string =>
  `${contact.target} ${contact.port} ${contact.protocol}`;

/** What decides when silence is an answer, and which public networks are inside. */
export interface Viewpoint {
  /** Log time up to which a missing answer is overdue, epoch seconds; Infinity when the log is complete. */
  readonly overdueBefore: number;
  /** How far the log has come, epoch seconds. */
  readonly logTime: number;
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
  const stealth = stealthProbes(source, settings.failuresIn5Minutes);
  for (const history of historiesOf(source)) {
    for (let at = 0; at < history.length; at++) {
      const first = firstContactAt(history, at, { source, stealth, settings, viewpoint });
      if (first) contacts.push(first, ...repeatsOf(first, history.slice(at)));
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
  const stealth = stealthProbes(source, settings.failuresIn24Hours);
  for (const history of historiesOf(source)) {
    for (let from = 0; from < history.length; ) {
      let to = from + 1;
      while (to < history.length && history[to]!.contact.firstEnd - history[to - 1]!.contact.lastEnd < lookbackSeconds)
        to++;
      const contact = distinctContact(history.slice(from, to), { source, stealth, settings, viewpoint });
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

/** What the contacts of a source are looked at with. */
interface Look {
  readonly source: SourceEvidence;
  /** Contacts that are stealth probes in their company, though alone they might be late packets. */
  readonly stealth: ReadonlySet<SeenContact>;
  readonly settings: DetectionSettings;
  readonly viewpoint: Viewpoint;
}

function distinctContact(run: History, look: Look): FirstContact | undefined {
  const probed = run.filter(({ contact }) => hasInitiatorHalf(contact.seen));
  const [first] = probed;
  if (!first) return undefined;
  const { pane, contact } = first;
  const seen = run.reduce((bits, entry) => bits | entry.contact.seen, 0);
  const last = probed.at(-1)!.contact.lastEnd;
  const outcome = look.stealth.has(contact) ? stealthOutcome(seen) : outcomeOf(seen);
  if (isOpenQuestion(outcome, last, look)) return undefined;
  return {
    ...beginningOf(pane, contact),
    outcome,
    // It counts for when it was first made; what comes back later is no new probe.
    last: contact.firstEnd,
    direction: directionOf({ ...contact, seen }, look),
    isHabit:
      probed.length >= look.settings.habitHours ||
      probed.some((entry) => isHabit(entry.contact, undefined, look.settings.habitMinutes)),
    isFleeting: false,
    isConnected:
      outcome === 'established' &&
      isLasting(
        seen,
        probed.map((entry) => entry.contact),
      ),
    isRepeat: false,
    isStealth: isFailure(outcome) && isWithoutSyn(seen),
    attempts: probed.reduce((sum, entry) => sum + minutesOf(entry.contact), 0),
  };
}

/** What a first contact has of the hour that it was made in. */
function beginningOf(pane: Pane, contact: SeenContact) {
  const { target, port, protocol, firstStart, firstEnd, sourcePort, packetBytes } = contact;
  const weight = FULL / pane.theta;
  return { target, port, protocol, start: firstStart, end: firstEnd, weight, sourcePort, packetBytes };
}

/** Nobody knows yet what became of the contact. */
const isOpenQuestion = (outcome: Outcome, last: number, { viewpoint }: Look): boolean =>
  outcome === 'unresolved' || (outcome === 'unanswered' && last > viewpoint.overdueBefore);

function firstContactAt(history: History, at: number, look: Look): FirstContact | undefined {
  const { pane, contact } = history[at]!;
  if (!hasInitiatorHalf(contact.seen)) return undefined;
  const before = history[at - 1];
  if (before && hasInitiatorHalf(before.contact.seen) && before.contact.lastEnd > contact.firstEnd - HOUR)
    return undefined;
  // An answer may be logged in the hour after, and a contact cut by the hour goes on there.
  const next = history[at + 1]?.pane.hour === pane.hour + 1 ? history[at + 1]!.contact : undefined;
  const previous = before?.pane.hour === pane.hour - 1 ? before.contact : undefined;
  const seen = contact.seen | (next?.seen ?? 0) | (previous && !hasInitiatorHalf(previous.seen) ? previous.seen : 0);
  const outcome = look.stealth.has(contact) ? stealthOutcome(seen) : outcomeOf(seen);
  if (isOpenQuestion(outcome, contact.lastEnd, look)) return undefined;
  return {
    ...beginningOf(pane, contact),
    outcome,
    // A conversation that goes on after the port was found open is not probing.
    last: outcome === 'established' ? contact.firstEnd : lastProbe(history, at),
    direction: directionOf(contact, look),
    isHabit: comesBack(history, look.settings) || isHabit(contact, next, look.settings.habitMinutes),
    isFleeting: outcome === 'established' && at === 0 && isFleeting(seen, contact, next, look),
    isConnected: outcome === 'established' && isLasting(seen, next ? [contact, next] : [contact]),
    isRepeat: false,
    isStealth: isFailure(outcome) && isWithoutSyn(seen),
    attempts: minutesOf(contact) + (next ? minutesOf(next) : 0),
  };
}

/** Made in several separate hours, on one day or on several: a job that runs, not an interest that is new. */
const comesBack = (history: History, settings: DetectionSettings): boolean =>
  history.filter(({ contact }) => hasInitiatorHalf(contact.seen)).length >= settings.habitHours;

/** A failed contact that is tried again after this long a pause is another visit. */
const VISIT_PAUSE_MINUTES = 10;

/** Later visits to a contact that failed, each as a contact with the time of its minute, until it is a first contact again. */
function repeatsOf(first: FirstContact, history: History): FirstContact[] {
  if (first.isHabit || !isFailure(first.outcome)) return [];
  const visits: FirstContact[] = [];
  let previous = Math.floor(first.end / 60);
  for (const { pane, contact } of history) {
    for (const minuteOfHour of minutesIn(contact)) {
      const minute = pane.hour * 60 + minuteOfHour;
      const pause = minute - previous;
      if (pause >= 60) return visits;
      if (pause >= VISIT_PAUSE_MINUTES) {
        const end = Math.min(minute * 60 + 59, contact.lastEnd);
        visits.push({ ...first, isRepeat: true, start: minute * 60, end, last: end });
      }
      previous = Math.max(previous, minute);
    }
  }
  return visits;
}

/** A contact that comes back within this time at most is made for once; pollers are slower, or go on for longer. */
const FLEETING_SECONDS = 300;
/** A log that ends sooner than this does not show whether a contact was for once: most pollers are back by then. */
const RETURN_SECONDS = 120;

/** Whether a contact was answered, and made for once, with nothing said, as far as the log tells by now. A datagram each way says it all. */
function isFleeting(seen: number, contact: SeenContact, next: SeenContact | undefined, look: Look): boolean {
  const last = Math.max(contact.lastEnd, next?.lastEnd ?? 0);
  const minutes = minutesOf(contact) + (next ? minutesOf(next) : 0);
  return (
    contact.protocol !== UDP &&
    (seen & SEEN_CONVERSATION) === 0 &&
    minutes <= look.settings.habitMinutes &&
    last - contact.firstEnd < FLEETING_SECONDS &&
    last <= Math.min(look.viewpoint.overdueBefore, look.viewpoint.logTime - RETURN_SECONDS)
  );
}

/** Seconds of a conversation from which on it is more than asking a service for its version, which takes a minute or two. */
const LASTING_SECONDS = 300;

/** Whether a conversation went on for longer than a look at a service takes. */
const isLasting = (seen: number, hours: readonly SeenContact[]): boolean =>
  (seen & SEEN_CONVERSATION) !== 0 && hours.at(-1)!.lastEnd - hours[0]!.firstEnd >= LASTING_SECONDS;

/**
 * Packets without a SYN to which nothing came back are mostly late ones of expired connections. They are probes where one
 * source port sent them to many ports of one target, privileged ones among them, which are nobody's client ports; or to
 * one service of many targets.
 */
function stealthProbes(source: SourceEvidence, floor: number): ReadonlySet<SeenContact> {
  const bare = source.panes.flatMap((pane) => pane.contacts.filter((contact) => isBareProbe(contact.seen)));
  const found = new Set<SeenContact>();
  if (bare.length < floor) return found;
  for (const group of Map.groupBy(bare, ({ target, sourcePort }) => `${target} ${sourcePort}`).values()) {
    const privileged = group.filter(({ port }) => port < PRIVILEGED);
    if (group.length >= floor && privileged.length * 2 >= floor) for (const contact of group) found.add(contact);
  }
  const toServices = bare.filter(({ seen }) => seen & SEEN_PROBE);
  for (const group of Map.groupBy(toServices, ({ port, sourcePort }) => `${port} ${sourcePort}`).values())
    if (group.length >= floor) for (const contact of group) found.add(contact);
  return found;
}

const stealthOutcome = (seen: number): Outcome =>
  seen & SEEN_REJECT ? 'rejected' : seen & SEEN_RESET ? 'reset' : 'unanswered';

/** When a contact was last probed, in its hour or in those after, as long as they are the same first contact. */
function lastProbe(history: readonly { readonly contact: SeenContact }[], at: number): number {
  let last = history[at]!.contact.lastEnd;
  for (const { contact } of history.slice(at + 1)) {
    if (!hasInitiatorHalf(contact.seen) || last <= contact.firstEnd - HOUR) break;
    last = contact.lastEnd;
  }
  return last;
}

function directionOf(contact: SeenContact, { source, viewpoint }: Look): Direction {
  const known = viewpoint.networks ?? networks;
  const targetInside = (contact.seen & SEEN_OWN_TARGET) !== 0 || known.isInsideText(contact.target);
  if (source.inside) return targetInside ? 'lateral' : 'outbound';
  return 'inbound';
}

/** Flows to one service from as many far-off source ports from which on it is visited rather than probed. */
const VISITS = 3;
/** Seconds over which they must be spread: a scanner sends its probes again within moments. */
const VISITED_SECONDS = 180;

/**
 * Retransmissions stay within a minute or two of the first probe; a habit comes back over a longer time. In records of ten
 * minutes that shows in the number of flows alone.
 */
function isHabit(contact: SeenContact, next: SeenContact | undefined, habitMinutes: number): boolean {
  const minutes = minutesOf(contact) + (next ? minutesOf(next) : 0);
  const last = Math.max(contact.lastEnd, next?.lastEnd ?? 0);
  const flows = bits(contact.flows | (next?.flows ?? 0));
  return (
    (minutes >= habitMinutes && last - contact.firstEnd >= habitMinutes * 60 - 60) ||
    (flows >= VISITS && last - contact.firstStart >= VISITED_SECONDS)
  );
}

/** Separate minutes of the hour in which the contact was probed. */
const minutesOf = (contact: SeenContact): number => bits(contact.minutesLow) + bits(contact.minutesHigh);

function* minutesIn({ minutesLow, minutesHigh }: SeenContact): Generator<number> {
  for (let minute = 0; minute < 60; minute++)
    if (minute < 30 ? minutesLow & (1 << minute) : minutesHigh & (1 << (minute - 30))) yield minute;
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
