/** The host's view of the kernel's tables of addresses and interfaces. */
import { formatAddress, isIpv4, parseAddress, V4_PREFIX, type Words } from '../net/address.ts';
import type { Cidr } from '../net/cidr.ts';
import { isPrivate, isUncounted, type Networks } from '../net/networks.ts';
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
  KIND_PRIVATE,
  KIND_UNCOUNTED,
} from './rows.ts';

/** The number that means no address. */
export const NO_ADDRESS = 0;

/**
 * Contacts for which there must be room before a row is read: its own, and those that the previous row may have
 * started.
 */
const ROOM = 4;
/** An odd number that spreads neighbours (Knuth, The Art of Computer Programming, volume 3, section 6.4). */
const SPREAD = 0x9e3779b1;

/** Leading bits that all addresses of an IPv4 /16 share. */
const BLOCK_BITS = 96 + 16;
/** What is noted of a block whose addresses are not alike. More than any kind. */
const MIXED = 0xff;

/**
 * Tells the kernel's bits for an address: {@link KIND_INSIDE}, {@link KIND_UNCOUNTED} and {@link KIND_PRIVATE}. The
 * addresses of most /16 blocks are alike, so it notes them by the block.
 */
export function kindsOf(networks: Networks): (w0: number, w1: number, w2: number, w3: number) => number {
  // Kinds plus 1. 0 is a block of which nothing is noted.
  const noted = new Uint8Array(2 ** 16);
  const blockOf = (w3: number): Cidr => ({ words: [0, 0, V4_PREFIX, (w3 & 0xffff0000) >>> 0], bits: BLOCK_BITS });
  return (w0, w1, w2, w3) => {
    if (w0 !== 0 || w1 !== 0 || w2 !== V4_PREFIX) return kindOf(networks, [w0, w1, w2, w3]);
    const known = noted[w3 >>> 16]!;
    if (known !== 0 && known !== MIXED) return known - 1;
    const kind = kindOf(networks, [w0, w1, w2, w3]);
    if (known === 0) noted[w3 >>> 16] = networks.isUniform(blockOf(w3)) ? kind + 1 : MIXED;
    return kind;
  };
}

const kindOf = (networks: Networks, address: Words): number =>
  (networks.isInside(address) ? KIND_INSIDE : 0) |
  (isUncounted(address) ? KIND_UNCOUNTED : 0) |
  (isPrivate(address) ? KIND_PRIVATE : 0);

/** The addresses of a kernel. */
export class KernelAddresses {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Makes room for what one record adds. Numbers of addresses and interfaces may change here, and nowhere else. */
  makeRoom(): void {
    this.#kernel.run.makeRoom(ROOM);
  }

  /** The number of an address. {@link NO_ADDRESS} for undefined. */
  intern(words: Words | undefined): number {
    return words ? this.#kernel.run.intern(...words) : NO_ADDRESS;
  }

  /** The canonical text of an address. `-` for {@link NO_ADDRESS}. */
  text(id: number): string {
    if (id === NO_ADDRESS) return '-';
    const at = this.#at(id) / 4;
    const { words } = this.#kernel;
    return formatAddress(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
  }

  /** The numbers of some addresses given as canonical texts. An address has one number in each network. */
  numbersOf(texts: ReadonlySet<string>): ReadonlySet<number> {
    const lastWords = new Set([...texts].map((text) => parseAddress(text)?.[3]));
    const numbers = new Set<number>();
    const { words, run } = this.#kernel;
    for (let id = 1; id < run.addressCount(); id++)
      if (lastWords.has(words[this.#at(id) / 4 + 3]) && texts.has(this.text(id))) numbers.add(id);
    return numbers;
  }

  /** A number for the /24 of an IPv4 address, or the /64 of an IPv6 address. Few other networks have the same. */
  networkKey(id: number): number {
    const at = this.#at(id) / 4;
    const { words } = this.#kernel;
    const [w0, w1, w2, w3] = [words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!];
    return isIpv4([w0, w1, w2, w3]) ? w3 >>> 8 : (Math.imul(w0, SPREAD) ^ w1) >>> 0;
  }

  /** The interface that the address is tied to, otherwise 0. */
  owner(id: number): number {
    return this.#kernel.words[(this.#at(id) + ADDRESS_OWNER) / 4]! & 0xffff;
  }

  /** The number of the network that an inside address belongs to. 0 for outside addresses. */
  network(id: number): number {
    return this.#kernel.words[(this.#at(id) + ADDRESS_OWNER) / 4]! >>> ((ADDRESS_NETWORK - ADDRESS_OWNER) * 8);
  }

  /** How certain its tie to the interface is. */
  rank(id: number): number {
    return this.#kernel.bytes[this.#at(id) + ADDRESS_RANK]!;
  }

  /** The kind of the address, as bits. */
  kind(id: number): number {
    return this.#kernel.bytes[this.#at(id) + ADDRESS_KIND]!;
  }

  #at(id: number): number {
    return this.#kernel.run.addressRows() + id * ADDRESS_BYTES;
  }
}

/** The names of interfaces in a kernel. */
export class KernelInterfaceNames {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** The number of a name. 0 for undefined. */
  intern(name: string | undefined): number {
    return name === undefined ? 0 : this.#internBytes(Buffer.from(name, 'latin1'));
  }

  #internBytes(buffer: Uint8Array, start = 0, end = buffer.length): number {
    const at = this.#kernel.run.handedIn();
    const name = buffer.subarray(start, Math.min(end, start + INTERFACE_NAME_BYTES));
    this.#kernel.bytes.set(name, at);
    // The kernel compares eight bytes at a time, so the bytes after a name must be zero.
    this.#kernel.bytes.fill(0, at + name.length, at + name.length + 8);
    return this.#kernel.run.interfaceNamed(at, at + name.length);
  }

  /** Numbers of the interfaces in the rows of another table. */
  internRows(rows: Uint32Array): number[] {
    const bytes = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
    const at = (id: number) => id * INTERFACE_BYTES;
    return Array.from({ length: bytes.length / INTERFACE_BYTES }, (_, id) =>
      id === 0 ? 0 : this.#internBytes(bytes, at(id), at(id) + bytes[at(id) + INTERFACE_NAME_LENGTH]!),
    );
  }

  text(id: number): string {
    if (id === 0) return '-';
    const at = this.#kernel.run.interfaceRows() + id * INTERFACE_BYTES;
    const { bytes } = this.#kernel;
    return Buffer.from(bytes.subarray(at, at + bytes[at + INTERFACE_NAME_LENGTH]!)).toString('latin1');
  }
}
