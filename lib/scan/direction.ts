/** Which way a contact goes, seen from the networks that count as inside. */
import type { SeenContact, SourceEvidence } from '../evidence/evidence.ts';
import { SEEN_OWN_TARGET } from '../evidence/seen.ts';
import { Networks } from '../net/networks.ts';

/** The sides of a contact: inside to inside, from outside, to outside. */
export type Direction = 'lateral' | 'inbound' | 'outbound';

const networks = new Networks();

/** The direction of a contact. */
export function directionOf(
  contact: Pick<SeenContact, 'seen' | 'target'>,
  source: Pick<SourceEvidence, 'inside'>,
  known: Networks = networks,
): Direction {
  const targetInside = (contact.seen & SEEN_OWN_TARGET) !== 0 || known.isInsideText(contact.target);
  if (source.inside) return targetInside ? 'lateral' : 'outbound';
  return 'inbound';
}
