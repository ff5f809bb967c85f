/**
 * The content of one kernel's tables, to be added to another kernel: that of another thread, which read other files.
 */
import type { IdentityField } from '../flowlog/record.ts';
import type { Kernel } from './kernel.ts';
import { leftOutOf } from './left-out.ts';
import {
  ADDRESS_BYTES,
  ADDRESS_NETWORK,
  ADDRESS_OWNER,
  ADDRESS_RANK,
  CONTACT_BYTES,
  CONTACT_PANE,
  CONTACT_TARGET,
  INTERFACE_BYTES,
  INTERFACE_CANDIDATES,
  INTERFACE_NETWORK,
  INTERFACE_TRAITS,
  NO_CANDIDATE,
  PANE_ANSWERED,
  PANE_BYTES,
  PANE_FAILED,
  PANE_HOUR,
  PANE_LATERAL,
  PANE_LEFT_OUT,
  PANE_QUALITY,
  PANE_SOURCE,
  PANE_TOUCHED,
  TRAIT_WITHOUT_DIRECTION,
} from './rows.ts';

/** Bytes of a word. Tables are copied by words. */
const WORD = 4;
const ADDRESS_WORDS = ADDRESS_BYTES / WORD;
const INTERFACE_WORDS = INTERFACE_BYTES / WORD;
const PANE_WORDS = PANE_BYTES / WORD;
const CONTACT_WORDS = CONTACT_BYTES / WORD;
/** Fields that are not at the beginning of a word are shifted down by this many bits. */
const NETWORK_SHIFT = (ADDRESS_NETWORK - ADDRESS_OWNER) * 8;
const TRAITS_SHIFT = (INTERFACE_TRAITS - INTERFACE_NETWORK) * 8;
/** Contacts that may be added before room must be made again. */
const ROOM = 4;

/** Tables as words. The first row of each is unused. */
export interface DrainedTables {
  readonly addresses: Uint32Array;
  readonly interfaces: Uint32Array;
  readonly panes: Uint32Array;
  readonly contacts: Uint32Array;
  /** For each pane with left-out contacts: its number, how many cells follow, and the cells. */
  readonly leftOut: Uint32Array;
}

/** The knowledge about an interface in addition to its row. */
export interface DrainedInterface {
  readonly id: number;
  readonly fields: Partial<Record<IdentityField, string>>;
  readonly skipHours: readonly number[];
}

/** The content of one body of evidence. Its arrays may be transferred to another thread. */
export interface Drained {
  readonly logTime: number;
  readonly tables: DrainedTables;
  readonly identities: readonly DrainedInterface[];
  /** Scopes by the number in the rows of addresses. */
  readonly scopes: readonly string[];
  /** Whether one target may be in several networks, also for sources inside. */
  readonly mixesNetworks: boolean;
}

/** Copies the tables of a kernel. */
export function drainTables(kernel: Kernel): DrainedTables {
  const { run } = kernel;
  run.cutAll();
  const { words } = kernel;
  const copy = (at: number, length: number) => words.slice(at / 4, at / 4 + length);
  return {
    addresses: copy(run.addressRows(), run.addressCount() * ADDRESS_WORDS),
    interfaces: copy(run.interfaceRows(), run.interfaceCount() * INTERFACE_WORDS),
    panes: copy(run.paneRows(), run.paneCount() * PANE_WORDS),
    contacts: copy(run.contactRows(), run.contactCount() * CONTACT_WORDS),
    leftOut: Uint32Array.from(allLeftOut(kernel)),
  };
}

function* allLeftOut({ run, words }: Kernel): Generator<number> {
  const panes = run.paneRows() / WORD;
  const blocks = run.leftOutBlocks();
  for (let pane = 1; pane < run.paneCount(); pane++) {
    const at = panes + pane * PANE_WORDS;
    const cells = words[at + PANE_LEFT_OUT / WORD] ? leftOutOf(words, at, blocks) : [];
    if (!cells.length) continue;
    yield pane;
    yield cells.length;
    yield* cells;
  }
}

/** The numbers in this kernel for what another kernel's tables refer to. */
interface Renumbered {
  readonly interfaces: readonly number[];
  readonly networks: readonly number[];
}

/** Adds tables to those of a kernel. */
export function absorbTables(kernel: Kernel, tables: DrainedTables, { interfaces, networks }: Renumbered): void {
  const { run } = kernel;
  const numbers = new AddressNumbers(kernel, tables.addresses, networks);
  for (let id = 1; id < tables.addresses.length / ADDRESS_WORDS; id++) {
    const rank = tables.addresses[id * ADDRESS_WORDS + ADDRESS_RANK / WORD]! & 255;
    if (rank === 0) continue;
    run.makeRoom(ROOM);
    const owner = tables.addresses[id * ADDRESS_WORDS + ADDRESS_OWNER / WORD]! & 0xffff;
    run.claim(numbers.of(id), interfaces[owner]!, rank);
  }
  for (let id = 1; id < tables.interfaces.length / INTERFACE_WORDS; id++) {
    const at = id * INTERFACE_WORDS;
    const traits = (tables.interfaces[at + INTERFACE_NETWORK / WORD]! >>> TRAITS_SHIFT) & 255;
    run.addTraits(interfaces[id]!, traits & ~TRAIT_WITHOUT_DIRECTION);
    if (!(traits & TRAIT_WITHOUT_DIRECTION)) continue;
    run.makeRoom(ROOM);
    const candidate = (which: number) => {
      const address = tables.interfaces[at + INTERFACE_CANDIDATES / WORD + which]!;
      return address === NO_CANDIDATE ? NO_CANDIDATE : numbers.of(address);
    };
    run.uniteCandidates(interfaces[id]!, candidate(0), candidate(1));
  }
  absorbContacts(kernel, tables, numbers);
}

function absorbContacts(kernel: Kernel, { panes, contacts, leftOut }: DrainedTables, numbers: AddressNumbers): void {
  const { run } = kernel;
  for (let at = PANE_WORDS; at < panes.length; at += PANE_WORDS) {
    run.makeRoom(ROOM);
    run.unitePane(
      numbers.of(panes[at + PANE_SOURCE / WORD]!),
      panes[at + PANE_HOUR / WORD]!,
      panes[at + PANE_QUALITY / WORD]!,
      panes[at + PANE_ANSWERED / WORD]!,
      panes[at + PANE_TOUCHED / WORD]!,
      panes[at + PANE_FAILED / WORD]!,
      panes[at + PANE_LATERAL / WORD]!,
    );
  }
  for (let at = 0; at < leftOut.length; ) {
    const pane = leftOut[at]! * PANE_WORDS;
    const end = at + 2 + leftOut[at + 1]!;
    run.makeRoom(ROOM);
    const source = numbers.of(panes[pane + PANE_SOURCE / WORD]!);
    const hour = panes[pane + PANE_HOUR / WORD]!;
    for (at += 2; at < end; at++) run.uniteLeftOut(source, hour, leftOut[at]!);
  }
  const most = Math.floor(run.blockBytes() / 4 / CONTACT_WORDS) * CONTACT_WORDS;
  for (let from = 0; from < contacts.length; from += most) {
    const rows = contacts.subarray(from, from + most);
    kernel.words.set(rows, run.block() / 4);
    for (let at = 0; at < rows.length; at += CONTACT_WORDS) {
      const pane = rows[at + CONTACT_PANE / WORD]! * PANE_WORDS;
      if (pane === 0) continue;
      run.makeRoom(ROOM);
      run.unite(
        numbers.of(panes[pane + PANE_SOURCE / WORD]!),
        numbers.of(rows[at + CONTACT_TARGET / WORD]!),
        panes[pane + PANE_HOUR / WORD]!,
        run.block() + at * 4,
      );
    }
  }
}

/** A kernel's numbers for the addresses of another table. They are rebuilt whenever room had to be made. */
class AddressNumbers {
  readonly #kernel: Kernel;
  readonly #rows: Uint32Array;
  readonly #networks: readonly number[];
  readonly #numbers: Uint32Array;
  #renumbered: number;

  constructor(kernel: Kernel, rows: Uint32Array, networks: readonly number[]) {
    this.#kernel = kernel;
    this.#rows = rows;
    this.#networks = networks;
    this.#numbers = new Uint32Array(rows.length / ADDRESS_WORDS);
    this.#renumbered = kernel.run.timesFull();
  }

  of(id: number): number {
    const { run } = this.#kernel;
    if (run.timesFull() !== this.#renumbered) {
      this.#numbers.fill(0);
      this.#renumbered = run.timesFull();
    }
    const known = this.#numbers[id]!;
    if (known !== 0 || id === 0) return known;
    const at = id * ADDRESS_WORDS;
    run.enterNetwork(this.#networks[this.#rows[at + ADDRESS_OWNER / WORD]! >>> NETWORK_SHIFT]!);
    const number = run.intern(this.#rows[at]!, this.#rows[at + 1]!, this.#rows[at + 2]!, this.#rows[at + 3]!);
    this.#numbers[id] = number;
    return number;
  }
}
