/**
 * What was seen of a contact, as bits that union without order, and what they mean once all halves are together.
 * Fragments store the bits; outcomes are computed only when windows are read.
 */

/** Initiator's TCP half with SYN and without ACK. */
export const SEEN_SYN = 1;
/** Initiator's half without a SYN: UDP, ICMP, a TCP conversation under way, or a stealth probe. */
export const SEEN_PROBE = 2;
/** Initiator's half was accepted, or rejected, at some interface. */
export const SEEN_ACCEPT = 4;
export const SEEN_REJECT = 8;
/** The target answered SYN with SYN-ACK. */
export const SEEN_SYN_ACK = 16;
/** The target sent anything but a bare reset. */
export const SEEN_REPLY = 32;
/** The target sent a reset and nothing else in that record. */
export const SEEN_RESET = 64;
/** A bare reset whose sender is the client by port roles; counts only where a SYN shows that it answered one. */
export const SEEN_WEAK_RESET = 128;
/** A half whose initiator its file could not tell: kept under both ends, as forward here and as reverse there. */
export const SEEN_UNRESOLVED_FORWARD = 256;
export const SEEN_UNRESOLVED_REVERSE = 512;
/** The initiator closed a connection of three packets or more: it had been established. */
export const SEEN_COMPLETED = 1024;
/** A record of this contact came without TCP flags. */
export const SEEN_WITHOUT_FLAGS = 2048;
/** The target's address belongs to an interface that is logged. */
export const SEEN_OWN_TARGET = 4096;
/** TCP; a SYN is expected of a contact that counts. */
export const SEEN_TCP = 8192;
/** One of the ends sent more packets at a time than it takes to find a port open: something was said. */
export const SEEN_CONVERSATION = 16384;

const INITIATED = SEEN_SYN | SEEN_PROBE;
const ANSWERED = SEEN_SYN_ACK | SEEN_REPLY | SEEN_COMPLETED;

/** What became of a contact; `unresolved` counts neither as failure nor as success. */
export type Outcome = 'rejected' | 'reset' | 'unanswered' | 'established' | 'unresolved';

/** The outcome that all bits seen of a contact amount to, when no further half is to be expected. */
export function outcomeOf(seen: number): Outcome {
  if ((seen & INITIATED) === 0)
    return seen & SEEN_UNRESOLVED_FORWARD && seen & SEEN_UNRESOLVED_REVERSE ? 'established' : 'unresolved';
  if (seen & (ANSWERED | SEEN_UNRESOLVED_REVERSE)) return 'established';
  if (isWithoutSyn(seen)) {
    // Late packets of an expired connection are REJECTed like a stealth probe; only the reset of a closed port tells.
    return seen & SEEN_RESET ? 'reset' : 'unresolved';
  }
  if (seen & SEEN_REJECT) return 'rejected';
  if (seen & (SEEN_RESET | SEEN_WEAK_RESET)) return 'reset';
  return 'unanswered';
}

/**
 * Whether these are TCP packets without a SYN that nothing came back for, by port roles from a client: a stealth probe
 * (FIN, NULL, XMAS, ACK) or the late packet of an expired connection; only its company tells which.
 */
export const isBareProbe = (seen: number): boolean =>
  isWithoutSyn(seen) &&
  (seen & (ANSWERED | SEEN_UNRESOLVED_REVERSE)) === 0 &&
  (seen & (SEEN_PROBE | SEEN_UNRESOLVED_FORWARD)) !== 0;

/** Whether these are TCP probes without a SYN, as far as the log has flags. */
export const isWithoutSyn = (seen: number): boolean =>
  (seen & SEEN_TCP) !== 0 && (seen & (SEEN_SYN | SEEN_WITHOUT_FLAGS)) === 0;

/** Whether the outcome is that of a failed contact. */
export const isFailure = (outcome: Outcome): boolean =>
  outcome === 'rejected' || outcome === 'reset' || outcome === 'unanswered';

/** Whether the contact may turn out to be a probe: it failed, or found something open and left without a word. */
export const isSuspect = (seen: number): boolean => {
  const outcome = outcomeOf(seen);
  return isFailure(outcome) || isBareProbe(seen) || (outcome === 'established' && (seen & SEEN_CONVERSATION) === 0);
};

/** Whether the initiator's half has been seen, so that the times of the contact are those of its probes. */
export const hasInitiatorHalf = (seen: number): boolean => (seen & (INITIATED | SEEN_UNRESOLVED_FORWARD)) !== 0;

/** Whether all that was seen is a reset that port roles ascribe to a client: the tail of someone else's contact. */
export const isNothing = (seen: number): boolean => (seen & ~(SEEN_OWN_TARGET | SEEN_TCP)) === SEEN_WEAK_RESET;
