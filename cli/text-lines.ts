/** Cuts bytes into lines of text: UTF-8, or UTF-16 with a byte order mark as Windows writes it. */

import { TextDecoder } from 'node:util';

/** Characters of the longest line. What is longer is handed on in pieces, which the reader counts as too long. */
const LONGEST = 4 * 1024 * 1024;

export class TextLines {
  readonly #take: (line: string) => void;
  #decoder: TextDecoder | undefined;
  #rest: string[] = [];
  #length = 0;

  constructor(take: (line: string) => void) {
    this.#take = take;
  }

  push(chunk: Uint8Array): void {
    this.#decoder ??= new TextDecoder(encodingOf(chunk));
    this.#split(this.#decoder.decode(chunk, { stream: true }));
  }

  end(): void {
    if (this.#decoder) this.#split(this.#decoder.decode());
    if (this.#length) this.#give('');
  }

  #split(text: string): void {
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      this.#give(text.slice(start, end));
      start = end + 1;
    }
    if (start === text.length) return;
    this.#rest.push(text.slice(start));
    this.#length += text.length - start;
    if (this.#length > LONGEST) this.#give('');
  }

  #give(end: string): void {
    const line = this.#length ? `${this.#rest.join('')}${end}` : end;
    this.#rest = [];
    this.#length = 0;
    this.#take(line.endsWith('\r') ? line.slice(0, -1) : line);
  }
}

const encodingOf = (head: Uint8Array): string =>
  head[0] === 0xff && head[1] === 0xfe ? 'utf-16le' : head[0] === 0xfe && head[1] === 0xff ? 'utf-16be' : 'utf-8';
