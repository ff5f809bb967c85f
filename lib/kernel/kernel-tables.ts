/** The kernel's tables of addresses and interfaces, as the readers of flow logs know them. */
import { Addresses } from '../flowlog/address.ts';
import type { InterfaceNames } from '../flowlog/record.ts';
import type { Words } from '../net/address.ts';
import { isUncounted, type Networks } from '../net/networks.ts';
import type { Kernel } from './kernel.ts';
import {
  ADDRESS_BYTES,
  ADDRESS_KIND,
  ADDRESS_NETWORK,
  ADDRESS_OWNER,
  ADDRESS_RANK,
  INTERFACE_BYTES,
  INTERFACE_NAME_BYTES,
  INTERFACE_NAME_LENGTH,
  KIND_INSIDE,
  KIND_UNCOUNTED,
} from './rows.ts';

/** Contacts for which there must be room before a row is read: its own, and what the row before may have begun. */
const ROOM = 4;

/** What the kernel is told about an address, once: {@link KIND_INSIDE} and {@link KIND_UNCOUNTED} as bits. */
export const kindOf = (networks: Networks, address: Words): number =>
  (networks.isInside(address) ? KIND_INSIDE : 0) | (isUncounted(address) ? KIND_UNCOUNTED : 0);

/** The addresses of a kernel. */
export class KernelAddresses extends Addresses {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    super();
    this.#kernel = kernel;
  }

  override beginRow(): void {
    this.#kernel.run.makeRoom(ROOM);
  }

  override intern(w0: number, w1: number, w2: number, w3: number): number {
    return this.#kernel.run.intern(w0, w1, w2, w3);
  }

  override word(id: number, position: 0 | 1 | 2 | 3): number {
    return this.#kernel.words[this.#at(id) / 4 + position]!;
  }

  /** The interface that the address is tied to; 0 for none. */
  owner(id: number): number {
    return this.#kernel.words[(this.#at(id) + ADDRESS_OWNER) / 4]! & 0xffff;
  }

  /** The number of the network that an inside address belongs to; 0 for outside ones. */
  network(id: number): number {
    return this.#kernel.words[(this.#at(id) + ADDRESS_OWNER) / 4]! >>> ((ADDRESS_NETWORK - ADDRESS_OWNER) * 8);
  }

  /** How surely it is tied to its interface. */
  rank(id: number): number {
    return this.#kernel.bytes[this.#at(id) + ADDRESS_RANK]!;
  }

  /** What kind of address it is, as bits. */
  kind(id: number): number {
    return this.#kernel.bytes[this.#at(id) + ADDRESS_KIND]!;
  }

  #at(id: number): number {
    return this.#kernel.run.addressRows() + id * ADDRESS_BYTES;
  }
}

/** The names of interfaces in a kernel. */
export class KernelInterfaceNames implements InterfaceNames {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  intern(buffer: Uint8Array, start: number, end: number): number {
    const at = this.#kernel.run.handedIn();
    const name = buffer.subarray(start, Math.min(end, start + INTERFACE_NAME_BYTES));
    this.#kernel.bytes.set(name, at);
    // What follows a name is looked at, eight bytes at a time.
    this.#kernel.bytes.fill(0, at + name.length, at + name.length + 8);
    return this.#kernel.run.interfaceNamed(at, at + name.length);
  }

  /** Numbers of the interfaces in the rows of another table. */
  internRows(rows: Uint32Array): number[] {
    const bytes = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
    const at = (id: number) => id * INTERFACE_BYTES;
    return Array.from({ length: bytes.length / INTERFACE_BYTES }, (_, id) =>
      id === 0 ? 0 : this.intern(bytes, at(id), at(id) + bytes[at(id) + INTERFACE_NAME_LENGTH]!),
    );
  }

  text(id: number): string {
    if (id === 0) return '-';
    const at = this.#kernel.run.interfaceRows() + id * INTERFACE_BYTES;
    const { bytes } = this.#kernel;
    return Buffer.from(bytes.subarray(at, at + bytes[at + INTERFACE_NAME_LENGTH]!)).toString('latin1');
  }
}
