/** Parquet flow logs, row group by row group, converted to text lines so that both formats share one validation. */
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

/** The Parquet file is damaged or not a flow log. The message says where reading stopped. */
export class ParquetError extends Error {
  override name = 'ParquetError';
}

/** The file is valid, but its codec is not supported here. */
class UnreadCodecError extends Error {
  override name = 'UnreadCodecError';

  constructor(codec: string) {
    super(
      codec === 'ZSTD'
        ? 'the Parquet file is compressed by ZSTD, which this version of Node cannot read. Use Node 24'
        : `the Parquet file is compressed by ${codec}, which is not supported. Expected ${READ_CODECS.join(', ')}: write it again with one of these`,
    );
  }
}

const TEXT_AT_ONCE = 256 * 1024;
/** A row group of fewer bytes is fetched at once, a larger one column by column. */
const GROUP_AT_ONCE = 64 * 1024 * 1024;
/** Bytes at the end of a file to fetch first. Usually they contain the footer. */
const TAIL_AT_ONCE = 512 * 1024;
const END_BYTES = 8;
/** Limit of decoded values per row group. At one pointer each they take 1 GB. */
const MOST_VALUES = 2 ** 27;
/** Rows that one byte may stand for, since ports and addresses differ, plus a number of rows that may be identical. */
const [ROWS_OF_BYTE, ROWS_ALIKE] = [8, 4096];

/**
 * Calls `write` with a header line and then the rows as text, "-" for nulls. The column names have underscores, as in
 * Parquet.
 * @throws ParquetError if the footer or a row group cannot be read. The rows before it have been written.
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
      // Rethrows a failure of the disk or the network, which is not the file's fault.
      if (fault) throw fault.error;
      if (error instanceof UnreadCodecError) throw new ParquetError(error.message);
      throw new ParquetError(
        `cannot read ${what} of the Parquet file (${(error as Error).message}): it is damaged or cut short. Fetch it again`,
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
    throw new ParquetError(`the Parquet file claims ${total} rows and has ${from}: it is damaged. Fetch it again`);
}

/**
 * Walks through the footer before it is parsed, because the parser allocates lists of any length that the footer
 * claims.
 */
async function readFooter(file: AsyncBuffer): Promise<FileMetaData> {
  const { byteLength } = file;
  let tail = await file.slice(Math.max(0, byteLength - TAIL_AT_ONCE), byteLength);
  const [mark, length] = endOf(tail);
  if (mark !== 'PAR1' || length > byteLength - END_BYTES) throw new Error('its end is not that of a Parquet file');
  if (length + END_BYTES > tail.byteLength) tail = await file.slice(byteLength - END_BYTES - length, byteLength);
  readStruct(new Uint8Array(tail, tail.byteLength - END_BYTES - length, length), 0);
  return parquetMetadata(tail, { geoparquet: false });
}

/** The magic bytes at the end of a file, and the length of the footer in front of them. */
function endOf(tail: ArrayBuffer): readonly [string, number] {
  const end = Buffer.from(tail).subarray(-END_BYTES);
  return end.length < END_BYTES ? ['', 0] : [end.toString('latin1', 4), end.readUInt32LE()];
}

/** A top-level column: its name, and whether values may be missing. */
interface Column {
  readonly name: string;
  readonly isOptional: boolean;
}

/** The columns without nested ones, since flow logs have no nesting. @throws if the schema is invalid. */
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

/**
 * Fetches and decodes a row group once, however many rows it has. Requesting it in parts would decode all of it each
 * time.
 */
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

/** The byte range of a column's only chunk. */
function chunkOf({ columns }: RowGroup, name: string, byteLength: number) {
  const [chunk, ...others] = columns.filter(({ meta_data: meta }) => meta?.path_in_schema[0] === name);
  const meta = chunk?.meta_data;
  if (!meta || others.length) throw new Error(`there must be one column ${name}`);
  const start = Number(meta.dictionary_page_offset || meta.data_page_offset);
  const end = start + Number(meta.total_compressed_size);
  if (!(start >= 0 && end >= start && end <= byteLength)) throw new Error(`column ${name} lies beyond the file`);
  return { start, end, meta };
}

/** Decompresses pages in order to the size that they claim, and checks each. */
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

/** Values of one column. The first one belongs to row `rowStart`. */
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
    // Values missing in the log are null, so undefined means damage.
    if (value === undefined) throw new Error(`column ${name} has no value in row ${row + 1}`);
    return value;
  };
}

/** Text for the rows starting at `from`, up to one chunk, and the first row after them. */
function linesOf(readers: readonly ValueReader[], from: number, to: number): [string, number] {
  let lines = '';
  let row = from;
  for (; row < to && lines.length < TEXT_AT_ONCE; row++)
    lines += `${readers.map((valueAt) => cell(valueAt(row))).join(' ')}\n`;
  return [lines, row];
}

function cell(value: unknown): string {
  if (value === null || Number.isNaN(value)) return '-';
  // Flow logs store seconds, but other programs convert them to timestamps.
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '-' : String(Math.floor(value.getTime() / 1000));
  const text = value instanceof Uint8Array ? new TextDecoder().decode(value) : String(value);
  // Spaces would shift the columns of the text line. AWS percent-encodes them in tag values for the same reason.
  return text.replace(/[\s\p{Cc}]+/gu, '%20') || '-';
}
