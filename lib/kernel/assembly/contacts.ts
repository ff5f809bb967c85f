/**
 * The contacts of all sources, hour by hour: the state that is built while flow logs are read. Each contact is a union of
 * what was seen of it. `sampling.ts` decides which are kept, and `lib/evidence/sample.ts` says when any order, repetition
 * or split of the records gives the same table.
 */
import {
  CONTACT_FIRST_END, CONTACT_FIRST_START, CONTACT_FLOWS, CONTACT_HASH, CONTACT_LAST_END, CONTACT_MINUTES_HIGH,
  CONTACT_MINUTES_LOW, CONTACT_PACKET_BYTES, CONTACT_PANE, CONTACT_SEEN, CONTACT_SERVICE, CONTACT_SOURCE_PORT,
  CONTACT_TARGET, MOST_LEFT_OUT, PANE_ANSWERED, PANE_COUNT, PANE_CUT_AT, PANE_FAILED, PANE_HEAD, PANE_HOUR,
  PANE_LATERAL, PANE_LEFT_OUT, PANE_QUALITY, PANE_SOURCE, PANE_TOUCHED,
} from '../rows';
import { lastPane, setLastPane, word } from './addresses';
import { CLASS_FAILED, failedClassOf, hasInitiatorHalf } from './contact-class';
import { keyedHash } from './keyed-hash';
import { contactIndex, paneIndex, slots } from './layout';
import { cut, isLeftOut, limitOf, lower, remember } from './sampling';
import { mayHave, numberIn, slotOf } from './slots';
import { clear as clearRows, contactCount, contactRow, hang, paneCount, paneRow, takeContact, takePane } from './table';

const HOUR: u32 = 3600;
const FULL: u32 = 0xffffffff;

/** Slots of the index of contacts in use, those of dropped ones included. */
let usedSlots: u32 = 0;

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
  const id = takePane();
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
  const id = takeContact();
  const row = contactRow(id);
  store<u32>(row, target, CONTACT_TARGET);
  store<u32>(row, service, CONTACT_SERVICE);
  store<u32>(row, hash, CONTACT_HASH);
  hang(id, pane);
  indexContact(id);
  return id;
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

/** Forgets all panes and contacts. */
export function clear(): void {
  clearRows();
  usedSlots = 0;
}
