/**
 * The answered contacts that samples left out, as sets of cells. A cell is the upper part of a contact's hash, written
 * twice as large, and one more for contacts between private addresses. Without them, a later record of such a contact would look like the first one of a contact that nobody answers.
 *
 * A set is a block: its number of slots, the number of its cells, and from LEFT_OUT_SLOTS on an open hash table of words
 * (one more than the cell, 0 for a free slot). It doubles when three quarters are full. Blocks of one size are used again.
 * Blocks move when tables grow, so a block is named by its distance from the first byte after the tables. 0 is the empty
 * set.
 */
import { CELL_SHIFT, LEFT_OUT_SLOTS } from '../rows';
import { growLeftOut, leftOut, SORTED } from './layout';
import { nthSmallest } from './select';

const FULL: u32 = 0xffffffff;
const COUNT: u32 = 4;
const FEWEST_SLOTS: u32 = 16;
/** Room for half as many cells again as a pane remembers, so that trimming is rare. */
const MOST_SLOTS: u32 = 1 << 16;

/** Bytes in use. The first ones belong to no block, so that no block is 0. */
export let used: u32 = LEFT_OUT_SLOTS;
/** The first free block of each size, by the logarithm of its slots. A free block begins with the address of the next. */
const free: u32 = <u32>memory.data(32 * 4);

/** Forgets all sets. */
export function reset(): void {
  used = LEFT_OUT_SLOTS;
  memory.fill(free, 0, 32 * 4);
}

/** Whether the set has the cell. Block 0 is the empty set. */
export function has(block: u32, cell: u32): bool {
  if (block == 0) return false;
  const wanted = cell + 1;
  const mask = load<u32>(leftOut + block) - 1;
  let slot = slotOf(wanted) & mask;
  let found = slotAt(block, slot);
  while (found != 0 && found != wanted) {
    slot = (slot + 1) & mask;
    found = slotAt(block, slot);
  }
  return found == wanted;
}

/** Adds a cell. Returns the block of the set from now on, or 0 if there was no room and the set is gone. */
export function add(block: u32, cell: u32): u32 {
  if (block == 0) {
    block = take(FEWEST_SLOTS);
    if (block == 0) return 0;
  }
  if (has(block, cell)) return block;
  const slots = load<u32>(leftOut + block);
  if ((load<u32>(leftOut + block, COUNT) + 1) * 4 > slots * 3) {
    const larger = slots < MOST_SLOTS ? take(slots * 2) : 0;
    if (larger != 0) {
      for (let slot: u32 = 0; slot < slots; slot++) {
        const stored = slotAt(block, slot);
        if (stored != 0) put(larger, stored);
      }
    }
    release(block);
    if (larger == 0) return 0;
    block = larger;
  }
  put(block, cell + 1);
  return block;
}

export function countOf(block: u32): u32 {
  return block == 0 ? 0 : load<u32>(leftOut + block, COUNT);
}

/** Frees the block of a set. */
export function release(block: u32): void {
  if (block == 0) return;
  const list = free + ctz(load<u32>(leftOut + block)) * 4;
  store<u32>(leftOut + block, load<u32>(list));
  store<u32>(list, block);
}

/**
 * Removes the cells above a hash, which is another one for contacts between private addresses, and all but the `most`
 * lowest ones of the rest. Returns the highest hash up to which the set still has every cell.
 */
export function trim(block: u32, failed: u32, lateral: u32, most: u32): u32 {
  if (block == 0) return FULL;
  const slots = load<u32>(leftOut + block);
  let members: u32 = 0;
  for (let slot: u32 = 0; slot < slots; slot++) {
    const stored = slotAt(block, slot);
    if (stored == 0) continue;
    const cell = stored - 1;
    if (cell >>> 1 <= ((cell & 1) != 0 ? lateral : failed) >>> CELL_SHIFT) store<u32>(SORTED + members++ * 4, stored);
  }
  let bound = FULL;
  let highest = FULL;
  if (members > most) {
    const first = (nthSmallest(members, most) - 1) >>> 1;
    bound = first * 2 + 1;
    highest = (first << CELL_SHIFT) - 1;
  }
  memory.fill(leftOut + block + LEFT_OUT_SLOTS, 0, slots * 4);
  store<u32>(leftOut + block, 0, COUNT);
  for (let at: u32 = 0; at < members; at++) {
    const stored = load<u32>(SORTED + at * 4);
    if (stored < bound) put(block, stored);
  }
  return highest;
}

// @ts-expect-error: decorator
@inline
function slotAt(block: u32, slot: u32): u32 {
  return load<u32>(leftOut + block + LEFT_OUT_SLOTS + slot * 4);
}

// @ts-expect-error: decorator
@inline
function slotOf(stored: u32): u32 {
  return (stored * 0x9e3779b1) >>> 8;
}

function put(block: u32, stored: u32): void {
  const mask = load<u32>(leftOut + block) - 1;
  let slot = slotOf(stored) & mask;
  while (slotAt(block, slot) != 0) slot = (slot + 1) & mask;
  store<u32>(leftOut + block + LEFT_OUT_SLOTS + slot * 4, stored);
  store<u32>(leftOut + block, load<u32>(leftOut + block, COUNT) + 1, COUNT);
}

/** An empty block with that many slots, a power of two. 0 if there is no room. */
function take(slots: u32): u32 {
  const list = free + ctz(slots) * 4;
  let block = load<u32>(list);
  if (block != 0) store<u32>(list, load<u32>(leftOut + block));
  else {
    const bytes = LEFT_OUT_SLOTS + slots * 4;
    if (!growLeftOut(used + bytes)) return 0;
    block = used;
    used += bytes;
  }
  memory.fill(leftOut + block, 0, LEFT_OUT_SLOTS + slots * 4);
  store<u32>(leftOut + block, slots);
  return block;
}
