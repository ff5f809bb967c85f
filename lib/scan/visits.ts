/** How often and for how long a contact was visited: a habit, for once only, or for good. */

import type { SeenContact } from '../evidence/evidence.ts';
import { SEEN_CONVERSATION } from '../evidence/seen.ts';

const UDP = 17;

/** A contact that comes back within this time at most is made for once; pollers are slower, or go on for longer. */
const TOUCH_SECONDS = 300;
/** A log that ends sooner than this does not show whether a contact was for once: most pollers are back by then. */
const RETURN_SECONDS = 120;

/** How far the log shows what came of a contact; times are epoch seconds. */
interface Sight {
  readonly habitMinutes: number;
  readonly overdueBefore: number;
  readonly logTime: number;
}

/**
 * Whether a contact that was answered was made for once, with nothing said, as far as the log tells by now. A datagram each
 * way says it all.
 */
export function isTouch(seen: number, contact: SeenContact, next: SeenContact | undefined, sight: Sight): boolean {
  const last = Math.max(contact.lastEnd, next?.lastEnd ?? 0);
  const minutes = minutesOf(contact) + (next ? minutesOf(next) : 0);
  return (
    contact.protocol !== UDP &&
    (seen & SEEN_CONVERSATION) === 0 &&
    minutes <= sight.habitMinutes &&
    last - contact.firstEnd < TOUCH_SECONDS &&
    last <= Math.min(sight.overdueBefore, sight.logTime - RETURN_SECONDS)
  );
}

/** Seconds of a conversation from which on it is more than asking a service for its version, which takes a minute or two. */
const LASTING_SECONDS = 300;

/** Whether a conversation went on for longer than a look at a service takes. */
export const isLasting = (seen: number, hours: readonly SeenContact[]): boolean =>
  (seen & SEEN_CONVERSATION) !== 0 && hours.at(-1)!.lastEnd - hours[0]!.firstEnd >= LASTING_SECONDS;

/** Flows to one service from as many far-off source ports from which on it is visited rather than probed. */
const VISITS = 3;
/** Seconds over which they must be spread: a scanner sends its probes again within moments. */
const VISITED_SECONDS = 180;

/**
 * Retransmissions stay within a minute or two of the first probe; a habit comes back over a longer time. In records of ten
 * minutes that shows in the number of flows alone.
 */
export function isHabit(contact: SeenContact, next: SeenContact | undefined, habitMinutes: number): boolean {
  const minutes = minutesOf(contact) + (next ? minutesOf(next) : 0);
  const last = Math.max(contact.lastEnd, next?.lastEnd ?? 0);
  const flows = bits(contact.flows | (next?.flows ?? 0));
  return (
    (minutes >= habitMinutes && last - contact.firstEnd >= habitMinutes * 60 - 60) ||
    (flows >= VISITS && last - contact.firstStart >= VISITED_SECONDS)
  );
}

/** Separate minutes of the hour in which the contact was probed. */
export const minutesOf = (contact: SeenContact): number => bits(contact.minutesLow) + bits(contact.minutesHigh);

/** The minutes of the hour, 0 to 59, in which the contact was probed. */
export function* minutesIn({ minutesLow, minutesHigh }: SeenContact): Generator<number> {
  for (let minute = 0; minute < 60; minute++)
    if (minute < 30 ? minutesLow & (1 << minute) : minutesHigh & (1 << (minute - 30))) yield minute;
}

function bits(word: number): number {
  let count = 0;
  for (let rest = word >>> 0; rest; rest = (rest & (rest - 1)) >>> 0) count++;
  return count;
}
