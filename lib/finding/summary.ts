/** The numbers and samples of a finding's contacts. */
import { isFailure } from '../evidence/seen.ts';
import type { FirstContact } from '../scan/first-contact.ts';
import { type Finding, SAMPLE_SIZE, type Spread } from './model.ts';

/** A service that answered a scan. `isConnected` is set if the scanner stayed connected. */
export interface OpenService {
  readonly target: string;
  readonly port: number;
  readonly protocol: number;
  readonly isConnected: boolean;
}

/** Contacts by outcome. */
export type OutcomeCounts = Finding['contacts'];

/** Distinct contacts by outcome. The numbers are estimates if the contacts are sampled. */
export function countOutcomes(contacts: readonly FirstContact[]): OutcomeCounts {
  const count = (outcome: FirstContact['outcome']) =>
    Math.round(sumWeights(contacts.filter((contact) => contact.outcome === outcome)));
  const [rejected, unanswered, reset] = [count('rejected'), count('unanswered'), count('reset')];
  return {
    failed: rejected + unanswered + reset,
    established: count('established'),
    rejected,
    unanswered,
    reset,
    attempts: Math.round(contacts.reduce((sum, contact) => sum + contact.weight * contact.attempts, 0)),
  };
}

/** How many contacts the given ones stand for. */
export const sumWeights = (contacts: readonly FirstContact[]) =>
  contacts.reduce((sum, contact) => sum + contact.weight, 0);
/** Whether the protocol has ports at all. */
export const hasPorts = (contact: FirstContact) => contact.protocol === 6 || contact.protocol === 17;

/**
 * Counts distinct values. The count is exact while every contact is kept. With a sample it is a lower bound, unless
 * each contact has its own value.
 * @param others what else distinguishes the contacts. If it is the same for all, each has its own value. Default: other
 * values may occur several times.
 */
export function spread<T extends string | number>(
  contacts: readonly FirstContact[],
  value: (contact: FirstContact) => T,
  others?: (contact: FirstContact) => string,
): Spread<T> {
  const seenTimes = new Map<T, number>();
  for (const contact of contacts) seenTimes.set(value(contact), (seenTimes.get(value(contact)) ?? 0) + 1);
  const sample = distinct(contacts, value).slice(0, SAMPLE_SIZE);
  if (contacts.every((contact) => contact.weight === 1)) return { count: seenTimes.size, exact: true, sample };
  const hasOwn = others !== undefined && new Set(contacts.map(others)).size === 1;
  const count = hasOwn ? sumWeights(eachOnce(contacts, value)) : estimateDistinct(seenTimes, contacts);
  return { count: Math.round(count), exact: false, sample };
}

/**
 * One contact of each value, the one that stands for the fewest: the samples of a source's hours are cut by the same
 * hashes, so what a later hour kept by a lower rate an earlier one kept too, if it occurred there.
 */
function eachOnce<T>(contacts: readonly FirstContact[], value: (contact: FirstContact) => T): FirstContact[] {
  const least = new Map<T, FirstContact>();
  for (const contact of contacts) {
    const known = least.get(value(contact));
    if (!known || contact.weight < known.weight) least.set(value(contact), contact);
  }
  return [...least.values()];
}

/** Distinct values, starting with those that answered. */
export function distinct<T>(contacts: readonly FirstContact[], value: (contact: FirstContact) => T): T[] {
  const answeredFirst = contacts.toSorted((a, b) => Number(isFailure(a.outcome)) - Number(isFailure(b.outcome)));
  return [...new Set(answeredFirst.map(value))];
}

/**
 * Chao's estimator of distinct values from a uniform sample, limited to the number of contacts that the sample stands
 * for.
 */
function estimateDistinct<T>(seenTimes: ReadonlyMap<T, number>, contacts: readonly FirstContact[]): number {
  let once = 0;
  let twice = 0;
  for (const times of seenTimes.values()) {
    if (times === 1) once++;
    else if (times === 2) twice++;
  }
  const estimate = seenTimes.size + (once * (once - 1)) / (2 * (twice + 1));
  return Math.min(estimate, sumWeights(contacts));
}
