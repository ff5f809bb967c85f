/**
 * The rows of panes and contacts. A pane is an hour of a source. Its contacts are a linked list, and the rows of dropped
 * ones are another, from which new contacts take theirs.
 */
import {
  CONTACT_BYTES, CONTACT_NEXT, CONTACT_PANE, CONTACT_TARGET, PANE_BYTES, PANE_COUNT, PANE_FAILED_PROBES, PANE_HEAD,
  PANE_LATEST, PANE_LEFT_OUT, PANE_SOURCE,
} from '../rows';
import { contacts, panes } from './layout';
import * as leftOut from './left-out';

/** Rows ever used, including the unused row 0. */
export let paneCount: u32 = 1;
export let contactCount: u32 = 1;
let free: u32 = 0;

// @ts-expect-error: decorator
@inline
export function paneRow(id: u32): u32 {
  return panes + id * PANE_BYTES;
}
// @ts-expect-error: decorator
@inline
export function contactRow(id: u32): u32 {
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

/** The number of a new pane. */
export function takePane(): u32 {
  return paneCount++;
}

/** The number of a new contact, whose row is empty. */
export function takeContact(): u32 {
  let id = free;
  if (id != 0) free = load<u32>(contactRow(id), CONTACT_NEXT);
  else id = contactCount++;
  memory.fill(contactRow(id), 0, CONTACT_BYTES);
  return id;
}

/** Drops a contact that no list holds any more. Slots that refer to it remain, but nothing finds it by them. */
export function releaseContact(id: u32): void {
  const row = contactRow(id);
  store<u32>(row, 0, CONTACT_PANE);
  store<u32>(row, free, CONTACT_NEXT);
  free = id;
}

/** Adds a contact to the list of its pane. */
// @ts-expect-error: decorator
@inline
export function hang(id: u32, pane: u32): void {
  const row = contactRow(id);
  const at = paneRow(pane);
  store<u32>(row, pane, CONTACT_PANE);
  store<u32>(row, load<u32>(at, PANE_HEAD), CONTACT_NEXT);
  store<u32>(at, id, PANE_HEAD);
  store<u32>(at, load<u32>(at, PANE_COUNT) + 1, PANE_COUNT);
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

/** Forgets all rows. */
export function clear(): void {
  paneCount = 1;
  contactCount = 1;
  free = 0;
  leftOut.reset();
}
