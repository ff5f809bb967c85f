/** Packs LZ4 blocks, for Parquet pages (lz4_Block_format.md). */

/** An LZ4 block: literals, a match wherever the last bytes repeat those four before, and literals at the end. */
export function packLz4(input: Uint8Array): Uint8Array {
  const output: number[] = [];
  const sequence = (literals: Uint8Array, match: number) => {
    const nibble = (length: number) => Math.min(15, length);
    const rest = (length: number) => {
      for (let left = length - 15; left >= 0; left -= 255) output.push(Math.min(255, left));
    };
    output.push(nibble(literals.length) * 16 + (match ? nibble(match - 4) : 0));
    rest(literals.length);
    output.push(...literals);
    if (!match) return;
    output.push(4, 0);
    rest(match - 4);
  };
  let from = 0;
  for (let at = 4; at < input.length - 12; at++) {
    let match = 0;
    while (at + match < input.length - 5 && input[at + match] === input[at + match - 4]) match++;
    if (match < 4) continue;
    sequence(input.subarray(from, at), match);
    at += match;
    from = at;
  }
  sequence(input.subarray(from), 0);
  return Uint8Array.from(output);
}
