/**
 * The contexts in which a first contact is weighed: what its outcome says about its source, given what else the log
 * shows of it. The threshold random walk (Jung et al. 2004) gives each failure one step towards a scanner and each
 * success one step away. A context says how much of such a step a contact is worth.
 */
import type { Outcome } from '../evidence/seen.ts';
import {
  isFailure,
  SEEN_CLOSED,
  SEEN_CONVERSATION,
  SEEN_EXCHANGE,
  SEEN_PATIENT,
  SEEN_SYN,
  SEEN_SYN_ACK,
  SEEN_WITHOUT_FLAGS,
} from '../evidence/seen.ts';

/** How much of a failure or of a success a contact in a context is worth. */
export interface Context {
  readonly failure: number;
  readonly success: number;
  /**
   * Whether a client whose server is gone leaves the same trace as a scanner. Such contacts can make a finding, but it
   * alerts nobody: its severity is low until enough others speak for a scan.
   */
  readonly isDoubtful?: true;
  /** The reasoning, and its source. */
  readonly means: string;
}

export type ContextName =
  | 'failed'
  | 'failed patiently'
  | 'one-way stream'
  | 'answered before'
  | 'answered'
  | 'answered, then left'
  | 'answered, left open';

/** The table. The first context that applies is the one in which a contact is weighed. */
export const CONTEXTS: Readonly<Record<ContextName, Context>> = {
  'one-way stream': {
    failure: 1,
    success: 0,
    isDoubtful: true,
    means:
      'More than ten datagrams in one record and no answer: media, syslog, a tunnel or gossip. A scanner sends a ' +
      'datagram or two to each port.',
  },
  'answered before': {
    failure: 1,
    success: 0,
    isDoubtful: true,
    means:
      'The same port of the same target has answered this source within three days, so the contact shows an outage. A ' +
      'scanner seeks what it does not know.',
  },
  'failed patiently': {
    failure: 1,
    success: 0,
    isDoubtful: true,
    means:
      'Three packets or more in one record and no answer: a client repeats its SYN for as long as it waits for a ' +
      'connection (RFC 6298), three times in five seconds, and resolvers and SNMP clients repeat their datagrams from ' +
      'the same port. Raw scanners send a packet or two.',
  },
  failed: { failure: 1, success: 0, means: 'Nothing answered, or the port was closed.' },
  'answered, then left': {
    failure: 0,
    success: 0.5,
    means:
      'A connection without data that was not repeated. A scanner that finds a port open does this, and so does a ' +
      'health check, so it is worth half a success.',
  },
  'answered, left open': {
    failure: 0,
    success: 0.5,
    isDoubtful: true,
    means:
      'The same, but neither end closed the connection: a pool that keeps its connections, or a scanner that hides its ' +
      'resets.',
  },
  answered: { failure: 0, success: 1, means: 'The target answered, and data was exchanged.' },
};

const ICMP: ReadonlySet<number> = new Set([1, 58]);
const UDP = 17;
/** A scanner tries a port again once at most, nmap from a neighbouring source port. */
const PATIENT_FLOWS = 3;

/** What the context of a contact follows from. */
export interface Circumstances {
  readonly outcome: Outcome;
  /** All bits seen of the contact. */
  readonly seen: number;
  readonly protocol: number;
  /** The number of source ports from which it was tried, as far as the evidence can tell them apart. */
  readonly flows: number;
  readonly isTouch: boolean;
  /** Whether the same contact was answered earlier, within the evidence. */
  readonly isAnsweredBefore: boolean;
}

/** The context in which a contact is weighed. */
export function contextOf(circumstances: Circumstances): ContextName {
  const { outcome, seen, protocol, flows, isTouch, isAnsweredBefore } = circumstances;
  if (!isFailure(outcome)) {
    if (!isTouch) return 'answered';
    if (staysOpen(seen)) return 'answered, left open';
    return seen & SEEN_EXCHANGE ? 'answered' : 'answered, then left';
  }
  if (isAnsweredBefore) return 'answered before';
  if (flows >= PATIENT_FLOWS) return 'failed patiently';
  if (outcome === 'reset') return 'failed';
  if (protocol === UDP && seen & SEEN_CONVERSATION) return 'one-way stream';
  // Every ping repeats itself, a scanner's as well as a monitor's.
  return seen & SEEN_PATIENT && !ICMP.has(protocol) ? 'failed patiently' : 'failed';
}

/** Whether the flags of both ends show a connection that was made and not closed: a pool, or a channel kept for later. */
const staysOpen = (seen: number): boolean =>
  (seen & SEEN_SYN) !== 0 && (seen & SEEN_SYN_ACK) !== 0 && (seen & (SEEN_CLOSED | SEEN_WITHOUT_FLAGS)) === 0;
