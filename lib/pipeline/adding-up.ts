/**
 * Finds packed outside sources whose failures add up over some hours, in memory that does not grow with their number.
 */

import type { Fragment } from '../evidence/evidence.ts';
import { isFailure, outcomeOf } from '../evidence/seen.ts';
import { evenHash } from '../scan/even-hash.ts';
import type { PackedSources } from '../store/packed-sources.ts';

/**
 * Maximum number of counters, chosen by a hash of the address. Sources that share a counter are only examined more
 * closely.
 */
const MOST_COUNTERS = 2 ** 20;

/** A source with enough failed contacts to be judged, and its known evidence. */
export interface SourceAddingUp {
  readonly address: string;
  readonly fragments: readonly Fragment[];
}

/**
 * The sources of a bucket with at least this many distinct failed contacts, those with the most first. Samples from
 * other files count too. A source that is never packed is judged without this.
 */
export function sourcesAddingUp(packed: PackedSources, failures: number): SourceAddingUp[] {
  // A source takes a few bytes, so this gives at least as many counters as sources.
  const mask = Math.min(MOST_COUNTERS, 2 ** Math.ceil(Math.log2(packed.bytes + 1))) - 1;
  const counters = new Uint32Array(mask + 1);
  for (const { address, seen } of packed.sources()) counters[evenHash(address) & mask]! += failuresOf(seen);
  const candidates = new Set<string>();
  for (const { address } of packed.sources())
    if (counters[evenHash(address) & mask]! >= failures) candidates.add(address);
  const samples = packed.sampledFragmentsOf(candidates);
  return [...packed.fragmentsOf(candidates)]
    .map(([address, fragments]) => ({
      address,
      fragments,
      failed: distinctFailures([...fragments, ...(samples.get(address) ?? [])]),
    }))
    .filter(({ failed }) => failed >= failures)
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
