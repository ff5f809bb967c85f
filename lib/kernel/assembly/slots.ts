/**
 * Slots of the indexes: the number of a row, and eight bits of its hash. These are compared before the row itself, since
 * fetching a row that is in no cache of the processor takes longer than all the rest of a look-up. 0 is an empty slot.
 */

/** The bits of a number: more than 16 million rows do not fit into the memory of a kernel. */
const NUMBER: u32 = 0x00ffffff;

/** A slot for a row with this hash. Positions in an index must come from its lower bits. */
// @ts-expect-error: decorator
@inline
export function slotOf(id: u32, hash: u32): u32 {
  return (hash & ~NUMBER) | id;
}

/** Whether the row of a slot may have this hash. */
// @ts-expect-error: decorator
@inline
export function mayHave(slot: u32, hash: u32): bool {
  return ((slot ^ hash) & ~NUMBER) == 0;
}

// @ts-expect-error: decorator
@inline
export function numberIn(slot: u32): u32 {
  return slot & NUMBER;
}
