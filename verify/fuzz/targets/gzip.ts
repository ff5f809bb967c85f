/** gzip files: cut, flipped, of several members, with bytes behind them, with lies in their trailers, and small bombs. */
import { gunzipSync, gzipSync, constants as zlib } from 'node:zlib';
import type { Random } from '../../../bench/random.ts';
import { checkSums } from '../account.ts';
import { seeds } from '../seeds.ts';
import { must, pick, type Target, type Verdict } from '../target.ts';
import { outcomeOf, readFile, someFile, wasLookedAt } from './text.ts';

const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
/** What a bomb comes to: more than what may stay in memory, were it kept. */
const BOMB_BYTES = 24 * 1024 * 1024;

let bombs: readonly Buffer[] | undefined;

/** A few KB that come to many MB: of blank lines, of one line, of lines that are too short, of records, of nothing. */
function someBomb(random: Random): Buffer {
  const { header, rows } = seeds()[0]!;
  bombs ??= ['\n', 'x', '- \n', `${rows[0]}\n`, '\u0000'].map((unit) =>
    gzipSync(`${header}\n${unit.repeat(Math.ceil(BOMB_BYTES / unit.length))}`),
  );
  return pick(bombs, random);
}

function packed(text: Uint8Array, random: Random): Buffer {
  const level = pick([0, 1, 6, 9], random);
  const strategy = pick([zlib.Z_DEFAULT_STRATEGY, zlib.Z_FIXED, zlib.Z_HUFFMAN_ONLY], random);
  return gzipSync(text, { level, strategy });
}

/** Header fields that zlib never writes: an extra field, a name, a comment, a checksum of the header. */
function withOptions(gzip: Buffer, random: Random): Buffer {
  const flags = random.whole(0, 255);
  const head = Buffer.from(gzip.subarray(0, HEADER_BYTES));
  head[3] = flags;
  const extra = flags & 4 ? Buffer.concat([Buffer.of(3, 0), Buffer.from('abc')]) : Buffer.alloc(0);
  const name = flags & 8 ? Buffer.from('log\u0000') : Buffer.alloc(0);
  const comment = flags & 16 ? Buffer.from('said\u0000') : Buffer.alloc(0);
  return Buffer.concat([head, extra, name, comment, gzip.subarray(HEADER_BYTES)]);
}

function damaged(gzip: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(gzip);
  const flip = (from: number, to: number) => {
    const at = random.whole(Math.max(0, from), Math.max(0, Math.min(to, bytes.length - 1)));
    bytes[at] = bytes[at]! ^ (1 << random.whole(0, 7));
  };
  switch (random.whole(0, 7)) {
    case 0:
      return bytes.subarray(0, random.whole(0, bytes.length));
    case 1:
      // Late, so that most of the text is decoded before.
      flip(bytes.length >> 1, bytes.length - TRAILER_BYTES - 1);
      return bytes;
    case 2:
      for (let count = random.whole(1, 5); count > 0; count--) flip(HEADER_BYTES, bytes.length - 1);
      return bytes;
    case 3:
      // Checksum and length.
      flip(bytes.length - TRAILER_BYTES, bytes.length - 1);
      return bytes;
    case 4:
      flip(0, HEADER_BYTES - 1);
      return bytes;
    case 5:
      return withOptions(bytes, random);
    case 6:
      return Buffer.concat([bytes, pick([Buffer.alloc(600), Buffer.from('trailing'), bytes.subarray(0, 12)], random)]);
    default:
      return bytes;
  }
}

const gzip: Target = {
  name: 'gzip',
  weight: 12,
  covers: ['lib/flowlog/gunzip.ts', 'lib/flowlog/read.ts'],
  input: (random) => {
    if (random.next() < 0.0005) return damaged(someBomb(random), random);
    const members = random.next() < 0.8 ? 1 : random.whole(2, 5);
    const text = someFile(pick(seeds(), random), random);
    const parts = Array.from({ length: members }, (_, at) => {
      const part = text.subarray((text.length * at) / members, (text.length * (at + 1)) / members);
      return packed(part, random);
    });
    if (random.next() < 0.01) return gzipSync(Buffer.concat(parts));
    return damaged(Buffer.concat(parts), random);
  },
  run: async (input): Promise<Verdict> => {
    const report = await readFile(input);
    checkSums(report, report.bytes);
    const whole = wholeText(input);
    if (whole === undefined) must(report.error !== undefined, () => 'zlib finds damage, of which nothing is said');
    else if (report.account.refused === 0 && report.bytes > 0)
      must(report.bytes === whole.length, () => `zlib finds ${whole.length} bytes of text, ${report.bytes} were read`);
    else must(report.error !== undefined, () => 'nothing was read, and nothing is said');
    return { outcome: outcomeOf(report), isPast: wasLookedAt(report) };
  },
};

/**
 * zlib's result for the whole input. Undefined if it finds damage. Input that does not begin like gzip is plain text.
 */
function wholeText(input: Uint8Array): Uint8Array | undefined {
  if (input[0] !== 0x1f || input[1] !== 0x8b) return input;
  try {
    // What is compressed again is decompressed again.
    return wholeText(gunzipSync(input));
  } catch {
    return undefined;
  }
}

export const GZIP: readonly Target[] = [gzip];
