/** Reads the cells that the kernel remembers of left-out contacts (`lib/kernel/assembly/left-out.ts`). */
import { CELL_SHIFT, LEFT_OUT_SLOTS, PANE_ANSWERED, PANE_FAILED, PANE_LATERAL, PANE_LEFT_OUT } from './rows.ts';

/** Bytes of a word. Tables are read by words. */
const WORD = 4;

/** The cells of a pane in order. `at` is the word at which its row begins, `blocks` the byte at which blocks begin. */
export function leftOutOf(words: Uint32Array, at: number, blocks: number): number[] {
  const block = words[at + PANE_LEFT_OUT / WORD]!;
  if (block === 0) return [];
  const answered = words[at + PANE_ANSWERED / WORD]!;
  const bounds = [words[at + PANE_FAILED / WORD]!, words[at + PANE_LATERAL / WORD]!] as const;
  const isWithin = (cell: number) => {
    const bound = bounds[cell % 2 ? 1 : 0];
    return bound > answered && cell >>> 1 <= bound >>> CELL_SHIFT;
  };
  const slots = (blocks + block + LEFT_OUT_SLOTS) / WORD;
  // A slot has one more than the cell.
  const cells = words
    .subarray(slots, slots + words[(blocks + block) / WORD]!)
    .filter((slot) => slot > 0 && isWithin(slot - 1));
  return Array.from(cells.sort(), (slot) => slot - 1);
}
