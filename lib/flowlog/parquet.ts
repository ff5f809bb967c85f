/** Parquet flow logs, row group by row group, as lines of the text format: one validation path for both. */
import {
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
  parquetMetadata,
  parquetRead,
  type RowGroup,
} from 'hyparquet';
import { normalizeFieldName } from './fields.ts';
import { CODECS, READ_CODECS } from './parquet-codecs.ts';
import { type BodyCheck, checkPages } from './parquet-pages.ts';
import { readStruct } from './thrift.ts';

/** The Parquet file is damaged or not a flow log; the message says where reading stopped. */
export class ParquetError extends Error {
  override name = 'ParquetError';
}

/** Nothing is wrong with the file, but nothing here decompresses it. */
class UnreadCodecError extends Error {
  override name = 'UnreadCodecError';

  constructor(codec: string) {
    super(
      codec === 'ZSTD'
        ? 'the Parquet file is compressed by ZSTD, which this version of Node cannot read; use Node 24'
        : `the Parquet file is compressed by ${codec}, which is not read; expected ${READ_CODECS.join(', ')}: write it again with one of these`,
    );
  }
}

const TEXT_AT_ONCE = 256 * 1024;
/** A row group of fewer bytes is fetched at once, a larger one column by column. */
const GROUP_AT_ONCE = 64 * 1024 * 1024;
/** Bytes at the end of a file that are fetched at first: the footer lies in them, mostly. */
const TAIL_AT_ONCE = 512 * 1024;
const END_BYTES = 8;
/** Values of a row group that are decoded at most; a pointer each, they take 1 GB. */
const MOST_VALUES = 2 ** 27;
/** Rows that a byte may stand for, since ports and addresses differ, besides some that may be all alike. */
const [ROWS_OF_BYTE, ROWS_ALIKE] = [8, 4096];

/**
 * Calls `write` with a header line and then the rows as text, "-" for nulls. Columns of Parquet files are underscored.
 * @throws ParquetError when the footer or a row group cannot be read; the rows before it have been written.
 */
export async function parquetLines(file: AsyncBuffer, write: (chunk: Uint8Array) => void): Promise<void> {
  let fault: { readonly error: unknown } | undefined;
  const watched: AsyncBuffer = {
    byteLength: file.byteLength,
    slice: async (start, end) => {
      try {
        return await file.slice(start, end);
      } catch (error) {
        fault = { error };
        throw error;
      }
    },
  };
  const attempt = async <T>(what: string, read: () => T | Promise<T>): Promise<T> => {
    try {
      return await read();
    } catch (error) {
      // The disk or the network failed, not the file.
      if (fault) throw fault.error;
      if (error instanceof UnreadCodecError) throw new ParquetError(error.message);
      throw new ParquetError(
        `cannot read ${what} of the Parquet file (${(error as Error).message}): it is damaged or cut short; fetch it again`,
      );
    }
  };
  const metadata = await attempt('the footer', () => readFooter(watched));
  const columns = await attempt('the footer', () => columnsOf(metadata));
  const encoder = new TextEncoder();
  write(encoder.encode(`${columns.map(({ name }) => cell(normalizeFieldName(name))).join(' ')}\n`));
  const total = Number(metadata.num_rows);
  let from = 0;
  for (const group of metadata.row_groups) {
    const to = from + Number(group.num_rows);
    const what = `rows ${from + 1} to ${to} of ${total}`;
    const readers = await attempt(what, () => readersOf(watched, metadata, group, columns, from));
    for (let row = from; row < to; ) {
      const [lines, next] = await attempt(what, () => linesOf(readers, row, to));
      write(encoder.encode(lines));
      row = next;
    }
    from = to;
  }
  if (from !== total)
    throw new ParquetError(`the Parquet file claims ${total} rows and has ${from}: it is damaged; fetch it again`);
}

/** Walks through the footer before it is parsed: room is made for lists as long as they claim to be. */
async function readFooter(file: AsyncBuffer): Promise<FileMetaData> {
  const { byteLength } = file;
  let tail = await file.slice(Math.max(0, byteLength - TAIL_AT_ONCE), byteLength);
  const [mark, length] = endOf(tail);
  if (mark !== 'PAR1' || length > byteLength - END_BYTES) throw new Error('its end is not that of a Parquet file');
  if (length + END_BYTES > tail.byteLength) tail = await file.slice(byteLength - END_BYTES - length, byteLength);
  readStruct(new Uint8Array(tail, tail.byteLength - END_BYTES - length, length), 0);
  return parquetMetadata(tail, { geoparquet: false });
}

/** The mark at the end of a file, and the length of the footer that stands before it. */
function endOf(tail: ArrayBuffer): readonly [string, number] {
  const end = Buffer.from(tail).subarray(-END_BYTES);
  return end.length < END_BYTES ? ['', 0] : [end.toString('latin1', 4), end.readUInt32LE()];
}

/** A column on the top level: its name, and whether values may be missing. */
interface Column {
  readonly name: string;
  readonly isOptional: boolean;
}

/** The columns that are no groups of others; flow logs have no groups. @throws where the schema is none. */
function columnsOf({ schema }: FileMetaData): Column[] {
  const columns: Column[] = [];
  const [root] = schema;
  let at = 1;
  for (let left = root?.num_children ?? 0; left > 0; left--) {
    const element = schema[at];
    if (!element?.name) throw new Error('a column has no name');
    for (let nested = 1; nested > 0; nested--, at++) {
      if (at >= schema.length) throw new Error('the schema ends within a column');
      nested += schema[at]!.num_children ?? 0;
    }
    if (element.type !== undefined && element.repetition_type !== 'REPEATED' && !element.num_children)
      columns.push({ name: element.name, isOptional: element.repetition_type !== 'REQUIRED' });
  }
  if (at !== schema.length) throw new Error('the schema goes on beyond its columns');
  return columns;
}

/** Reads a column row by row, in order. */
type ValueReader = (row: number) => unknown;

/** Fetches and decodes a row group once, however many rows it has: asking for some of them would decode all each time. */
async function readersOf(
  file: AsyncBuffer,
  metadata: FileMetaData,
  group: RowGroup,
  columns: readonly Column[],
  from: number,
): Promise<ValueReader[]> {
  const rows = Number(group.num_rows);
  const chunks = columns.map((column) => chunkOf(group, column.name, file.byteLength));
  const bytes = chunks.reduce((sum, { start, end }) => sum + end - start, 0);
  if (!(rows >= 0 && rows * columns.length <= MOST_VALUES && rows <= bytes * ROWS_OF_BYTE + ROWS_ALIKE))
    throw new Error(`${rows} rows of ${columns.length} columns are claimed to be in ${bytes} bytes`);
  const start = Math.min(...chunks.map((chunk) => chunk.start));
  const end = Math.max(...chunks.map((chunk) => chunk.end));
  const held = end - start <= GROUP_AT_ONCE ? await file.slice(start, end) : undefined;
  const readers: ValueReader[] = [];
  for (const [at, { name, isOptional }] of columns.entries()) {
    const { start: first, end: last, meta } = chunks[at]!;
    const own = held ? held.slice(first - start, last - start) : await file.slice(first, last);
    const { type, codec } = meta;
    if (codec !== 'UNCOMPRESSED' && !CODECS[codec]) throw new UnreadCodecError(codec);
    const checks = rows
      ? checkPages(new Uint8Array(own), { type, rows, isOptional, isCompressed: codec !== 'UNCOMPRESSED' })
      : [];
    const pages: Page[] = [];
    await parquetRead({
      file: { byteLength: file.byteLength, slice: (a, b = last) => own.slice(a - first, b - first) },
      metadata,
      columns: [name],
      rowStart: from,
      rowEnd: from + rows,
      compressors: compressorsWith(checks),
      onChunk: ({ columnData, rowStart }) => pages.push({ rowStart, values: columnData as ArrayLike<unknown> }),
    });
    readers.push(valuesOf(name, pages));
  }
  return readers;
}

/** Where the one chunk of a column lies. */
function chunkOf({ columns }: RowGroup, name: string, byteLength: number) {
  const [chunk, ...others] = columns.filter(({ meta_data: meta }) => meta?.path_in_schema[0] === name);
  const meta = chunk?.meta_data;
  if (!meta || others.length) throw new Error(`there must be one column ${name}`);
  const start = Number(meta.dictionary_page_offset || meta.data_page_offset);
  const end = start + Number(meta.total_compressed_size);
  if (!(start >= 0 && end >= start && end <= byteLength)) throw new Error(`column ${name} lies beyond the file`);
  return { start, end, meta };
}

/** Decompresses pages, in their order, to the size that they claim, and checks each. */
function compressorsWith(checks: readonly BodyCheck[]): Compressors {
  const next = checks.values();
  const checked = (inflate: (input: Uint8Array, size: number) => Uint8Array) => (input: Uint8Array, size: number) => {
    const body = size ? inflate(input, size) : new Uint8Array(0);
    next.next().value?.(body);
    return body;
  };
  const known = Object.entries(CODECS).filter((entry): entry is [string, (typeof entry)[1] & {}] => !!entry[1]);
  return Object.fromEntries(known.map(([name, inflate]) => [name, checked(inflate)])) as Compressors;
}

/** Values of one column, the first of which belongs to the row `rowStart`. */
interface Page {
  readonly rowStart: number;
  readonly values: ArrayLike<unknown>;
}

function valuesOf(name: string, pages: readonly Page[]): ValueReader {
  let at = 0;
  return (row) => {
    while (at < pages.length && row >= pages[at]!.rowStart + pages[at]!.values.length) at++;
    const page = pages[at];
    const value = page?.values[row - page.rowStart];
    // What is missing in the log is null.
    if (value === undefined) throw new Error(`column ${name} has no value in row ${row + 1}`);
    return value;
  };
}

/** Text of rows from `from` on, no more than is handled at once, and the first row behind it. */
function linesOf(readers: readonly ValueReader[], from: number, to: number): [string, number] {
  let lines = '';
  let row = from;
  for (; row < to && lines.length < TEXT_AT_ONCE; row++)
    lines += `${readers.map((valueAt) => cell(valueAt(row))).join(' ')}\n`;
  return [lines, row];
}

function cell(value: unknown): string {
  if (value === null || Number.isNaN(value)) return '-';
  // Flow logs count seconds; other programs make timestamps of them.
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '-' : String(Math.floor(value.getTime() / 1000));
  const text = value instanceof Uint8Array ? new TextDecoder().decode(value) : String(value);
  // Spaces would shift the columns of the text line; AWS percent-encodes them in tag values for the same reason.
  return text.replace(/[\s\p{Cc}]+/gu, '%20') || '-';
}
