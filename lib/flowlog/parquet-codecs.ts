/** Decompression of Parquet pages: each to the size that it claims and no further (parquet-format: Compression.md). */
import * as zlib from 'node:zlib';
import { snappyUncompress } from 'hyparquet';

/**
 * Maximum expansion: Snappy repeats at most 64 bytes per three, LZ4 at most 255 per one (their format descriptions).
 */
const [MOST_SNAPPY_RATIO, MOST_LZ4_RATIO] = [22, 255];

type Inflate = (input: Uint8Array, size: number) => Uint8Array;

/** By the codec's name in the footer. Zstandard exists in Node since 22.15. */
export const CODECS: Readonly<Record<string, Inflate | undefined>> = {
  GZIP: (input, maxOutputLength) => new Uint8Array(zlib.gunzipSync(input, { maxOutputLength })),
  BROTLI: (input, maxOutputLength) => new Uint8Array(zlib.brotliDecompressSync(input, { maxOutputLength })),
  ZSTD: zlib.zstdDecompressSync
    ? (input, maxOutputLength) => new Uint8Array(zlib.zstdDecompressSync(input, { maxOutputLength }))
    : undefined,
  SNAPPY: (input, size) => {
    const output = outputOf(input, size, MOST_SNAPPY_RATIO);
    snappyUncompress(input, output);
    return output;
  },
  LZ4_RAW: unpackLz4,
};

/** Supported codecs, for messages. */
export const READ_CODECS = ['SNAPPY', 'GZIP', 'ZSTD', 'BROTLI', 'LZ4_RAW'];

function outputOf(input: Uint8Array, size: number, mostRatio: number): Uint8Array {
  if (size > input.length * mostRatio)
    throw new Error(`${input.length} bytes cannot decompress to the claimed ${size}`);
  return new Uint8Array(size);
}

/** One LZ4 block (lz4_Block_format.md): literals, then a match that repeats earlier output. */
function unpackLz4(input: Uint8Array, size: number): Uint8Array {
  const output = outputOf(input, size, MOST_LZ4_RATIO);
  let [from, to] = [0, 0];
  const lengthOf = (nibble: number) => {
    let length = nibble;
    for (let byte = nibble === 15 ? 255 : 0; byte === 255; length += byte) {
      if (from >= input.length) throw new Error('an LZ4 block ends within a length');
      byte = input[from++]!;
    }
    return length;
  };
  while (from < input.length) {
    const token = input[from++]!;
    const literals = lengthOf(token >> 4);
    if (from + literals > input.length || to + literals > size) throw new Error('an LZ4 block goes on beyond its end');
    output.set(input.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    if (from === input.length) break;
    const offset = input[from]! + (input[from + 1] ?? 0) * 256;
    from += 2;
    const length = lengthOf(token & 15) + 4;
    if (offset === 0 || offset > to || to + length > size) throw new Error('an LZ4 match lies outside its block');
    for (const end = to + length; to < end; to++) output[to] = output[to - offset]!;
  }
  if (to !== size) throw new Error(`an LZ4 block contains ${to} bytes and claims ${size}`);
  return output;
}
