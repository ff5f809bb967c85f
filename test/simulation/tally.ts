/** Adds histories up: what was injected, how often, where functions were stopped, and what did not hold. */
import { KINDS, type Kind } from './faults.ts';
import type { HistoryResult } from './history.ts';

export class Tally {
  failed = 0;
  #histories = 0;
  #findings = 0;
  #messages = 0;
  #repeated = 0;
  #calls = 0;
  readonly #faults = new Map<Kind, { times: number; histories: number }>();
  readonly #seen = new Set<string>();
  readonly #crashed = new Set<string>();

  add({ violations, faults, points, findings, messages, repeated, calls }: HistoryResult): void {
    this.#histories++;
    if (violations.length) this.failed++;
    this.#findings += findings;
    this.#messages += messages;
    this.#repeated += repeated;
    this.#calls += calls;
    for (const [kind, times] of faults) {
      const known = this.#faults.get(kind) ?? { times: 0, histories: 0 };
      this.#faults.set(kind, { times: known.times + times, histories: known.histories + 1 });
    }
    for (const point of points.seen) this.#seen.add(point);
    for (const point of points.crashed) this.#crashed.add(point);
  }

  /** Points at which a function awaited something, and was never stopped. */
  get spared(): string[] {
    return [...this.#seen].filter((point) => !this.#crashed.has(point)).sort();
  }

  table(): string {
    const rows = KINDS.map((kind) => {
      const { times = 0, histories = 0 } = this.#faults.get(kind) ?? {};
      return `| ${kind} | ${times} | ${histories} |`;
    });
    const { spared } = this;
    return [
      `${this.#histories} histories, ${this.failed} with something that did not hold; ${this.#findings} findings, ${this.#messages} messages, ${this.#repeated} told twice after a fault; ${this.#calls} calls`,
      '',
      '| fault | times | histories |',
      '|---|---|---|',
      ...rows,
      '',
      `stopped at ${this.#crashed.size} of ${this.#seen.size} points where a function awaits something`,
      ...spared.map((point) => `never stopped at ${point}`),
    ].join('\n');
  }
}
