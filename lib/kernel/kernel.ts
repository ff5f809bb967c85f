/** The host of the kernel: starts it and gives a view of its memory. The kernel itself is in `assembly/`. */
import { KERNEL } from './kernel-bytes.ts';
import type { KIND_INSIDE, KIND_PRIVATE, KIND_UNCOUNTED } from './rows.ts';

/** The functions that the kernel calls. */
export interface KernelHost {
  /**
   * The kind of the address in four words, as bits: {@link KIND_INSIDE}, {@link KIND_UNCOUNTED}, {@link KIND_PRIVATE}. Called once per
   * address.
   */
  kindOf(w0: number, w1: number, w2: number, w3: number): number;
  /**
   * Reads the text columns of an interface's record: of the line at `[start, end)` of the kernel's memory, or of the
   * record that the host passed in if both are 0. Called for the first records of each interface, and with number 0 for
   * the first record of a file without interfaces. The host answers with the network through `setNetwork`.
   * @param side 1 or 2 if the number is that of a VPC, at the source or at the target of a transit gateway's record.
   */
  look(interfaceId: number, start: number, end: number, side: number): void;
  /** Called when the tables are full, before they are emptied. Without it, the least suspicious evidence is dropped. */
  spill?(): void;
}

export interface KernelOptions {
  /** Key of the hashes that decide which contacts a sample keeps. */
  readonly key: readonly [number, number];
  /** Contacts kept for each source and hour. Beyond the limit they are sampled. */
  readonly limit: number;
  /** Limit of contacts, and of hours of sources. It determines the memory (about 175 bytes each). At most 13 million. */
  readonly mostRows: number;
}

/** The functions of the kernel, explained in `assembly/index.ts`. Memory addresses are in bytes. */
interface KernelExports {
  readonly memory: WebAssembly.Memory;
  begin(key0: number, key1: number, limit: number, mostRows: number, isSpilling: number): void;
  clear(): void;
  useColumns(count: number, ...columns: number[]): void;
  setLayoutQuality(bits: number): void;
  mark(length: number): void;
  readLines(from: number): number;
  readonly lines: WebAssembly.Global;
  readonly records: WebAssembly.Global;
  readonly noData: WebAssembly.Global;
  readonly logTime: WebAssembly.Global;
  clearCounts(): void;
  advance(end: number): void;
  makeRoom(more: number): void;
  enter(interfaceId: number): void;
  enterEnd(vpc: number, side: number): void;
  enterNetwork(number: number): void;
  setNetwork(interfaceId: number, number: number): void;
  intern(w0: number, w1: number, w2: number, w3: number): number;
  interfaceNamed(start: number, end: number): number;
  record(
    source: number,
    target: number,
    ownSource: number,
    ownTarget: number,
    sourcePort: number,
    targetPort: number,
    protocol: number,
    packets: number,
    bytes: number,
    start: number,
    end: number,
    action: number,
    flags: number,
    direction: number,
    interfaceId: number,
    lineStart: number,
    lineEnd: number,
  ): void;
  classify(
    protocol: number,
    sourcePort: number,
    targetPort: number,
    packets: number,
    bytes: number,
    action: number,
    flags: number,
    isIpv4: number,
  ): number;
  add(
    source: number,
    target: number,
    service: number,
    seen: number,
    start: number,
    end: number,
    quality: number,
    sourcePort: number,
    packetBytes: number,
  ): void;
  unite(source: number, target: number, hour: number, row: number): void;
  unitePane(
    source: number,
    hour: number,
    quality: number,
    answered: number,
    touched: number,
    failed: number,
    lateral: number,
  ): void;
  uniteLeftOut(source: number, hour: number, hash: number): void;
  claim(address: number, interfaceId: number, rank: number): void;
  conclude(): void;
  uniteCandidates(interfaceId: number, first: number, second: number): void;
  addTraits(interfaceId: number, traits: number): void;
  traitsOf(interfaceId: number): number;
  cutAll(): void;
  weigh(): void;
  isFailedProbe(seen: number): number;
  keyedHash(m0: number, m1: number, m2: number, m3: number, m4: number, m5: number, m6: number): number;
  block(): number;
  blockBytes(): number;
  handedIn(): number;
  addressRows(): number;
  addressCount(): number;
  interfaceRows(): number;
  interfaceCount(): number;
  unnamedInterfaces(): number;
  paneRows(): number;
  paneCount(): number;
  leftOutBlocks(): number;
  contactRows(): number;
  contactCount(): number;
  timesFull(): number;
  sourcesDropped(): number;
  contactsDropped(): number;
}

/** Beyond this, the numbers of addresses, a quarter more than rows, would not fit into the slots of the indexes. */
const MOST_ROWS = 13_000_000;

let compiled: WebAssembly.Module | undefined;

/** One kernel with its own tables, empty at first. */
export class Kernel {
  readonly run: KernelExports;
  #bytes = new Uint8Array(0);
  #words = new Uint32Array(0);

  constructor(options: KernelOptions, host: KernelHost) {
    if (options.mostRows > MOST_ROWS)
      throw new RangeError(`mostRows must be at most ${MOST_ROWS}, got ${options.mostRows}`);
    compiled ??= new WebAssembly.Module(Buffer.from(KERNEL, 'base64'));
    const instance = new WebAssembly.Instance(compiled, {
      host: {
        kindOf: (w0: number, w1: number, w2: number, w3: number) => host.kindOf(w0 >>> 0, w1 >>> 0, w2 >>> 0, w3 >>> 0),
        look: (interfaceId: number, start: number, end: number, side: number) =>
          host.look(interfaceId, start, end, side),
        spill: () => host.spill?.(),
      },
    });
    this.run = instance.exports as unknown as KernelExports;
    this.run.begin(options.key[0], options.key[1], options.limit, options.mostRows, host.spill ? 1 : 0);
  }

  /** The kernel's memory by bytes. Do not keep the array: the memory moves when the tables grow. */
  get bytes(): Uint8Array {
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(this.run.memory.buffer);
    return this.#bytes;
  }

  /** The kernel's memory by words of four bytes. */
  get words(): Uint32Array {
    if (this.#words.length === 0) this.#words = new Uint32Array(this.run.memory.buffer);
    return this.#words;
  }
}
