/** The contacts of all sources, hour by hour, as the kernel keeps them (`lib/kernel/assembly/contacts.ts`). */
import type { Kernel } from './kernel.ts';

/** Rows of the kernel's tables, in words, and what stands where in them. */
const PANE_WORDS = 8;
const SOURCE = 0;
const HOUR = 1;
const COUNT = 2;
const THETA = 3;
const QUALITY = 4;
const HEAD = 5;
const SUSPECTS = 6;
const CONTACT_WORDS = 16;
/** Numbers of addresses are smaller. */
const MOST_ADDRESSES = 2 ** 24;
const SERVICE = 1;
const PANE = 2;
const NEXT = 3;
const SEEN = 4;

/** The lower of two, where 0 stands for none: a union in any order. */
export const lowest = (a: number, b: number): number => (a === 0 || (b !== 0 && b < a) ? b : a);

/** One half of a contact to be added; `end` decides the hour. */
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
  /** Of an initiator's half: the port it came from, and the bytes of one packet (at most 255); 0 of an answer. */
  readonly sourcePort: number;
  readonly packetBytes: number;
}

/** A contact as it is kept; addresses are the kernel's numbers, times epoch seconds. */
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
  /** Lowest source port of the initiator's halves, and the bytes of its smallest packets: 0 before one is seen. */
  readonly sourcePort: number;
  readonly packetBytes: number;
  /** Which groups of source ports its probes came from, 32 bits: how many flows there were, by linear counting. */
  readonly flows: number;
}

/** A source's hour: where its contacts begin, and the rate at which they are sampled. */
export interface PaneView {
  readonly source: number;
  readonly hour: number;
  /** Contacts with hashes up to this were kept, all of them; 0xffffffff: every contact. */
  readonly theta: number;
  readonly quality: number;
  /** How many of its contacts failed or were probed without a SYN. */
  readonly suspects: number;
  /** Row numbers of its contacts. */
  readonly contacts: readonly number[];
}

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

  /**
   * The sources, each with its hours in order of time; a million of them may be of no interest.
   * @param isWanted tells so from a source and how many of its contacts failed or were probed without a SYN.
   */
  *sources(isWanted: (source: number, suspects: number) => boolean = () => true): Generator<readonly PaneView[]> {
    const { run } = this.#kernel;
    run.cutAll();
    run.weigh();
    const { words } = this.#kernel;
    const base = run.paneRows() / 4;
    const count = run.paneCount();
    const sourceOf = (pane: number) => words[base + pane * PANE_WORDS + SOURCE]!;
    const suspects = new Uint32Array(run.addressCount());
    for (let pane = 1; pane < count; pane++) suspects[sourceOf(pane)]! += words[base + pane * PANE_WORDS + SUSPECTS]!;
    // A counting sort of the panes by source: the next free place of each source, 0 for those that are left out.
    const sizes = new Uint32Array(run.addressCount());
    for (let pane = 1; pane < count; pane++) sizes[sourceOf(pane)]!++;
    const places = new Uint32Array(run.addressCount());
    let wanted = 0;
    for (let source = 1; source < sizes.length; source++) {
      if (sizes[source] === 0 || !isWanted(source, suspects[source]!)) continue;
      places[source] = wanted + 1;
      wanted += sizes[source]!;
    }
    const order = new Uint32Array(wanted);
    for (let pane = 1; pane < count; pane++) if (places[sourceOf(pane)]) order[places[sourceOf(pane)]!++ - 1] = pane;
    for (let from = 0; from < wanted; ) {
      const to = from + sizes[sourceOf(order[from]!)]!;
      yield Array.from(order.subarray(from, to), (pane) => this.#view(pane)).sort((a, b) => a.hour - b.hour);
      from = to;
    }
  }

  /** The contact in a row. */
  contact(row: number): KeptContact {
    const at = this.#at(row);
    const { words } = this.#kernel;
    const service = words[at + SERVICE]!;
    return {
      target: words[at]!,
      port: service >>> 8,
      protocol: service & 255,
      seen: words[at + SEEN]!,
      hash: words[at + 5]!,
      firstStart: words[at + 6]!,
      firstEnd: words[at + 7]!,
      lastEnd: words[at + 8]!,
      minutesLow: words[at + 9]! | 0,
      minutesHigh: words[at + 10]! | 0,
      sourcePort: words[at + 11]! & 0xffff,
      packetBytes: (words[at + 11]! >>> 16) & 255,
      flows: words[at + 12]! | 0,
    };
  }

  /** Single columns of the contact in a row, for looks at very many: its target; port times 256 plus protocol; what was seen. */
  targetOf(row: number): number {
    return this.#kernel.words[this.#at(row)]!;
  }

  serviceOf(row: number): number {
    return this.#kernel.words[this.#at(row) + SERVICE]!;
  }

  seenOf(row: number): number {
    return this.#kernel.words[this.#at(row) + SEEN]!;
  }

  /**
   * How many contacts each target has, hour by hour.
   * @param isCounted tells from the source of a contact, and what was seen of it, whether it counts.
   */
  *reach(
    isCounted: (source: number, seen: number) => boolean,
  ): Generator<{ target: number; hour: number; count: number }> {
    const { run, words } = this.#kernel;
    const panes = run.paneRows() / 4;
    const counts = new Map<number, number>();
    for (let row = 1; row < run.contactCount(); row++) {
      const at = this.#at(row);
      const pane = panes + words[at + PANE]! * PANE_WORDS;
      if (pane === panes || !isCounted(words[pane + SOURCE]!, words[at + SEEN]!)) continue;
      const key = words[pane + HOUR]! * MOST_ADDRESSES + words[at]!;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    for (const [key, count] of counts)
      yield { target: key % MOST_ADDRESSES, hour: Math.floor(key / MOST_ADDRESSES), count };
  }

  /** All contacts of some services, or all there are, in no order, each with its source and epoch hour. */
  *contacts(
    wants: (service: { readonly port: number; readonly protocol: number }) => boolean = () => true,
  ): Generator<Pick<KeptContact, 'target' | 'port' | 'protocol' | 'seen'> & { source: number; hour: number }> {
    const { run, words } = this.#kernel;
    const rows = run.contactRows() / 4;
    const panes = run.paneRows() / 4;
    const count = run.contactCount();
    for (let row = 1; row < count; row++) {
      const at = rows + row * CONTACT_WORDS;
      const pane = words[at + PANE]!;
      const service = { port: words[at + SERVICE]! >>> 8, protocol: words[at + SERVICE]! & 255 };
      if (pane === 0 || !wants(service)) continue;
      const paneAt = panes + pane * PANE_WORDS;
      yield {
        ...service,
        source: words[paneAt + SOURCE]!,
        hour: words[paneAt + HOUR]!,
        target: words[at]!,
        seen: words[at + SEEN]!,
      };
    }
  }

  #at(row: number): number {
    return this.#kernel.run.contactRows() / 4 + row * CONTACT_WORDS;
  }

  #view(pane: number): PaneView {
    const { words } = this.#kernel;
    const at = this.#kernel.run.paneRows() / 4 + pane * PANE_WORDS;
    const contacts = new Array<number>(words[at + COUNT]!);
    const rows = this.#kernel.run.contactRows() / 4;
    for (let row = words[at + HEAD]!, n = 0; row !== 0; row = words[rows + row * CONTACT_WORDS + NEXT]!)
      contacts[n++] = row;
    return {
      source: words[at + SOURCE]!,
      hour: words[at + HOUR]!,
      theta: words[at + THETA]!,
      quality: words[at + QUALITY]!,
      suspects: words[at + SUSPECTS]!,
      contacts,
    };
  }
}
