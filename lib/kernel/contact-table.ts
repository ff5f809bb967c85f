/** The contacts of all sources, hour by hour, as the kernel keeps them (`lib/kernel/assembly/contacts.ts`). */
import type { ContactColumns } from './contact-columns.ts';
import type { Kernel } from './kernel.ts';
import { leftOutOf } from './left-out.ts';
import {
  CONTACT_BYTES,
  CONTACT_FIRST_END,
  CONTACT_FIRST_START,
  CONTACT_FLOWS,
  CONTACT_HASH,
  CONTACT_LAST_END,
  CONTACT_MINUTES_HIGH,
  CONTACT_MINUTES_LOW,
  CONTACT_NEXT,
  CONTACT_PACKET_BYTES,
  CONTACT_PANE,
  CONTACT_SEEN,
  CONTACT_SERVICE,
  CONTACT_SOURCE_PORT,
  CONTACT_TARGET,
  PANE_ANSWERED,
  PANE_BYTES,
  PANE_COUNT,
  PANE_FAILED,
  PANE_FAILED_PROBES,
  PANE_HEAD,
  PANE_HOUR,
  PANE_LATERAL,
  PANE_QUALITY,
  PANE_SOURCE,
  PANE_TOUCHED,
} from './rows.ts';

/** Bytes of a word. Tables are read by words. */
const WORD = 4;
const PANE_WORDS = PANE_BYTES / WORD;
const CONTACT_WORDS = CONTACT_BYTES / WORD;
/** Upper bound of the numbers of addresses. */
const MOST_ADDRESSES = 2 ** 24;

/** The lower of two values, where 0 means none: a union in any order. */
export const lowest = (a: number, b: number): number => (a === 0 || (b !== 0 && b < a) ? b : a);

/** One half of a contact to add. `end` decides the hour. */
export interface ContactHalf {
  readonly source: number;
  readonly target: number;
  readonly port: number;
  readonly protocol: number;
  readonly seen: number;
  readonly start: number;
  readonly end: number;
  /** The limits of the record's log, as bits that can be united (`lib/evidence/quality.ts`). */
  readonly quality: number;
  /** For the initiator's half: its source port, and the bytes of one packet (at most 255). 0 for an answer. */
  readonly sourcePort: number;
  readonly packetBytes: number;
}

/** A contact in the table. Addresses are the kernel's numbers, times are epoch seconds. */
export interface KeptContact {
  readonly target: number;
  readonly port: number;
  readonly protocol: number;
  readonly seen: number;
  readonly hash: number;
  readonly firstStart: number;
  readonly firstEnd: number;
  readonly lastEnd: number;
  /** Minutes of the hour in which the initiator's half was seen, as 60 bits. */
  readonly minutesLow: number;
  readonly minutesHigh: number;
  /** Lowest source port of the initiator's halves, and the bytes of its smallest packets. 0 before one is seen. */
  readonly sourcePort: number;
  readonly packetBytes: number;
  /**
   * Which groups of source ports its probes came from, as 32 bits. They give the number of flows by linear counting.
   */
  readonly flows: number;
}

/** How the contacts of a pane are sampled: the highest hash of each class that is kept, and the cells of the others. */
interface KeptSample {
  readonly failed: number;
  readonly lateral: number;
  readonly touched: number;
  readonly answered: number;
  readonly leftOut: readonly number[];
}

/** One hour of a source: its contacts, and how they are sampled. */
export interface PaneView {
  readonly source: number;
  readonly hour: number;
  readonly sample: KeptSample;
  readonly quality: number;
  /** Row numbers of its contacts. */
  readonly contacts: readonly number[];
}

const packetBytesOf = (word: number): number => (word >>> ((CONTACT_PACKET_BYTES - CONTACT_SOURCE_PORT) * 8)) & 255;

/** The table of one kernel. */
export class ContactTable {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Adds one half of a contact. There must be room for it ({@link KernelAddresses.beginRow}). */
  add(half: ContactHalf): void {
    const service = half.port * 256 + half.protocol;
    const { source, target, seen, start, end, quality, sourcePort, packetBytes } = half;
    this.#kernel.run.add(source, target, service, seen, start, end, quality, sourcePort, packetBytes);
  }

  /** How many contacts of each source failed or were probed without a SYN, by the source's number. */
  failedProbes(): Uint32Array {
    const { run } = this.#kernel;
    run.cutAll();
    run.weigh();
    const { words } = this.#kernel;
    const base = run.paneRows() / 4;
    const failed = new Uint32Array(run.addressCount());
    for (let pane = 1; pane < run.paneCount(); pane++) {
      const at = base + pane * PANE_WORDS;
      failed[words[at + PANE_SOURCE / WORD]!]! += words[at + PANE_FAILED_PROBES / WORD]!;
    }
    return failed;
  }

  /**
   * The sources, each with its hours in order of time. There may be a million sources of no interest.
   * @param isWanted selects by the source.
   */
  *sources(isWanted?: (source: number) => boolean): Generator<readonly PaneView[]> {
    for (const panes of this.panes(isWanted)) yield this.views(panes);
  }

  /** The same, as the numbers of their panes. */
  *panes(isWanted: (source: number) => boolean = () => true): Generator<Uint32Array> {
    const { run } = this.#kernel;
    run.cutAll();
    const { words } = this.#kernel;
    const base = run.paneRows() / 4;
    const count = run.paneCount();
    const sourceOf = (pane: number) => words[base + pane * PANE_WORDS + PANE_SOURCE / WORD]!;
    // A counting sort of the panes by source: the next free position of each source, 0 for sources that are left out.
    const sizes = new Uint32Array(run.addressCount());
    for (let pane = 1; pane < count; pane++) sizes[sourceOf(pane)]!++;
    const places = new Uint32Array(run.addressCount());
    let wanted = 0;
    for (let source = 1; source < sizes.length; source++) {
      if (sizes[source] === 0 || !isWanted(source)) continue;
      places[source] = wanted + 1;
      wanted += sizes[source]!;
    }
    const order = new Uint32Array(wanted);
    for (let pane = 1; pane < count; pane++) if (places[sourceOf(pane)]) order[places[sourceOf(pane)]!++ - 1] = pane;
    for (let from = 0; from < wanted; ) {
      const to = from + sizes[sourceOf(order[from]!)]!;
      yield order.subarray(from, to);
      from = to;
    }
  }

  /** Hours of a source in order of time. */
  views(panes: Uint32Array): readonly PaneView[] {
    return Array.from(panes, (pane) => this.#view(pane)).sort((a, b) => a.hour - b.hour);
  }

  /** The source of a pane. */
  sourceOf(pane: number): number {
    return this.#kernel.words[this.#kernel.run.paneRows() / 4 + pane * PANE_WORDS + PANE_SOURCE / WORD]!;
  }

  /** Reads the contacts of some panes into columns, in no order. */
  readColumns(panes: Uint32Array, columns: ContactColumns): void {
    const { run, words } = this.#kernel;
    const [base, rows] = [run.paneRows() / 4, run.contactRows() / 4];
    columns.clear();
    for (const pane of panes) {
      for (let row = words[base + pane * PANE_WORDS + PANE_HEAD / WORD]!; row !== 0; ) {
        const at = rows + row * CONTACT_WORDS;
        const next = columns.next();
        columns.target[next] = words[at + CONTACT_TARGET / WORD]!;
        columns.service[next] = words[at + CONTACT_SERVICE / WORD]!;
        columns.seen[next] = words[at + CONTACT_SEEN / WORD]!;
        columns.start[next] = words[at + CONTACT_FIRST_START / WORD]!;
        columns.end[next] = words[at + CONTACT_FIRST_END / WORD]!;
        columns.minutesLow[next] = words[at + CONTACT_MINUTES_LOW / WORD]!;
        columns.minutesHigh[next] = words[at + CONTACT_MINUTES_HIGH / WORD]!;
        row = words[at + CONTACT_NEXT / WORD]!;
      }
    }
  }

  /** The contact in a row. */
  contact(row: number): KeptContact {
    const at = this.#at(row);
    const { words } = this.#kernel;
    const service = words[at + CONTACT_SERVICE / WORD]!;
    return {
      target: words[at + CONTACT_TARGET / WORD]!,
      port: service >>> 8,
      protocol: service & 255,
      seen: words[at + CONTACT_SEEN / WORD]!,
      hash: words[at + CONTACT_HASH / WORD]!,
      firstStart: words[at + CONTACT_FIRST_START / WORD]!,
      firstEnd: words[at + CONTACT_FIRST_END / WORD]!,
      lastEnd: words[at + CONTACT_LAST_END / WORD]!,
      minutesLow: words[at + CONTACT_MINUTES_LOW / WORD]! | 0,
      minutesHigh: words[at + CONTACT_MINUTES_HIGH / WORD]! | 0,
      sourcePort: words[at + CONTACT_SOURCE_PORT / WORD]! & 0xffff,
      packetBytes: packetBytesOf(words[at + CONTACT_SOURCE_PORT / WORD]!),
      flows: words[at + CONTACT_FLOWS / WORD]! | 0,
    };
  }

  /**
   * How many contacts each target has, hour by hour.
   * @param isCounted selects by the source of a contact and what was seen of it.
   */
  *reach(
    isCounted: (source: number, seen: number) => boolean,
  ): Generator<{ target: number; hour: number; count: number }> {
    const { run, words } = this.#kernel;
    const panes = run.paneRows() / 4;
    const counts = new Map<number, number>();
    for (let row = 1; row < run.contactCount(); row++) {
      const at = this.#at(row);
      const pane = panes + words[at + CONTACT_PANE / WORD]! * PANE_WORDS;
      if (pane === panes || !isCounted(words[pane + PANE_SOURCE / WORD]!, words[at + CONTACT_SEEN / WORD]!)) continue;
      const key = words[pane + PANE_HOUR / WORD]! * MOST_ADDRESSES + words[at + CONTACT_TARGET / WORD]!;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    for (const [key, count] of counts)
      yield { target: key % MOST_ADDRESSES, hour: Math.floor(key / MOST_ADDRESSES), count };
  }

  /**
   * All contacts, or those with some services, in no order, each with its source and epoch hour.
   * @param targets selects by the target. Default: every target.
   * @param sources all contacts of these sources are selected too.
   */
  *contacts(
    wants: (service: { readonly port: number; readonly protocol: number }) => boolean = () => true,
    targets?: ReadonlySet<number>,
    sources?: ReadonlySet<number>,
  ): Generator<
    Pick<
      KeptContact,
      'target' | 'port' | 'protocol' | 'seen' | 'firstStart' | 'firstEnd' | 'minutesLow' | 'minutesHigh' | 'packetBytes'
    > & { source: number; hour: number }
  > {
    const { run, words } = this.#kernel;
    const rows = run.contactRows() / 4;
    const panes = run.paneRows() / 4;
    const count = run.contactCount();
    for (let row = 1; row < count; row++) {
      const at = rows + row * CONTACT_WORDS;
      const pane = words[at + CONTACT_PANE / WORD]!;
      const paneAt = panes + pane * PANE_WORDS;
      const isSelected =
        !targets ||
        targets.has(words[at + CONTACT_TARGET / WORD]!) ||
        sources?.has(words[paneAt + PANE_SOURCE / WORD]!);
      if (!isSelected) continue;
      const service = {
        port: words[at + CONTACT_SERVICE / WORD]! >>> 8,
        protocol: words[at + CONTACT_SERVICE / WORD]! & 255,
      };
      if (pane === 0 || !wants(service)) continue;
      yield {
        ...service,
        source: words[paneAt + PANE_SOURCE / WORD]!,
        hour: words[paneAt + PANE_HOUR / WORD]!,
        target: words[at + CONTACT_TARGET / WORD]!,
        seen: words[at + CONTACT_SEEN / WORD]!,
        firstStart: words[at + CONTACT_FIRST_START / WORD]!,
        firstEnd: words[at + CONTACT_FIRST_END / WORD]!,
        minutesLow: words[at + CONTACT_MINUTES_LOW / WORD]! | 0,
        minutesHigh: words[at + CONTACT_MINUTES_HIGH / WORD]! | 0,
        packetBytes: packetBytesOf(words[at + CONTACT_SOURCE_PORT / WORD]!),
      };
    }
  }

  #at(row: number): number {
    return this.#kernel.run.contactRows() / 4 + row * CONTACT_WORDS;
  }

  #view(pane: number): PaneView {
    const { words } = this.#kernel;
    const at = this.#kernel.run.paneRows() / 4 + pane * PANE_WORDS;
    const contacts = new Array<number>(words[at + PANE_COUNT / WORD]!);
    const rows = this.#kernel.run.contactRows() / 4;
    for (
      let row = words[at + PANE_HEAD / WORD]!, n = 0;
      row !== 0;
      row = words[rows + row * CONTACT_WORDS + CONTACT_NEXT / WORD]!
    )
      contacts[n++] = row;
    return {
      source: words[at + PANE_SOURCE / WORD]!,
      hour: words[at + PANE_HOUR / WORD]!,
      sample: {
        failed: words[at + PANE_FAILED / WORD]!,
        lateral: words[at + PANE_LATERAL / WORD]!,
        touched: words[at + PANE_TOUCHED / WORD]!,
        answered: words[at + PANE_ANSWERED / WORD]!,
        leftOut: leftOutOf(words, at, this.#kernel.run.leftOutBlocks()),
      },
      quality: words[at + PANE_QUALITY / WORD]!,
      contacts,
    };
  }
}
