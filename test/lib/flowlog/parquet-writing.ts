/** Writes Parquet flow logs for tests. */
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { packLz4 } from './lz4.ts';
import { ALL_FIELDS, line, type Values } from './sample-logs.ts';

const INT32 = new Set('version srcport dstport protocol tcp-flags traffic-path encryption-status'.split(' '));
/** The columns that AWS writes as 64-bit numbers. */
export const INT64 = new Set(['packets', 'bytes', 'start', 'end']);

/** How a file is written. */
export interface Writing {
  readonly fields?: readonly string[];
  readonly rowGroupSize?: number;
  readonly codec?: 'GZIP' | 'UNCOMPRESSED' | 'SNAPPY' | 'ZSTD' | 'BROTLI' | 'LZ4_RAW' | 'LZO';
  /** How a missing text is stored. AWS does not document which of the two it uses. */
  readonly missing?: '-' | null;
}

/** A Parquet file as the documentation describes those of AWS: underscored names, typed columns. */
export function parquet(values: readonly Values[], writing: Writing = {}): Uint8Array {
  const { fields = ALL_FIELDS, rowGroupSize = 1000, codec = 'GZIP', missing = null } = writing;
  const table = values.map((row) => line(row, fields).split(' '));
  const columnData = fields.map((field, at): ColumnSource => {
    const texts = table.map((row) => row[at]!);
    const base = { name: field.replaceAll('-', '_'), nullable: true };
    if (INT32.has(field)) return { ...base, type: 'INT32', data: texts.map((text) => (text === '-' ? null : +text)) };
    if (INT64.has(field))
      return { ...base, type: 'INT64', data: texts.map((text) => (text === '-' ? null : BigInt(text))) };
    return { ...base, type: 'STRING', data: texts.map((text) => (text === '-' ? missing : text)) };
  });
  const compressors = {
    GZIP: (input: Uint8Array) => new Uint8Array(gzipSync(input)),
    ZSTD: (input: Uint8Array) => new Uint8Array(zstdCompressSync(input)),
    BROTLI: (input: Uint8Array) => new Uint8Array(brotliCompressSync(input)),
    LZ4_RAW: packLz4,
    LZO: (input: Uint8Array) => input,
  };
  return new Uint8Array(parquetWriteBuffer({ columnData, codec, rowGroupSize, compressors }));
}
