/** Damages lines byte by byte. */
import type { Random } from '../../../bench/random.ts';

/** Bytes at which something begins, ends, or changes its meaning. */
const TELLING = Buffer.from('-.:0129afAFg/;+@`!\u007f\u0080\u00a0\u00ff', 'latin1');
/** Those that part columns or lines: fewer, since a line with another number of columns is not looked at further. */
const PARTING = Buffer.from(' \t\n\r\u0000\u001f', 'latin1');

function change(line: Uint8Array, random: Random): Uint8Array {
  const at = random.whole(0, line.length);
  const before = line.subarray(0, at);
  const after = line.subarray(at);
  const some = line.subarray(at, at + random.whole(1, 8));
  const bytes = random.next() < 0.2 ? PARTING : TELLING;
  const telling = bytes.subarray(random.whole(0, bytes.length - 1)).subarray(0, 1);
  switch (random.whole(0, 6)) {
    case 0:
      return Buffer.concat([before, Buffer.of((after[0] ?? 0) ^ (1 << random.whole(0, 7))), after.subarray(1)]);
    case 1:
      return Buffer.concat([before, telling, after.subarray(1)]);
    case 2:
      return Buffer.concat([before, telling, after]);
    case 3:
      return Buffer.concat([before, after.subarray(some.length)]);
    case 4:
      return Buffer.concat([before, some, after]);
    case 5:
      return random.next() < 0.3 ? Buffer.from(before) : Buffer.concat([line, Buffer.from('\n'), line]);
    default:
      return Buffer.concat([before, Buffer.of(random.whole(0, 255)), after.subarray(1)]);
  }
}

/** The line with a few bytes flipped, deleted, inserted, doubled, or cut off. */
export function mutated(line: Uint8Array, random: Random): Uint8Array {
  let damaged = line;
  for (let count = random.next() < 0.3 ? 2 : 1; count > 0; count--) damaged = change(damaged, random);
  return damaged;
}
