/** PowerShell script blocks (event 4104), which Windows cuts into parts. A word can lie across two parts. */
import type { ProcessEvent } from './process-event.ts';

/** Scripts that wait for parts, and their text together. */
const MOST_BLOCKS = 500;
const MOST_TEXT = 8_000_000;
const MOST_PARTS = 2000;

interface Part {
  readonly block: string;
  readonly number: number;
  readonly total: number;
  readonly text: string;
}

interface Common {
  readonly at: number;
  readonly eventId: string;
  readonly host?: string;
  readonly pid?: string;
  readonly user?: string;
}

interface Block {
  readonly common: Common;
  readonly total: number;
  readonly parts: Map<number, string>;
  size: number;
}

const MISSING = 'Some parts of the script are missing.';

export class ScriptBlocks {
  readonly #blocks = new Map<string, Block>();
  #size = 0;

  /** Takes a part, in any order, and gives the script once it is whole. */
  *add(common: Common, { block: id, number, total, text }: Part): Generator<ProcessEvent> {
    // The same for every part, so that a script found twice is one signal.
    const eventId = `script:${common.host ?? ''}:${id}`;
    if (!(total > 1) || !Number.isInteger(number) || total > MOST_PARTS) {
      yield {
        ...common,
        eventId,
        type: 'script',
        script: text,
        isPartial: total > 1,
        limits: total > 1 ? [MISSING] : [],
      };
      return;
    }
    let block = this.#blocks.get(eventId);
    if (!block) {
      block = { common: { ...common, eventId }, total, parts: new Map(), size: 0 };
      this.#blocks.set(eventId, block);
    }
    if (!block.parts.has(number)) {
      block.parts.set(number, text);
      block.size += text.length;
      this.#size += text.length;
    }
    if (block.parts.size >= block.total) yield* this.#close(eventId, block);
    for (const [key, oldest] of this.#blocks) {
      if (this.#blocks.size <= MOST_BLOCKS && this.#size <= MOST_TEXT) break;
      yield* this.#close(key, oldest);
    }
  }

  /** Gives the scripts whose parts never all came. */
  *finish(): Generator<ProcessEvent> {
    for (const [key, block] of [...this.#blocks]) yield* this.#close(key, block);
  }

  /** A whole script, or the runs of neighbouring parts that came. */
  *#close(key: string, { common, total, parts, size }: Block): Generator<ProcessEvent> {
    this.#blocks.delete(key);
    this.#size -= size;
    const numbers = [...parts.keys()].sort((a, b) => a - b);
    if (numbers.length >= total) {
      yield {
        ...common,
        type: 'script',
        script: numbers.map((number) => parts.get(number)).join(''),
        isPartial: false,
        limits: [],
      };
      return;
    }
    let run: number[] = [];
    for (const [position, number] of numbers.entries()) {
      run.push(number);
      if (numbers[position + 1] === number + 1) continue;
      const script = run.map((part) => parts.get(part)).join('');
      yield { ...common, type: 'script', script, isPartial: run[0] !== 1, limits: [MISSING] };
      run = [];
    }
  }
}
