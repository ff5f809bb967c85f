/**
 * Checks the pages of a column before hyparquet decodes them. hyparquet trusts their claims, so one wrong bit in a
 * length or a run can make it loop forever, exhaust memory, or read one page's values from the next (parquet-format:
 * README.md, Encodings.md).
 */
import { readStruct, type Struct } from './thrift.ts';

/** A page is invalid. */
class PageError extends Error {
  override name = 'PageError';
}

/** The footer's claims about a column, as far as pages must agree with them. */
export interface ColumnClaims {
  /** Physical type, such as BYTE_ARRAY. */
  readonly type: string;
  readonly rows: number;
  /** Whether values may be missing. */
  readonly isOptional: boolean;
  readonly isCompressed: boolean;
}

/** Checks the bytes of one page once they are decompressed. */
export type BodyCheck = (body: Uint8Array) => void;

/** The format's writers make pages of about one MB. */
const MOST_PAGE_BYTES = 128 * 1024 * 1024;

/** Types of pages and encodings, by number. */
const [DATA, DICTIONARY, DATA_V2] = [0, 2, 3];
const [PLAIN, PLAIN_DICTIONARY, RLE, RLE_DICTIONARY] = [0, 2, 3, 8];
/** Field ids of the page header, and of the headers for each kind of page inside it. */
const [TYPE, UNCOMPRESSED_SIZE, COMPRESSED_SIZE, DATA_HEADER, DICTIONARY_HEADER, DATA_HEADER_V2] = [1, 2, 3, 5, 7, 8];
const [VALUES, ENCODING] = [1, 2];
const [V2_NULLS, V2_ROWS, V2_ENCODING, V2_DEFINITION_BYTES, V2_REPETITION_BYTES, V2_IS_COMPRESSED] = [2, 3, 4, 5, 6, 7];
const FIXED_SIZES: Readonly<Record<string, number>> = { INT32: 4, INT64: 8, INT96: 12, FLOAT: 4, DOUBLE: 8 };

/**
 * Walks through the pages of a flat column. Uncompressed bodies are checked here. For each compressed body, a check is
 * returned, in order.
 * @throws PageError if a header or a body is invalid.
 */
export function checkPages(chunk: Uint8Array, claims: ColumnClaims): BodyCheck[] {
  const checks: BodyCheck[] = [];
  let [at, rows] = [0, 0];
  let dictionary: number | undefined;
  while (rows < claims.rows) {
    const header = readStruct(chunk, at);
    const size = sizeOf(header, COMPRESSED_SIZE, 'compressed size');
    const body = chunk.subarray(header.end, header.end + size);
    if (body.length < size) throw new PageError(`a page of ${size} bytes goes on beyond its column`);
    at = header.end + size;
    const page = pageOf(header, claims, dictionary);
    dictionary = page.dictionary ?? dictionary;
    rows += page.rows;
    if (page.levels && claims.isOptional)
      checkLevels(body.subarray(0, page.levels.bytes), page.rows, page.levels.nulls);
    const packed = body.subarray(page.levels?.bytes ?? 0);
    const whole = sizeOf(header, UNCOMPRESSED_SIZE, 'size') - (page.levels?.bytes ?? 0);
    if (page.isCompressed) checks.push(page.check);
    else if (packed.length !== whole) throw new PageError(`a page has ${packed.length} bytes and claims ${whole}`);
    else page.check(packed);
  }
  if (rows !== claims.rows) throw new PageError(`the pages contain ${rows} rows, the footer claims ${claims.rows}`);
  return checks;
}

interface Page {
  readonly rows: number;
  readonly isCompressed: boolean;
  readonly check: BodyCheck;
  /** Number of values in the dictionary. */
  readonly dictionary?: number;
  /** Levels in front of the compressed bytes. */
  readonly levels?: { readonly bytes: number; readonly nulls: number };
}

function pageOf(header: Struct, claims: ColumnClaims, dictionary: number | undefined): Page {
  const type = header.numbers.get(TYPE);
  const { isCompressed } = claims;
  if (type === DICTIONARY) {
    const values = sizeOf(partOf(header, DICTIONARY_HEADER), VALUES, 'number of values');
    return { rows: 0, isCompressed, dictionary: values, check: (body) => checkPlain(body, claims.type, values) };
  }
  if (type === DATA) {
    const data = partOf(header, DATA_HEADER);
    const rows = sizeOf(data, VALUES, 'number of values');
    checkRows(rows, claims);
    const encoding = data.numbers.get(ENCODING);
    const check = (body: Uint8Array) => {
      const [start, values] = claims.isOptional ? checkOwnLevels(body, rows) : [0, rows];
      checkValues(body.subarray(start), { type: claims.type, encoding, values, dictionary });
    };
    return { rows, isCompressed, check };
  }
  if (type !== DATA_V2) throw new PageError(`a page is of the unknown type ${type}`);
  return pageV2(partOf(header, DATA_HEADER_V2), claims, dictionary);
}

function pageV2(data: Struct, claims: ColumnClaims, dictionary: number | undefined): Page {
  const rows = sizeOf(data, VALUES, 'number of values');
  const nulls = sizeOf(data, V2_NULLS, 'number of nulls');
  const bytes = sizeOf(data, V2_DEFINITION_BYTES, 'length of levels');
  if (data.numbers.get(V2_ROWS) !== rows || data.numbers.get(V2_REPETITION_BYTES) !== 0)
    throw new PageError('a page of a flat column claims other rows than values');
  checkRows(rows, claims);
  if (!claims.isOptional && (nulls || bytes)) throw new PageError('values are missing in a column that has all');
  const encoding = data.numbers.get(V2_ENCODING);
  const check = (body: Uint8Array) =>
    checkValues(body, { type: claims.type, encoding, values: rows - nulls, dictionary });
  const isCompressed = claims.isCompressed && data.numbers.get(V2_IS_COMPRESSED) !== 0;
  return { rows, isCompressed, check, levels: { bytes, nulls } };
}

function partOf(header: Struct, field: number): Struct {
  const part = header.structs.get(field);
  if (!part) throw new PageError('a page has no header of its kind');
  return part;
}

function sizeOf({ numbers }: Struct, field: number, what: string): number {
  const value = numbers.get(field);
  if (value === undefined || !(value >= 0 && value <= MOST_PAGE_BYTES))
    throw new PageError(`the ${what} of a page must be from 0 to ${MOST_PAGE_BYTES}, got ${value}`);
  return value;
}

function checkRows(rows: number, claims: ColumnClaims): void {
  if (rows > claims.rows) throw new PageError(`a page claims ${rows} of ${claims.rows} rows`);
}

/** Checks the levels of a version 2 page, whose header says how many values are missing. */
function checkLevels(levels: Uint8Array, rows: number, nulls: number): void {
  const present = runsOf(levels, 1, rows, 2);
  if (present !== rows - nulls) throw new PageError(`${rows - present} values are missing, the page claims ${nulls}`);
}

/** Checks the levels at the beginning of a version 1 page. Returns where they end and how many values there are. */
function checkOwnLevels(body: Uint8Array, rows: number): readonly [number, number] {
  if (body.length < 4) throw new PageError('a page is cut short');
  const length = Buffer.from(body.buffer, body.byteOffset, body.length).readUInt32LE();
  if (length > body.length - 4) throw new PageError('the levels of a page go on beyond its end');
  return [4 + length, runsOf(body.subarray(4, 4 + length), 1, rows, 2)];
}

interface Values {
  readonly type: string;
  readonly encoding: number | undefined;
  readonly values: number;
  /** Number of values in the preceding dictionary, if there was one. */
  readonly dictionary: number | undefined;
}

function checkValues(body: Uint8Array, { type, encoding, values, dictionary }: Values): void {
  if (encoding === PLAIN) checkPlain(body, type, values);
  else if (encoding === PLAIN_DICTIONARY || encoding === RLE_DICTIONARY) {
    if (dictionary === undefined) throw new PageError('a page uses a missing dictionary');
    // A page without any value may even leave out the width.
    if (values === 0 && body.length === 0) return;
    const [width = 0] = body;
    if (width > 32) throw new PageError(`places in a dictionary have ${width} bits`);
    if (width === 0 && values > 0 && dictionary === 0) throw new PageError('a page uses an empty dictionary');
    if (width > 0) runsOf(body.subarray(1), width, values, dictionary);
  } else if (encoding === RLE) {
    if (type !== 'BOOLEAN' || body.length < 4) throw new PageError('runs of values are for booleans');
    runsOf(body.subarray(4), 1, values, 2);
  }
  // The decoders of delta encodings stop at the requested count and never read beyond their page.
}

function checkPlain(body: Uint8Array, type: string, values: number): void {
  const size = FIXED_SIZES[type];
  if (size !== undefined) {
    if (values * size > body.length) throw new PageError(`${values} values do not fit into ${body.length} bytes`);
  } else if (type === 'BYTE_ARRAY') {
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
    let at = 0;
    for (let left = values; left > 0; left--) {
      if (at + 4 > bytes.length) throw new PageError('a text goes on beyond its page');
      at += 4 + bytes.readUInt32LE(at);
    }
    if (at > bytes.length) throw new PageError('a text goes on beyond its page');
  }
}

/**
 * Walks through runs of numbers (the hybrid of run lengths and bit packing).
 * @param below upper bound that each number must stay below, as far as they are checked.
 * @returns how many of the first `count` numbers are not 0, if they have one bit each.
 * @throws PageError if there are too few, too many equal ones, or larger ones.
 */
function runsOf(bytes: Uint8Array, width: number, count: number, below: number): number {
  let [at, seen, some] = [0, 0, 0];
  const number = (length: number) => {
    let value = 0;
    for (let n = 0; n < length; n++) value += (bytes[at + n] ?? 0) * 256 ** n;
    at += length;
    return value;
  };
  while (seen < count) {
    let head = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || scale > 2 ** 35) throw new PageError('runs end before their page does');
      head += (byte & 127) * scale;
      if (byte < 128) break;
    }
    const isPacked = head % 2 === 1;
    const length = Math.floor(head / 2) * (isPacked ? 8 : 1);
    // Writers pad packed runs, some to 256 numbers, and may end with an empty run of equal numbers.
    if (isPacked ? length === 0 : length > count - seen)
      throw new PageError(`a run has ${length} numbers where ${count - seen} are left`);
    const size = isPacked ? (length / 8) * width : Math.ceil(width / 8);
    if (at + size > bytes.length) throw new PageError('a run goes on beyond its page');
    if (isPacked) {
      // A packed index beyond the dictionary leaves a value undefined, which is noticed later.
      if (width === 1) some += bitsIn(bytes.subarray(at, at + size), Math.min(length, count - seen));
      at += size;
    } else {
      const value = number(size);
      if (value >= below) throw new PageError(`got ${value} where numbers are below ${below}`);
      if (value) some += length;
    }
    seen += length;
  }
  return some;
}

/** How many of the first `count` bits are set, the lowest of each byte first. */
function bitsIn(bytes: Uint8Array, count: number): number {
  let bits = 0;
  for (let at = 0; at * 8 < count; at++) {
    const left = count - at * 8;
    for (let byte = bytes[at]! & (left < 8 ? (1 << left) - 1 : 255); byte; byte &= byte - 1) bits++;
  }
  return bits;
}
