/**
 * Judges a finding about an IPv6 address by what the same interface did over IPv4. A client whose attempts over IPv6 are not
 * answered falls back to IPv4 at once (RFC 8305), and the log shows its two addresses as two sources.
 */

import type { SeenContact, SourceEvidence } from '../evidence/evidence.ts';
import {
  hasInitiatorHalf,
  isFailure,
  outcomeOf,
  SEEN_CONVERSATION,
  SEEN_EXCHANGE,
  SEEN_LATERAL,
  SEEN_SYN,
  SEEN_WITHOUT_FLAGS,
} from '../evidence/seen.ts';
import type { FirstContact } from '../scan/first-contact.ts';
import { countOf } from '../text/wording.ts';
import type { Finding, Reason } from './model.ts';

const TCP = 6;
const HOUR = 3600;
/** A client begins over IPv4 within this many seconds. Happy Eyeballs waits a quarter of a second. */
const SOON = 2;
/** Share of the failed contacts that must have been followed by a conversation of their own. */
const FOLLOWED = 0.9;
/** More conversations per failed contact than this would follow some of any contacts by chance. */
const MOST_CONVERSATIONS = 2;
/** Contacts of a finding that are checked at most, and hours over which they are spread. */
const MOST_CONTACTS = 200;
const MOST_HOURS = 24;
/** An IPv4 address with more contacts in an hour than this is not checked. Packs of the table list no others. */
const MOST_QUIET_CONTACTS = 64;

/** A failed contact over IPv6, and its first record in epoch seconds. */
export interface Attempt {
  readonly port: number;
  readonly start: number;
}

/** The contacts of another address of an interface, hour by hour. */
export interface OtherAddress {
  readonly panes: readonly {
    readonly contacts: readonly Pick<SeenContact, 'port' | 'protocol' | 'seen' | 'firstStart'>[];
  }[];
}

/** The failed contacts of a finding, if what its interface did over IPv4 may explain them. */
export function attemptsToCheck(finding: Finding, contacts: readonly FirstContact[]): readonly Attempt[] {
  const { severity, direction, source } = finding;
  const isAddress = source?.interfaceId !== undefined && !source.behindInterface && source.address.includes(':');
  if (direction === 'inbound' || (severity !== 'medium' && severity !== 'high') || !isAddress) return [];
  const failed = contacts.filter(({ outcome }) => isFailure(outcome));
  // A scan that also found something open is more than a client that falls back.
  if (failed.length < FOLLOWED * contacts.length) return [];
  if (failed.length > MOST_CONTACTS || failed.some(({ protocol }) => protocol !== TCP)) return [];
  const attempts = failed.map(({ port, start }) => ({ port, start })).sort((a, b) => a.start - b.start);
  const { from, to } = hoursOfAttempts(attempts);
  return to - from < MOST_HOURS ? attempts : [];
}

/** The epoch hours whose evidence may contain the conversations that follow. Records count in the hour of their end. */
export const hoursOfAttempts = (attempts: readonly Attempt[]): { readonly from: number; readonly to: number } => ({
  from: Math.floor((attempts[0]?.start ?? 0) / HOUR),
  to: Math.floor((attempts.at(-1)?.start ?? 0) / HOUR) + 1,
});

/** The interface of which a source may be the IPv4 address. Undefined for all other sources. */
export const interfaceOf = ({ address, identity }: Pick<SourceEvidence, 'address' | 'identity'>): string | undefined =>
  identity?.behind || address.includes(':') ? undefined : identity?.interfaceId;

/** Whether the reason is that clients fall back to IPv4. Undefined if the conversations over IPv4 do not show it. */
export function judgeFallbacks(attempts: readonly Attempt[], others: readonly OtherAddress[]): Reason | undefined {
  for (const other of others) {
    const reason = judgeFallback(attempts, other);
    if (reason) return reason;
  }
  return undefined;
}

/** The same for one IPv4 address. Pods have addresses of one interface, and are clients of their own. */
function judgeFallback(attempts: readonly Attempt[], other: OtherAddress): Reason | undefined {
  const [first, last] = [attempts[0]!.start, attempts.at(-1)!.start + SOON];
  const ports = new Set(attempts.map(({ port }) => port));
  const begun = conversationsOf(other)
    .filter(({ port, start }) => ports.has(port) && start >= first && start <= last)
    .sort((a, b) => a.start - b.start);
  const free = new Set(begun);
  const value = attempts.filter(({ port, start }) => {
    // The earliest one that is free leaves the most for the attempts after it.
    for (const other of free)
      if (other.port === port && other.start >= start && other.start <= start + SOON) return free.delete(other);
    return false;
  }).length;
  const threshold = Math.ceil(FOLLOWED * attempts.length);
  if (value < threshold || begun.length > MOST_CONVERSATIONS * attempts.length) return undefined;
  const text = `${value} of ${countOf(attempts.length, 'failed contact')} over IPv6 were each followed within ${SOON} seconds by a conversation of the same interface with another inside host on the same port over IPv4, as a client falls back: the severity is at most low`;
  return { test: 'fell-back-to-ipv4', value, threshold, text };
}

/** The conversations that a private IPv4 address began, one for each service, in hours in which nothing failed. */
function conversationsOf({ panes }: OtherAddress): Attempt[] {
  const quiet = panes.filter(
    ({ contacts }) =>
      contacts.length <= MOST_QUIET_CONTACTS &&
      contacts.every(({ seen }) => !hasInitiatorHalf(seen) || outcomeOf(seen) === 'established'),
  );
  return quiet
    .flatMap(({ contacts }) => contacts)
    .filter(
      ({ protocol, seen }) =>
        protocol === TCP &&
        outcomeOf(seen) === 'established' &&
        (seen & (SEEN_SYN | SEEN_WITHOUT_FLAGS)) !== 0 &&
        (seen & (SEEN_CONVERSATION | SEEN_EXCHANGE)) !== 0 &&
        (seen & SEEN_LATERAL) !== 0,
    )
    .map(({ port, firstStart: start }) => ({ port, start }));
}
