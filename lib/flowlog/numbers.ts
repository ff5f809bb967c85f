/** Parses whole numbers from bytes. */

/** The decimal number in `buffer[start, end)`. NaN unless it is all digits and at most `max`. */
export function parseNumber(buffer: Uint8Array, start: number, end: number, max: number): number {
  if (start >= end || end - start > 16) return Number.NaN;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = buffer[at]! - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value <= max ? value : Number.NaN;
}
