/** A line on a terminal that tells how far a look back has come, and is drawn over and over. */
import type { Terminal } from '../terminal.ts';

const REDRAW_MS = 100;

/** Draws nothing where nobody watches. */
export class ProgressLine {
  readonly #terminal: Terminal;
  #drawn = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  draw(text: string): void {
    if (!this.#terminal.isInteractive || Date.now() - this.#drawn < REDRAW_MS) return;
    this.#drawn = Date.now();
    this.#terminal.stderr(`\r\u001b[K${text}`);
  }

  clear(): void {
    if (this.#terminal.isInteractive) this.#terminal.stderr('\r\u001b[K');
  }
}
