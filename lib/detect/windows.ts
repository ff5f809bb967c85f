/** Sliding windows over first contacts: where the failures of one group are many, and many more than its successes. */
import type { DetectionSettings } from '../config/detection.ts';
import { isFailure } from '../contact/seen.ts';
import type { FirstContact } from './first-contacts.ts';

/** How far back a test looks, in seconds of log time, and what it is called in a finding. */
export interface Horizon {
  readonly name: '5m' | '1h';
  readonly seconds: number;
  readonly failures: (settings: DetectionSettings) => number;
}

export const HORIZONS: readonly Horizon[] = [
  { name: '5m', seconds: 300, failures: (settings) => settings.failuresIn5Minutes },
  { name: '1h', seconds: 3600, failures: (settings) => settings.failuresIn1Hour },
];

/** A contact with which a window of its group met every threshold. */
export interface Hit {
  /** Positions in the group: the window is `[from, at]`. */
  readonly from: number;
  readonly at: number;
  /** Distinct contacts in the window; estimates where contacts are sampled. */
  readonly failures: number;
  readonly successes: number;
  /** Log-likelihood ratio of the walk over the window. */
  readonly walk: number;
}

/** The step of the walk for a failure and a success, and the bound above which a source is a scanner (Jung et al. 2004). */
export function walkOf(settings: DetectionSettings): { failure: number; success: number; bound: number } {
  return {
    failure: Math.log((1 - settings.scannerSuccess) / (1 - settings.benignSuccess)),
    success: Math.log(settings.scannerSuccess / settings.benignSuccess),
    bound: Math.log(settings.detectionRate / settings.falsePositiveRate),
  };
}

/**
 * All hits of one group, whose contacts must be in order of time. A window reaches back `horizon` from its last contact,
 * widened by that contact's own record, so that no alignment of records or intervals can split a scan.
 */
export function findHits(group: readonly FirstContact[], horizon: Horizon, settings: DetectionSettings): Hit[] {
  const walk = walkOf(settings);
  const floor = horizon.failures(settings);
  const hits: Hit[] = [];
  const tally = { failures: 0, habits: 0, successes: 0 };
  let from = 0;
  for (let at = 0; at < group.length; at++) {
    const contact = group[at]!;
    count(tally, contact, 1);
    for (; group[from]!.end < contact.start - horizon.seconds; from++) count(tally, group[from]!, -1);
    // A set of habits this large is no stale configuration: a scan that repeats is still a scan.
    const failures = tally.failures + (tally.habits > settings.habitLimit ? tally.habits : 0);
    if (failures < floor || failures < settings.failuresPerSuccess * tally.successes) continue;
    // Sums, not steps: the order within a window cannot matter, and with each window the walk begins anew.
    const ratio = failures * walk.failure + tally.successes * walk.success;
    if (ratio >= walk.bound) hits.push({ from, at, failures: Math.round(failures), successes: Math.round(tally.successes), walk: ratio });
  }
  return hits;
}

function count(tally: { failures: number; habits: number; successes: number }, contact: FirstContact, sign: 1 | -1): void {
  const weight = sign * contact.weight;
  if (!isFailure(contact.outcome)) tally.successes += weight;
  else if (contact.isHabit) tally.habits += weight;
  else tally.failures += weight;
}
