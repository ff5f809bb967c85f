/**
 * The kind of a scan: the detection that names it, or its shape, which is how its contacts spread over targets and
 * ports.
 */
import { blockScan } from '../detections/block-scan.ts';
import { horizontalScan } from '../detections/horizontal-scan.ts';
import { verticalScan } from '../detections/vertical-scan.ts';
import type { Scan } from '../scan/episodes.ts';
import type { FirstContact } from '../scan/first-contact.ts';

/** Share of the contacts on one target, or on a handful of ports, above which that side names the scan. */
const DOMINANT = 0.8;

/** The kind of a scan. If a detection of shapes contributed to it, the shape names it. */
export function kindOf({ windows, contacts }: Pick<Scan, 'windows' | 'contacts'>, blockMinimum: number): string {
  const isNamed = windows.length > 0 && windows.every(({ detection }) => detection.namesScan);
  return isNamed ? windows[0]!.detection.id : shapeOf(contacts, blockMinimum);
}

function shapeOf(contacts: readonly FirstContact[], blockMinimum: number): string {
  const byTarget = countBy(contacts, (contact) => contact.target);
  const byPort = countBy(contacts, (contact) => `${contact.port} ${contact.protocol}`);
  const largestTarget = byTarget[0]! / contacts.length;
  const fewPorts = byPort.slice(0, blockMinimum - 1).reduce((sum, count) => sum + count, 0) / contacts.length;
  if (byTarget.length < blockMinimum || largestTarget >= DOMINANT)
    return byPort.length >= byTarget.length ? verticalScan.id : horizontalScan.id;
  if (byPort.length < blockMinimum || fewPorts > DOMINANT) return horizontalScan.id;
  return blockScan.id;
}

function countBy(contacts: readonly FirstContact[], key: (contact: FirstContact) => string): number[] {
  const counts = new Map<string, number>();
  for (const contact of contacts) counts.set(key(contact), (counts.get(key(contact)) ?? 0) + 1);
  return [...counts.values()].sort((a, b) => b - a);
}
