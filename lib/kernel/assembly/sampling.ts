/**
 * Which contacts of a pane are kept: a tuple sketch, which is a theta sketch whose keys carry a summary (Dasgupta, Lang,
 * Rhodes, Thaler: A Framework for Estimating Stream Expression Cardinalities, ICDT 2016). It contains the contacts with
 * the smallest keyed hashes: all of them up to a limit, beyond it a uniform sample of known rate.
 *
 * Failed, touched and answered contacts have a rate of their own each, so that failures are kept before successes, and so
 * have failed ones between private addresses. The rules are those of `lib/evidence/sample.ts`.
 */
import {
  CELL_SHIFT, CONTACT_HASH, CONTACT_LAST_END, CONTACT_NEXT, CONTACT_PANE, CONTACT_SEEN, KIND_INSIDE, MOST_LEFT_OUT,
  PANE_ANSWERED, PANE_COUNT, PANE_CUT_AT, PANE_FAILED, PANE_FAILED_PROBES, PANE_HEAD, PANE_LATERAL, PANE_LATEST,
  PANE_LEFT_OUT, PANE_TOUCHED,
} from '../rows';
import { kind } from './addresses';
import {
  CLASS_ANSWERED, CLASS_FAILED, CLASS_LATERAL, CLASS_TOUCHED, classOf, failedClassOf, isFailedProbe,
} from './contact-class';
import { SORTED } from './layout';
import * as leftOut from './left-out';
import { nthSmallest } from './select';
import { contactCount, contactRow, countOf, hang, paneCount, paneOf, paneRow, releaseContact, sourceOf } from './table';

const FULL: u32 = 0xffffffff;

/** Contacts kept for each pane. Beyond the limit of their class they are sampled. */
export let probeLimit: u32 = 2048;
export let answeredLimit: u32 = 2048;
/** At least this many contacts of an inside source are kept, unless inside sources are the flood. */
const INSIDE_LIMIT: u32 = 256;
let insideLimit: u32 = INSIDE_LIMIT;
export let sparesInside: bool = true;

/** Sets the limit of each class, which pressure may lower later. */
export function begin(value: u32): void {
  probeLimit = value;
  answeredLimit = value;
  insideLimit = min(value, INSIDE_LIMIT);
}

export function setProbeLimit(value: u32): void {
  probeLimit = value;
}

export function setAnsweredLimit(value: u32): void {
  answeredLimit = value;
}

export function setSparesInside(value: bool): void {
  sparesInside = value;
}

/** The limit of a class in a pane. Touched contacts get half of the limit of failed ones. */
export function limitOf(pane: u32, rank: u32): u32 {
  if (rank >= CLASS_ANSWERED) return answeredLimit;
  let most = probeLimit;
  if (most < insideLimit && sparesInside && (kind(sourceOf(pane)) & KIND_INSIDE) != 0) most = insideLimit;
  return rank == CLASS_TOUCHED ? max(1, most / 2) : most;
}

/**
 * How many failed contacts the kept ones of a pane stand for, by the lower of the rates of failed and lateral ones: an
 * inside source that floods one side is suspicious, whatever it does on the other.
 */
export function estimateOf(pane: u32, kept: u32): u32 {
  const bound = min(load<u32>(paneRow(pane), PANE_FAILED), load<u32>(paneRow(pane), PANE_LATERAL));
  return bound == FULL ? kept : <u32>min<u64>(FULL, ((<u64>kept) << 32) / (<u64>bound + 1));
}

/** Whether a contact of any class with this hash is left out, since it failed beyond the rate or had been answered. */
// @ts-expect-error: decorator
@inline
export function isLeftOut(at: u32, hash: u32, failedClass: u32): bool {
  return (
    hash > load<u32>(at, PANE_ANSWERED) &&
    (hash > boundOf(at, failedClass) || leftOut.has(load<u32>(at, PANE_LEFT_OUT), cellOf(hash, failedClass)))
  );
}

/** The highest hash that is kept of a class. */
// @ts-expect-error: decorator
@inline
function boundOf(at: u32, rank: u32): u32 {
  if (rank == CLASS_FAILED) return load<u32>(at, PANE_FAILED);
  if (rank == CLASS_LATERAL) return load<u32>(at, PANE_LATERAL);
  return rank == CLASS_TOUCHED ? load<u32>(at, PANE_TOUCHED) : load<u32>(at, PANE_ANSWERED);
}

// @ts-expect-error: decorator
@inline
function isKept(at: u32, row: u32): bool {
  const hash = load<u32>(row, CONTACT_HASH);
  return hash <= boundOf(at, classOf(row)) && !isLeftOut(at, hash, failedClassOf(load<u32>(row, CONTACT_SEEN)));
}

/** The cell that remembers a contact with this hash. */
// @ts-expect-error: decorator
@inline
function cellOf(hash: u32, failedClass: u32): u32 {
  return ((hash >>> CELL_SHIFT) << 1) | (failedClass == CLASS_LATERAL ? 1 : 0);
}

/** Lowers the bounds of a pane. What is answered never has a higher one than what may be a probe. */
export function lower(at: u32, failed: u32, lateral: u32, touched: u32, answered: u32): void {
  store<u32>(at, min(failed, load<u32>(at, PANE_FAILED)), PANE_FAILED);
  store<u32>(at, min(lateral, load<u32>(at, PANE_LATERAL)), PANE_LATERAL);
  const least = min(load<u32>(at, PANE_FAILED), load<u32>(at, PANE_LATERAL));
  store<u32>(at, min(min(touched, load<u32>(at, PANE_TOUCHED)), least), PANE_TOUCHED);
  store<u32>(at, min(min(answered, load<u32>(at, PANE_ANSWERED)), load<u32>(at, PANE_TOUCHED)), PANE_ANSWERED);
}

/**
 * Notes that an answered contact is left out. Without room for that, the pane gets one bound for all classes: otherwise
 * later records of left-out contacts would look like failures.
 */
export function remember(at: u32, cell: u32): void {
  if (load<u32>(at, PANE_ANSWERED) == boundOf(at, (cell & 1) != 0 ? CLASS_LATERAL : CLASS_FAILED)) return;
  const block = leftOut.add(load<u32>(at, PANE_LEFT_OUT), cell);
  store<u32>(at, block, PANE_LEFT_OUT);
  const answered = load<u32>(at, PANE_ANSWERED);
  if (block == 0) lower(at, answered, answered, answered, answered);
}

/**
 * Keeps the contacts of a pane with the smallest hashes of each class. If more than `mostLeftOut` contacts are left out,
 * the pane forgets those with the largest hashes and keeps nothing beyond the others.
 */
export function cut(pane: u32, mostLeftOut: u32): void {
  const at = paneRow(pane);
  const failedBefore = load<u32>(at, PANE_FAILED);
  const lateralBefore = load<u32>(at, PANE_LATERAL);
  const failed = boundFor(pane, CLASS_FAILED);
  const lateral = boundFor(pane, CLASS_LATERAL);
  const touched = boundFor(pane, CLASS_TOUCHED);
  lower(at, failed, lateral, touched, boundFor(pane, CLASS_ANSWERED));
  if (load<u32>(at, PANE_ANSWERED) != FULL) {
    for (let id = load<u32>(at, PANE_HEAD); id != 0; id = load<u32>(contactRow(id), CONTACT_NEXT)) {
      const row = contactRow(id);
      const rank = classOf(row);
      const hash = load<u32>(row, CONTACT_HASH);
      if (rank != CLASS_TOUCHED && rank != CLASS_ANSWERED) continue;
      const failedClass = failedClassOf(load<u32>(row, CONTACT_SEEN));
      if (hash > boundOf(at, rank) && hash <= boundOf(at, failedClass)) remember(at, cellOf(hash, failedClass));
    }
    const block = load<u32>(at, PANE_LEFT_OUT);
    const isLower = load<u32>(at, PANE_FAILED) < failedBefore || load<u32>(at, PANE_LATERAL) < lateralBefore;
    if (isLower || leftOut.countOf(block) > mostLeftOut) {
      const bound = leftOut.trim(block, load<u32>(at, PANE_FAILED), load<u32>(at, PANE_LATERAL), MOST_LEFT_OUT);
      lower(at, bound, bound, bound, bound);
    }
    dropLeftOut(pane);
  }
  allowSlack(pane);
}

/** Lets a pane grow beyond what was kept of it before it is cut again, so that cutting costs little on average. */
function allowSlack(pane: u32): void {
  store<u32>(paneRow(pane), countOf(pane) + limitOf(pane, CLASS_FAILED), PANE_CUT_AT);
}

/** The highest hash that the limit of a class allows: one below the first that is dropped, since equal hashes stay together. */
function boundFor(pane: u32, rank: u32): u32 {
  const at = paneRow(pane);
  const most = limitOf(pane, rank);
  if (load<u32>(at, PANE_COUNT) <= most) return FULL;
  let members: u32 = 0;
  for (let id = load<u32>(at, PANE_HEAD); id != 0; id = load<u32>(contactRow(id), CONTACT_NEXT)) {
    const row = contactRow(id);
    if (min(classOf(row), CLASS_ANSWERED) == rank && isKept(at, row)) store<u32>(SORTED + members++ * 4, load<u32>(row, CONTACT_HASH));
  }
  return members > most ? nthSmallest(members, most) - 1 : FULL;
}

/** Drops contacts of a pane. Their slots remain until the next reindexing, but nothing finds them. */
function dropLeftOut(pane: u32): void {
  const at = paneRow(pane);
  let id = load<u32>(at, PANE_HEAD);
  store<u32>(at, 0, PANE_HEAD);
  store<u32>(at, 0, PANE_COUNT);
  while (id != 0) {
    const row = contactRow(id);
    const next = load<u32>(row, CONTACT_NEXT);
    if (isKept(at, row)) hang(id, pane);
    else releaseContact(id);
    id = next;
  }
}

/** Counts the failed probes of each pane and records when it was last seen. */
export function weigh(): void {
  weighBy(1, 0);
}

/** A failed probe among the counts of {@link weighSuspicion}. Touched contacts count 1 each, and are fewer than this. */
export const PROBE: u32 = 1 << 14;

/** The same, with the touched contacts of each pane added to its failed probes, which count PROBE each. */
export function weighSuspicion(): void {
  weighBy(PROBE, 1);
}

function weighBy(probe: u32, touched: u32): void {
  for (let pane: u32 = 1; pane < paneCount; pane++) {
    store<u32>(paneRow(pane), 0, PANE_FAILED_PROBES);
    store<u32>(paneRow(pane), 0, PANE_LATEST);
  }
  for (let id: u32 = 1; id < contactCount; id++) {
    const row = contactRow(id);
    const pane = load<u32>(row, CONTACT_PANE);
    if (pane == 0) continue;
    const at = paneRow(pane);
    const weight = isFailedProbe(load<u32>(row, CONTACT_SEEN)) ? probe : classOf(row) == CLASS_TOUCHED ? touched : 0;
    store<u32>(at, load<u32>(at, PANE_FAILED_PROBES) + weight, PANE_FAILED_PROBES);
    store<u32>(at, max(load<u32>(at, PANE_LATEST), load<u32>(row, CONTACT_LAST_END)), PANE_LATEST);
  }
}

/** How many answered contacts a lower limit would drop, all panes together. `counts` is scratch memory. */
export function excessOver(most: u32, counts: u32): u32 {
  memory.fill(counts, 0, paneCount * 4);
  let excess: u32 = 0;
  for (let id: u32 = 1; id < contactCount; id++) {
    const pane = paneOf(id);
    if (pane == 0 || classOf(contactRow(id)) < CLASS_ANSWERED) continue;
    const count = load<u32>(counts + pane * 4) + 1;
    store<u32>(counts + pane * 4, count);
    if (count > most) excess++;
  }
  return excess;
}

/** Cuts all panes to their limits. */
export function cutAll(): void {
  for (let pane: u32 = 1; pane < paneCount; pane++) {
    if (load<u32>(paneRow(pane), PANE_ANSWERED) != FULL || countOf(pane) > fewest(pane)) cut(pane, MOST_LEFT_OUT);
    else allowSlack(pane);
  }
}

/** With this many contacts or fewer, a pane is within the limit of every class. */
function fewest(pane: u32): u32 {
  return min(limitOf(pane, CLASS_TOUCHED), limitOf(pane, CLASS_ANSWERED));
}

