/**
 * Distinguishes stealth probes (FIN, NULL, XMAS, ACK) that were unanswered or REJECTed from late packets, by the
 * contacts around them.
 */

import type { SeenContact, SourceEvidence } from '../evidence/evidence.ts';
import { isBareProbe, type Outcome, SEEN_PROBE, SEEN_REJECT, SEEN_RESET } from '../evidence/seen.ts';

const PRIVILEGED = 1024;

/**
 * Unanswered packets without a SYN are mostly late ones of expired connections. They are probes in two cases: one
 * source port sent them to many ports of one target, including privileged ports, which no client uses, or to one
 * service of many targets.
 */
export function stealthProbes(source: SourceEvidence, floor: number): ReadonlySet<SeenContact> {
  const bare = source.panes.flatMap((pane) => pane.contacts.filter((contact) => isBareProbe(contact.seen)));
  const found = new Set<SeenContact>();
  if (bare.length < floor) return found;
  for (const group of Map.groupBy(bare, ({ target, sourcePort }) => `${target} ${sourcePort}`).values()) {
    const privileged = group.filter(({ port }) => port < PRIVILEGED);
    if (group.length >= floor && privileged.length * 2 >= floor) for (const contact of group) found.add(contact);
  }
  const toServices = bare.filter(({ seen }) => seen & SEEN_PROBE);
  for (const group of Map.groupBy(toServices, ({ port, sourcePort }) => `${port} ${sourcePort}`).values())
    if (group.length >= floor) for (const contact of group) found.add(contact);
  return found;
}

/** The outcome of a stealth probe. */
export const stealthOutcome = (seen: number): Outcome =>
  seen & SEEN_REJECT ? 'rejected' : seen & SEEN_RESET ? 'reset' : 'unanswered';
