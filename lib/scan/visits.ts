/** How often and for how long a contact was visited: repeatedly, once, or with data over a longer time. */

import type { SeenContact } from '../evidence/evidence.ts';
import { firstMinute, laterMinutes } from '../evidence/minutes.ts';
import { hasInitiatorHalf, SEEN_CLOSED, SEEN_CONVERSATION } from '../evidence/seen.ts';

const TCP = 6;
const UDP = 17;

/** A contact repeated only within this many seconds was made once. Pollers are slower or go on for longer. */
const TOUCH_SECONDS = 300;
/**
 * A log that ends sooner after a contact does not show whether it was made once. Most pollers are back by then, and so are
 * clients whose server refused them or is gone.
 */
export const RETURN_SECONDS = 120;

/** How far the log shows the outcome of a contact. Times are epoch seconds. */
export interface Sight {
  readonly habitMinutes: number;
  readonly overdueBefore: number;
  readonly logTime: number;
}

/**
 * Whether a contact was answered, made once and left after at most a few kilobytes, as far as the log shows by now. One
 * UDP datagram each way may be a complete exchange.
 */
export function isOnce(seen: number, contact: SeenContact, next: SeenContact | undefined, sight: Sight): boolean {
  const last = lastProbeOf(contact, next);
  const minutes = minutesOf(contact) + (next ? minutesOf(next) : 0);
  return (
    contact.protocol !== UDP &&
    (seen & SEEN_CONVERSATION) === 0 &&
    minutes <= sight.habitMinutes &&
    last - contact.firstEnd < TOUCH_SECONDS &&
    last <= Math.min(sight.overdueBefore, sight.logTime - RETURN_SECONDS)
  );
}

/** A login that fails, or one request and its reply, takes no longer. */
const BRIEF_SECONDS = 15;

/** Whether a contact was a single TCP conversation that ended within seconds, as far as the log shows by now. */
export const isBrief = (seen: number, contact: SeenContact, next: SeenContact | undefined, sight: Sight): boolean =>
  contact.protocol === TCP &&
  (seen & SEEN_CONVERSATION) !== 0 &&
  (seen & SEEN_CLOSED) !== 0 &&
  flowsOf(contact, next) <= 1 &&
  lastProbeOf(contact, next) - contact.firstStart <= BRIEF_SECONDS &&
  lastProbeOf(contact, next) <= Math.min(sight.overdueBefore, sight.logTime - RETURN_SECONDS);

/**
 * When a contact was last probed that goes on in the next hour. An answer alone does not count there, as it does not in
 * the hour of its probe: what is due is decided by the probes.
 */
const lastProbeOf = (contact: SeenContact, next: SeenContact | undefined): number =>
  next && hasInitiatorHalf(next.seen) ? Math.max(contact.lastEnd, next.lastEnd) : contact.lastEnd;

/** A conversation of at least this many seconds is more than a version check, which takes a minute or two. */
const LASTING_SECONDS = 300;

/** Whether a conversation lasted longer than a probe of a service does. */
export const isLasting = (seen: number, hours: readonly SeenContact[]): boolean =>
  (seen & SEEN_CONVERSATION) !== 0 && hours.at(-1)!.lastEnd - hours[0]!.firstEnd >= LASTING_SECONDS;

/** Flows from this many distant source ports to one service are visits rather than probes. */
const VISITS = 3;
/** Seconds over which they must be spread. A scanner repeats its probes within moments. */
const VISITED_SECONDS = 180;

/**
 * Retransmissions stay within a minute or two of the first probe, and a recurring contact returns over a longer time.
 * In records of ten minutes only the number of flows shows that.
 */
export function isHabit(contact: SeenContact, next: SeenContact | undefined, habitMinutes: number): boolean {
  const minutes = minutesOf(contact) + (next ? minutesOf(next) : 0);
  const last = lastProbeOf(contact, next);
  return (
    (minutes >= habitMinutes && last - contact.firstEnd >= habitMinutes * 60 - 60) ||
    (flowsOf(contact, next) >= VISITS && last - contact.firstStart >= VISITED_SECONDS)
  );
}

/** At least how many flows from distant source ports the contact had. A contact without any says zero. */
export const flowsOf = (contact: SeenContact, next?: SeenContact): number => bits(contact.flows | (next?.flows ?? 0));

/** Number of separate minutes in the hour in which the contact was probed. */
export const minutesOf = (contact: SeenContact): number => bits(contact.minutesLow) + bits(contact.minutesHigh);

/** The minutes of the hour, 0 to 59, in which the contact was probed. */
export function* minutesIn({
  minutesLow,
  minutesHigh,
}: Pick<SeenContact, 'minutesLow' | 'minutesHigh'>): Generator<number> {
  for (let rest = minutesLow; rest; rest = laterMinutes(rest)) yield firstMinute(rest);
  for (let rest = minutesHigh; rest; rest = laterMinutes(rest)) yield 30 + firstMinute(rest);
}

function bits(word: number): number {
  let count = 0;
  for (let rest = word; rest; rest &= rest - 1) count++;
  return count;
}
