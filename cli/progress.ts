/** A progress line, only on a terminal that a person watches. */
import type { ByteSource } from '../lib/flowlog/source.ts';
import type { Terminal } from './terminal.ts';

const REDRAW_MS = 100;

/** Counts bytes as files are read and redraws one line of stderr. */
export class Progress {
  #terminal: Terminal;
  #total: number;
  #read = 0;
  #files: number;
  #opened = 0;
  #drawn = 0;

  constructor(terminal: Terminal, sources: readonly ByteSource[]) {
    this.#terminal = terminal;
    this.#files = sources.length;
    this.#total = sources.reduce((sum, source) => sum + (source.size ?? 0), 0);
  }

  /** Wraps a source so that its bytes are counted while they are read. */
  watch(source: ByteSource): ByteSource {
    if (!this.#terminal.isInteractive) return source;
    this.open();
    return { ...source, open: () => counted(source.open(), (bytes) => this.count(bytes)) };
  }

  /** Records that the next file has begun. */
  open(): void {
    this.#opened++;
  }

  /** Records that bytes were read. */
  count(bytes: number): void {
    if (!this.#terminal.isInteractive) return;
    this.#read += bytes;
    this.#draw();
  }

  /** Clears the line. */
  end(): void {
    if (this.#terminal.isInteractive) this.#terminal.stderr('\r\u001b[K');
  }

  #draw(): void {
    const now = Date.now();
    if (now - this.#drawn < REDRAW_MS) return;
    this.#drawn = now;
    const percent = this.#total ? Math.min(100, Math.floor((100 * this.#read) / this.#total)) : 0;
    const bar = '#'.repeat(Math.floor(percent / 4)).padEnd(25, '.');
    this.#terminal.stderr(`\r\u001b[K[${bar}] ${percent} %  file ${this.#opened} of ${this.#files}`);
  }
}

/** Wraps a stream so that its bytes are reported while they are read. */
export function counted(
  stream: AsyncIterable<Uint8Array> | undefined,
  count: (bytes: number) => void,
): AsyncIterable<Uint8Array> | undefined {
  if (!stream) return undefined;
  return (async function* () {
    for await (const chunk of stream) {
      count(chunk.length);
      yield chunk;
    }
  })();
}
