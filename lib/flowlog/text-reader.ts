/**
 * Converts text of any encoding and form into the lines that the parser reads. Plain UTF-8 lines pass through
 * untouched.
 */
import type { LineParser } from './line-parser.ts';
import { formOf, type LineForm } from './text-forms.ts';

/** Number of first bytes that decide encoding and form, however small the arriving chunks are. */
const OPENING_BYTES = 4096;
/** The parser reports longer lines as too long and reads nothing else of them. */
const MAX_LINE = 65_536;
/** For UTF-16 without a byte order mark: share of the byte pairs that must be ASCII, and their minimum number. */
const [MOST_PAIRS, FEWEST_PAIRS] = [0.9, 8];

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

/** Reads the text of one file. Push its bytes in order, then call `end`. */
export class TextReader {
  /** Number of bytes that the parser received. */
  bytes = 0;
  #parser: LineParser;
  #columns: number;
  #check: (opening: Uint8Array) => void;
  #opening: Uint8Array | undefined = new Uint8Array(0);
  #decoder: InstanceType<typeof TextDecoder> | undefined;
  #form: LineForm | undefined;
  #carry = '';

  /**
   * @param columns how many columns a line has if there is no header.
   * @param check throws if the first bytes, read as UTF-8, are not text.
   */
  constructor(parser: LineParser, columns: number, check: (opening: Uint8Array) => void) {
    this.#parser = parser;
    this.#columns = columns;
    this.#check = check;
  }

  push(chunk: Uint8Array): void {
    if (this.#opening === undefined) {
      this.#take(chunk);
      return;
    }
    this.#opening = this.#opening.length ? Buffer.concat([this.#opening, chunk]) : chunk;
    if (this.#opening.length >= OPENING_BYTES) this.#begin(this.#opening);
  }

  /** The end of the text. `cut` says that the stream broke off. */
  end(cut: boolean): void {
    if (this.#opening?.length) this.#begin(this.#opening);
    if (this.#decoder) {
      this.#takeText(this.#decoder.decode());
      if (this.#carry) this.#hand(this.#form ? this.#form(this.#carry) : this.#carry);
    }
    this.#parser.end(cut);
  }

  #begin(opening: Uint8Array): void {
    this.#opening = undefined;
    const encoding = encodingOf(opening.subarray(0, OPENING_BYTES));
    const text = new TextDecoder(encoding).decode(opening.subarray(0, OPENING_BYTES), { stream: true });
    this.#check(encoding === 'utf-8' ? opening : Buffer.from(text));
    const first = text.split(/\r?\n/).find((line) => line.trim());
    this.#form = first === undefined ? undefined : formOf(first, this.#columns);
    if (this.#form || encoding !== 'utf-8') this.#decoder = new TextDecoder(encoding);
    this.#take(opening);
  }

  #take(chunk: Uint8Array): void {
    if (this.#decoder) this.#takeText(this.#decoder.decode(chunk, { stream: true }));
    else this.#handBytes(chunk);
  }

  #takeText(text: string): void {
    if (!this.#form) {
      this.#hand(text);
      return;
    }
    const lines = (this.#carry + text).split('\n');
    this.#carry = lines.pop()!.slice(0, MAX_LINE + 1);
    this.#hand(lines.map((line) => `${this.#form!(line.endsWith('\r') ? line.slice(0, -1) : line)}\n`).join(''));
  }

  #hand(text: string): void {
    if (text) this.#handBytes(Buffer.from(text));
  }

  #handBytes(bytes: Uint8Array): void {
    this.bytes += bytes.length;
    try {
      this.#parser.push(bytes);
    } catch (refusal) {
      // The rest of a refused file is not passed on.
      this.#decoder = undefined;
      throw refusal;
    }
  }
}

/** Recognises the encoding by its byte order mark, or by the zero bytes of ASCII characters in UTF-16. */
function encodingOf(opening: Uint8Array): Encoding {
  const [first, second] = opening;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  const pairs = Math.floor(opening.length / 2);
  const isText = (byte: number) => byte === 9 || byte === 10 || byte === 13 || (byte >= 32 && byte < 127);
  let [low, high] = [0, 0];
  for (let at = 0; at < pairs * 2; at += 2) {
    const [a, b] = [opening[at]!, opening[at + 1]!];
    if (b === 0 && isText(a)) low++;
    if (a === 0 && isText(b)) high++;
  }
  if (pairs < FEWEST_PAIRS || Math.max(low, high) < pairs * MOST_PAIRS) return 'utf-8';
  return low > high ? 'utf-16le' : 'utf-16be';
}
