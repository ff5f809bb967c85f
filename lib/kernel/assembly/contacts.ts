/**
 * The contacts of all sources, hour by hour: the state that is built while flow logs are read.
 *
 * For each source and hour (a pane) the table keeps a tuple sketch, which is a theta sketch whose keys carry a summary
 * (Dasgupta, Lang, Rhodes, Thaler: A Framework for Estimating Stream Expression Cardinalities, ICDT 2016). It contains
 * the contacts with the smallest keyed hashes: all of them up to a limit, beyond it a uniform sample of known rate
 * theta. The summary is the union of what was seen, so any order, repetition or split of the records gives the same
 * table.
 */
import { CONTACT_BYTES, CONTACT_FIRST_END, CONTACT_FIRST_START, CONTACT_FLOWS, CONTACT_HASH, CONTACT_LAST_END, CONTACT_MINUTES_HIGH, CONTACT_MINUTES_LOW, CONTACT_NEXT, CONTACT_PACKET_BYTES, CONTACT_PANE, CONTACT_SEEN, CONTACT_SERVICE, CONTACT_SOURCE_PORT, CONTACT_TARGET, KIND_INSIDE, PANE_BYTES, PANE_COUNT, PANE_HEAD, PANE_HOUR, PANE_LATEST, PANE_QUALITY, PANE_SOURCE, PANE_FAILED_PROBES, PANE_THETA } from '../rows';
import {
  SEEN_COMPLETED,
  SEEN_PROBE,
  SEEN_REPLY,
  SEEN_RESET,
  SEEN_SYN,
  SEEN_SYN_ACK,
  SEEN_TCP,
  SEEN_UNRESOLVED_FORWARD,
  SEEN_UNRESOLVED_REVERSE,
  SEEN_WITHOUT_FLAGS,
} from '../seen-bits';
import { kind, lastPane, setLastPane, word } from './addresses';
import { keyedHash } from './keyed-hash';
import {
  contactIndex,
  contacts,
  paneIndex,
  panes,
  SORTED,
  slots,
} from './layout';

const HOUR: u32 = 3600;
const FULL: u32 = 0xffffffff;
/** Contacts that a pane may hold beyond the limit before it is cut, so that cutting costs little on average. */
const SLACK: u32 = 2;

/** Rows ever used, including the unused row 0. */
export let paneCount: u32 = 1;
export let contactCount: u32 = 1;
/** Contacts kept for each pane. Beyond the limit they are sampled. */
export let limit: u32 = 2048;
/** At least this many contacts of an inside source are kept, unless inside sources are the flood. */
const INSIDE_LIMIT: u32 = 256;
let insideLimit: u32 = INSIDE_LIMIT;
export let sparesInside: bool = true;
let free: u32 = 0;
let usedSlots: u32 = 0;

/** Sets the limit, which pressure may lower later. */
export function begin(value: u32): void {
  limit = value;
  insideLimit = min(value, INSIDE_LIMIT);
}

export function setLimit(value: u32): void {
  limit = value;
}

export function setSparesInside(value: bool): void {
  sparesInside = value;
}

// @ts-expect-error: decorator
@inline
function limitOf(pane: u32): u32 {
  return limit < insideLimit && sparesInside && (kind(sourceOf(pane)) & KIND_INSIDE) != 0 ? insideLimit : limit;
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
  const id = contactAt(pane, source, target, service);
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
  const id = contactAt(pane, source, target, load<u32>(row, CONTACT_SERVICE));
  if (id == 0) return;
  const own = contactRow(id);
  const before = load<u32>(own, CONTACT_SEEN);
  const seen = load<u32>(row, CONTACT_SEEN);
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
export function unitePane(source: u32, hour: u32, theta: u32, quality: u32): void {
  const pane = paneAt(source, hour);
  const row = paneRow(pane);
  store<u32>(row, load<u32>(row, PANE_QUALITY) | quality, PANE_QUALITY);
  if (theta < load<u32>(row, PANE_THETA)) {
    store<u32>(row, theta, PANE_THETA);
    keepBelow(pane, theta);
  }
}

// @ts-expect-error: decorator
@inline
function paneSlot(source: u32, hour: u32): u32 {
  let hash = source * 0x85ebca6b;
  hash = (hash ^ (hash >>> 15) ^ hour) * 0xc2b2ae35;
  return hash ^ (hash >>> 13);
}

// @ts-expect-error: decorator
@inline
function paneAt(source: u32, hour: u32): u32 {
  const mask = slots - 1;
  let slot = paneSlot(source, hour) & mask;
  for (;;) {
    const id = load<u32>(paneIndex + slot * 4);
    if (id == 0) break;
    if (load<u32>(paneRow(id), PANE_SOURCE) == source && load<u32>(paneRow(id), PANE_HOUR) == hour) return id;
    slot = (slot + 1) & mask;
  }
  const id = paneCount++;
  const row = paneRow(id);
  store<u32>(row, source, PANE_SOURCE);
  store<u32>(row, hour, PANE_HOUR);
  store<u32>(row, 0, PANE_COUNT);
  store<u32>(row, FULL, PANE_THETA);
  store<u32>(row, 0, PANE_QUALITY);
  store<u32>(row, 0, PANE_HEAD);
  store<u32>(paneIndex + slot * 4, id);
  return id;
}

// @ts-expect-error: decorator
@inline
function contactSlot(pane: u32, target: u32, service: u32): u32 {
  let hash = (pane ^ 0x9e3779b9) * 0x85ebca6b;
  hash = (hash ^ (hash >>> 15) ^ target) * 0xc2b2ae35;
  hash = (hash ^ (hash >>> 13) ^ service) * 0x27d4eb2f;
  return hash ^ (hash >>> 16);
}

/** The row of a contact, created if it is not known. 0 if the sample leaves the contact out. */
// @ts-expect-error: decorator
@inline
function contactAt(pane: u32, source: u32, target: u32, service: u32): u32 {
  const mask = slots - 1;
  let slot = contactSlot(pane, target, service) & mask;
  for (;;) {
    const id = load<u32>(contactIndex + slot * 4);
    if (id == 0) break;
    const row = contactRow(id);
    if (load<u32>(row, CONTACT_TARGET) == target && load<u32>(row, CONTACT_SERVICE) == service && load<u32>(row, CONTACT_PANE) == pane) return id;
    slot = (slot + 1) & mask;
  }
  return insert(pane, source, target, service);
}

function insert(pane: u32, source: u32, target: u32, service: u32): u32 {
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
  if (hash > load<u32>(at, PANE_THETA)) return 0;
  if (load<u32>(at, PANE_COUNT) >= limitOf(pane) * SLACK) {
    cut(pane);
    if (hash > load<u32>(at, PANE_THETA)) return 0;
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
  let slot = contactSlot(load<u32>(row, CONTACT_PANE), load<u32>(row, CONTACT_TARGET), load<u32>(row, CONTACT_SERVICE)) & mask;
  while (load<u32>(contactIndex + slot * 4) != 0) slot = (slot + 1) & mask;
  store<u32>(contactIndex + slot * 4, id);
  usedSlots++;
}

/** Keeps the contacts of a pane with the `limit` smallest hashes. Theta becomes the largest hash that is kept. */
export function cut(pane: u32): void {
  let members: u32 = 0;
  for (let id = load<u32>(paneRow(pane), PANE_HEAD); id != 0; id = load<u32>(contactRow(id), CONTACT_NEXT))
    store<u32>(SORTED + members++ * 4, load<u32>(contactRow(id), CONTACT_HASH));
  const most = limitOf(pane);
  if (members <= most) return;
  // Contacts with equal hashes are kept or dropped together, so theta is one below the first hash that is dropped.
  const theta = nthSmallest(members, most) - 1;
  store<u32>(paneRow(pane), theta, PANE_THETA);
  keepBelow(pane, theta);
}

/**
 * Drops the contacts of a pane with larger hashes. Their slots remain until the next reindexing, but nothing finds
 * them.
 */
function keepBelow(pane: u32, theta: u32): void {
  const at = paneRow(pane);
  let id = load<u32>(at, PANE_HEAD);
  store<u32>(at, 0, PANE_HEAD);
  store<u32>(at, 0, PANE_COUNT);
  while (id != 0) {
    const row = contactRow(id);
    const next = load<u32>(row, CONTACT_NEXT);
    if (load<u32>(row, CONTACT_HASH) <= theta) hang(id, pane);
    else {
      store<u32>(row, 0, CONTACT_PANE);
      store<u32>(row, free, CONTACT_NEXT);
      free = id;
    }
    id = next;
  }
}

/** Hoare's selection among the first `members` hashes at SORTED. */
function nthSmallest(members: u32, nth: u32): u32 {
  let from: i32 = 0;
  let to: i32 = <i32>members - 1;
  while (from < to) {
    const pivot = load<u32>(SORTED + <u32>((from + to) >> 1) * 4);
    let left = from;
    let right = to;
    while (left <= right) {
      while (load<u32>(SORTED + <u32>left * 4) < pivot) left++;
      while (load<u32>(SORTED + <u32>right * 4) > pivot) right--;
      if (left <= right) {
        const held = load<u32>(SORTED + <u32>left * 4);
        store<u32>(SORTED + <u32>left * 4, load<u32>(SORTED + <u32>right * 4));
        store<u32>(SORTED + <u32>right * 4, held);
        left++;
        right--;
      }
    }
    if (<i32>nth <= right) to = right;
    else if (<i32>nth >= left) from = left;
    else break;
  }
  return load<u32>(SORTED + nth * 4);
}

/** Rebuilds the index of panes after it was emptied. */
export function reindexPanes(): void {
  const mask = slots - 1;
  for (let id: u32 = 1; id < paneCount; id++) {
    let slot = paneSlot(load<u32>(paneRow(id), PANE_SOURCE), load<u32>(paneRow(id), PANE_HOUR)) & mask;
    while (load<u32>(paneIndex + slot * 4) != 0) slot = (slot + 1) & mask;
    store<u32>(paneIndex + slot * 4, id);
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
  for (let pane: u32 = 1; pane < paneCount; pane++) {
    store<u32>(paneRow(pane), 0, PANE_FAILED_PROBES);
    store<u32>(paneRow(pane), 0, PANE_LATEST);
  }
  for (let id: u32 = 1; id < contactCount; id++) {
    const row = contactRow(id);
    const pane = load<u32>(row, CONTACT_PANE);
    if (pane == 0) continue;
    const at = paneRow(pane);
    if (isFailedProbe(load<u32>(row, CONTACT_SEEN))) store<u32>(at, load<u32>(at, PANE_FAILED_PROBES) + 1, PANE_FAILED_PROBES);
    store<u32>(at, max(load<u32>(at, PANE_LATEST), load<u32>(row, CONTACT_LAST_END)), PANE_LATEST);
  }
}

/** Cuts all panes to the limit. */
export function cutAll(): void {
  for (let pane: u32 = 1; pane < paneCount; pane++) if (countOf(pane) > limitOf(pane)) cut(pane);
}

/**
 * Moves the kept panes and their contacts together and drops the other rows. `numbers` lists each pane's new number, or
 * 0 if it is dropped. The indexes must be rebuilt afterwards.
 */
export function keepPanes(numbers: u32): void {
  let kept: u32 = 1;
  for (let pane: u32 = 1; pane < paneCount; pane++) {
    if (load<u32>(numbers + pane * 4) == 0) continue;
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
}
