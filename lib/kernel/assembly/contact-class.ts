/** The classes of contacts, by which they are sampled. The same as in `lib/evidence/sample.ts`. */
import { CONTACT_SEEN, CONTACT_SERVICE } from '../rows';
import {
  SEEN_COMPLETED, SEEN_CONVERSATION, SEEN_EXCHANGE, SEEN_LATERAL, SEEN_PROBE, SEEN_REPLY, SEEN_RESET, SEEN_SYN,
  SEEN_SYN_ACK, SEEN_TCP, SEEN_UNRESOLVED_FORWARD, SEEN_UNRESOLVED_REVERSE, SEEN_WEAK_RESET, SEEN_WITHOUT_FLAGS,
} from '../seen-bits';

const UDP: u32 = 17;

/** Classes of contacts, those to keep first. Contacts of which only a stray reset was seen are sampled like answered ones. */
export const CLASS_FAILED: u32 = 0;
export const CLASS_LATERAL: u32 = 1;
export const CLASS_TOUCHED: u32 = 2;
export const CLASS_ANSWERED: u32 = 3;
const CLASS_NOTHING: u32 = 4;

const INITIATED: u32 = SEEN_SYN | SEEN_PROBE;
const ANSWERED: u32 = SEEN_SYN_ACK | SEEN_REPLY | SEEN_COMPLETED;

/** Whether the initiator's half has been seen, so that the times of the contact are those of its probes. */
// @ts-expect-error: decorator
@inline
export function hasInitiatorHalf(seen: u32): bool {
  return (seen & (INITIATED | SEEN_UNRESOLVED_FORWARD)) != 0;
}

/**
 * Whether the contact failed as far as is known, or its probes had no SYN and no answer. The same as `isFailedProbe` of
 * `lib/evidence/seen.ts`.
 */
export function isFailedProbe(seen: u32): bool {
  if ((seen & (ANSWERED | SEEN_UNRESOLVED_REVERSE)) != 0) return false;
  const isWithoutSyn = (seen & (SEEN_TCP | SEEN_SYN | SEEN_WITHOUT_FLAGS)) == SEEN_TCP;
  if (!(seen & INITIATED)) return (isWithoutSyn || !(seen & SEEN_TCP)) && (seen & SEEN_UNRESOLVED_FORWARD) != 0;
  return !isWithoutSyn || (seen & (SEEN_RESET | SEEN_PROBE | SEEN_UNRESOLVED_FORWARD)) != 0;
}

/** The class of a contact. It only rises while more is seen, but for a stray reset. The same as in `lib/evidence/sample.ts`. */
// @ts-expect-error: decorator
@inline
export function classOf(row: u32): u32 {
  const seen = load<u32>(row, CONTACT_SEEN);
  if ((seen & (ANSWERED | SEEN_UNRESOLVED_REVERSE)) != 0)
    return (seen & (SEEN_CONVERSATION | SEEN_EXCHANGE)) != 0 || (load<u32>(row, CONTACT_SERVICE) & 255) == UDP ? CLASS_ANSWERED : CLASS_TOUCHED;
  if ((seen & ~(SEEN_TCP | SEEN_LATERAL)) == SEEN_WEAK_RESET) return CLASS_NOTHING;
  return failedClassOf(seen);
}

/** The class of a contact as long as nothing answers. */
// @ts-expect-error: decorator
@inline
export function failedClassOf(seen: u32): u32 {
  return (seen & SEEN_LATERAL) != 0 ? CLASS_LATERAL : CLASS_FAILED;
}

