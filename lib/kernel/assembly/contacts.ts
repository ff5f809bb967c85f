/**
 * The contacts of all sources, hour by hour: the state that is built while flow logs are read.
 *
 * For each source and hour (a pane) the table keeps a tuple sketch, which is a theta sketch whose keys carry a summary
 * (Dasgupta, Lang, Rhodes, Thaler: A Framework for Estimating Stream Expression Cardinalities, ICDT 2016). It contains
 * the contacts with the smallest keyed hashes: all of them up to a limit, beyond it a uniform sample of known rate. The
 * summary is the union of what was seen.
 *
 * Failed, touched and answered contacts have a rate of their own each, so that failures are kept before successes, and
 * so have failed ones between private addresses. The rules are those of `lib/evidence/sample.ts`, which also says when any order, repetition or split of the records gives
 * the same table.
 */
import { CELL_SHIFT, CONTACT_BYTES, CONTACT_FIRST_END, CONTACT_FIRST_START, CONTACT_FLOWS, CONTACT_HASH, CONTACT_LAST_END, CONTACT_MINUTES_HIGH, CONTACT_MINUTES_LOW, CONTACT_NEXT, CONTACT_PACKET_BYTES, CONTACT_PANE, CONTACT_SEEN, CONTACT_SERVICE, CONTACT_SOURCE_PORT, CONTACT_TARGET, KIND_INSIDE, MOST_LEFT_OUT, PANE_ANSWERED, PANE_BYTES, PANE_COUNT, PANE_CUT_AT, PANE_FAILED, PANE_FAILED_PROBES, PANE_HEAD, PANE_HOUR, PANE_LATERAL, PANE_LATEST, PANE_LEFT_OUT, PANE_QUALITY, PANE_SOURCE, PANE_TOUCHED } from '../rows';
import {
  SEEN_COMPLETED,
  SEEN_CONVERSATION,
  SEEN_EXCHANGE,
  SEEN_LATERAL,
  SEEN_PROBE,
  SEEN_REPLY,
  SEEN_RESET,
  SEEN_SYN,
  SEEN_SYN_ACK,
  SEEN_TCP,
  SEEN_UNRESOLVED_FORWARD,
  SEEN_UNRESOLVED_REVERSE,
  SEEN_WEAK_RESET,
  SEEN_WITHOUT_FLAGS,
} from '../seen-bits';
import { kind, lastPane, setLastPane, word } from './addresses';
import { keyedHash } from './keyed-hash';
import * as leftOut from './left-out';
import {
  contactIndex,
  contacts,
  paneIndex,
  panes,
  SORTED,
  slots,
} from './layout';
import { nthSmallest } from './select';
import { mayHave, numberIn, slotOf } from './slots';

const HOUR: u32 = 3600;
const FULL: u32 = 0xffffffff;
const UDP: u32 = 17;

/** Classes of contacts, those to keep first. Contacts of which only a stray reset was seen are sampled like answered ones. */
const CLASS_FAILED: u32 = 0;
const CLASS_LATERAL: u32 = 1;
const CLASS_TOUCHED: u32 = 2;
const CLASS_ANSWERED: u32 = 3;
const CLASS_NOTHING: u32 = 4;

/** Rows ever used, including the unused row 0. */
export let paneCount: u32 = 1;
export let contactCount: u32 = 1;
/** Contacts kept for each pane. Beyond the limit of their class they are sampled. */
export let probeLimit: u32 = 2048;
export let answeredLimit: u32 = 2048;
/** At least this many contacts of an inside source are kept, unless inside sources are the flood. */
const INSIDE_LIMIT: u32 = 256;
let insideLimit: u32 = INSIDE_LIMIT;
export let sparesInside: bool = true;
let free: u32 = 0;
let usedSlots: u32 = 0;

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
function limitOf(pane: u32, rank: u32): u32 {
  if (rank >= CLASS_ANSWERED) return answeredLimit;
  let most = probeLimit;
  if (most < insideLimit && sparesInside && (kind(sourceOf(pane)) & KIND_INSIDE) != 0) most = insideLimit;
  return rank == CLASS_TOUCHED ? max(1, most / 2) : most;
}

// @ts-expect-error: decorator
@inline
function paneRow(id: u32): u32 {
  return panes + id * PANE_BYTES;
}
// @ts-expect-error: decorator
@inline
function contactRow(id: u32): u32 {
  return contacts + id * CONTACT_BYTES;
}

export function sourceOf(pane: u32): u32 {
  return load<u32>(paneRow(pane), PANE_SOURCE);
}
export function countOf(pane: u32): u32 {
  return load<u32>(paneRow(pane), PANE_COUNT);
}
export function failedProbesOf(pane: u32): u32 {
  return load<u32>(paneRow(pane), PANE_FAILED_PROBES);
}
/**
 * How many failed contacts the kept ones of a pane stand for, by the lower of the rates of failed and lateral ones: an
 * inside source that floods one side is suspicious, whatever it does on the other.
 */
export function estimateOf(pane: u32, kept: u32): u32 {
  const bound = min(load<u32>(paneRow(pane), PANE_FAILED), load<u32>(paneRow(pane), PANE_LATERAL));
  return bound == FULL ? kept : <u32>min<u64>(FULL, ((<u64>kept) << 32) / (<u64>bound + 1));
}
/** A mark is stored in the place of the failed probes. */
export const markOf = failedProbesOf;
export function setMark(pane: u32, mark: u32): void {
  store<u32>(paneRow(pane), mark, PANE_FAILED_PROBES);
}
export function latestOf(pane: u32): u32 {
  return load<u32>(paneRow(pane), PANE_LATEST);
}
export function paneOf(contact: u32): u32 {
  return load<u32>(contactRow(contact), CONTACT_PANE);
}
export function targetOf(contact: u32): u32 {
  return load<u32>(contactRow(contact), CONTACT_TARGET);
}

const INITIATED: u32 = SEEN_SYN | SEEN_PROBE;
const ANSWERED: u32 = SEEN_SYN_ACK | SEEN_REPLY | SEEN_COMPLETED;

/** Whether the initiator's half has been seen, so that the times of the contact are those of its probes. */
// @ts-expect-error: decorator
@inline
function hasInitiatorHalf(seen: u32): bool {
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
function classOf(row: u32): u32 {
  const seen = load<u32>(row, CONTACT_SEEN);
  if ((seen & (ANSWERED | SEEN_UNRESOLVED_REVERSE)) != 0)
    return (seen & (SEEN_CONVERSATION | SEEN_EXCHANGE)) != 0 || (load<u32>(row, CONTACT_SERVICE) & 255) == UDP ? CLASS_ANSWERED : CLASS_TOUCHED;
  if ((seen & ~(SEEN_TCP | SEEN_LATERAL)) == SEEN_WEAK_RESET) return CLASS_NOTHING;
  return failedClassOf(seen);
}

/** The class of a contact as long as nothing answers. */
// @ts-expect-error: decorator
@inline
function failedClassOf(seen: u32): u32 {
  return (seen & SEEN_LATERAL) != 0 ? CLASS_LATERAL : CLASS_FAILED;
}

/** The lower of two values, where 0 means none: a union in any order. */
// @ts-expect-error: decorator
@inline
function lowest(a: u32, b: u32): u32 {
  return a == 0 || (b != 0 && b < a) ? b : a;
}

/**
 * A bit for a group of sixteen neighbouring source ports, since scanners that send again count up. 0 for protocols
 * without ports.
 */
// @ts-expect-error: decorator
@inline
function flowBit(port: u32): u32 {
  return port == 0 ? 0 : 1 << (((port >>> 4) * 0x9e3779b1) >>> 27);
}

/**
 * Adds one half of a contact. `end` decides the hour. An answer's half has source port and packet bytes 0. The caller
 * makes sure that there is room for one more.
 */
export function add(
  source: u32,
  target: u32,
  service: u32,
  seen: u32,
  start: u32,
  end: u32,
  quality: u32,
  sourcePort: u32,
  packetBytes: u32,
): void {
  const hour = end / HOUR;
  let pane = lastPane(source, hour, quality);
  if (pane == 0) {
    pane = paneAt(source, hour);
    const all = load<u32>(paneRow(pane), PANE_QUALITY) | quality;
    store<u32>(paneRow(pane), all, PANE_QUALITY);
    setLastPane(source, pane, hour, all);
  }
  const id = contactAt(pane, source, target, service, failedClassOf(seen));
  if (id == 0) return;
  const row = contactRow(id);
  const before = load<u32>(row, CONTACT_SEEN);
  store<u32>(row, before | seen, CONTACT_SEEN);
  if (hasInitiatorHalf(seen)) {
    if (!hasInitiatorHalf(before)) setTimes(row, start, end, end);
    else widen(row, start, end, end);
    const minute = (end - hour * HOUR) / 60;
    if (minute < 30) store<u32>(row, load<u32>(row, CONTACT_MINUTES_LOW) | (1 << minute), CONTACT_MINUTES_LOW);
    else store<u32>(row, load<u32>(row, CONTACT_MINUTES_HIGH) | (1 << (minute - 30)), CONTACT_MINUTES_HIGH);
    store<u16>(row, <u16>lowest(load<u16>(row, CONTACT_SOURCE_PORT), sourcePort), CONTACT_SOURCE_PORT);
    store<u8>(row, <u8>lowest(load<u8>(row, CONTACT_PACKET_BYTES), packetBytes), CONTACT_PACKET_BYTES);
    store<u32>(row, load<u32>(row, CONTACT_FLOWS) | flowBit(sourcePort), CONTACT_FLOWS);
  } else if (!hasInitiatorHalf(before)) {
    if (before == 0) setTimes(row, start, end, end);
    else widen(row, start, end, end);
  }
}

// @ts-expect-error: decorator
@inline
function setTimes(row: u32, firstStart: u32, firstEnd: u32, lastEnd: u32): void {
  store<u32>(row, firstStart, CONTACT_FIRST_START);
  store<u32>(row, firstEnd, CONTACT_FIRST_END);
  store<u32>(row, lastEnd, CONTACT_LAST_END);
}

// @ts-expect-error: decorator
@inline
function widen(row: u32, firstStart: u32, firstEnd: u32, lastEnd: u32): void {
  const known = load<u32>(row, CONTACT_FIRST_END);
  if (firstEnd < known || (firstEnd == known && firstStart < load<u32>(row, CONTACT_FIRST_START))) {
    store<u32>(row, firstStart, CONTACT_FIRST_START);
    store<u32>(row, firstEnd, CONTACT_FIRST_END);
  }
  if (lastEnd > load<u32>(row, CONTACT_LAST_END)) store<u32>(row, lastEnd, CONTACT_LAST_END);
}

/**
 * Adds a contact from another table. Each table saw only some of the records, and their union has seen all of them.
 * `row` is in memory and has the layout of this table's rows. Its numbers of target and pane are ignored.
 */
export function unite(source: u32, target: u32, hour: u32, row: u32): void {
  const pane = paneAt(source, hour);
  const seen = load<u32>(row, CONTACT_SEEN);
  const id = contactAt(pane, source, target, load<u32>(row, CONTACT_SERVICE), failedClassOf(seen));
  if (id == 0) return;
  const own = contactRow(id);
  const before = load<u32>(own, CONTACT_SEEN);
  const firstStart = load<u32>(row, CONTACT_FIRST_START);
  const firstEnd = load<u32>(row, CONTACT_FIRST_END);
  const lastEnd = load<u32>(row, CONTACT_LAST_END);
  store<u32>(own, before | seen, CONTACT_SEEN);
  const had = hasInitiatorHalf(before);
  const has = hasInitiatorHalf(seen);
  // The times of a contact are those of its probes. An answer's times are used only until a probe is known.
  if (before == 0 || (has && !had)) setTimes(own, firstStart, firstEnd, lastEnd);
  else if (has == had) widen(own, firstStart, firstEnd, lastEnd);
  store<u32>(own, load<u32>(own, CONTACT_MINUTES_LOW) | load<u32>(row, CONTACT_MINUTES_LOW), CONTACT_MINUTES_LOW);
  store<u32>(own, load<u32>(own, CONTACT_MINUTES_HIGH) | load<u32>(row, CONTACT_MINUTES_HIGH), CONTACT_MINUTES_HIGH);
  store<u16>(own, <u16>lowest(load<u16>(own, CONTACT_SOURCE_PORT), load<u16>(row, CONTACT_SOURCE_PORT)), CONTACT_SOURCE_PORT);
  store<u8>(own, <u8>lowest(load<u8>(own, CONTACT_PACKET_BYTES), load<u8>(row, CONTACT_PACKET_BYTES)), CONTACT_PACKET_BYTES);
  store<u32>(own, load<u32>(own, CONTACT_FLOWS) | load<u32>(row, CONTACT_FLOWS), CONTACT_FLOWS);
}

/** Adds what another table knew of a pane in addition to its contacts. */
export function unitePane(source: u32, hour: u32, quality: u32, answered: u32, touched: u32, failed: u32, lateral: u32): void {
  const row = paneRow(paneAt(source, hour));
  store<u32>(row, load<u32>(row, PANE_QUALITY) | quality, PANE_QUALITY);
  lower(row, failed, lateral, touched, answered);
}

/** Adds an answered contact that another table left out, by its cell. */
export function uniteLeftOut(source: u32, hour: u32, cell: u32): void {
  remember(paneRow(paneAt(source, hour)), cell);
}

// @ts-expect-error: decorator
@inline
function paneHash(source: u32, hour: u32): u32 {
  let hash = source * 0x85ebca6b;
  hash = (hash ^ (hash >>> 15) ^ hour) * 0xc2b2ae35;
  return hash ^ (hash >>> 13);
}

// @ts-expect-error: decorator
@inline
function paneAt(source: u32, hour: u32): u32 {
  const mask = slots - 1;
  const hash = paneHash(source, hour);
  let place = hash & mask;
  for (;;) {
    const slot = load<u32>(paneIndex + place * 4);
    if (slot == 0) break;
    if (mayHave(slot, hash)) {
      const row = paneRow(numberIn(slot));
      if (load<u32>(row, PANE_SOURCE) == source && load<u32>(row, PANE_HOUR) == hour) return numberIn(slot);
    }
    place = (place + 1) & mask;
  }
  const id = paneCount++;
  const row = paneRow(id);
  store<u32>(row, source, PANE_SOURCE);
  store<u32>(row, hour, PANE_HOUR);
  store<u32>(row, 0, PANE_COUNT);
  store<u32>(row, FULL, PANE_ANSWERED);
  store<u32>(row, FULL, PANE_TOUCHED);
  store<u32>(row, FULL, PANE_FAILED);
  store<u32>(row, FULL, PANE_LATERAL);
  store<u32>(row, 0, PANE_QUALITY);
  store<u32>(row, 0, PANE_HEAD);
  store<u32>(row, 0, PANE_LEFT_OUT);
  store<u32>(row, 2 * limitOf(id, CLASS_FAILED), PANE_CUT_AT);
  store<u32>(paneIndex + place * 4, slotOf(id, hash));
  return id;
}

// @ts-expect-error: decorator
@inline
function contactHash(pane: u32, target: u32, service: u32): u32 {
  let hash = (pane ^ 0x9e3779b9) * 0x85ebca6b;
  hash = (hash ^ (hash >>> 15) ^ target) * 0xc2b2ae35;
  hash = (hash ^ (hash >>> 13) ^ service) * 0x27d4eb2f;
  return hash ^ (hash >>> 16);
}

/** The row of a contact, created if it is not known. 0 if the sample leaves it out. `failedClass` is its class as long as nothing answers. */
// @ts-expect-error: decorator
@inline
function contactAt(pane: u32, source: u32, target: u32, service: u32, failedClass: u32): u32 {
  const mask = slots - 1;
  const hash = contactHash(pane, target, service);
  let place = hash & mask;
  for (;;) {
    const slot = load<u32>(contactIndex + place * 4);
    if (slot == 0) break;
    if (mayHave(slot, hash)) {
      const row = contactRow(numberIn(slot));
      if (load<u32>(row, CONTACT_TARGET) == target && load<u32>(row, CONTACT_SERVICE) == service && load<u32>(row, CONTACT_PANE) == pane)
        return numberIn(slot);
    }
    place = (place + 1) & mask;
  }
  return insert(pane, source, target, service, failedClass);
}

function insert(pane: u32, source: u32, target: u32, service: u32, failedClass: u32): u32 {
  // The source's words are folded into two, so that its contacts are sampled independently of other sources' contacts.
  const hash = keyedHash(
    word(source, 0) ^ word(source, 2),
    word(source, 1) ^ word(source, 3),
    word(target, 0),
    word(target, 1),
    word(target, 2),
    word(target, 3),
    service,
  );
  const at = paneRow(pane);
  if (isLeftOut(at, hash, failedClass)) return 0;
  if (load<u32>(at, PANE_COUNT) >= load<u32>(at, PANE_CUT_AT)) {
    cut(pane, MOST_LEFT_OUT + MOST_LEFT_OUT / 4);
    if (isLeftOut(at, hash, failedClass)) return 0;
  }
  if (usedSlots * 2 >= slots) reindexContacts();
  let id = free;
  if (id != 0) free = load<u32>(contactRow(id), CONTACT_NEXT);
  else id = contactCount++;
  const row = contactRow(id);
  memory.fill(row, 0, CONTACT_BYTES);
  store<u32>(row, target, CONTACT_TARGET);
  store<u32>(row, service, CONTACT_SERVICE);
  store<u32>(row, hash, CONTACT_HASH);
  hang(id, pane);
  indexContact(id);
  return id;
}

/** Adds a contact to the list of its pane. */
// @ts-expect-error: decorator
@inline
function hang(id: u32, pane: u32): void {
  const row = contactRow(id);
  const at = paneRow(pane);
  store<u32>(row, pane, CONTACT_PANE);
  store<u32>(row, load<u32>(at, PANE_HEAD), CONTACT_NEXT);
  store<u32>(at, id, PANE_HEAD);
  store<u32>(at, load<u32>(at, PANE_COUNT) + 1, PANE_COUNT);
}

function indexContact(id: u32): void {
  const row = contactRow(id);
  const mask = slots - 1;
  const hash = contactHash(load<u32>(row, CONTACT_PANE), load<u32>(row, CONTACT_TARGET), load<u32>(row, CONTACT_SERVICE));
  let place = hash & mask;
  while (load<u32>(contactIndex + place * 4) != 0) place = (place + 1) & mask;
  store<u32>(contactIndex + place * 4, slotOf(id, hash));
  usedSlots++;
}

/** Whether a contact of any class with this hash is left out, since it failed beyond the rate or had been answered. */
// @ts-expect-error: decorator
@inline
function isLeftOut(at: u32, hash: u32, failedClass: u32): bool {
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
function lower(at: u32, failed: u32, lateral: u32, touched: u32, answered: u32): void {
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
function remember(at: u32, cell: u32): void {
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
    else {
      store<u32>(row, 0, CONTACT_PANE);
      store<u32>(row, free, CONTACT_NEXT);
      free = id;
    }
    id = next;
  }
}

/** Rebuilds the index of panes after it was emptied. */
export function reindexPanes(): void {
  const mask = slots - 1;
  for (let id: u32 = 1; id < paneCount; id++) {
    const hash = paneHash(load<u32>(paneRow(id), PANE_SOURCE), load<u32>(paneRow(id), PANE_HOUR));
    let place = hash & mask;
    while (load<u32>(paneIndex + place * 4) != 0) place = (place + 1) & mask;
    store<u32>(paneIndex + place * 4, slotOf(id, hash));
  }
}

/** Rebuilds the index of contacts, without those that were dropped. */
export function reindexContacts(): void {
  memory.fill(contactIndex, 0, slots * 4);
  usedSlots = 0;
  for (let id: u32 = 1; id < contactCount; id++) if (load<u32>(contactRow(id), CONTACT_PANE) != 0) indexContact(id);
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

/**
 * Moves the kept panes and their contacts together and drops the other rows. `numbers` lists each pane's new number, or
 * 0 if it is dropped. The indexes must be rebuilt afterwards.
 */
export function keepPanes(numbers: u32): void {
  let kept: u32 = 1;
  for (let pane: u32 = 1; pane < paneCount; pane++) {
    if (load<u32>(numbers + pane * 4) == 0) {
      leftOut.release(load<u32>(paneRow(pane), PANE_LEFT_OUT));
      continue;
    }
    store<u32>(numbers + pane * 4, kept);
    if (kept != pane) memory.copy(paneRow(kept), paneRow(pane), PANE_BYTES);
    store<u32>(paneRow(kept), 0, PANE_HEAD);
    store<u32>(paneRow(kept), 0, PANE_COUNT);
    kept++;
  }
  paneCount = kept;
  let keptContacts: u32 = 1;
  for (let id: u32 = 1; id < contactCount; id++) {
    const pane = load<u32>(contactRow(id), CONTACT_PANE);
    const number = pane == 0 ? 0 : load<u32>(numbers + pane * 4);
    if (number == 0) continue;
    if (keptContacts != id) memory.copy(contactRow(keptContacts), contactRow(id), CONTACT_BYTES);
    hang(keptContacts, number);
    keptContacts++;
  }
  contactCount = keptContacts;
  free = 0;
}

/** Marks the addresses that are in use. */
export function markAddresses(marks: u32): void {
  for (let pane: u32 = 1; pane < paneCount; pane++) store<u32>(marks + sourceOf(pane) * 4, 1);
  for (let id: u32 = 1; id < contactCount; id++) if (paneOf(id) != 0) store<u32>(marks + targetOf(id) * 4, 1);
}

/** Applies the new numbers of addresses. */
export function renumber(numbers: u32): void {
  for (let pane: u32 = 1; pane < paneCount; pane++)
    store<u32>(paneRow(pane), load<u32>(numbers + sourceOf(pane) * 4), PANE_SOURCE);
  for (let id: u32 = 1; id < contactCount; id++)
    if (paneOf(id) != 0) store<u32>(contactRow(id), load<u32>(numbers + targetOf(id) * 4), CONTACT_TARGET);
}

/** Forgets all panes and contacts. */
export function clear(): void {
  paneCount = 1;
  contactCount = 1;
  free = 0;
  usedSlots = 0;
  leftOut.reset();
}
