/**
 * The contacts of all sources, hour by hour, in flat typed arrays: the state that reading flow logs builds.
 *
 * For each source and hour the table keeps a tuple sketch (a theta sketch whose keys carry a summary; Dasgupta, Lang,
 * Rhodes, Thaler: A Framework for Estimating Stream Expression Cardinalities, ICDT 2016): the contacts with the smallest
 * keyed hashes, exact up to `limit`, beyond it a uniform sample of known rate theta. The summary is the union of what
 * was seen, so any order, repetition or split of the records ends in the same table.
 */
import type { AddressTable } from '../flowlog/address.ts';
import { type HashKey, keyedHash } from './keyed-hash.ts';
import { hasInitiatorHalf } from './seen.ts';

const HOUR = 3600;
const FULL = 0xffffffff;
const NONE = -1;
/** Contacts beyond the limit that a pane may hold before it is cut, so that cutting costs little on average. */
const SLACK = 2;

/** One half of a contact to be added; `end` decides the hour. */
export interface ContactHalf {
  source: number;
  target: number;
  port: number;
  protocol: number;
  seen: number;
  start: number;
  end: number;
  /** What the record's log cannot show, as bits that union (`lib/window/quality.ts`). */
  quality: number;
  /** Of an initiator's half: the port it came from, and the bytes of one packet (at most 255); 0 of an answer. */
  sourcePort: number;
  packetBytes: number;
}

/** A source's hour: where its contacts begin, and the rate at which they are sampled. */
export interface PaneView {
  readonly source: number;
  readonly hour: number;
  /** Contacts with hashes up to this were kept, all of them; 0xffffffff: every contact. */
  readonly theta: number;
  readonly quality: number;
  /** Indexes of its contacts. */
  readonly contacts: Int32Array;
}

/** Hours since 1970 stay below 2^21 until the year 2209, sources below 2^31: both fit a double. */
const paneKey = (source: number, hour: number): number => source * 2_097_152 + hour;

/** A bit for sixteen neighbouring source ports: scanners that send again count up; none for protocols without ports. */
const flowBit = (port: number): number => (port === 0 ? 0 : 1 << (Math.imul(port >>> 4, 0x9e3779b1) >>> 27));

/** The lower of two, where 0 stands for none: a union in any order. */
export const lowest = (a: number, b: number): number => (a === 0 || (b !== 0 && b < a) ? b : a);

export class ContactTable {
  /** Columns of the contacts, by index. */
  targets = new Int32Array(4096);
  /** Port times 256 plus protocol. */
  services = new Int32Array(4096);
  seen = new Int32Array(4096);
  hashes = new Uint32Array(4096);
  firstStarts = new Float64Array(4096);
  firstEnds = new Float64Array(4096);
  lastEnds = new Float64Array(4096);
  /** Minutes of the hour in which the initiator's half was seen, as 60 bits. */
  minutesLow = new Int32Array(4096);
  minutesHigh = new Int32Array(4096);
  /** Lowest source port of the initiator's halves, and the bytes of its smallest packets: 0 before one is seen. */
  sourcePorts = new Uint16Array(4096);
  packetBytes = new Uint8Array(4096);
  /** Which groups of source ports its probes came from, 32 bits: how many flows there were, by linear counting. */
  flows = new Int32Array(4096);
  #panes = new Int32Array(4096);
  #next = new Int32Array(4096);
  #count = 0;
  #free = NONE;
  #index = new Int32Array(16_384).fill(NONE);
  #used = 0;
  #paneIds = new Map<number, number>();
  #paneSources: number[] = [];
  #paneHours: number[] = [];
  #paneCounts: number[] = [];
  #paneThetas: number[] = [];
  #paneQualities: number[] = [];
  #paneHeads: number[] = [];
  #addresses: AddressTable;
  #key: HashKey;
  /** Contacts kept for each source and hour; beyond it they are sampled. */
  readonly limit: number;

  constructor(addresses: AddressTable, key: HashKey, limit: number) {
    this.#addresses = addresses;
    this.#key = key;
    this.limit = limit;
  }

  /** Adds one half of a contact. */
  add(half: ContactHalf): void {
    const pane = this.#pane(half.source, Math.floor(half.end / HOUR));
    this.#paneQualities[pane]! |= half.quality;
    const service = half.port * 256 + half.protocol;
    const at = this.#find(pane, half.target, service) ?? this.#insert(pane, half, service);
    if (at === NONE) return;
    const before = this.seen[at]!;
    this.seen[at] = before | half.seen;
    if (hasInitiatorHalf(half.seen)) {
      if (!hasInitiatorHalf(before)) this.#time(at, half);
      else this.#widen(at, half);
      const minute = Math.floor((half.end % HOUR) / 60);
      if (minute < 30) this.minutesLow[at]! |= 1 << minute;
      else this.minutesHigh[at]! |= 1 << (minute - 30);
      this.sourcePorts[at] = lowest(this.sourcePorts[at]!, half.sourcePort);
      this.packetBytes[at] = lowest(this.packetBytes[at]!, half.packetBytes);
      this.flows[at]! |= flowBit(half.sourcePort);
    } else if (!hasInitiatorHalf(before)) {
      if (before === 0) this.#time(at, half);
      else this.#widen(at, half);
    }
  }

  /** All sources' hours, each cut to its limit; those of one source follow each other, in order of time. */
  *panes(): Generator<PaneView> {
    const order = Int32Array.from(this.#paneSources, (_, pane) => pane).sort(
      (a, b) => this.#paneSources[a]! - this.#paneSources[b]! || this.#paneHours[a]! - this.#paneHours[b]!,
    );
    for (const pane of order) {
      if (this.#paneCounts[pane]! > this.limit) this.#cut(pane);
      const contacts = new Int32Array(this.#paneCounts[pane]!);
      for (let at = this.#paneHeads[pane]!, n = 0; at !== NONE; at = this.#next[at]!) contacts[n++] = at;
      yield {
        source: this.#paneSources[pane]!,
        hour: this.#paneHours[pane]!,
        theta: this.#paneThetas[pane]!,
        quality: this.#paneQualities[pane]!,
        contacts,
      };
    }
  }

  #time(at: number, half: ContactHalf): void {
    this.firstStarts[at] = half.start;
    this.firstEnds[at] = half.end;
    this.lastEnds[at] = half.end;
  }

  #widen(at: number, half: ContactHalf): void {
    const isEarlier =
      half.end < this.firstEnds[at]! || (half.end === this.firstEnds[at]! && half.start < this.firstStarts[at]!);
    if (isEarlier) {
      this.firstStarts[at] = half.start;
      this.firstEnds[at] = half.end;
    }
    if (half.end > this.lastEnds[at]!) this.lastEnds[at] = half.end;
  }

  #pane(source: number, hour: number): number {
    const key = paneKey(source, hour);
    let pane = this.#paneIds.get(key);
    if (pane === undefined) {
      pane = this.#paneSources.push(source) - 1;
      this.#paneHours.push(hour);
      this.#paneCounts.push(0);
      this.#paneThetas.push(FULL);
      this.#paneQualities.push(0);
      this.#paneHeads.push(NONE);
      this.#paneIds.set(key, pane);
    }
    return pane;
  }

  #slot(pane: number, target: number, service: number): number {
    let hash = Math.imul(pane ^ 0x9e3779b9, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15) ^ target, 0xc2b2ae35);
    hash = Math.imul(hash ^ (hash >>> 13) ^ service, 0x27d4eb2f);
    return (hash ^ (hash >>> 16)) & (this.#index.length - 1);
  }

  #find(pane: number, target: number, service: number): number | undefined {
    const mask = this.#index.length - 1;
    for (let slot = this.#slot(pane, target, service); ; slot = (slot + 1) & mask) {
      const at = this.#index[slot]!;
      if (at === NONE) return undefined;
      if (this.#panes[at] === pane && this.targets[at] === target && this.services[at] === service) return at;
    }
  }

  #insert(pane: number, half: ContactHalf, service: number): number {
    const hash = this.#hash(half.source, half.target, service);
    if (hash > this.#paneThetas[pane]!) return NONE;
    if (this.#paneCounts[pane]! >= this.limit * SLACK) {
      this.#cut(pane);
      if (hash > this.#paneThetas[pane]!) return NONE;
    }
    if (this.#used * 2 >= this.#index.length) this.#reindex();
    const at = this.#take();
    this.targets[at] = half.target;
    this.services[at] = service;
    this.seen[at] = 0;
    this.hashes[at] = hash;
    this.minutesLow[at] = 0;
    this.minutesHigh[at] = 0;
    this.sourcePorts[at] = 0;
    this.packetBytes[at] = 0;
    this.flows[at] = 0;
    this.#panes[at] = pane;
    this.#next[at] = this.#paneHeads[pane]!;
    this.#paneHeads[pane] = at;
    this.#paneCounts[pane]!++;
    this.#put(at);
    return at;
  }

  #hash(source: number, target: number, service: number): number {
    const { word } = this.#addresses;
    const w = word.bind(this.#addresses);
    // The source's words are folded into two: its contacts must sample independently of other sources' contacts.
    return keyedHash(
      this.#key,
      w(source, 0) ^ w(source, 2),
      w(source, 1) ^ w(source, 3),
      w(target, 0),
      w(target, 1),
      w(target, 2),
      w(target, 3),
      service,
    );
  }

  #put(at: number): void {
    const mask = this.#index.length - 1;
    let slot = this.#slot(this.#panes[at]!, this.targets[at]!, this.services[at]!);
    while (this.#index[slot] !== NONE) slot = (slot + 1) & mask;
    this.#index[slot] = at;
    this.#used++;
  }

  /** Keeps the contacts of a pane with the `limit` smallest hashes; theta is the largest hash that stays in. */
  #cut(pane: number): void {
    const members: number[] = [];
    for (let at = this.#paneHeads[pane]!; at !== NONE; at = this.#next[at]!) members.push(at);
    if (members.length <= this.limit) return;
    const sorted = Uint32Array.from(members, (at) => this.hashes[at]!).sort();
    // Equal hashes stay or go together; one below the first that goes keeps the rule free of ties.
    const theta = sorted[this.limit]! - 1;
    this.#paneThetas[pane] = theta;
    this.#paneHeads[pane] = NONE;
    this.#paneCounts[pane] = 0;
    for (const at of members) {
      if (this.hashes[at]! <= theta) {
        this.#next[at] = this.#paneHeads[pane]!;
        this.#paneHeads[pane] = at;
        this.#paneCounts[pane]!++;
      } else this.#release(at);
    }
  }

  /** Frees a contact. Its index entry stays until the index is next rebuilt: no look-up matches it by then, or rightly. */
  #release(at: number): void {
    this.#panes[at] = NONE;
    this.#next[at] = this.#free;
    this.#free = at;
  }

  #take(): number {
    if (this.#free !== NONE) {
      const at = this.#free;
      this.#free = this.#next[at]!;
      return at;
    }
    if (this.#count === this.targets.length) this.#grow();
    return this.#count++;
  }

  #reindex(): void {
    let live = 0;
    for (let at = 0; at < this.#count; at++) if (this.#panes[at] !== NONE) live++;
    let size = this.#index.length;
    while (live * 3 >= size) size *= 2;
    this.#index = new Int32Array(size).fill(NONE);
    this.#used = 0;
    for (let at = 0; at < this.#count; at++) if (this.#panes[at] !== NONE) this.#put(at);
  }

  #grow(): void {
    const size = this.targets.length * 2;
    const longer = <T extends Int32Array | Uint32Array | Float64Array | Uint16Array | Uint8Array>(column: T): T => {
      const grown = new (column.constructor as new (length: number) => T)(size);
      grown.set(column);
      return grown;
    };
    this.targets = longer(this.targets);
    this.services = longer(this.services);
    this.seen = longer(this.seen);
    this.hashes = longer(this.hashes);
    this.firstStarts = longer(this.firstStarts);
    this.firstEnds = longer(this.firstEnds);
    this.lastEnds = longer(this.lastEnds);
    this.minutesLow = longer(this.minutesLow);
    this.minutesHigh = longer(this.minutesHigh);
    this.sourcePorts = longer(this.sourcePorts);
    this.packetBytes = longer(this.packetBytes);
    this.flows = longer(this.flows);
    this.#panes = longer(this.#panes);
    this.#next = longer(this.#next);
  }
}
