/** Small writes into a buffer. The pieces are too short for `set` and `copy` to pay. */

/** Copies `piece` and returns where it ends. */
export function copyPiece(bytes: Uint8Array, at: number, piece: Uint8Array): number {
  for (let i = 0; i < piece.length; i++) bytes[at + i] = piece[i]!;
  return at + piece.length;
}

const ZERO = 0x30;

/** Writes a whole number from 0 to 2^31 - 1 and returns where it ends. */
export function writeNumber(bytes: Uint8Array, at: number, value: number): number {
  let size = 1;
  for (let rest = value; rest >= 10; rest = (rest / 10) | 0) size++;
  let rest = value;
  for (let i = at + size - 1; i >= at; i--) {
    const tenth = (rest / 10) | 0;
    bytes[i] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  return at + size;
}
