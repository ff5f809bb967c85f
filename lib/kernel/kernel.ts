/** The host of the kernel: starts it, and gives a view of its memory. What it does stands in `assembly/`. */
import { KERNEL } from './kernel-bytes.ts';
import type { KIND_INSIDE, KIND_UNCOUNTED } from './rows.ts';

/** What the kernel asks its host. */
export interface KernelHost {
  /** What kind of address four words are, as bits: {@link KIND_INSIDE}, {@link KIND_UNCOUNTED}. Asked once an address. */
  kindOf(w0: number, w1: number, w2: number, w3: number): number;
  /**
   * Reads the text columns of a record of an interface: of the line at `[start, end)` of the kernel's memory, or of the
   * record that the host handed in, where both are 0. Asked for the first records of each interface, and, with number 0,
   * for the first of a file without interfaces. The host answers with the network, by `setNetwork`.
   */
  look(interfaceId: number, start: number, end: number): void;
  /** Takes all that the tables hold, because they are full and are about to be emptied; without it, the least suspicious is dropped. */
  spill?(): void;
}

export interface KernelOptions {
  /** Secret of the hashes that decide which contacts a sample keeps. */
  readonly key: readonly [number, number];
  /** Contacts kept for each source and hour; beyond it they are sampled. */
  readonly limit: number;
  /** Most contacts at all, and most sources' hours: what decides the memory (about 175 bytes each). */
  readonly mostRows: number;
}

/** The functions of the kernel; `assembly/index.ts` tells what each does. Addresses in memory are in bytes. */
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
  unitePane(source: number, hour: number, theta: number, quality: number): void;
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
  contactRows(): number;
  contactCount(): number;
  contactLimit(): number;
  timesFull(): number;
  sourcesDropped(): number;
  contactsDropped(): number;
}

let compiled: WebAssembly.Module | undefined;

/** One kernel: tables of its own, empty at first. */
export class Kernel {
  readonly run: KernelExports;
  #bytes = new Uint8Array(0);
  #words = new Uint32Array(0);

  constructor(options: KernelOptions, host: KernelHost) {
    compiled ??= new WebAssembly.Module(Buffer.from(KERNEL, 'base64'));
    const instance = new WebAssembly.Instance(compiled, {
      host: {
        kindOf: (w0: number, w1: number, w2: number, w3: number) => host.kindOf(w0 >>> 0, w1 >>> 0, w2 >>> 0, w3 >>> 0),
        look: (interfaceId: number, start: number, end: number) => host.look(interfaceId, start, end),
        spill: () => host.spill?.(),
      },
    });
    this.run = instance.exports as unknown as KernelExports;
    this.run.begin(options.key[0], options.key[1], options.limit, options.mostRows, host.spill ? 1 : 0);
  }

  /** The kernel's memory, by bytes. Not to be kept: it moves when the tables grow. */
  get bytes(): Uint8Array {
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(this.run.memory.buffer);
    return this.#bytes;
  }

  /** The same, by words of four bytes. */
  get words(): Uint32Array {
    if (this.#words.length === 0) this.#words = new Uint32Array(this.run.memory.buffer);
    return this.#words;
  }
}
