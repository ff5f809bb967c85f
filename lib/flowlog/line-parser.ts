/** Parses the bytes of a text flow log into records: streaming, line by line, without creating a string per line. */

import { excerpt } from '../text/untrusted.ts';
import { type ColumnMap, columnMap, isHeader } from './columns.ts';
import { DEFAULT_FIELDS } from './fields.ts';
import type { FlowLogConsumer, LinesRead } from './record.ts';
import { RowReader } from './row-reader.ts';
import type { SkippedLines, SkipReason } from './skipped.ts';

const NEWLINE = 0x0a;
const MAX_LINE = 65_536;
/** Bytes to keep of an overlong line, enough to show it. */
const KEPT_OF_LONG_LINE = 128;
const NONE = new Uint8Array(0);

type Outcome = SkipReason | undefined;

/**
 * Accounts for every line and every byte of a text. Each line is a record, a row without data, a header, blank, skipped
 * for a reason, or the line at which reading ended with an error. Each byte, line ends included, belongs to a line that
 * was read, to a skipped line, or to the text from the refused line on.
 */
export interface Account {
  /** Header lines. */
  headers: number;
  /** Lines with nothing but white space. */
  blank: number;
  /** 1 if a header cannot support detection. */
  refused: number;
  /** Bytes of records, rows without data, headers and blank lines. */
  readBytes: number;
  /** Bytes of the skipped lines. */
  skippedBytes: number;
  /** Bytes of the refused line and of the buffered text after it. */
  unreadBytes: number;
}

/** Parses the text of one file. Push its bytes in order, then call `end`. */
export class LineParser {
  readonly skipped = new Map<SkipReason, SkippedLines>();
  lines = 0;
  readonly account: Account = { headers: 0, blank: 0, refused: 0, readBytes: 0, skippedBytes: 0, unreadBytes: 0 };
  /** Reads the single lines and counts them. */
  readonly rows: RowReader;
  #columns: ColumnMap | undefined;
  #fallback: readonly string[];
  readonly #consumer: FlowLogConsumer;
  #carry: Uint8Array = NONE;
  /** Bytes of the unfinished line, including those that were not kept. */
  #carried = 0;
  #discarding = false;

  /** @param fields columns of a file without a header. Default: the 14 default fields. */
  constructor(consumer: FlowLogConsumer, fields: readonly string[] = DEFAULT_FIELDS) {
    this.rows = new RowReader(consumer);
    this.#consumer = consumer;
    this.#fallback = fields;
  }

  /** @throws ColumnsError if a header cannot support detection. */
  push(chunk: Uint8Array): void {
    let from = 0;
    if (this.#carried) {
      const newline = chunk.indexOf(NEWLINE);
      const upTo = newline < 0 ? chunk.length : newline;
      this.#extendCarry(chunk.subarray(0, upTo));
      if (newline < 0) return;
      from = newline + 1;
      this.#finishCarry(1, chunk.length - from);
    }
    const reader = this.#consumer.lines?.(chunk);
    for (;;) {
      // Columns are known only after the first line, which is read here.
      if (reader && this.#columns) {
        const read = reader.read(from);
        this.#count(read, read.next - from);
        from = read.next;
      }
      for (; chunk[from] === NEWLINE; from++) this.#blank(1);
      const newline = chunk.indexOf(NEWLINE, from);
      if (newline < 0) break;
      this.#line(chunk, from, newline, newline + 1 - from, chunk.length - newline - 1);
      from = newline + 1;
    }
    if (from < chunk.length) this.#extendCarry(chunk.subarray(from));
  }

  /** The end of the file. `cut` says that the stream broke off, so an unfinished line does not count as a line. */
  end(cut = false): void {
    if (!this.#carried) return;
    if (cut) {
      this.lines++;
      this.#skip('cut short', this.#carry, this.#carried);
      this.#forgetCarry();
    } else this.#finishCarry(0, 0);
  }

  /** Counts lines that the consumer read by itself. */
  #count({ lines, records, noData }: LinesRead, bytes: number): void {
    this.lines += lines;
    this.rows.records += records;
    this.rows.noData += noData;
    this.account.blank += lines - records - noData;
    this.account.readBytes += bytes;
  }

  #extendCarry(part: Uint8Array): void {
    this.#carried += part.length;
    if (this.#discarding) return;
    this.#discarding = this.#carry.length + part.length > MAX_LINE;
    const fresh = this.#discarding ? part.subarray(0, KEPT_OF_LONG_LINE) : part;
    const joined = new Uint8Array(this.#carry.length + fresh.length);
    joined.set(this.#carry);
    joined.set(fresh, this.#carry.length);
    this.#carry = joined;
  }

  #forgetCarry(): void {
    this.#carry = NONE;
    this.#carried = 0;
    this.#discarding = false;
  }

  #finishCarry(lineEnd: number, behind: number): void {
    const [line, bytes, isTooLong] = [this.#carry, this.#carried + lineEnd, this.#discarding];
    this.#forgetCarry();
    if (isTooLong) {
      this.lines++;
      this.#skip('line too long', line, bytes);
    } else this.#line(line, 0, line.length, bytes, behind);
  }

  #blank(bytes: number): void {
    this.lines++;
    this.account.blank++;
    this.account.readBytes += bytes;
  }

  /** @param bytes length of the line including its end. @param behind buffered bytes after it. */
  #line(buffer: Uint8Array, start: number, end: number, bytes: number, behind: number): void {
    const text = start + (this.lines === 0 ? byteOrderMark(buffer, start) : 0);
    const isTooLong = end - start > MAX_LINE;
    const columns = isTooLong ? 0 : this.rows.split(buffer, text, end);
    if (columns === 0 && !isTooLong) {
      this.#blank(bytes);
      return;
    }
    this.lines++;
    let reason: Outcome;
    try {
      reason = isTooLong ? 'line too long' : this.#read(columns);
    } catch (fault) {
      this.account.refused++;
      this.account.unreadBytes += bytes + behind;
      throw fault;
    }
    if (reason) this.#skip(reason, buffer.subarray(start, end), bytes);
    else this.account.readBytes += bytes;
  }

  #read(columns: number): Outcome {
    if (this.rows.isAllWords(columns)) {
      const tokens = this.rows.tokens(columns);
      if (isHeader(tokens)) return this.#header(tokens);
    }
    if (this.#columns === undefined) this.#useColumns(columnMap(this.#fallback, 'the list of fields'));
    const expected = this.#columns!.names.length;
    if (columns !== expected) return columns < expected ? 'too few columns' : 'too many columns';
    return this.rows.row();
  }

  #header(tokens: readonly string[]): undefined {
    this.#useColumns(columnMap(tokens));
    this.account.headers++;
  }

  #useColumns(columns: ColumnMap): void {
    this.#columns = columns;
    this.rows.useColumns(columns);
  }

  #skip(reason: SkipReason, line: Uint8Array, bytes: number): void {
    this.account.skippedBytes += bytes;
    const known = this.skipped.get(reason);
    if (known) known.count++;
    else this.skipped.set(reason, { reason, count: 1, firstLine: this.lines, excerpt: excerpt(line) });
  }
}

/** Length of the byte order mark that some editors put first. Otherwise it would be part of the first field's name. */
const byteOrderMark = (buffer: Uint8Array, at: number): number =>
  buffer[at] === 0xef && buffer[at + 1] === 0xbb && buffer[at + 2] === 0xbf ? 3 : 0;
