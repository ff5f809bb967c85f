/** Reads structs of Thrift's compact protocol (thrift-compact-protocol.md), as far as the Parquet checks need it. */

/** The bytes are not a struct, or end inside it. */
class ThriftError extends Error {
  override name = 'ThriftError';
}

/** The whole numbers and booleans of a struct by field id, and its nested structs. */
export interface Struct {
  readonly numbers: ReadonlyMap<number, number>;
  readonly structs: ReadonlyMap<number, Struct>;
  /** The position after the struct. */
  readonly end: number;
}

const [STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, STRUCT] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12,
];
/** Maximum nesting depth. A footer has seven levels. */
const DEEPEST = 16;

/** The struct at `at`. @throws ThriftError if the bytes are not a struct. */
export function readStruct(bytes: Uint8Array, at: number, depth = 0): Struct {
  if (depth > DEEPEST) throw new ThriftError('structs are nested too deeply');
  const numbers = new Map<number, number>();
  const structs = new Map<number, Struct>();
  const reader = new Reader(bytes, at);
  let field = 0;
  for (;;) {
    const head = reader.byte();
    const type = head & 15;
    if (type === STOP) return { numbers, structs, end: reader.at };
    field = head >> 4 ? field + (head >> 4) : reader.zigzag();
    if (type === TRUE || type === FALSE) numbers.set(field, type === TRUE ? 1 : 0);
    else if (type === STRUCT) {
      const struct = readStruct(bytes, reader.at, depth + 1);
      structs.set(field, struct);
      reader.at = struct.end;
    } else {
      const value = skip(reader, type, depth);
      if (value !== undefined) numbers.set(field, value);
    }
  }
}

/** Skips a value. Returns it if it is a whole number. */
function skip(reader: Reader, type: number, depth: number): number | undefined {
  if (type === BYTE) return reader.byte();
  if (type === I16 || type === I32 || type === I64) return reader.zigzag();
  if (type === DOUBLE) reader.pass(8);
  else if (type === BINARY) reader.pass(reader.number());
  else if (type === LIST || type === SET) {
    const head = reader.byte();
    const count = head >> 4 === 15 ? reader.number() : head >> 4;
    // Each element takes at least one byte, so a false count stops at the end of the bytes.
    for (let left = count; left > 0; left--) skip(reader, (head & 15) === TRUE ? BYTE : head & 15, depth);
  } else if (type === FALSE) reader.pass(1);
  else if (type === STRUCT) reader.at = readStruct(reader.bytes, reader.at, depth + 1).end;
  else throw new ThriftError(`a value is of the unknown type ${type}`);
  return undefined;
}

class Reader {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  byte(): number {
    const value = this.bytes[this.at++];
    if (value === undefined) throw new ThriftError('a struct goes on beyond the end');
    return value;
  }

  /**
   * An unsigned number, seven bits per byte, the lowest first. Exact below 2^53, which covers all numbers that matter.
   */
  number(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 63; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw new ThriftError('a number has too many digits');
  }

  zigzag(): number {
    const value = this.number();
    return value % 2 ? -(value + 1) / 2 : value / 2;
  }

  pass(length: number): void {
    this.at += length;
    if (this.at > this.bytes.length) throw new ThriftError('a value goes on beyond the end');
  }
}
