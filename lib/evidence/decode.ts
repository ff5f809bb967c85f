/** Decodes fragments from the bytes that `encode.ts` writes, or wrote in earlier versions. */

import { CELL_SHIFT } from '../kernel/rows.ts';
import { formatAddress, V4_PREFIX, type Words } from '../net/address.ts';
import { isPrivate } from '../net/networks.ts';
import { readAddresses, readOldAddresses } from './address-columns.ts';
import type { ColumnReader } from './columns.ts';
import type { Fragment, SeenContact } from './evidence.ts';
import { IdentityReader, parseIdentity } from './identity-codec.ts';
import type { Identity } from './interfaces.ts';
import type { HashKey } from './keyed-hash.ts';
import {
  COMPACT,
  CodecError,
  type Columns,
  damaged,
  FIRST_MINUTE,
  flowsOfPort,
  HOUR,
  hashOf,
  IDENTIFIED,
  INSIDE,
  IPV6,
  LATERAL,
  MINUTE_BITS,
  minuteOf,
  NEXT_TARGET,
  NO_FLOWS,
  NO_MINUTE,
  OF_MANY_FILES,
  openColumns,
  protocolOf,
  SAME_PORT,
  SAMPLED,
  SEVERAL_FLOWS,
  seenOf,
  UNEVEN,
  versionOf,
} from './layout.ts';
import { EVERYTHING, type Sample } from './sample.ts';
import { SEEN_LATERAL } from './seen.ts';

const MOST_CELL = 2 ** (33 - CELL_SHIFT) - 1;
/** An hour in the year 2106. Records end by 2099, so a later hour cannot be a date. */
const LAST_HOUR = 1_200_000;

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
    return read(scope, columns, versionOf(stored) >= COMPACT, options);
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

function read(
  scope: string,
  columns: Columns<ColumnReader>,
  isCompact: boolean,
  { key, wants = () => true }: DecodeOptions,
): Fragment[] {
  const { head } = columns;
  const hour = head.number();
  if (hour > LAST_HOUR) throw new CodecError(`an hour must be at most ${LAST_HOUR}, got ${hour}`);
  const count = head.number();
  const isDerived = head.number() === 1;
  if (isDerived && !key) throw new CodecError('hashes were not stored, and the key to compute them is missing');
  const targets = (isCompact ? readAddresses : readOldAddresses)(columns.targets).map(targetAt);
  const told = { count: 0 };
  const identities = isCompact ? new IdentityReader() : undefined;
  const kinds = readNumbers(columns.kinds);
  const fragments: Fragment[] = [];
  let before = 0;
  for (let n = 0; n < count; n++) {
    const flags = columns.flags.byte();
    const words = readWords(columns.sources, flags, before);
    before = words[3];
    const address = formatAddress(...words);
    const pane = readPane(columns, flags, hour, identities);
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
      isCompact,
      told,
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

const targetAt = (words: Words): Target => ({ words, text: formatAddress(...words), isPrivate: isPrivate(words) });

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
  columns: Columns<ColumnReader>,
  flags: number,
  hour: number,
  identities: IdentityReader | undefined,
): Omit<Fragment, 'scope' | 'address' | 'contacts'> {
  const { qualities, rare } = columns;
  return {
    inside: (flags & INSIDE) !== 0,
    hour,
    quality: qualities.number(),
    sample: flags & SAMPLED ? readSample(rare, flags) : EVERYTHING,
    fragments: flags & OF_MANY_FILES ? rare.number() : 1,
    ...(flags & IDENTIFIED && {
      identity: identityOr(identities ? identities.read(columns) : parseIdentity(columns.rare.text())),
    }),
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

function identityOr(identity: Identity | undefined): Identity {
  if (!identity) throw new CodecError('the identity of a source is invalid');
  return identity;
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
  readonly isCompact: boolean;
  /** How many targets of the dictionary were told before. */
  readonly told: { count: number };
}

function readContact(columns: Columns<ColumnReader>, isWanted: boolean, of: Reading): SeenContact | undefined {
  const { random } = columns;
  const target = of.targets[readPlace(columns.target, of)];
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
  const flows = readFlows(columns, of.isCompact ? flowsOfPort(sourcePort) : 0);
  const stored = of.derive ? 0 : random.word();
  if (!isWanted) return undefined;
  const protocol = protocolOf(kind);
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

function readPlace(column: ColumnReader, { isCompact, told }: Reading): number {
  const place = column.number();
  if (!isCompact) return place;
  return place === NEXT_TARGET ? told.count++ : place - 1;
}

/** @param usual the flows that follow from the source port. */
function readFlows({ flows, rare }: Columns<ColumnReader>, usual: number): number {
  const told = flows.byte();
  if (told > NO_FLOWS) throw new CodecError('flows are stored in an unknown form');
  if (told === SEVERAL_FLOWS) return rare.word() | 0;
  if (told === NO_FLOWS) return 0;
  return told === 0 ? usual : 1 << (told - 1);
}
