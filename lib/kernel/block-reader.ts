/** Lines of flow log text, read by the kernel. */
import type { ColumnMap } from '../flowlog/columns.ts';
import type { BlockReader, IdentityField } from '../flowlog/record.ts';
import { columnTexts } from '../flowlog/row-reader.ts';
import type { Kernel } from './kernel.ts';

/** The reader of one kernel. */
export class KernelBlockReader implements BlockReader {
  readonly #kernel: Kernel;
  #columns: ColumnMap | undefined;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  useColumns(columns: ColumnMap): void {
    this.#columns = columns;
    const at = (name: string) => columns.indexOf(name);
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
    );
  }

  load(text: Uint8Array): number {
    const { run, bytes } = this.#kernel;
    const length = Math.min(text.length, run.blockBytes());
    bytes.set(text.length === length ? text : text.subarray(0, length), run.block());
    run.mark(length);
    return length;
  }

  read(from: number): number {
    return this.#kernel.run.readLines(from);
  }

  take(): { readonly lines: number; readonly records: number; readonly noData: number } {
    const { run } = this.#kernel;
    const taken = { lines: run.lines.value, records: run.records.value, noData: run.noData.value };
    run.clearCounts();
    return taken;
  }

  /** Reads text columns of the line at `[start, end)` of the kernel's memory. */
  textOf(start: number, end: number): (field: IdentityField) => string | undefined {
    const columns = this.#columns!;
    const texts = columnTexts(this.#kernel.bytes, start, end);
    return (field) => texts(columns.indexOf(field));
  }
}
