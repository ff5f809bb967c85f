/** Adds histories up: what was injected, how often, where functions were stopped, and what did not hold. */
import { KINDS, type Kind } from './faults.ts';
import type { HistoryResult } from './history.ts';

/** What one history met. */
export interface Covered {
  readonly seed: number;
  readonly calls: number;
  readonly faults: readonly Kind[];
  /** Points at which a function was stopped. */
  readonly crashed: readonly string[];
}

/** What a process tells another of the histories it ran. */
export interface Told {
  readonly failed: number;
  readonly histories: number;
  readonly findings: number;
  readonly messages: number;
  readonly repeated: number;
  readonly calls: number;
  readonly faults: readonly (readonly [Kind, { readonly times: number; readonly histories: number }])[];
  readonly seen: readonly string[];
  readonly crashed: readonly string[];
  readonly covered: readonly Covered[];
}

export class Tally {
  failed = 0;
  /** Processes that ended without telling of their histories. */
  missing = 0;
  /** History by history. */
  readonly covered: Covered[] = [];
  #histories = 0;
  #findings = 0;
  #messages = 0;
  #repeated = 0;
  #calls = 0;
  readonly #faults = new Map<Kind, { times: number; histories: number }>();
  readonly #seen = new Set<string>();
  readonly #crashed = new Set<string>();

  toJSON(): Told {
    return {
      failed: this.failed,
      histories: this.#histories,
      findings: this.#findings,
      messages: this.#messages,
      repeated: this.#repeated,
      calls: this.#calls,
      faults: [...this.#faults],
      seen: [...this.#seen],
      crashed: [...this.#crashed],
      covered: this.covered,
    };
  }

  /** Adds the histories that another process ran. */
  merge(told: Told): void {
    this.failed += told.failed;
    this.#histories += told.histories;
    this.#findings += told.findings;
    this.#messages += told.messages;
    this.#repeated += told.repeated;
    this.#calls += told.calls;
    for (const [kind, { times, histories }] of told.faults) this.#count(kind, times, histories);
    for (const point of told.seen) this.#seen.add(point);
    for (const point of told.crashed) this.#crashed.add(point);
    this.covered.push(...told.covered);
  }

  add({ seed, violations, faults, points, findings, messages, repeated, calls }: HistoryResult): void {
    this.covered.push({ seed, calls, faults: [...faults.keys()], crashed: [...points.crashed] });
    this.#histories++;
    if (violations.length) this.failed++;
    this.#findings += findings;
    this.#messages += messages;
    this.#repeated += repeated;
    this.#calls += calls;
    for (const [kind, times] of faults) this.#count(kind, times, 1);
    for (const point of points.seen) this.#seen.add(point);
    for (const point of points.crashed) this.#crashed.add(point);
  }

  /** Adds what histories met, and nothing else of them. */
  cover(histories: readonly Covered[]): void {
    for (const { faults, crashed } of histories) {
      for (const kind of faults) this.#count(kind, 0, 1);
      for (const point of crashed) this.#crashed.add(point);
    }
  }

  /** What the histories met, in one line. */
  coverage(): string {
    return `${this.#faults.size} of ${KINDS.length} kinds of fault, stops at ${this.#crashed.size} points`;
  }

  #count(kind: Kind, times: number, histories: number): void {
    const known = this.#faults.get(kind) ?? { times: 0, histories: 0 };
    this.#faults.set(kind, { times: known.times + times, histories: known.histories + histories });
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
