/** Reads one flow log file of any format in bounded memory. Gzip, plain text and Parquet are recognised by content. */
import { constants, gunzipSync } from 'node:zlib';
import { ColumnsError } from './columns.ts';
import { DEFAULT_FIELDS } from './fields.ts';
import { free, GzipError, gunzip, gunzipped } from './gunzip.ts';
import { type Account, LineParser } from './line-parser.ts';
import { otherFormat } from './other-formats.ts';
import { ParquetError, parquetLines } from './parquet.ts';
import type { FlowLogConsumer } from './record.ts';
import type { SkippedLines } from './skipped.ts';
import type { ByteSource } from './source.ts';
import { explainLine } from './text-forms.ts';
import { TextReader } from './text-reader.ts';

/** The result of reading one file. The consumer received records even if `error` is set. */
export interface FileReport {
  readonly name: string;
  readonly lines: number;
  readonly records: number;
  /** Bytes of flow log text after decompression. */
  readonly bytes: number;
  readonly noData: number;
  readonly skipData: number;
  readonly skipped: readonly SkippedLines[];
  /**
   * Accounts for the lines and bytes beyond `records`, `noData`, `skipData` and `skipped`, so that all of them add up.
   */
  readonly account: Account;
  /** Set if the file could not be read to its end: what is wrong, what was expected. */
  readonly error?: string;
}

export interface ReadOptions {
  /** Columns of files without a header line. Default: the 14 default fields. */
  readonly fields?: readonly string[];
}

/** Parquet cannot be streamed. If the source is a pipe, or compressed as a whole, up to this size is held in memory. */
const MAX_HELD_PARQUET = 512 * 1024 * 1024;
/** Number of first bytes that decide the format, however small the arriving chunks are. */
const OPENING_BYTES = 512;
/** How many layers of compression a file may have. */
const MOST_LAYERS = 2;
const EMPTY = 'the file is empty. Expected flow log records';

class NotAFlowLogError extends Error {}

/**
 * Reads `source` into `consumer`. Problems of the file (damage, missing columns, another format) are returned in the
 * report. Problems of the environment (disk, network, permissions) are thrown.
 */
export async function readFlowLog(
  source: ByteSource,
  consumer: FlowLogConsumer,
  options: ReadOptions = {},
): Promise<FileReport> {
  const parser = new LineParser(consumer, options.fields);
  const text = new TextReader(parser, options.fields?.length ?? DEFAULT_FIELDS.length, refuseOtherFormats);
  let isEmpty = true;
  const write = (chunk: Uint8Array) => {
    isEmpty &&= chunk.length === 0;
    text.push(chunk);
  };
  let error: string | undefined;
  try {
    await readAny(source, write);
    if (isEmpty) throw new NotAFlowLogError(EMPTY);
  } catch (fault) {
    if (!isFaultOfFile(fault)) throw fault;
    error = (fault as Error).message;
  }
  try {
    text.end(error !== undefined);
    if (!error && parser.lines > 0 && parser.rows.records + parser.rows.noData + parser.rows.skipData === 0)
      error = unreadable(parser);
  } catch (fault) {
    if (!isFaultOfFile(fault)) throw fault;
    error ??= (fault as Error).message;
  }
  return {
    name: source.name,
    lines: parser.lines,
    records: parser.rows.records,
    bytes: text.bytes,
    noData: parser.rows.noData,
    skipData: parser.rows.skipData,
    skipped: [...parser.skipped.values()],
    account: parser.account,
    ...(error && { error }),
  };
}

async function readAny(source: ByteSource, write: (chunk: Uint8Array) => void, layers = 0): Promise<void> {
  const stream = source.open();
  if (!stream) throw new NotAFlowLogError('the input has already been read. A pipe can be given only once');
  const { head, rest } = await probe(stream);
  if (head.length === 0) throw new NotAFlowLogError(EMPTY);
  if (isGzip(head)) {
    if (!isGzip(beginningOf(head))) return readGzip(source, rest, write);
    if (layers === MOST_LAYERS) throw new NotAFlowLogError(`the file is gzip within gzip, ${layers + 2} times over`);
    return readAny(within(source, rest), write, layers + 1);
  }
  if (isParquet(head)) {
    const file = parquetFile(source);
    if (file) await close(rest);
    return parquetLines(file ?? (await heldFile(rest)), write);
  }
  for await (const chunk of rest) write(chunk);
}

/** Compressed bytes that show how a file begins. Data shrinks to a thousandth at best, so they unpack to 8 MB at most. */
const BEGINNING_BYTES = 8 * 1024;

/** The decompressed beginning of a gzip file, as far as its first bytes allow. */
function beginningOf(head: Uint8Array): Uint8Array {
  try {
    return gunzipSync(head.subarray(0, BEGINNING_BYTES), { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return new Uint8Array(0);
  }
}

/** The gzip file inside a gzip file: some downloads compress an already compressed file. */
function within(source: ByteSource, rest: AsyncIterable<Uint8Array>): ByteSource {
  let first: AsyncIterable<Uint8Array> | undefined = rest;
  return {
    name: source.name,
    open: () => {
      const outer = first ?? source.open();
      first = undefined;
      return outer && gunzipped(outer);
    },
  };
}

async function readGzip(
  source: ByteSource,
  input: AsyncIterable<Uint8Array>,
  write: (chunk: Uint8Array) => void,
): Promise<void> {
  const held = new HeldBytes();
  let opening: Uint8Array = new Uint8Array(0);
  let route: ((chunk: Uint8Array) => void) | undefined;
  const decide = () => {
    route = isParquet(opening)
      ? (chunk) => held.add(chunk)
      : (chunk) => {
          write(chunk);
          free(chunk);
        };
    route(opening);
  };
  const take = (chunk: Uint8Array) => {
    if (route) return route(chunk);
    opening = Buffer.concat([opening, chunk]);
    if (opening.length >= OPENING_BYTES) decide();
  };
  try {
    await gunzip(input, () => source.open(), take);
  } finally {
    if (!route && opening.length) decide();
  }
  if (held.size) await parquetLines(held.file(), write);
}

/** Access to the file by byte ranges. Undefined if the source has none. */
function parquetFile(source: ByteSource) {
  if (source.range && source.size !== undefined) {
    const range = source.range.bind(source);
    const size = source.size;
    return {
      byteLength: size,
      slice: async (start: number, end?: number) => {
        const bytes = await range(
          start < 0 ? size + start : start,
          end === undefined ? size : end < 0 ? size + end : end,
        );
        return arrayBuffer(bytes);
      },
    };
  }
  return undefined;
}

async function heldFile(input: AsyncIterable<Uint8Array>) {
  const held = new HeldBytes();
  for await (const chunk of input) held.add(chunk);
  return held.file();
}

/** A Parquet file that arrives as a stream, held in memory. */
class HeldBytes {
  size = 0;
  #chunks: Uint8Array[] = [];

  add(chunk: Uint8Array): void {
    this.size += chunk.length;
    if (this.size > MAX_HELD_PARQUET)
      throw new ParquetError(
        `a Parquet file above ${MAX_HELD_PARQUET} bytes cannot be read from a pipe or an outer gzip. Give the path of the Parquet file itself`,
      );
    this.#chunks.push(Buffer.from(chunk));
  }

  file() {
    const bytes = Buffer.concat(this.#chunks);
    return {
      byteLength: bytes.length,
      slice: (start: number, end?: number) => arrayBuffer(bytes.subarray(start, end)),
    };
  }
}

const arrayBuffer = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;

const isGzip = (head: Uint8Array) => head[0] === 0x1f && head[1] === 0x8b;
const isParquet = (head: Uint8Array) => Buffer.from(head.subarray(0, 4)).toString('latin1') === 'PAR1';

function refuseOtherFormats(opening: Uint8Array): void {
  const other = otherFormat(opening);
  if (other)
    throw new NotAFlowLogError(
      `the file is ${other.kind}, expected VPC Flow Log records as text, gzip or Parquet${other.wayOut}`,
    );
}

/**
 * Why a file without a single record is not a flow log. Undefined for a header alone, which an idle interval may
 * produce.
 */
function unreadable({ skipped, account }: LineParser): string | undefined {
  const hasHeader = account.headers > 0;
  const [first] = skipped.values();
  if (!first) return hasHeader ? undefined : 'the file contains only blank lines. Expected flow log records';
  const why = explainLine(first.excerpt);
  const where = `line ${first.firstLine} (${first.reason}${why ? `: ${why}` : ''}): "${first.excerpt}"`;
  return hasHeader
    ? `no line under the header is a flow log record: ${where}. Expected the columns that the header names`
    : `no line is a flow log record: ${where}. Expected a header line with field names, or the 14 fields of the default format`;
}

function isFaultOfFile(error: unknown): boolean {
  return (
    error instanceof GzipError ||
    error instanceof ParquetError ||
    error instanceof ColumnsError ||
    error instanceof NotAFlowLogError
  );
}

/** The first bytes, and a stream that still begins with them. */
async function probe(
  stream: AsyncIterable<Uint8Array>,
): Promise<{ head: Uint8Array; rest: AsyncGenerator<Uint8Array> }> {
  const iterator = stream[Symbol.asyncIterator]();
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < OPENING_BYTES) {
    const next = await iterator.next();
    if (next.done) break;
    head = head.length ? Buffer.concat([head, next.value]) : next.value;
  }
  const rest = (async function* () {
    try {
      if (head.length) yield head;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  })();
  return { head, rest };
}

async function close(stream: AsyncGenerator<Uint8Array>): Promise<void> {
  // A generator that was never started would skip its own clean-up.
  await stream.next();
  await stream.return(undefined);
}
