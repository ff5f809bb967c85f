/**
 * Cuts text into JSON values as it arrives: one value per line, objects printed over many lines, arrays, and the lists
 * inside `Records`, `items`, `events` and `logEvents`. Only the value that is being read is held in memory.
 */

/** Takes the pieces of a file in order. */
export interface ValueTaker {
  /** One JSON value, or a line that may hold one. */
  value(text: string): void;
  /** A value that was dropped, because it is longer than {@link LONGEST_VALUE}. */
  tooLong(): void;
}

/** Bytes of the longest value. A request to Kubernetes has at most 1.5 MiB, and its event holds it twice. */
const LONGEST_VALUE = 16 * 1024 * 1024;
/** Names of lists whose elements are events: CloudTrail, Kubernetes' EventList, CloudWatch Logs. */
const LISTS: ReadonlySet<string> = new Set(['Records', 'records', 'items', 'events']);
/** A first line that begins a list, or a value of several lines. */
const BEGINS_LIST =
  /^(\[|\{\s*(?:"\w{1,20}"\s*:\s*(?:"[^"]{0,60}"|\{\})\s*,\s*){0,4}"(Records|records|items|events)"\s*:\s*\[)/;
const BEGINS_LINES = /^\{\s*$/;
/** Bytes of an unfinished line that are enough to recognise a list. */
const ENOUGH_TO_TELL = 256;
const [NEWLINE, QUOTE, BACKSLASH, OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [10, 34, 92, 123, 125, 91, 93];
const BYTE_ORDER_MARK = 0xfeff;

/** Cuts the bytes of one file. */
export class JsonValues {
  readonly #taker: ValueTaker;
  readonly #scanner: Scanner;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #mode: 'unknown' | 'lines' | 'scan' = 'unknown';
  #isTooLong = false;

  constructor(taker: ValueTaker) {
    this.#taker = taker;
    this.#scanner = new Scanner(taker);
  }

  /** Takes the next bytes. */
  push(chunk: Uint8Array): void {
    if (this.#mode === 'scan') {
      this.#scanner.push(chunk);
      return;
    }
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#line(this.#finish(chunk.subarray(start, end)));
      start = end + 1;
      // The first line decided for the scanner, which has seen it.
      if (this.#isScanning()) {
        this.#scanner.push(chunk.subarray(start));
        return;
      }
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start));
  }

  /** The file ends. */
  end(): void {
    if (this.#heldBytes || this.#isTooLong) this.#line(this.#finish(new Uint8Array(0)));
    if (this.#isScanning()) this.#scanner.end();
  }

  #isScanning(): boolean {
    return this.#mode === 'scan';
  }

  /** Holds the beginning of a line whose end has not arrived. A list on one line is cut while it arrives. */
  #hold(part: Uint8Array): void {
    if (this.#heldBytes + part.length > LONGEST_VALUE) {
      this.#isTooLong = true;
      this.#held = [];
      this.#heldBytes = 0;
      return;
    }
    // A copy, since the reader may use its buffer again.
    this.#held.push(part.slice());
    this.#heldBytes += part.length;
    if (this.#mode !== 'unknown' || this.#heldBytes < ENOUGH_TO_TELL || this.#heldBytes - part.length >= ENOUGH_TO_TELL)
      return;
    const begun = Buffer.concat(this.#held);
    if (!BEGINS_LIST.test(decode(begun.subarray(0, ENOUGH_TO_TELL)).trimStart())) return;
    this.#mode = 'scan';
    this.#held = [];
    this.#heldBytes = 0;
    this.#scanner.push(begun);
  }

  /** The whole line, which may have begun in an earlier piece. Undefined for one that was too long. */
  #finish(part: Uint8Array): string | undefined {
    if (this.#isTooLong) return undefined;
    if (!this.#heldBytes) return decode(part);
    const text = decode(Buffer.concat([...this.#held, part]));
    this.#held = [];
    this.#heldBytes = 0;
    return text;
  }

  #line(text: string | undefined): void {
    if (text === undefined) {
      this.#isTooLong = false;
      this.#taker.tooLong();
      return;
    }
    if (this.#mode === 'unknown') {
      const trimmed = text.trim();
      if (!trimmed) return;
      this.#mode = BEGINS_LIST.test(trimmed) || BEGINS_LINES.test(trimmed) ? 'scan' : 'lines';
      if (this.#isScanning()) {
        this.#scanner.push(Buffer.from(`${text}\n`));
        return;
      }
    }
    if (text.length > 1 || text.trim()) this.#taker.value(text);
  }
}

/** UTF-8 as text. Bytes that are no UTF-8 become U+FFFD. */
function decode(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
}

/** Follows brackets and quotes, and hands on each element of a list of events, or each whole object. */
class Scanner {
  readonly #taker: ValueTaker;
  /** Open brackets from the outermost. `isList`: its elements are values of their own. */
  #open: { readonly bracket: number; readonly isList: boolean }[] = [];
  #parts: Uint8Array[] = [];
  #bytes = 0;
  /** Depth at which the value that is being read began, or -1. */
  #from = -1;
  #isQuoted = false;
  #isEscaped = false;
  /** The last text at the depth of an outer object, which may be the name of a list. */
  #name = '';
  #nameBytes: number[] | undefined;
  #isTooLong = false;

  constructor(taker: ValueTaker) {
    this.#taker = taker;
  }

  push(chunk: Uint8Array): void {
    let start = this.#from >= 0 ? 0 : -1;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (this.#isQuoted) {
        this.#quoted(byte);
        continue;
      }
      if (byte === QUOTE) {
        this.#isQuoted = true;
        if (this.#open.length === 1) this.#nameBytes = [];
      } else if (byte === OPEN || byte === OPEN_LIST) {
        const isList = byte === OPEN_LIST && this.#isListOfEvents();
        if (isList) {
          // What was held of the object around the list is not an event.
          this.#drop();
          start = -1;
        } else if (byte === OPEN && this.#from < 0) {
          this.#from = this.#open.length;
          start = at;
        }
        this.#open.push({ bracket: byte, isList });
      } else if (byte === CLOSE || byte === CLOSE_LIST) {
        this.#open.pop();
        if (this.#from >= 0 && this.#open.length === this.#from) {
          this.#keep(chunk.subarray(start, at + 1));
          this.#give();
          start = -1;
        }
      }
    }
    if (start >= 0) this.#keep(chunk.subarray(start));
  }

  /** The file ends. A value without its end is handed on as it is. */
  end(): void {
    if (this.#from >= 0) this.#give();
  }

  #quoted(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === BACKSLASH) this.#isEscaped = true;
    else if (byte === QUOTE) {
      this.#isQuoted = false;
      if (this.#nameBytes) this.#name = Buffer.from(this.#nameBytes).toString('latin1');
      this.#nameBytes = undefined;
      return;
    }
    if (this.#nameBytes && this.#nameBytes.length < 16) this.#nameBytes.push(byte);
  }

  #isListOfEvents(): boolean {
    if (this.#open.length === 0) return true;
    return this.#open.length === 1 && this.#open[0]!.bracket === OPEN && LISTS.has(this.#name);
  }

  #keep(part: Uint8Array): void {
    if (this.#isTooLong) return;
    if (this.#bytes + part.length > LONGEST_VALUE) {
      this.#isTooLong = true;
      this.#parts = [];
      return;
    }
    this.#parts.push(part.slice());
    this.#bytes += part.length;
  }

  #give(): void {
    const isTooLong = this.#isTooLong;
    const text = isTooLong ? '' : decode(Buffer.concat(this.#parts));
    this.#drop();
    if (isTooLong) this.#taker.tooLong();
    else this.#taker.value(text);
  }

  #drop(): void {
    this.#parts = [];
    this.#bytes = 0;
    this.#from = -1;
    this.#isTooLong = false;
  }
}
