/** Which quiet outside sources add up to something over some hours, in memory that does not grow with their number. */

import type { Fragment } from '../evidence/evidence.ts';
import { isFailure, outcomeOf } from '../evidence/seen.ts';
import { evenHash } from '../scan/even-hash.ts';
import type { QuietBucket } from '../store/quiet.ts';

/** Most counters for sources, by a hash of the address: sources that share one are looked at more closely, no more than that. */
const MOST_COUNTERS = 2 ** 20;

/** A source with enough failed contacts to be judged, and what is known of it. */
export interface QuietSuspect {
  readonly address: string;
  readonly fragments: readonly Fragment[];
}

/**
 * The sources of a bucket with at least so many distinct failed contacts, those with the most first. What they did where they
 * were not quiet counts too; who never was quiet is judged without this.
 */
export function suspectsIn(quiet: QuietBucket, suspicious: number): QuietSuspect[] {
  // A source takes a few bytes, so there are as many counters as sources and more.
  const mask = Math.min(MOST_COUNTERS, 2 ** Math.ceil(Math.log2(quiet.bytes + 1))) - 1;
  const counters = new Uint32Array(mask + 1);
  for (const { address, seen } of quiet.sources()) counters[evenHash(address) & mask]! += failuresOf(seen);
  const candidates = new Set<string>();
  for (const { address } of quiet.sources())
    if (counters[evenHash(address) & mask]! >= suspicious) candidates.add(address);
  const loud = quiet.loudFragmentsOf(candidates);
  return [...quiet.fragmentsOf(candidates)]
    .map(([address, fragments]) => ({
      address,
      fragments,
      failed: distinctFailures([...fragments, ...(loud.get(address) ?? [])]),
    }))
    .filter(({ failed }) => failed >= suspicious)
    .sort((a, b) => b.failed - a.failed || (a.address < b.address ? -1 : 1));
}

const failuresOf = (seen: readonly number[]): number =>
  seen.reduce((sum, bits) => sum + Number(isFailure(outcomeOf(bits))), 0);

function distinctFailures(fragments: readonly Fragment[]): number {
  const failed = new Set<string>();
  for (const { contacts } of fragments)
    for (const { target, port, protocol, seen } of contacts)
      if (isFailure(outcomeOf(seen))) failed.add(`${target} ${port} ${protocol}`);
  return failed.size;
}
