/** The shape of a scan: vertical, horizontal or block, from how its contacts spread over targets and ports. */

import type { FirstContact } from '../scan/contacts.ts';
import type { Kind } from './model.ts';

/** Share of the contacts on one target, or on a handful of ports, above which that side names the scan. */
const DOMINANT = 0.8;

/** The kind of a scan, given its distinct contacts. */
export function kindOf(contacts: readonly FirstContact[], blockMinimum: number): Exclude<Kind, 'distributed-scan'> {
  const byTarget = countBy(contacts, (contact) => contact.target);
  const byPort = countBy(contacts, (contact) => `${contact.port} ${contact.protocol}`);
  const largestTarget = byTarget[0]! / contacts.length;
  const fewPorts = byPort.slice(0, blockMinimum - 1).reduce((sum, count) => sum + count, 0) / contacts.length;
  if (byTarget.length < blockMinimum || largestTarget >= DOMINANT)
    return byPort.length >= byTarget.length ? 'vertical-scan' : 'horizontal-scan';
  if (byPort.length < blockMinimum || fewPorts > DOMINANT) return 'horizontal-scan';
  return 'block-scan';
}

function countBy(contacts: readonly FirstContact[], key: (contact: FirstContact) => string): number[] {
  const counts = new Map<string, number>();
  for (const contact of contacts) counts.set(key(contact), (counts.get(key(contact)) ?? 0) + 1);
  return [...counts.values()].sort((a, b) => b - a);
}
