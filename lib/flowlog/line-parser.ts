/** Bytes of a text flow log to records: streaming, one line at a time, without a string for a line. */
import { type ColumnMap, columnMap, isHeader } from './columns.ts';
import { DEFAULT_FIELDS } from './fields.ts';
import type { BlockReader, RecordSink } from './record.ts';
import { RowReader } from './row-reader.ts';
import { excerpt, type SkippedLines, type SkipReason } from './skipped.ts';

const NEWLINE = 0x0a;
const MAX_LINE = 65_536;
/** What is kept of a line that is too long: enough to show. */
const KEPT_OF_LONG_LINE = 128;
const NONE = new Uint8Array(0);

type Outcome = SkipReason | undefined;

/** Parses the text of one file. Push its bytes in order, then call `end`. */
export class LineParser {
  readonly skipped = new Map<SkipReason, SkippedLines>();
  lines = 0;
  /** A header line was met. */
  hasHeader = false;
  /** Reads the single lines, and counts them. */
  readonly rows: RowReader;
  #columns: ColumnMap | undefined;
  #fallback: readonly string[];
  #blocks: BlockReader | undefined;
  #carry: Uint8Array = NONE;
  #discarding = false;

  /** @param fields columns of a file without a header; the 14 default ones when absent. */
  constructor(sink: RecordSink, fields: readonly string[] = DEFAULT_FIELDS) {
    this.rows = new RowReader(sink);
    this.#blocks = sink.blocks;
    this.#fallback = fields;
  }

  /** @throws ColumnsError when a header cannot support detection. */
  push(chunk: Uint8Array): void {
    let from = 0;
    if (this.#carry.length || this.#discarding) {
      const newline = chunk.indexOf(NEWLINE);
      const upTo = newline < 0 ? chunk.length : newline;
      this.#extendCarry(chunk.subarray(0, upTo));
      if (newline < 0) return;
      this.#finishCarry();
      from = newline + 1;
    }
    const fast = this.#blocks && new BlockWalk(this.#blocks, chunk);
    for (;;) {
      // Columns are known from the first line on, which is read here.
      if (fast && this.#columns) from = fast.read(from);
      for (; chunk[from] === NEWLINE; from++) this.lines++;
      const newline = chunk.indexOf(NEWLINE, from);
      if (newline < 0) break;
      if (fast) this.#take();
      this.#line(chunk, from, newline);
      from = newline + 1;
    }
    if (fast) this.#take();
    if (from < chunk.length) this.#extendCarry(chunk.subarray(from));
  }

  /** The end of the file. `cut` says that the stream broke off: an unfinished line is then no line. */
  end(cut = false): void {
    if (!this.#carry.length && !this.#discarding) return;
    if (cut) {
      this.lines++;
      this.#skip('cut short', this.#carry);
      this.#carry = NONE;
      this.#discarding = false;
    } else this.#finishCarry();
  }

  /** Counts what was read in blocks: before a line that is told of by its number, and at the end. */
  #take(): void {
    const { lines, records, noData } = this.#blocks!.take();
    this.lines += lines;
    this.rows.records += records;
    this.rows.noData += noData;
  }

  #extendCarry(part: Uint8Array): void {
    if (this.#discarding) return;
    this.#discarding = this.#carry.length + part.length > MAX_LINE;
    const fresh = this.#discarding ? part.subarray(0, KEPT_OF_LONG_LINE) : part;
    const joined = new Uint8Array(this.#carry.length + fresh.length);
    joined.set(this.#carry);
    joined.set(fresh, this.#carry.length);
    this.#carry = joined;
  }

  #finishCarry(): void {
    const line = this.#carry;
    this.#carry = NONE;
    if (this.#discarding) {
      this.#discarding = false;
      this.lines++;
      this.#skip('line too long', line);
    } else this.#line(line, 0, line.length);
  }

  #line(buffer: Uint8Array, start: number, end: number): void {
    this.lines++;
    const reason = end - start > MAX_LINE ? 'line too long' : this.#read(buffer, start, end);
    if (reason) this.#skip(reason, buffer.subarray(start, end));
  }

  #read(buffer: Uint8Array, start: number, end: number): Outcome {
    const columns = this.rows.split(buffer, start + (this.lines === 1 ? byteOrderMark(buffer, start) : 0), end);
    if (columns === 0) return undefined;
    if (this.rows.isAllWords(columns)) {
      const tokens = this.rows.tokens(columns);
      if (isHeader(tokens)) {
        this.hasHeader = true;
        return this.#useColumns(columnMap(tokens));
      }
    }
    if (this.#columns === undefined) this.#useColumns(columnMap(this.#fallback, 'the list of fields'));
    const expected = this.#columns!.names.length;
    if (columns !== expected) return columns < expected ? 'too few columns' : 'too many columns';
    return this.rows.row();
  }

  #useColumns(columns: ColumnMap): undefined {
    this.#columns = columns;
    this.rows.useColumns(columns);
  }

  #skip(reason: SkipReason, line: Uint8Array): void {
    const known = this.skipped.get(reason);
    if (known) known.count++;
    else this.skipped.set(reason, { reason, count: 1, firstLine: this.lines, excerpt: excerpt(line) });
  }
}

/** One chunk, as a reader of blocks takes it: piece by piece. */
class BlockWalk {
  readonly #reader: BlockReader;
  readonly #chunk: Uint8Array;
  #base = 0;
  #end = 0;

  constructor(reader: BlockReader, chunk: Uint8Array) {
    this.#reader = reader;
    this.#chunk = chunk;
  }

  /** Reads lines from `from` on; returns the beginning of the first that is not ordinary, or has no end in the chunk. */
  read(from: number): number {
    let at = from;
    for (;;) {
      if (at >= this.#end) this.#load(at);
      at = this.#base + this.#reader.read(at - this.#base);
      const isAll = this.#end === this.#chunk.length;
      if (isAll || (at < this.#end && this.#chunk.subarray(at, this.#end).includes(NEWLINE))) return at;
      // A line that is cut by the end of the piece is read with the next one, unless it is longer than a piece.
      if (at === this.#base) return at;
      this.#load(at);
    }
  }

  #load(from: number): void {
    this.#base = from;
    this.#end = from + this.#reader.load(this.#chunk.subarray(from));
  }
}

/** Bytes of the mark with which some editors begin a text; it would be part of the first field's name. */
const byteOrderMark = (buffer: Uint8Array, at: number): number =>
  buffer[at] === 0xef && buffer[at + 1] === 0xbb && buffer[at + 2] === 0xbf ? 3 : 0;
