/**
 * The meaning of the bits seen of a contact once all halves are together. Outcomes are computed when windows are read.
 */
import {
  SEEN_COMPLETED,
  SEEN_CONVERSATION,
  SEEN_LATERAL,
  SEEN_OWN_TARGET,
  SEEN_PROBE,
  SEEN_REJECT,
  SEEN_REPLY,
  SEEN_RESET,
  SEEN_SYN,
  SEEN_SYN_ACK,
  SEEN_TCP,
  SEEN_UNRESOLVED_FORWARD,
  SEEN_UNRESOLVED_REVERSE,
  SEEN_WEAK_RESET,
  SEEN_WITHOUT_FLAGS,
} from '../kernel/seen-bits.ts';

export * from '../kernel/seen-bits.ts';

const UDP = 17;

const INITIATED = SEEN_SYN | SEEN_PROBE;
/** Any of these bits means that the target answered. */
export const ANSWERED = SEEN_SYN_ACK | SEEN_REPLY | SEEN_COMPLETED | SEEN_UNRESOLVED_REVERSE;

/** The outcome of a contact. `unresolved` counts neither as a failure nor as a success. */
export type Outcome = 'rejected' | 'reset' | 'unanswered' | 'established' | 'unresolved';

/** The outcome of a contact from all bits seen of it, when no further half is expected. */
export function outcomeOf(seen: number): Outcome {
  if ((seen & INITIATED) === 0) {
    if ((seen & SEEN_UNRESOLVED_FORWARD) === 0) return 'unresolved';
    if (seen & (ANSWERED | SEEN_UNRESOLVED_REVERSE)) return 'established';
    // Nothing ever came back, so the sender began. A lone TCP packet without a SYN may belong to an expired connection.
    if (seen & SEEN_TCP) return 'unresolved';
    return seen & SEEN_REJECT ? 'rejected' : 'unanswered';
  }
  if (seen & ANSWERED) return 'established';
  if (isWithoutSyn(seen)) {
    // A late packet of an expired connection is REJECTed just like a stealth probe. Only the reset of a closed port
    // proves a probe.
    return seen & SEEN_RESET ? 'reset' : 'unresolved';
  }
  if (seen & SEEN_REJECT) return 'rejected';
  if (seen & (SEEN_RESET | SEEN_WEAK_RESET)) return 'reset';
  return 'unanswered';
}

/**
 * Whether these are TCP packets without a SYN that came from a client by port roles and got no answer. They may be a
 * stealth probe (FIN, NULL, XMAS, ACK) or a late packet of an expired connection. Only the contacts around it can tell.
 */
export const isBareProbe = (seen: number): boolean =>
  isWithoutSyn(seen) && (seen & ANSWERED) === 0 && (seen & (SEEN_PROBE | SEEN_UNRESOLVED_FORWARD)) !== 0;

/** Whether these are TCP probes without a SYN, as far as the log has flags. */
export const isWithoutSyn = (seen: number): boolean =>
  (seen & SEEN_TCP) !== 0 && (seen & (SEEN_SYN | SEEN_WITHOUT_FLAGS)) === 0;

/** Whether the outcome is that of a failed contact. */
export const isFailure = (outcome: Outcome): boolean =>
  outcome === 'rejected' || outcome === 'reset' || outcome === 'unanswered';

/** Whether the contact is a failed probe: rejected, reset, unanswered, or a bare probe without an answer. */
export const isFailedProbe = (seen: number): boolean => isFailure(outcomeOf(seen)) || isBareProbe(seen);

/** Whether the contact may be a probe: a failed one, or one that found a port open and left without sending data. */
export const mayBeProbe = (seen: number): boolean =>
  isFailedProbe(seen) || (outcomeOf(seen) === 'established' && (seen & SEEN_CONVERSATION) === 0);

/**
 * Whether a contact of an inside source may be a probe. One UDP datagram each way may be a complete exchange, so an
 * answered one is no sign of a scan.
 */
export const isSuspect = ({ seen, protocol }: { readonly seen: number; readonly protocol: number }): boolean =>
  isFailedProbe(seen) || (protocol !== UDP && mayBeProbe(seen));

/** Whether the initiator's half has been seen, so that the times of the contact are those of its probes. */
export const hasInitiatorHalf = (seen: number): boolean => (seen & (INITIATED | SEEN_UNRESOLVED_FORWARD)) !== 0;

/** Whether only a reset was seen that port roles attribute to a client: the tail of someone else's contact. */
export const isNothing = (seen: number): boolean =>
  (seen & ~(SEEN_OWN_TARGET | SEEN_TCP | SEEN_LATERAL)) === SEEN_WEAK_RESET;
