/**
 * The contexts in which a first contact is weighed: what its outcome says about its source, given what else the log
 * shows of it. The threshold random walk (Jung et al. 2004) gives each failure one step towards a scanner and each
 * success one step away. A context says how much of such a step a contact is worth. The table in
 * docs/detections/README.md repeats the numbers.
 */
import {
  isFailure,
  type Outcome,
  SEEN_CLOSED,
  SEEN_CONVERSATION,
  SEEN_EXCHANGE,
  SEEN_PATIENT,
  SEEN_SYN,
  SEEN_SYN_ACK,
  SEEN_WITHOUT_FLAGS,
} from '../evidence/seen.ts';

/** How much of a failure or of a success a contact in a context is worth. */
interface Context {
  readonly failure: number;
  readonly success: number;
  /**
   * Whether a client whose server is gone leaves the same trace as a scanner. Such contacts can make a finding, but its
   * severity stays low until enough others indicate a scan.
   */
  readonly isDoubtful?: true;
}

export type ContextName = keyof typeof CONTEXTS;

const TABLE = {
  /**
   * An established connection with hardly any data, not repeated and not closed by either end: a pool that keeps its
   * connections, or a scanner that hides its resets.
   */
  'answered, left open': { failure: 0, success: 0.5, isDoubtful: true },
  /**
   * The same, but closed, and with less than a kilobyte in answer. A scanner that finds a port open does this, and so
   * does a health check, so it is worth half a success.
   */
  'answered, then left': { failure: 0, success: 0.5 },
  /** Any other answer. */
  answered: { failure: 0, success: 1 },
  /**
   * A failure, although the same port of the same target has answered this source with data in an earlier hour: an
   * outage. A scanner looks for what it does not know.
   */
  'answered before': { failure: 1, success: 0, isDoubtful: true },
  /**
   * More than ten datagrams in one record and no answer: media, syslog, a tunnel or gossip. A scanner sends a datagram
   * or two to each port.
   */
  'one-way stream': { failure: 1, success: 0, isDoubtful: true },
  /**
   * Three packets or more in one record and no answer, or three source ports. A client repeats its SYN for as long as
   * it waits for a connection (RFC 6298), three times in five seconds. Resolvers and SNMP clients repeat their
   * datagrams. Raw scanners send a packet or two.
   */
  'failed patiently': { failure: 1, success: 0, isDoubtful: true },
  /** Any other failure. */
  failed: { failure: 1, success: 0 },
} as const satisfies Readonly<Record<string, Context>>;

/** The table, in the order in which {@link contextOf} decides. */
export const CONTEXTS: Readonly<Record<keyof typeof TABLE, Context>> = TABLE;

const ICMP: ReadonlySet<number> = new Set([1, 58]);
const UDP = 17;
/** A scanner tries a port again once at most, nmap from a neighbouring source port. */
const PATIENT_FLOWS = 3;

/** The properties that decide the context of a contact. */
interface Circumstances {
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
  if (outcome !== 'reset' && protocol === UDP && seen & SEEN_CONVERSATION) return 'one-way stream';
  if (flows >= PATIENT_FLOWS) return 'failed patiently';
  // Every ping repeats itself, a scanner's as well as a monitor's.
  return outcome !== 'reset' && seen & SEEN_PATIENT && !ICMP.has(protocol) ? 'failed patiently' : 'failed';
}

/** Whether the flags of both ends show a connection that was made and not closed. */
const staysOpen = (seen: number): boolean =>
  (seen & SEEN_SYN) !== 0 && (seen & SEEN_SYN_ACK) !== 0 && (seen & (SEEN_CLOSED | SEEN_WITHOUT_FLAGS)) === 0;
