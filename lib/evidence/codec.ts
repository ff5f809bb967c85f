/**
 * Encodes fragments for the windows table, one or many of an hour together. The bytes are compressed column by column
 * and leave out whatever follows from the rest. The same fragments give the same bytes in any order.
 */

import { CELL_SHIFT } from '../kernel/rows.ts';
import { formatAddress, isIpv4, parseAddress, V4_PREFIX, type Words } from '../net/address.ts';
import { isPrivate } from '../net/networks.ts';
import { type ColumnReader, ColumnWriter } from './columns.ts';
import type { Fragment, SeenContact } from './evidence.ts';
import type { Identity } from './interfaces.ts';
import type { HashKey } from './keyed-hash.ts';
import {
  type Addressed,
  CodecError,
  type Columns,
  columnsOf,
  damaged,
  FIRST_MINUTE,
  HOUR,
  hashOf,
  IDENTIFIED,
  INSIDE,
  IPV6,
  LATERAL,
  MINUTE_BITS,
  minuteOf,
  NO_MINUTE,
  OF_MANY_FILES,
  openColumns,
  SAME_PORT,
  SAMPLED,
  SEVERAL_FLOWS,
  together,
  UNEVEN,
} from './layout.ts';
import { EVERYTHING, isPartial, type Sample } from './sample.ts';
import { SEEN_LATERAL } from './seen.ts';

const MOST_CELL = 2 ** (33 - CELL_SHIFT) - 1;
/** An hour in the year 2106. Records end by 2099, so a later hour cannot be a date. */
const LAST_HOUR = 1_200_000;

/**
 * Encodes fragments that share a scope and an hour. Neither is part of the bytes.
 * @param key the key of the contacts' hashes. Hashes that follow from it are not stored.
 */
export function encodeFragments(fragments: readonly Fragment[], key?: HashKey): Uint8Array {
  const sources = fragments.map((of) => ({ words: parseAddress(of.address)!, of })).sort(byWords);
  const contacts = sources.map(({ of }) => of.contacts.map(addressed).sort(byContact));
  const isDerived = key !== undefined && sources.every(({ words }, at) => areDerived(key, words, contacts[at]!));
  const columns = columnsOf(() => new ColumnWriter());
  columns.head.number(fragments[0]?.hour ?? 0);
  columns.head.number(sources.length);
  columns.head.number(Number(isDerived));
  const targets = dictionary(columns.targets, contacts, ({ of }) => of.target, writeAddress);
  const kinds = dictionary(columns.kinds, contacts, ({ of }) => kindOf(of), writeNumber);
  let before = 0;
  for (const [at, { words, of }] of sources.entries()) {
    writeSource(columns, words, of, before);
    before = words[3];
    columns.counts.number(of.contacts.length);
    let portBefore = 0;
    for (const { of: contact } of contacts[at]!) {
      columns.target.number(targets.get(contact.target)!);
      columns.kind.number(kinds.get(kindOf(contact))!);
      writeContact(columns, contact, of.hour * HOUR, portBefore);
      portBefore = contact.sourcePort;
      if (!isDerived) columns.random.word(contact.hash);
    }
  }
  return together(columns);
}

/** Encodes one fragment. */
export const encodeFragment = (fragment: Fragment, key?: HashKey): Uint8Array => encodeFragments([fragment], key);

/** Options that limit what is decoded. */
export interface DecodeOptions {
  /** The key of the hashes that were not stored. */
  readonly key?: HashKey | undefined;
  /** Selects sources by address. Default: all. */
  readonly wants?: (address: string) => boolean;
}

/**
 * The fragments in stored bytes.
 * @throws CodecError when the bytes are of another version or damaged.
 */
export function decodeFragments(scope: string, stored: Uint8Array, options: DecodeOptions = {}): Fragment[] {
  const columns = openColumns(stored);
  try {
    return read(scope, columns, options);
  } catch (error) {
    throw damaged(error as Error);
  }
}

/** The fragment of one source from its bytes. @throws CodecError as {@link decodeFragments}. */
export function decodeFragment({ scope }: { readonly scope: string }, stored: Uint8Array, key?: HashKey): Fragment {
  const [fragment] = decodeFragments(scope, stored, { key });
  if (!fragment) throw new CodecError("the fragment's bytes are damaged: they contain no source");
  return fragment;
}

/** A source, with what was seen of each of its contacts. */
export interface Glance {
  readonly address: string;
  readonly seen: readonly number[];
}

/**
 * Lists the sources in stored bytes and what was seen of each contact. A pass over many sources needs no more, and this
 * takes a fraction of the time.
 * @throws CodecError as {@link decodeFragments}, where it meets damaged bytes.
 */
export function* glance(stored: Uint8Array): Generator<Glance> {
  const columns = openColumns(stored);
  try {
    yield* glancesAt(columns);
  } catch (error) {
    throw damaged(error as Error);
  }
}

function* glancesAt(columns: Columns<ColumnReader>): Generator<Glance> {
  columns.head.number();
  const kinds = readNumbers(columns.kinds);
  let before = 0;
  for (let left = columns.head.number(); left > 0; left--) {
    const words = readWords(columns.sources, columns.flags.byte(), before);
    before = words[3];
    const seen: number[] = [];
    for (let count = columns.counts.number(); count > 0; count--) seen.push(seenOf(kinds[columns.kind.number()] ?? 0));
    yield { address: formatAddress(...words), seen };
  }
}

const addressed = (of: SeenContact): Addressed<SeenContact> => ({ words: parseAddress(of.target)!, of });

const byWords = ({ words: a }: Addressed<unknown>, { words: b }: Addressed<unknown>): number =>
  a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3];

const byContact = (a: Addressed<SeenContact>, b: Addressed<SeenContact>): number =>
  byWords(a, b) || a.of.port - b.of.port || a.of.protocol - b.of.protocol;

const areDerived = (key: HashKey, source: Words, contacts: readonly Addressed<SeenContact>[]): boolean =>
  contacts.every(({ words, of }) => of.hash === hashOf(key, source, words, of.port, of.protocol));

/** The contact's `seen` bits and its protocol as one number, without what follows from its addresses. */
const kindOf = ({ seen, protocol }: SeenContact): number => (seen & ~SEEN_LATERAL) * 256 + protocol;
const seenOf = (kind: number): number => Math.floor(kind / 256);

/** Writes the distinct values of all contacts in order of first appearance. Returns the position of each value. */
function dictionary<T>(
  column: ColumnWriter,
  contacts: readonly (readonly Addressed<SeenContact>[])[],
  tell: (contact: Addressed<SeenContact>) => T,
  write: (column: ColumnWriter, contact: Addressed<SeenContact>, value: T) => void,
): ReadonlyMap<T, number> {
  const places = new Map<T, number>();
  for (const own of contacts) {
    for (const contact of own) {
      const value = tell(contact);
      if (places.has(value)) continue;
      places.set(value, places.size);
      write(column, contact, value);
    }
  }
  return places;
}

const writeNumber = (column: ColumnWriter, _: unknown, value: number): void => column.number(value);

function writeAddress(column: ColumnWriter, { words }: Addressed<unknown>): void {
  column.byte(isIpv4(words) ? 4 : 6);
  for (const word of isIpv4(words) ? [words[3]] : words) column.word(word);
}

function writeSource(columns: Columns<ColumnWriter>, words: Words, of: Fragment, before: number): void {
  if (isIpv4(words)) columns.sources.number(words[3] - before);
  else for (const word of words) columns.sources.word(word);
  columns.flags.byte(
    (of.inside ? INSIDE : 0) |
      (isPartial(of.sample) ? SAMPLED : 0) |
      (isUneven(of.sample) ? UNEVEN | LATERAL : 0) |
      (of.fragments > 1 ? OF_MANY_FILES : 0) |
      (of.identity ? IDENTIFIED : 0) |
      (isIpv4(words) ? 0 : IPV6),
  );
  // A number below 128 takes one byte, as it did before there were more quality bits.
  columns.qualities.number(of.quality);
  if (isPartial(of.sample)) writeSample(columns.rare, of.sample);
  if (of.fragments > 1) columns.rare.number(of.fragments);
  if (of.identity) columns.rare.text(JSON.stringify(of.identity));
}

const isUneven = ({ failed, lateral, answered }: Sample): boolean => failed !== answered || lateral !== answered;

function writeSample(column: ColumnWriter, sample: Sample): void {
  column.word(sample.answered);
  if (!isUneven(sample)) return;
  column.word(sample.touched);
  column.word(sample.failed);
  column.word(sample.lateral);
  column.number(sample.leftOut.length);
  let before = 0;
  for (const cell of sample.leftOut) {
    column.number(cell - before);
    before = cell;
  }
}

function writeContact(columns: Columns<ColumnWriter>, contact: SeenContact, base: number, portBefore: number): void {
  columns.portHigh.byte(contact.port >>> 8);
  columns.portLow.byte(contact.port & 255);
  columns.ends.number(contact.firstEnd - base);
  columns.lasts.number(contact.lastEnd - contact.firstEnd);
  columns.lengths.number(contact.firstEnd - contact.firstStart);
  columns.sizes.byte(contact.packetBytes);
  const isSamePort = contact.sourcePort === portBefore;
  if (!isSamePort) {
    columns.random.byte(contact.sourcePort & 255);
    columns.random.byte(contact.sourcePort >>> 8);
  }
  writeMinutes(columns, contact, base, isSamePort ? SAME_PORT : 0);
  const { flows } = contact;
  const isSeveral = (flows & (flows - 1)) !== 0;
  columns.flows.byte(flows === 0 ? 0 : isSeveral ? SEVERAL_FLOWS : 32 - Math.clz32(flows));
  if (isSeveral) columns.rare.word(flows);
}

function writeMinutes(columns: Columns<ColumnWriter>, contact: SeenContact, base: number, port: number): void {
  const { minutesLow, minutesHigh } = contact;
  const [low, high] = minuteOf(contact.firstEnd - base);
  if (minutesLow === low && minutesHigh === high) columns.minutes.byte(FIRST_MINUTE | port);
  else if (minutesLow === 0 && minutesHigh === 0) columns.minutes.byte(NO_MINUTE | port);
  else {
    columns.minutes.byte(MINUTE_BITS | port);
    columns.rare.word(minutesLow);
    columns.rare.word(minutesHigh);
  }
}

function read(scope: string, columns: Columns<ColumnReader>, { key, wants = () => true }: DecodeOptions): Fragment[] {
  const { head } = columns;
  const hour = head.number();
  if (hour > LAST_HOUR) throw new CodecError(`an hour must be at most ${LAST_HOUR}, got ${hour}`);
  const count = head.number();
  const isDerived = head.number() === 1;
  if (isDerived && !key) throw new CodecError('hashes were not stored, and the key to compute them is missing');
  const targets = readAddresses(columns.targets);
  const kinds = readNumbers(columns.kinds);
  const fragments: Fragment[] = [];
  let before = 0;
  for (let n = 0; n < count; n++) {
    const flags = columns.flags.byte();
    const words = readWords(columns.sources, flags, before);
    before = words[3];
    const address = formatAddress(...words);
    const pane = readPane(columns, flags, hour);
    const isWanted = wants(address);
    const contacts: SeenContact[] = [];
    const reading = {
      targets,
      kinds,
      hour,
      derive: isDerived ? key : undefined,
      words,
      isPrivate: isPrivate(words),
      portBefore: 0,
    };
    for (let left = columns.counts.number(); left > 0; left--) {
      const contact = readContact(columns, isWanted, reading);
      if (contact) contacts.push(contact);
    }
    if (isWanted) fragments.push({ scope, address, ...pane, contacts });
  }
  if (Object.values(columns).some(({ left }) => left > 0)) throw new CodecError('a column goes on beyond its end');
  return fragments;
}

interface Target {
  readonly words: Words;
  readonly text: string;
  readonly isPrivate: boolean;
}

function readAddresses(column: ColumnReader): Target[] {
  const addresses: Target[] = [];
  while (column.left) {
    const words: Words =
      column.byte() === 4
        ? [0, 0, V4_PREFIX, column.word()]
        : [column.word(), column.word(), column.word(), column.word()];
    addresses.push({ words, text: formatAddress(...words), isPrivate: isPrivate(words) });
  }
  return addresses;
}

function readNumbers(column: ColumnReader): number[] {
  const numbers: number[] = [];
  while (column.left) numbers.push(column.number());
  return numbers;
}

const readWords = (column: ColumnReader, flags: number, before: number): Words =>
  flags & IPV6
    ? [column.word(), column.word(), column.word(), column.word()]
    : [0, 0, V4_PREFIX, (before + column.number()) >>> 0];

function readPane(
  { qualities, rare }: Columns<ColumnReader>,
  flags: number,
  hour: number,
): Omit<Fragment, 'scope' | 'address' | 'contacts'> {
  return {
    inside: (flags & INSIDE) !== 0,
    hour,
    quality: qualities.number(),
    sample: flags & SAMPLED ? readSample(rare, flags) : EVERYTHING,
    fragments: flags & OF_MANY_FILES ? rare.number() : 1,
    ...(flags & IDENTIFIED && { identity: readIdentity(rare.text()) }),
  };
}

function readSample(column: ColumnReader, flags: number): Sample {
  const answered = column.word();
  if (!(flags & UNEVEN)) return { failed: answered, lateral: answered, touched: answered, answered, leftOut: [] };
  const [touched, failed] = [column.word(), column.word()];
  const lateral = flags & LATERAL ? column.word() : failed;
  if (answered > touched || touched > failed || touched > lateral)
    throw new CodecError('the rates of a sample are in the wrong order');
  const leftOut: number[] = [];
  let cell = 0;
  for (let left = column.number(); left > 0; left--) {
    cell += column.number();
    if (cell > MOST_CELL) throw new CodecError('a left-out contact has no hash');
    // A cell of version 4 was that of a contact of either kind.
    if (flags & LATERAL) leftOut.push(cell);
    else leftOut.push(cell * 2, cell * 2 + 1);
  }
  return { failed, lateral, touched, answered, leftOut };
}

function readIdentity(text: string): Identity {
  const value = JSON.parse(text) as Partial<Identity> | null;
  const fields = value?.fields;
  const isIdentity =
    typeof fields === 'object' &&
    fields !== null &&
    Object.values(fields).every((each) => typeof each === 'string') &&
    ['string', 'undefined'].includes(typeof value?.interfaceId) &&
    ['boolean', 'undefined'].includes(typeof value?.behind);
  if (!isIdentity) throw new CodecError('the identity of a source is invalid');
  return value as Identity;
}

/** The state needed to read the contacts of a source. */
interface Reading {
  readonly targets: readonly Target[];
  readonly kinds: readonly number[];
  readonly hour: number;
  readonly derive: HashKey | undefined;
  readonly words: Words;
  readonly isPrivate: boolean;
  /** The source port of the source's previous contact. */
  portBefore: number;
}

function readContact(columns: Columns<ColumnReader>, isWanted: boolean, of: Reading): SeenContact | undefined {
  const { random } = columns;
  const target = of.targets[columns.target.number()];
  const kind = of.kinds[columns.kind.number()];
  if (target === undefined || kind === undefined) throw new CodecError('a contact points beyond its dictionary');
  const port = columns.portHigh.byte() * 256 + columns.portLow.byte();
  const second = columns.ends.number();
  const last = columns.lasts.number();
  const length = columns.lengths.number();
  if (second + last >= HOUR || length > of.hour * HOUR + second)
    throw new CodecError('the times of a contact lie beyond its hour');
  const packetBytes = columns.sizes.byte();
  const told = columns.minutes.byte();
  const sourcePort = told & SAME_PORT ? of.portBefore : random.byte() + random.byte() * 256;
  of.portBefore = sourcePort;
  const [minutesLow, minutesHigh] = readMinutes(columns, told & ~SAME_PORT, second);
  const flows = readFlows(columns);
  const stored = of.derive ? 0 : random.word();
  if (!isWanted) return undefined;
  const protocol = kind % 256;
  const firstEnd = of.hour * HOUR + second;
  return {
    target: target.text,
    port,
    protocol,
    seen: seenOf(kind) | (of.isPrivate && target.isPrivate ? SEEN_LATERAL : 0),
    hash: of.derive ? hashOf(of.derive, of.words, target.words, port, protocol) : stored,
    firstEnd,
    lastEnd: firstEnd + last,
    firstStart: firstEnd - length,
    minutesLow,
    minutesHigh,
    sourcePort,
    packetBytes,
    flows,
  };
}

function readMinutes({ rare }: Columns<ColumnReader>, told: number, second: number): readonly [number, number] {
  if (told > MINUTE_BITS) throw new CodecError('minutes are stored in an unknown form');
  if (told === FIRST_MINUTE) return minuteOf(second);
  return told === NO_MINUTE ? [0, 0] : [rare.word() | 0, rare.word() | 0];
}

function readFlows({ flows, rare }: Columns<ColumnReader>): number {
  const told = flows.byte();
  if (told > SEVERAL_FLOWS) throw new CodecError('flows are stored in an unknown form');
  if (told === SEVERAL_FLOWS) return rare.word() | 0;
  return told === 0 ? 0 : 1 << (told - 1);
}
