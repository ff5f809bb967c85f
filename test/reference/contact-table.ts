/**
 * The contacts of all sources, hour by hour, in plain maps. Nothing is dropped before the end, when each hour keeps the
 * contacts of each class with the smallest keyed hashes. The kernel's table must equal it in any order of the records.
 */

import { type HashKey, keyedHash } from '../../lib/evidence/keyed-hash.ts';
import type { Sample } from '../../lib/evidence/sample.ts';
import {
  hasInitiatorHalf,
  isNothing,
  outcomeOf,
  SEEN_CONVERSATION,
  SEEN_EXCHANGE,
  SEEN_LATERAL,
  SEEN_SYN,
} from '../../lib/evidence/seen.ts';
import type { ReferenceAddresses } from './addresses.ts';

const HOUR = 3600;
const FULL = 0xffffffff;

/** One half of a contact to add. `end` decides the hour. */
export interface ContactHalf {
  readonly source: number;
  readonly target: number;
  readonly port: number;
  readonly protocol: number;
  readonly seen: number;
  readonly start: number;
  readonly end: number;
  /** What the record's log cannot show, as bits that union (`lib/evidence/quality.ts`). */
  readonly quality: number;
  /** For the initiator's half: its source port, and the bytes of one packet (at most 255). 0 for an answer. */
  readonly sourcePort: number;
  readonly packetBytes: number;
}

/** A contact, and the union of what was seen of it. */
export interface Contact {
  readonly target: number;
  readonly port: number;
  readonly protocol: number;
  readonly hash: number;
  seen: number;
  firstStart: number;
  firstEnd: number;
  lastEnd: number;
  /** Minutes of the hour in which the initiator's half was seen, as 60 bits. */
  minutesLow: number;
  minutesHigh: number;
  /** Lowest source port of the initiator's halves, and the bytes of its smallest packets: 0 before one is seen. */
  sourcePort: number;
  packetBytes: number;
  /** Which groups of source ports its probes came from, 32 bits. */
  flows: number;
}

/** A source's hour with its contacts, and how they are sampled. */
export interface PaneView {
  readonly source: number;
  readonly hour: number;
  readonly sample: Sample;
  readonly quality: number;
  readonly contacts: readonly Contact[];
}

interface Pane {
  readonly source: number;
  readonly hour: number;
  quality: number;
  readonly contacts: Map<string, Contact>;
}

/** A bit for a group of sixteen neighbouring source ports. 0 for protocols without ports. */
const flowBit = (port: number): number => (port === 0 ? 0 : 1 << (Math.imul(port >>> 4, 0x9e3779b1) >>> 27));

/** The lower of two, where 0 stands for none. */
const lowest = (a: number, b: number): number => (a === 0 || b === 0 ? Math.max(a, b) : Math.min(a, b));

export class ContactTable {
  #panes = new Map<string, Pane>();
  #addresses: ReferenceAddresses;
  #key: HashKey;
  #limit: number;

  /** @param limit failed contacts kept for each source and hour, and answered ones. Half as many touched ones. */
  constructor(addresses: ReferenceAddresses, key: HashKey, limit: number) {
    this.#addresses = addresses;
    this.#key = key;
    this.#limit = limit;
  }

  /** Adds one half of a contact. */
  add(half: ContactHalf): void {
    const pane = this.#pane(half.source, Math.floor(half.end / HOUR));
    pane.quality |= half.quality;
    const name = `${half.target} ${half.port} ${half.protocol}`;
    let contact = pane.contacts.get(name);
    if (!contact) {
      contact = this.#contact(half);
      pane.contacts.set(name, contact);
    }
    const before = contact.seen;
    contact.seen |= half.seen;
    const isProbe = hasInitiatorHalf(half.seen);
    // The times of a contact are those of its probes. An answer's times are used only until a probe is known.
    if (before === 0 || (isProbe && !hasInitiatorHalf(before))) setTimes(contact, half);
    else if (isProbe || !hasInitiatorHalf(before)) widen(contact, half);
    if (!isProbe) return;
    const minute = Math.floor((half.end % HOUR) / 60);
    if (minute < 30) contact.minutesLow |= 1 << minute;
    else contact.minutesHigh |= 1 << (minute - 30);
    contact.sourcePort = lowest(contact.sourcePort, half.sourcePort);
    contact.packetBytes = lowest(contact.packetBytes, half.packetBytes);
    contact.flows |= flowBit(half.sourcePort);
  }

  /** All sources' hours, each cut to its limits. */
  panes(): PaneView[] {
    return [...this.#panes.values()].map(({ source, hour, quality, contacts }) => ({
      source,
      hour,
      quality,
      ...this.#cut([...contacts.values()]),
    }));
  }

  #cut(contacts: readonly Contact[]): Pick<PaneView, 'sample' | 'contacts'> {
    const of = Map.groupBy(contacts, classOf);
    const answers = [...(of.get('answered') ?? []), ...(of.get('nothing') ?? [])];
    const failed = highestOf(of.get('failed') ?? [], this.#limit);
    const lateral = highestOf(of.get('lateral') ?? [], this.#limit);
    const touched = Math.min(
      failed,
      lateral,
      highestOf(of.get('touched') ?? [], Math.max(1, Math.floor(this.#limit / 2))),
    );
    const answered = Math.min(touched, highestOf(answers, this.#limit));
    const bounds = { failed, lateral, touched, answered, nothing: answered };
    // An answered contact that is left out is remembered by the upper twenty bits of its hash, apart for lateral ones.
    const cellOf = ({ hash, seen }: Contact) => (hash >>> 12) * 2 + (seen & SEEN_LATERAL ? 1 : 0);
    const leftOut = new Set<number>();
    for (const contact of contacts) {
      const kind = classOf(contact);
      const highest = contact.seen & SEEN_LATERAL ? lateral : failed;
      if ((kind === 'touched' || kind === 'answered') && contact.hash > bounds[kind] && contact.hash <= highest)
        leftOut.add(cellOf(contact));
    }
    return {
      sample: { failed, lateral, touched, answered, leftOut: [...leftOut].sort((a, b) => a - b) },
      contacts: contacts.filter(
        (contact) =>
          contact.hash <= answered || (contact.hash <= bounds[classOf(contact)] && !leftOut.has(cellOf(contact))),
      ),
    };
  }

  #pane(source: number, hour: number): Pane {
    const name = `${source} ${hour}`;
    let pane = this.#panes.get(name);
    if (!pane) {
      pane = { source, hour, quality: 0, contacts: new Map() };
      this.#panes.set(name, pane);
    }
    return pane;
  }

  #contact({ source, target, port, protocol }: ContactHalf): Contact {
    const word = (id: number, at: 0 | 1 | 2 | 3) => this.#addresses.words(id)[at];
    // The source's words are folded into two: its contacts must sample independently of other sources' contacts.
    const hash = keyedHash(
      this.#key,
      word(source, 0) ^ word(source, 2),
      word(source, 1) ^ word(source, 3),
      word(target, 0),
      word(target, 1),
      word(target, 2),
      word(target, 3),
      port * 256 + protocol,
    );
    const times = { firstStart: 0, firstEnd: 0, lastEnd: 0, minutesLow: 0, minutesHigh: 0 };
    return { target, port, protocol, hash, seen: 0, ...times, sourcePort: 0, packetBytes: 0, flows: 0 };
  }
}

/** How a contact is sampled: those that may be probes apart from the others. */
function classOf({ seen, protocol }: Contact): 'failed' | 'lateral' | 'touched' | 'answered' | 'nothing' {
  if (isNothing(seen)) return 'nothing';
  // With a SYN the outcome tells whether there was an answer, also where no initiator's half was seen.
  if (outcomeOf(seen | SEEN_SYN) !== 'established') return seen & SEEN_LATERAL ? 'lateral' : 'failed';
  return seen & (SEEN_CONVERSATION | SEEN_EXCHANGE) || protocol === 17 ? 'answered' : 'touched';
}

/** One below the first hash that exceeds the limit, since contacts with equal hashes are kept or dropped together. */
function highestOf(contacts: readonly Contact[], limit: number): number {
  const first = contacts.map(({ hash }) => hash).sort((a, b) => a - b)[limit];
  return first === undefined ? FULL : first - 1;
}

function setTimes(contact: Contact, { start, end }: ContactHalf): void {
  contact.firstStart = start;
  contact.firstEnd = end;
  contact.lastEnd = end;
}

function widen(contact: Contact, { start, end }: ContactHalf): void {
  if (end < contact.firstEnd || (end === contact.firstEnd && start < contact.firstStart)) {
    contact.firstStart = start;
    contact.firstEnd = end;
  }
  contact.lastEnd = Math.max(contact.lastEnd, end);
}
