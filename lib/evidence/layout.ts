/** The byte layout of fragments: the columns, the meaning of their values, and how the columns are joined. */
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import type { Words } from '../net/address.ts';
import { ColumnReader, ColumnWriter } from './columns.ts';
import type { SeenContact } from './evidence.ts';
import { type HashKey, keyedHash } from './keyed-hash.ts';
import { SEEN_LATERAL } from './seen.ts';

/**
 * First byte of the stored bytes. Version 3 had one rate for all contacts of a source, and so never the bit UNEVEN.
 * Version 4 had one rate for all failed ones, and so never the bit LATERAL. Until version 5, targets, flows and
 * identities took more bytes (see {@link COMPACT}). Readers refuse any other version.
 */
const VERSION = 6;
const READABLE = [3, 4, 5, VERSION];
/**
 * Since this version, the bytes of targets are stored plane by plane, a target is told by its place only where it is
 * repeated, flows that follow from the source port are left out, and the ids of interface and instance are bytes.
 */
export const COMPACT = 6;
export const HOUR = 3600;

/** Brotli, unlike deflate, gives columns of different kinds their own codes. A higher quality gains next to nothing. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_LGWIN]: 18 } };

/** Far above the fullest item (about 360 KB). Without a limit, a few damaged bytes could decompress to gigabytes. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Bits for the properties in which a source departs from the ordinary. */
export const INSIDE = 1;
export const SAMPLED = 2;
export const OF_MANY_FILES = 4;
export const IDENTIFIED = 8;
export const IPV6 = 16;
/** Sampled, with other rates for touched and failed contacts than for answered ones. */
export const UNEVEN = 32;
/** Uneven, with a rate and cells of its own for failed contacts between private addresses. */
export const LATERAL = 64;

/** In the column of targets: the next one that has not been told yet. Others are told by their place, starting at 1. */
export const NEXT_TARGET = 0;

/** How the minutes of a contact are stored: the minute of its first record, none, or bits. */
export const FIRST_MINUTE = 0;
export const NO_MINUTE = 1;
export const MINUTE_BITS = 2;
/** Combined with the form of the minutes: the source port equals that of the source's previous contact. */
export const SAME_PORT = 4;
/**
 * Flows are 32 bits. Those that follow from the source port are stored as 0, one flow as its number starting at 1,
 * several flows as this and a word. Until version 5, 0 was no flow.
 */
export const SEVERAL_FLOWS = 33;
export const NO_FLOWS = 34;

/** The contact's `seen` bits and its protocol as one number, without what follows from its addresses. */
export const kindOf = ({ seen, protocol }: Pick<SeenContact, 'seen' | 'protocol'>): number =>
  (seen & ~SEEN_LATERAL) * 256 + protocol;
export const seenOf = (kind: number): number => Math.floor(kind / 256);
export const protocolOf = (kind: number): number => kind % 256;

/** The flows of one probe, as the kernel notes them (`flowBit` in `lib/kernel/assembly/contacts.ts`). */
export const flowsOfPort = (port: number): number => (port === 0 ? 0 : 1 << (Math.imul(port >>> 4, 0x9e3779b1) >>> 27));

/** The stored bytes are not fragments of a version that this code reads. */
export class CodecError extends Error {
  override name = 'CodecError';
}

export interface Addressed<T> {
  readonly words: Words;
  readonly of: T;
}

/**
 * The columns in the order in which they are stored. Columns of random bits are left out, since compressing them gains
 * nothing.
 */
const COMPRESSED = [
  'head',
  'targets',
  'kinds',
  'sources',
  'flags',
  'qualities',
  'counts',
  'rare',
  'target',
  'kind',
  'portHigh',
  'portLow',
  'ends',
  'lasts',
  'lengths',
  'minutes',
  'flows',
  'sizes',
] as const;
export type Columns<T> = Readonly<Record<(typeof COMPRESSED)[number] | 'random', T>>;

export const columnsOf = <T>(make: (name: string) => T): Columns<T> =>
  Object.fromEntries([...COMPRESSED, 'random'].map((name) => [name, make(name)])) as Columns<T>;

/** The hash of a contact as the contact table computes it (`lib/kernel/contact-table.ts`). */
export const hashOf = (key: HashKey, source: Words, target: Words, port: number, protocol: number): number =>
  keyedHash(key, (source[0] ^ source[2]) >>> 0, (source[1] ^ source[3]) >>> 0, ...target, port * 256 + protocol);

/** The bits of the minute that a second of the hour lies in, as low and high half. */
export function minuteOf(second: number): readonly [number, number] {
  const minute = Math.floor(second / 60);
  return minute < 30 ? [1 << minute, 0] : [0, 1 << (minute - 30)];
}

/** Joins the version, the compressed columns with their lengths, and the random bits. */
export function together(columns: Columns<ColumnWriter>): Uint8Array {
  const lengths = new ColumnWriter();
  const parts = COMPRESSED.map((name) => columns[name].done());
  for (const part of parts) lengths.number(part.length);
  const compressed = brotliCompressSync(Buffer.concat([lengths.done(), ...parts]), BROTLI);
  const head = new ColumnWriter();
  head.byte(VERSION);
  head.number(compressed.length);
  return Buffer.concat([head.done(), compressed, columns.random.done()]);
}

/** The version of stored bytes that {@link openColumns} has opened. */
export const versionOf = (stored: Uint8Array): number => stored[0]!;

export function openColumns(stored: Uint8Array): Columns<ColumnReader> {
  if (!READABLE.includes(stored[0]!))
    throw new CodecError(`fragment version must be ${READABLE.join(' or ')}, got ${stored[0]}`);
  try {
    return apart(stored);
  } catch (error) {
    throw damaged(error as Error);
  }
}

export const damaged = (error: Error): CodecError =>
  error instanceof CodecError ? error : new CodecError(`the fragment's bytes are damaged: ${error.message}`);

function apart(stored: Uint8Array): Columns<ColumnReader> {
  const outer = new ColumnReader(stored.subarray(1));
  const inner = new ColumnReader(brotliDecompressSync(outer.bytes(outer.number()), { maxOutputLength: MOST_BYTES }));
  const lengths = COMPRESSED.map(() => inner.number());
  const parts = new Map(COMPRESSED.map((name, at) => [name as string, inner.bytes(lengths[at]!)]));
  return columnsOf((name) => new ColumnReader(parts.get(name) ?? outer.bytes(outer.left)));
}
