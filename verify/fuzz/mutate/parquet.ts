/** Parquet files of a few rows, and damage to them: to bytes anywhere, and to what footer and page headers claim. */
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import type { Random } from '../../../bench/random.ts';
import { packLz4 } from '../../../test/lib/flowlog/lz4.ts';
import { type Seed, seeds } from '../seeds.ts';
import { pick } from '../target.ts';

const INT32 = new Set('version srcport dstport protocol tcp-flags traffic-path'.split(' '));
const INT64 = new Set(['packets', 'bytes', 'start', 'end']);
/** The length of the footer, and the mark at the end of the file. */
const TAIL_BYTES = 8;
const compressors = {
  GZIP: (input: Uint8Array) => new Uint8Array(gzipSync(input)),
  BROTLI: (input: Uint8Array) => new Uint8Array(brotliCompressSync(input)),
  ZSTD: (input: Uint8Array) => new Uint8Array(zstdCompressSync(input)),
  LZ4_RAW: packLz4,
};
const CODECS = ['GZIP', 'SNAPPY', 'BROTLI', 'ZSTD', 'LZ4_RAW', 'UNCOMPRESSED', 'UNCOMPRESSED'] as const;

function parquetOf({ header, rows }: Seed, random: Random): Buffer {
  const fields = header.split(' ');
  const table = rows.slice(0, random.whole(1, 40)).map((row) => row.split(' '));
  const nullable = random.next() < 0.7;
  const columnData = fields.map((field, at): ColumnSource => {
    const texts = table.map((row) => row[at] ?? '-');
    const base = { name: field.replaceAll('-', '_'), nullable };
    const missing = nullable ? null : 0;
    if (INT32.has(field))
      return { ...base, type: 'INT32', data: texts.map((text) => (text === '-' ? missing : Number(text))) };
    if (INT64.has(field))
      return {
        ...base,
        type: 'INT64',
        data: texts.map((text) => (text === '-' ? (nullable ? null : 0n) : BigInt(text))),
      };
    return { ...base, type: 'STRING', data: texts.map((text) => (text === '-' && nullable ? null : text)) };
  });
  const codec = pick(CODECS, random);
  const rowGroupSize = pick([7, 20, 1000], random);
  return Buffer.from(
    parquetWriteBuffer({ columnData, codec, rowGroupSize, compressors, statistics: random.next() < 0.5 }),
  );
}

const FILES = 60;
const kept: Buffer[] = [];

/** One of some files, which take a while to write. */
function someParquet(random: Random, numbers: (seed: string) => Random): Buffer {
  const at = random.whole(0, FILES - 1);
  kept[at] ??= parquetOf(pick(seeds(), numbers(`parquet ${at}`)), numbers(`parquet rows ${at}`));
  return kept[at];
}

/** A number as Thrift's compact protocol writes it: seven bits to a byte, the lowest first. */
function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

const LIES = [
  0n,
  1n,
  2n,
  3n,
  7n,
  127n,
  128n,
  0xffffn,
  1n << 20n,
  1n << 24n,
  1n << 30n,
  0x7fffffffn,
  0xffffffffn,
  1n << 40n,
]
  .flatMap((value) => [value, value * 2n])
  .concat([(1n << 63n) - 1n, (1n << 64n) - 1n]);

/** The number at a place replaced by another, of whatever length. */
function lied(bytes: Buffer, at: number, random: Random): Buffer {
  let end = at;
  while (end < bytes.length - 1 && bytes[end]! > 127) end++;
  return Buffer.concat([bytes.subarray(0, at), varint(pick(LIES, random)), bytes.subarray(end + 1)]);
}

/** A Parquet file, damaged. @param numbers the generator of a seed, for what does not depend on the input. */
export function someDamagedParquet(random: Random, numbers: (seed: string) => Random): Buffer {
  const file = Buffer.from(someParquet(random, numbers));
  const footerAt = file.length - TAIL_BYTES - file.readUInt32LE(file.length - TAIL_BYTES);
  const flip = (from: number, to: number) => {
    const at = random.whole(from, to);
    file[at] = random.next() < 0.5 ? file[at]! ^ (1 << random.whole(0, 7)) : random.whole(0, 255);
  };
  switch (random.whole(0, 9)) {
    case 0: {
      // A number of the footer lies, and the footer is as long as it says.
      const footer = lied(
        file.subarray(footerAt, -TAIL_BYTES),
        random.whole(0, file.length - TAIL_BYTES - footerAt - 1),
        random,
      );
      const length = Buffer.alloc(4);
      length.writeUInt32LE(footer.length);
      return Buffer.concat([file.subarray(0, footerAt), footer, length, Buffer.from('PAR1')]);
    }
    case 1:
      flip(footerAt, file.length - 1);
      return file;
    case 2:
    case 3:
    case 4:
      // Pages, and the headers of pages.
      for (let count = random.whole(1, 3); count > 0; count--) flip(4, footerAt - 1);
      return file;
    case 5: {
      // A number among the pages lies, in as many bytes as it had.
      const at = random.whole(4, footerAt - 1);
      const lie = varint(pick(LIES, random));
      lie.copy(file, at, 0, Math.min(lie.length, footerAt - at));
      return file;
    }
    case 6:
      return random.next() < 0.5 ? file.subarray(0, random.whole(0, file.length)) : gzipSync(file);
    case 7:
      return random.next() < 0.3 ? deflateSync(file) : file;
    case 8:
      // Statistics and names, mostly: what is text in the footer.
      for (let count = random.whole(1, 8); count > 0; count--) flip(footerAt, file.length - TAIL_BYTES - 1);
      return file;
    default:
      file.writeUInt32LE(random.whole(0, 0xffffffff) >>> random.whole(0, 31), file.length - TAIL_BYTES);
      return file;
  }
}
