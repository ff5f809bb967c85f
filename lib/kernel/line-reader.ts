/** Lines of flow log text, read by the kernel. */
import type { ColumnMap } from '../flowlog/columns.ts';
import type { LineReader, LinesRead, TextField } from '../flowlog/record.ts';
import { columnTexts } from '../flowlog/row-reader.ts';
import type { Kernel } from './kernel.ts';

const NEWLINE = 0x0a;

/** The columns of the lines that a kernel reads, and its readers of text. */
export class KernelLines {
  readonly #kernel: Kernel;
  #columns: ColumnMap | undefined;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  useColumns(columns: ColumnMap): void {
    this.#columns = columns;
    const at = (name: string) => columns.indexOf(name);
    const [sourceVpc, targetVpc] = columns.ends ?? [-1, -1];
    this.#kernel.run.useColumns(
      columns.names.length,
      at('pkt-srcaddr'),
      at('pkt-dstaddr'),
      at('srcaddr'),
      at('dstaddr'),
      at('srcport'),
      at('dstport'),
      at('protocol'),
      at('packets'),
      at('bytes'),
      at('start'),
      at('end'),
      at('action'),
      at('tcp-flags'),
      at('flow-direction'),
      at('interface-id'),
      at('log-status'),
      at('packets-lost-no-route'),
      at('packets-lost-blackhole'),
      sourceVpc,
      targetVpc,
    );
  }

  /** Begins to read a text. */
  read(text: Uint8Array): LineReader {
    return new TextReader(this.#kernel, text);
  }

  /** Reads text columns of the line at `[start, end)` of the kernel's memory. */
  textOf(start: number, end: number): (field: TextField) => string | undefined {
    const columns = this.#columns!;
    const texts = columnTexts(this.#kernel.bytes, start, end);
    return (field) => texts(columns.indexOf(field));
  }
}

/** One text, passed to the kernel one block at a time. */
class TextReader implements LineReader {
  readonly #kernel: Kernel;
  readonly #text: Uint8Array;
  /** Where the kernel's current block begins and ends in the text. */
  #from = 0;
  #to = 0;

  constructor(kernel: Kernel, text: Uint8Array) {
    this.#kernel = kernel;
    this.#text = text;
  }

  read(from: number): LinesRead {
    let next = from;
    for (;;) {
      if (next >= this.#to) this.#load(next);
      next = this.#from + this.#kernel.run.readLines(next - this.#from);
      const isWhole = this.#to === this.#text.length;
      if (isWhole || (next < this.#to && this.#text.subarray(next, this.#to).includes(NEWLINE))) break;
      // A line that the block cuts off is read with the next block, unless it is longer than a block.
      if (next === this.#from) break;
      this.#load(next);
    }
    return { next, ...this.#takeCounts() };
  }

  #load(from: number): void {
    const { run, bytes } = this.#kernel;
    const length = Math.min(this.#text.length - from, run.blockBytes());
    bytes.set(this.#text.subarray(from, from + length), run.block());
    run.mark(length);
    this.#from = from;
    this.#to = from + length;
  }

  #takeCounts(): Omit<LinesRead, 'next'> {
    const { run } = this.#kernel;
    const counts = { lines: run.lines.value, records: run.records.value, noData: run.noData.value };
    run.clearCounts();
    return counts;
  }
}
