/**
 * The layout of the kernel's memory. The tables follow one another and grow together, one level at a time. Pages that
 * were never touched cost nothing, so a level is generous.
 */

import { ADDRESS_BYTES, CONTACT_BYTES, INTERFACE_BYTES, PANE_BYTES } from '../rows';

/** Size of a block of text in bytes, and a margin around it that may be read or written without harm. */
export const BLOCK_BYTES: u32 = 1 << 18;
const MARGIN: u32 = 64;

/** More columns than any format has. */
export const MAX_COLUMNS: u32 = 128;

export const TEXT_BYTES: u32 = 32;
export const LONG_TEXT_BYTES: u32 = 64;

/** Interfaces, and slots to find them by name. */
export const MOST_INTERFACES: u32 = 32_768;
export const INTERFACE_SLOTS: u32 = 65_536;
/** Entries of the cache from an address's text to its number. */
export const TEXTS: u32 = 32_768;
/** The same for the long texts of IPv6. */
export const LONG_TEXTS: u32 = 16_384;
/** Maximum number of hashes or cells in one cut. */
const MOST_SORTED: u32 = 1 << 16;
/** Most room for the blocks of cells: two million of them. */
const LEFT_OUT_BYTES: u32 = 1 << 24;

function align(at: u32): u32 {
  return (at + 63) & ~63;
}

export const BLOCK: u32 = align(<u32>__heap_base) + MARGIN;
/** Positions of white space in the block, and of newlines, in words of four bytes each. */
export const GAPS: u32 = align(BLOCK + BLOCK_BYTES + MARGIN);
export const NEWLINES: u32 = align(GAPS + (BLOCK_BYTES + 64) * 4);
export const STARTS: u32 = align(NEWLINES + (BLOCK_BYTES + 64) * 4);
export const ENDS: u32 = align(STARTS + MAX_COLUMNS * 4 + MARGIN);
export const SORTED: u32 = align(ENDS + MAX_COLUMNS * 4 + MARGIN);
/** Where the host may write a name or a row for the kernel. */
export const HANDED_IN: u32 = align(SORTED + MOST_SORTED * 4);
export const TEXT: u32 = align(HANDED_IN + 2 * MARGIN);
export const LONG_TEXT: u32 = align(TEXT + TEXTS * TEXT_BYTES);
export const INTERFACES: u32 = align(LONG_TEXT + LONG_TEXTS * LONG_TEXT_BYTES);
export const INTERFACE_INDEX: u32 = align(INTERFACES + MOST_INTERFACES * INTERFACE_BYTES);
const TABLES: u32 = align(INTERFACE_INDEX + INTERFACE_SLOTS * 4);
/** Memory grows by at least that many pages of 64 KiB. */
const FEWEST_PAGES: u32 = 16;

/** Rows that each table has room for, and slots of the indexes, a power of two. */
export let rows: u32 = 0;
export let slots: u32 = 0;
export let addresses: u32 = 0;
export let addressIndex: u32 = 0;
export let panes: u32 = 0;
export let paneIndex: u32 = 0;
export let contacts: u32 = 0;
export let contactIndex: u32 = 0;
export let scratch: u32 = 0;
/** Where the blocks of cells begin, after all tables. */
export let leftOut: u32 = 0;

/** There are more addresses than contacts, since each contact has two ends. */
function addressRows(level: u32): u32 {
  return level + level / 4;
}

/** Whether the tables have room for this many more contacts, each with a new pane and two new addresses. */
// @ts-expect-error: decorator
@inline
export function hasRoom(more: u32, usedAddresses: u32, usedPanes: u32, usedContacts: u32): bool {
  return usedAddresses + 2 * more <= addressRows(rows) && usedPanes + more <= rows && usedContacts + more <= rows;
}

/** Slots for `level` rows. At most half of them are ever used. */
function slotsFor(level: u32): u32 {
  let count: u32 = 1024;
  while (count < 2 * addressRows(level)) count *= 2;
  return count;
}

/**
 * Makes room for `level` rows in each table. The indexes are empty afterwards. Every table moves up or stays, so moving
 * the last one first overwrites nothing.
 */
export function resize(level: u32, usedAddresses: u32, usedPanes: u32, usedContacts: u32, usedLeftOut: u32): void {
  const oldAddresses = addresses;
  const oldPanes = panes;
  const oldContacts = contacts;
  const oldLeftOut = leftOut;
  rows = level;
  slots = slotsFor(level);
  addresses = TABLES;
  panes = align(addresses + addressRows(level) * ADDRESS_BYTES);
  contacts = align(panes + level * PANE_BYTES);
  addressIndex = align(contacts + level * CONTACT_BYTES);
  paneIndex = align(addressIndex + slots * 4);
  contactIndex = align(paneIndex + slots * 4);
  scratch = align(contactIndex + slots * 4);
  leftOut = align(scratch + addressRows(level) * 4);
  if (!growTo(leftOut + usedLeftOut)) unreachable();
  if (oldContacts) {
    memory.copy(leftOut, oldLeftOut, usedLeftOut);
    memory.copy(contacts, oldContacts, usedContacts * CONTACT_BYTES);
    memory.copy(panes, oldPanes, usedPanes * PANE_BYTES);
    memory.copy(addresses, oldAddresses, usedAddresses * ADDRESS_BYTES);
  }
  clearIndexes();
}

/** Makes room for that many bytes of blocks of cells. False if they are too many. */
export function growLeftOut(bytes: u32): bool {
  return bytes <= LEFT_OUT_BYTES && growTo(leftOut + bytes);
}

function growTo(bytes: u32): bool {
  const pages = (bytes + 0xffff) >>> 16;
  const have = <u32>memory.size();
  return pages <= have || memory.grow(max(pages - have, FEWEST_PAGES)) >= 0;
}

/** Empties the indexes. */
export function clearIndexes(): void {
  memory.fill(addressIndex, 0, slots * 4);
  memory.fill(paneIndex, 0, slots * 4);
  memory.fill(contactIndex, 0, slots * 4);
}
