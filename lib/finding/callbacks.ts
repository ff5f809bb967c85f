/**
 * Judges a finding by what its targets had sent to its source before. A host that calls its clients back, or answers
 * them with ICMP errors, looks like a scanner to whoever sees only one direction.
 */

import type { SeenContact } from '../evidence/evidence.ts';
import { isFailure, outcomeOf, SEEN_EXCHANGE, SEEN_PROBE, SEEN_SYN } from '../evidence/seen.ts';
import type { FirstContact } from '../scan/first-contact.ts';
import { minutesIn } from '../scan/visits.ts';
import { type Finding, type Reason, SAMPLE_SIZE, severityRank } from './model.ts';

const HOUR = 3600;
const MINUTE = 60;
const TCP = 6;
const UDP = 17;
/** Number of hours before the first probe of a target in which its own contacts count. */
const HOURS_BEFORE = 2;
/** A contact counts in the hour in which its record ends, and a record spans at most this many seconds. */
const LONGEST_RECORD = 600;
/** A server calls back this many seconds after it was called, or while the connection lasts. */
const SOON = 300;
/** Share of the targets whose contact must have failed before pings are taken for ICMP errors. */
const FAILED = 0.5;
/** Share of the targets that must have called before a finding may be callbacks. */
const CALLED = 0.9;
/** A scan of more ports than this is more than callbacks. */
const CALLBACK_PORTS = 2;
/** Evidence says 255 bytes of all packets that are longer. */
const LONG = 255;
/** Headers of an ICMP error over IPv4, in front of the packet that it quotes. */
const ERROR_BYTES = 28;
/** Bytes of a SYN of Linux. Established connections rarely have records that average as much. */
const LINUX_SYN = 60;

/** The first probe of a target. */
export interface FirstProbe {
  readonly target: string;
  /** End of its record in epoch seconds. */
  readonly end: number;
  readonly packetBytes: number;
}

/**
 * A contact that a target began with the source of a finding before it was probed, and what was seen of it. Or one with
 * another host, if an ICMP message may be a router's error about it.
 */
export interface Call {
  readonly protocol: number;
  readonly seen: number;
  /** Whether it was made or went on shortly before the probe. Hours before, any client of a busy server had called. */
  readonly isRecent: boolean;
  /** Whether it is with another host. */
  readonly isOther: boolean;
  /** Whether it is recent, and the size of the ICMP message fits if it is a router's error about a packet of it. */
  readonly isQuoted: boolean;
}

/** Calls by target. */
export type Calls = ReadonlyMap<string, readonly Call[]>;

/** Whether all probes are ICMP. The log shows no types, so that an error looks like a ping. */
const arePings = ({ protocols }: Finding): boolean =>
  protocols.every((protocol) => protocol === 'icmp' || protocol === 'icmpv6');

/** Whether these may be callbacks over TCP or UDP. Nobody stays connected to what failed. */
const mayBeCallbacks = ({ severity, ports }: Finding): boolean =>
  (severity === 'medium' || severity === 'high') && ports.count <= CALLBACK_PORTS;

/**
 * Targets to check for calls to the source. They are a sample from the whole scan, so that a few targets that did call
 * cannot outweigh many that did not. Empty if no calls could explain the finding.
 */
export function targetsToCheck(finding: Finding, contacts: readonly FirstContact[]): readonly FirstProbe[] {
  if (finding.direction === 'inbound' || !(arePings(finding) || mayBeCallbacks(finding))) return [];
  const probes = new Map<string, FirstProbe>();
  for (const { target, end, packetBytes } of contacts)
    if (end < (probes.get(target)?.end ?? Number.POSITIVE_INFINITY)) probes.set(target, { target, end, packetBytes });
  const sorted = [...probes.keys()].sort();
  const step = Math.max(1, sorted.length / SAMPLE_SIZE);
  return Array.from(
    { length: Math.min(SAMPLE_SIZE, sorted.length) },
    (_, at) => probes.get(sorted[Math.floor(at * step)]!)!,
  );
}

/** The epoch hours whose evidence may contain the calls of a target. */
export const hoursOfCalls = ({ end }: FirstProbe): { readonly from: number; readonly to: number } => ({
  from: Math.floor(end / HOUR) - HOURS_BEFORE,
  to: Math.floor((end + LONGEST_RECORD) / HOUR),
});

/** Whether the log tells which end began. Without flags and known ports, an answer to a probe looks like a contact. */
const isBegun = (seen: number): boolean => (seen & (SEEN_SYN | SEEN_PROBE)) !== 0;

/** A contact of a target in an epoch hour. */
type Contact = Pick<
  SeenContact,
  'target' | 'protocol' | 'seen' | 'firstStart' | 'firstEnd' | 'minutesLow' | 'minutesHigh' | 'packetBytes'
>;

/**
 * The call to a source that a contact of a target is, or undefined. It began before the target was probed, as far
 * as the log tells, so an exploited target that connects to its attacker makes no call. Members of a cluster send
 * datagrams from the port to which they are sent, and either may have begun.
 */
export function callOf(
  contact: Contact,
  hour: number,
  source: string,
  { end, packetBytes }: FirstProbe,
): Call | undefined {
  const { protocol, seen, firstStart, firstEnd } = contact;
  const isOther = contact.target !== source;
  // A packet that was too long for the way is one of an exchange. A SYN is quoted as a whole. Records of an idle
  // connection have the size of its acknowledgements.
  const fits =
    packetBytes === LONG
      ? (seen & SEEN_EXCHANGE) !== 0
      : protocol === TCP &&
        packetBytes - ERROR_BYTES === contact.packetBytes &&
        (isFailure(outcomeOf(seen)) || contact.packetBytes === LINUX_SYN);
  const isCall =
    (!isOther || fits) &&
    (protocol === UDP || (protocol === TCP && isBegun(seen))) &&
    outcomeOf(seen) !== 'unresolved' &&
    firstStart <= end;
  if (!isCall) return undefined;
  const minutes = [...minutesIn(contact)].map((minute) => hour * HOUR + minute * MINUTE);
  const isRecent = firstEnd > end - SOON || minutes.some((minute) => minute <= end && minute + MINUTE > end - SOON);
  return isRecent || !isOther ? { protocol, seen, isRecent, isOther, isQuoted: fits && isRecent } : undefined;
}

/** What calls make of a finding: nothing but ICMP errors, or perhaps callbacks, for the reason given. */
export type CallsVerdict = 'errors' | Reason;

/**
 * Judges a finding by the calls of the targets that were checked. Undefined if they do not explain it. It is withdrawn
 * if it consists only of a host's ICMP errors (RFC 792: destination unreachable) to clients of a dead service.
 * @param read the calls of so many of them were read, in their order. With fewer than all, the verdict is undefined if no
 * calls of the others could explain the finding either.
 */
export function judgeCalls(
  finding: Finding,
  checked: readonly FirstProbe[],
  calls: Calls,
  read = checked.length,
): CallsVerdict | undefined {
  const countTargets = (shows: (call: Call) => boolean) =>
    checked.filter(({ target }, at) => at >= read || calls.get(target)?.some(shows)).length;
  const isIcmp = arePings(finding);
  // An error answers a datagram, or a SYN that a firewall refused (RFC 1812: type 3, code 13).
  const errors = countTargets(({ seen, isOther }) => !isOther && isFailure(outcomeOf(seen)));
  if (isIcmp && errors >= FAILED * checked.length) return 'errors';
  if (severityRank(finding.severity) <= severityRank('low')) return undefined;
  const threshold = Math.ceil(CALLED * checked.length);
  const called = countTargets(
    ({ seen, isRecent, isOther }) =>
      !isOther && (isIcmp || (isRecent && outcomeOf(seen) === 'established' && isBegun(seen))),
  );
  const { established, rejected } = finding.contacts;
  // Nobody answers an error, and a security group lets it pass with the flow that it is about.
  const mayBeRouter = isIcmp && called < threshold && established + rejected === 0;
  const value = mayBeRouter ? countTargets(({ isQuoted }) => isQuoted) : called;
  if (value < threshold) return undefined;
  const what = isIcmp ? 'ICMP errors or callbacks' : 'callbacks';
  const why = mayBeRouter
    ? 'just sent packets about which ICMP errors have this size'
    : `contacted ${finding.source?.address} ${isIcmp ? '' : 'shortly '}before it contacted them, so these may be ${what}`;
  const text = `${value} of ${checked.length} targets checked had ${why}: the severity is at most low`;
  return { test: mayBeRouter ? 'sizes-of-icmp-errors' : 'targets-called-first', value, threshold, text };
}
