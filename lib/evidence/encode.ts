/**
 * Encodes fragments for the windows table, one or many of an hour together. The bytes are compressed column by column
 * and leave out whatever follows from the rest. The same fragments give the same bytes in any order.
 */

import { isIpv4, parseAddress, type Words } from '../net/address.ts';
import { writeAddresses } from './address-columns.ts';
import { ColumnWriter } from './columns.ts';
import type { Fragment, SeenContact } from './evidence.ts';
import { IdentityWriter } from './identity-codec.ts';
import type { HashKey } from './keyed-hash.ts';
import {
  type Addressed,
  type Columns,
  columnsOf,
  FIRST_MINUTE,
  flowsOfPort,
  HOUR,
  hashOf,
  IDENTIFIED,
  INSIDE,
  IPV6,
  kindOf,
  LATERAL,
  MINUTE_BITS,
  minuteOf,
  NEXT_TARGET,
  NO_FLOWS,
  NO_MINUTE,
  OF_MANY_FILES,
  SAME_PORT,
  SAMPLED,
  SEVERAL_FLOWS,
  together,
  UNEVEN,
} from './layout.ts';
import { isPartial, type Sample } from './sample.ts';

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
  const targets = dictionary(contacts, ({ of }) => of.target);
  writeAddresses(
    columns.targets,
    [...targets.values()].map(({ contact }) => contact.words),
  );
  const kinds = dictionary(contacts, ({ of }) => kindOf(of));
  for (const kind of kinds.keys()) columns.kinds.number(kind);
  let before = 0;
  let known = 0;
  const identities = new IdentityWriter();
  for (const [at, { words, of }] of sources.entries()) {
    writeSource(columns, words, of, before);
    if (of.identity) identities.write(columns, of.identity);
    before = words[3];
    columns.counts.number(of.contacts.length);
    let portBefore = 0;
    for (const { of: contact } of contacts[at]!) {
      const { place } = targets.get(contact.target)!;
      columns.target.number(place === known ? NEXT_TARGET : place + 1);
      if (place === known) known++;
      columns.kind.number(kinds.get(kindOf(contact))!.place);
      writeContact(columns, contact, of.hour * HOUR, portBefore);
      portBefore = contact.sourcePort;
      if (!isDerived) columns.random.word(contact.hash);
    }
  }
  return together(columns);
}

/** Encodes one fragment. */
export const encodeFragment = (fragment: Fragment, key?: HashKey): Uint8Array => encodeFragments([fragment], key);

const addressed = (of: SeenContact): Addressed<SeenContact> => ({ words: parseAddress(of.target)!, of });

const byWords = ({ words: a }: Addressed<unknown>, { words: b }: Addressed<unknown>): number =>
  a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3];

const byContact = (a: Addressed<SeenContact>, b: Addressed<SeenContact>): number =>
  byWords(a, b) || a.of.port - b.of.port || a.of.protocol - b.of.protocol;

const areDerived = (key: HashKey, source: Words, contacts: readonly Addressed<SeenContact>[]): boolean =>
  contacts.every(({ words, of }) => of.hash === hashOf(key, source, words, of.port, of.protocol));

/** The distinct values of all contacts in order of first appearance: the place of each, and its first contact. */
function dictionary<T>(
  contacts: readonly (readonly Addressed<SeenContact>[])[],
  tell: (contact: Addressed<SeenContact>) => T,
): ReadonlyMap<T, { readonly place: number; readonly contact: Addressed<SeenContact> }> {
  const places = new Map<T, { readonly place: number; readonly contact: Addressed<SeenContact> }>();
  for (const contact of contacts.flat()) {
    const value = tell(contact);
    if (!places.has(value)) places.set(value, { place: places.size, contact });
  }
  return places;
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
  if (flows === flowsOfPort(contact.sourcePort)) columns.flows.byte(0);
  else if (flows === 0) columns.flows.byte(NO_FLOWS);
  else columns.flows.byte(isSeveral ? SEVERAL_FLOWS : 32 - Math.clz32(flows));
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
