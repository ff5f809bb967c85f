/**
 * The first contacts of a source in order, without retries, and with recurring and undecided contacts marked or left
 * out.
 */

import type { Pane, SeenContact, SourceEvidence } from '../evidence/evidence.ts';
import type { IsDark } from '../evidence/inventory.ts';
import { weightIn } from '../evidence/sample.ts';
import {
  hasInitiatorHalf,
  isFailure,
  isWithoutSyn,
  type Outcome,
  outcomeOf,
  SEEN_CONVERSATION,
  SEEN_EXCHANGE,
  SEEN_OWN_TARGET,
  SEEN_PATIENT,
  SEEN_SYN,
} from '../evidence/seen.ts';
import { inCompany, type Talk } from './company.ts';
import { contextOf } from './contexts.ts';
import { directionOf } from './direction.ts';
import { contactKey, type FirstContact, ipv4Bytes, type Viewpoint } from './first-contact.ts';
import { isAnsweredUnkept, isSurelyFirst, SEEN_UNKEPT } from './left-out.ts';
import type { ScanSettings } from './settings.ts';
import { stealthOutcome, stealthProbes } from './stealth.ts';
import { flowsOf, isBrief, isHabit, isLasting, isOnce, minutesIn, minutesOf, type Sight } from './visits.ts';

const HOUR = 3600;

/** The evidence about one contact, hour by hour. */
type History = { readonly pane: Pane; readonly contact: SeenContact }[];

/**
 * The first contacts of a source, ordered by (end, start, target, port, protocol). Contacts whose outcome is still open
 * (unanswered but not overdue, or without a known initiator) are left out.
 */
export function firstContacts(source: SourceEvidence, settings: ScanSettings, viewpoint: Viewpoint): FirstContact[] {
  return inContext(firstContactsAlone(source, settings, viewpoint), source, viewpoint);
}

/** The same, each in the context that it has by itself, whatever the source met beside it. */
export function firstContactsAlone(
  source: SourceEvidence,
  settings: ScanSettings,
  viewpoint: Viewpoint,
): FirstContact[] {
  const contacts: FirstContact[] = [];
  const look = lookAt(source, settings.failuresIn5Minutes, settings, viewpoint);
  for (const history of historiesOf(source)) {
    for (let at = 0; at < history.length; at++) {
      const first = firstContactAt(history, at, look);
      if (!first) continue;
      contacts.push(first);
      if (mayRepeat(first)) contacts.push(...repeatsOf(first, history, at));
    }
  }
  return contacts.sort(byTime);
}

/**
 * The distinct contacts of a source over days, in the same order. Each occurs once, however often it was repeated
 * within `lookbackSeconds`, and is a success if it ever succeeded. A contact made in several hours is recurring.
 */
export function distinctContacts(
  source: SourceEvidence,
  settings: ScanSettings,
  viewpoint: Viewpoint,
  lookbackSeconds: number,
): FirstContact[] {
  const contacts: FirstContact[] = [];
  const look = lookAt(source, settings.failuresIn24Hours, settings, viewpoint);
  for (const history of historiesOf(source)) {
    for (let from = 0; from < history.length; ) {
      let to = from + 1;
      while (to < history.length && history[to]!.contact.firstEnd - history[to - 1]!.contact.lastEnd < lookbackSeconds)
        to++;
      const contact = distinctContact(history.slice(from, to), look);
      if (contact) contacts.push(contact);
      from = to;
    }
  }
  return inContext(contacts.sort(byTime), source, viewpoint);
}

function inContext(contacts: readonly FirstContact[], source: SourceEvidence, viewpoint: Viewpoint): FirstContact[] {
  const known = inCompany(contacts, viewpoint, (ports) => talksOf(source, ports, viewpoint));
  const { without } = viewpoint;
  return without === undefined ? known : known.map((one) => (one.context === without ? asAnyOther(one) : one));
}

/** What a source talked to on some ports, hour by hour. */
const talksOf = (source: SourceEvidence, ports: ReadonlySet<number>, { networks }: Viewpoint): Talk[] =>
  source.panes.flatMap(({ hour, contacts }) =>
    contacts
      .filter(
        ({ port, seen }) => ports.has(port) && (seen & SEEN_CONVERSATION) !== 0 && outcomeOf(seen) === 'established',
      )
      .map((contact) => ({
        ...{ hour, target: contact.target, port: contact.port, protocol: contact.protocol },
        direction: directionOf(contact, source, networks),
        minutes: minutesOf(contact),
      })),
  );

const asAnyOther = (contact: FirstContact): FirstContact =>
  isFailure(contact.outcome)
    ? { ...contact, context: 'failed' }
    : { ...contact, context: 'answered', isTouch: false, isVisit: false };

function historiesOf(source: SourceEvidence): Iterable<History> {
  const [pane] = source.panes;
  // In one hour, each contact occurs once.
  if (pane && source.panes.length === 1) return pane.contacts.map((contact) => [{ pane, contact }]);
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

/** The context in which the contacts of a source are read. */
interface Look {
  readonly source: SourceEvidence;
  /** Contacts that are stealth probes because of the contacts around them. Alone they might be late packets. */
  readonly stealth: ReadonlySet<SeenContact>;
  readonly settings: ScanSettings;
  readonly viewpoint: Viewpoint;
  /** Undefined if no inventory knows the addresses around the source. */
  readonly isDark: IsDark | undefined;
  /** How far the log shows whether a contact was made once. */
  readonly sight: Sight;
}

/** @param floor so many packets without a SYN are probes of a scan. */
const lookAt = (source: SourceEvidence, floor: number, settings: ScanSettings, viewpoint: Viewpoint): Look => ({
  source,
  stealth: stealthProbes(source, floor),
  settings,
  viewpoint,
  isDark: viewpoint.inventory?.around(source),
  sight: { ...viewpoint, habitMinutes: settings.habitMinutes },
});

function distinctContact(run: History, look: Look): FirstContact | undefined {
  const probed = run.filter(({ contact }) => hasInitiatorHalf(contact.seen));
  const [first] = probed;
  if (!first) return undefined;
  const { pane, contact } = first;
  const leftOut = isAnsweredUnkept(contact, look.source, pane.hour, Number.POSITIVE_INFINITY) ? SEEN_UNKEPT : 0;
  const seen = run.reduce((bits, entry) => bits | entry.contact.seen, leftOut);
  const last = probed.at(-1)!.contact.lastEnd;
  const outcome = look.stealth.has(contact) ? stealthOutcome(seen) : outcomeOf(seen);
  if (isOpenQuestion(outcome, last, look)) return undefined;
  return {
    target: contact.target,
    port: contact.port,
    protocol: contact.protocol,
    start: contact.firstStart,
    end: contact.firstEnd,
    weight: weightIn(pane.sample, contact),
    sourcePort: contact.sourcePort,
    packetBytes: contact.packetBytes,
    outcome,
    context: contextOf({
      outcome,
      seen,
      protocol: contact.protocol,
      port: contact.port,
      probeBytes: ipv4Bytes(contact),
      flows: flowsOf(contact),
      isOnce: false,
      isBrief: false,
      isAnsweredBefore: false,
    }),
    // It counts at the time it was first made. Later repetitions are not new probes.
    last: contact.firstEnd,
    direction: directionOf({ ...contact, seen }, look.source, look.viewpoint.networks),
    isHabit:
      hoursOf(probed) >= look.settings.habitHours ||
      probed.some((entry) => isHabit(entry.contact, undefined, look.settings.habitMinutes)),
    isTouch: false,
    isVisit: false,
    isConnected:
      outcome === 'established' &&
      isLasting(
        seen,
        probed.map((entry) => entry.contact),
      ),
    isRepeat: false,
    isStealth: isFailure(outcome) && isWithoutSyn(seen),
    isPatient: (seen & SEEN_PATIENT) !== 0,
    hasSyn: (seen & SEEN_SYN) !== 0,
    isDark: wasDark(contact, seen, outcome, last, look),
    attempts: probed.reduce((sum, entry) => sum + minutesOf(entry.contact), 0),
    flows: Math.max(...probed.map((entry) => flowsOf(entry.contact))),
  };
}

/** Whether the target was dark while it was probed. A target with a logged interface was not, whatever snapshots say. */
const wasDark = (contact: SeenContact, seen: number, outcome: Outcome, last: number, { isDark }: Look): boolean =>
  isDark !== undefined &&
  outcome === 'unanswered' &&
  (seen & SEEN_OWN_TARGET) === 0 &&
  isDark(contact.target, contact.firstStart, last);

/** The outcome of the contact is not known yet. */
const isOpenQuestion = (outcome: Outcome, last: number, { viewpoint }: Look): boolean =>
  outcome === 'unresolved' || (outcome === 'unanswered' && last > viewpoint.overdueBefore);

function firstContactAt(history: History, at: number, look: Look): FirstContact | undefined {
  const { pane, contact } = history[at]!;
  if (!hasInitiatorHalf(contact.seen)) return undefined;
  const before = history[at - 1];
  if (before && hasInitiatorHalf(before.contact.seen) && before.contact.lastEnd > contact.firstEnd - HOUR)
    return undefined;
  // An answer may be logged in the next hour, and a contact that the hour cuts off continues there.
  const next = history[at + 1]?.pane.hour === pane.hour + 1 ? history[at + 1]!.contact : undefined;
  const previous = before?.pane.hour === pane.hour - 1 ? before.contact : undefined;
  const leftOut = !next && isAnsweredUnkept(contact, look.source, pane.hour + 1, pane.hour + 2) ? SEEN_UNKEPT : 0;
  const seen =
    contact.seen | (next?.seen ?? leftOut) | (previous && !hasInitiatorHalf(previous.seen) ? previous.seen : 0);
  const outcome = look.stealth.has(contact) ? stealthOutcome(seen) : outcomeOf(seen);
  if (isOpenQuestion(outcome, contact.lastEnd, look)) return undefined;
  // A conversation that continues after the port was found open is not probing.
  const last = outcome === 'established' ? contact.firstEnd : lastProbe(history, at);
  const isAlone =
    outcome === 'established' &&
    history.length === 1 + Number(next !== undefined) &&
    isSurelyFirst(contact, pane, look.source);
  const once = isAlone && isOnce(seen, contact, next, look.sight);
  return {
    target: contact.target,
    port: contact.port,
    protocol: contact.protocol,
    start: contact.firstStart,
    end: contact.firstEnd,
    weight: weightIn(pane.sample, contact),
    sourcePort: contact.sourcePort,
    packetBytes: contact.packetBytes,
    outcome,
    context: contextOf({
      outcome,
      seen,
      protocol: contact.protocol,
      port: contact.port,
      probeBytes: ipv4Bytes(contact),
      flows: flowsOf(contact, next),
      isOnce: once,
      isBrief: isAlone && isBrief(seen, contact, next, look.sight),
      isAnsweredBefore: isAnsweredBefore(history, at, look.source),
    }),
    last,
    direction: directionOf(contact, look.source, look.viewpoint.networks),
    isHabit: comesBack(history, look.settings) || isHabit(contact, next, look.settings.habitMinutes),
    isTouch: once && (seen & SEEN_EXCHANGE) === 0,
    isVisit: once && (seen & SEEN_EXCHANGE) !== 0,
    isConnected: outcome === 'established' && isLasting(seen, next ? [contact, next] : [contact]),
    isRepeat: false,
    isStealth: isFailure(outcome) && isWithoutSyn(seen),
    isPatient: (seen & SEEN_PATIENT) !== 0,
    hasSyn: (seen & SEEN_SYN) !== 0,
    isDark: wasDark(contact, seen, outcome, last, look),
    attempts: minutesOf(contact) + (next ? minutesOf(next) : 0),
    flows: flowsOf(contact, next),
  };
}

/** Whether the contact was answered in an earlier hour. A touch does not count, since a scan may be run again. */
function isAnsweredBefore(history: History, at: number, source: SourceEvidence): boolean {
  for (let hour = 0; hour < at; hour++) {
    const { seen } = history[hour]!.contact;
    if (outcomeOf(seen) === 'established' && (seen & (SEEN_CONVERSATION | SEEN_EXCHANGE)) !== 0) return true;
  }
  const { pane, contact } = history[at]!;
  return isAnsweredUnkept(contact, source, 0, pane.hour);
}

/** A failed contact that is tried again after this pause is another visit. */
const VISIT_PAUSE_MINUTES = 10;

/** Made in several separate hours, on one day or on several: a regular job rather than a new interest. */
const comesBack = (history: History, settings: ScanSettings): boolean =>
  history.length >= settings.habitHours &&
  hoursOf(history.filter(({ contact }) => hasInitiatorHalf(contact.seen))) >= settings.habitHours;

/** In how many hours the contact was visited. A visit that goes on across a full hour is in one of them. */
const hoursOf = (probed: History): number =>
  probed.filter(
    ({ contact }, at) => at === 0 || contact.lastEnd - probed[at - 1]!.contact.lastEnd >= VISIT_PAUSE_MINUTES * 60,
  ).length;

const mayRepeat = ({ isHabit, outcome }: FirstContact): boolean => !isHabit && isFailure(outcome);

/**
 * Later visits to a contact that failed, each with the time of its minute, until it counts as a first contact again.
 */
function repeatsOf(first: FirstContact, history: History, at: number): FirstContact[] {
  const visits: FirstContact[] = [];
  let previous = Math.floor(first.end / 60);
  for (let hour = at; hour < history.length; hour++) {
    const { pane, contact } = history[hour]!;
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

/** When a contact was last probed, in its hour or in later ones that belong to the same first contact. */
function lastProbe(history: readonly { readonly contact: SeenContact }[], at: number): number {
  let last = history[at]!.contact.lastEnd;
  for (let hour = at + 1; hour < history.length; hour++) {
    const { contact } = history[hour]!;
    if (!hasInitiatorHalf(contact.seen) || last <= contact.firstEnd - HOUR) break;
    last = contact.lastEnd;
  }
  return last;
}

function byTime(a: FirstContact, b: FirstContact): number {
  return (
    a.end - b.end || a.start - b.start || compareText(a.target, b.target) || a.port - b.port || a.protocol - b.protocol
  );
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
