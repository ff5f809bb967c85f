/** Which faults a history has: chosen by its seed, injected call by call and message by message, and counted. */
import type { Random } from '../../bench/random.ts';

/** Every kind of fault. Those of calls meet a function while it waits for an answer. */
export const KINDS = [
  'crash before a call',
  'crash after a call',
  'timed out',
  'slow call',
  'throttled',
  'server error',
  'answer lost, asked again',
  'answer lost, given up',
  'items unprocessed',
  'stale read',
  'page cut short',
  'connection dropped',
  'clock skew',
  'event twice',
  'event delayed',
  'event late by a day',
  'events in a burst',
  'message twice',
  'function started twice',
  'schedule missed',
  'poison object',
  'write ceiling',
  'redriven',
] as const;

export type Kind = (typeof KINDS)[number];

/** What a call is, as far as faults go by it. */
export interface CallKind {
  /** What tells calls apart cheaply: the function, the command, its expressions. */
  readonly label: string;
  readonly isWrite: boolean;
  /** A read that need not be consistent. */
  readonly mayBeStale?: boolean;
  /** A write that is refused where others came first. */
  readonly isConditional?: boolean;
  /** A write of many items. */
  readonly isBatch?: boolean;
  readonly isBody?: boolean;
  /** Whether everything that it writes may be dropped. */
  readonly isNoise?: boolean;
  /** It only lets time go by. */
  readonly isPause?: boolean;
}

/** How often a run of a function meets a fault of a kind, at any of its calls, where the history has that kind. */
const RATES_OF_RUNS: Readonly<Partial<Record<Kind, number>>> = {
  'crash before a call': 0.1,
  'crash after a call': 0.1,
  'timed out': 0.05,
  'slow call': 0.3,
  throttled: 0.1,
  'server error': 0.1,
  'answer lost, given up': 0.1,
  'connection dropped': 0.1,
};

/** The same for a call, a message or an event. */
const RATES: Readonly<Partial<Record<Kind, number>>> = {
  'answer lost, asked again': 0.03,
  'slow call': 0.3,
  'items unprocessed': 0.3,
  'stale read': 0.5,
  'page cut short': 0.3,
  'message twice': 0.15,
  'event twice': 0.2,
  'event delayed': 0.25,
  'function started twice': 0.05,
};

/** A fault that a run of a function is to meet, at its call of that number or at the next that it can happen to. */
interface Due {
  readonly at: number;
  readonly kind: Kind;
}

/** The faults that a run of a function is to meet. */
export class Fate {
  calls = 0;
  readonly #due: Due[];

  constructor(due: Due[]) {
    this.#due = due;
  }

  /** The fault that the next call meets. */
  next(call: CallKind): Kind | undefined {
    const number = this.calls++;
    const at = this.#due.findIndex((due) => due.at <= number && canMeet(call, due.kind));
    return at < 0 ? undefined : this.#due.splice(at, 1)[0]!.kind;
  }
}

function canMeet(call: CallKind, kind: Kind): boolean {
  if (kind.startsWith('crash') || kind === 'timed out' || kind === 'slow call') return true;
  if (call.isPause) return false;
  if (kind === 'connection dropped') return call.isBody === true;
  if (call.isBody) return false;
  if (kind === 'answer lost, given up') return call.isWrite;
  // Droppable writes are dropped when throttled, which is a separate fault.
  return kind !== 'throttled' || !call.isNoise;
}

/** Calls that a run of a function makes, before the first has come to its end. */
const FEW = 30;

const CRASHES = ['crash before a call', 'crash after a call'] as const;

/** Of the kinds of call that a history with crashes makes, a function is stopped once in each of so many: in rare ones too. */
const STOPPED = 0.05;

export class Faults {
  readonly counts = new Map<Kind, number>();
  /** Faults end when the history is to come to rest. */
  isOver = false;
  readonly #kinds: ReadonlySet<Kind>;
  readonly #random: Random;
  /** Calls of the last whole run of each function. */
  readonly #calls = new Map<string, number>();
  /** Calls of a kind that pass before a function is stopped in one. */
  readonly #passing = new Map<string, number>();

  constructor(seed: number, random: Random) {
    this.#random = random;
    // One in ten histories has no faults. The others have half of all kinds, so that each pair of kinds occurs, and
    // each is sometimes absent.
    const isCalm = seed % 10 === 0;
    this.#kinds = new Set(KINDS.filter((kind) => random.next() < (kind === 'write ceiling' ? 0.1 : 0.5) && !isCalm));
  }

  has(kind: Kind): boolean {
    return this.#kinds.has(kind);
  }

  /** Whether a fault is to happen now. Counts it. */
  strikes(kind: Kind, rate = RATES[kind] ?? 0): boolean {
    if (this.isOver || !this.#kinds.has(kind) || this.#random.next() >= rate) return false;
    this.count(kind);
    return true;
  }

  count(kind: Kind): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }

  /** What is to happen to a run of a function that is about to start. */
  fateOf(name: string): Fate {
    const most = this.#calls.get(name) ?? FEW;
    const due = (Object.entries(RATES_OF_RUNS) as [Kind, number][])
      .filter(([kind, rate]) => !this.isOver && this.#kinds.has(kind) && this.#random.next() < rate)
      .map(([kind]) => ({ kind, at: this.#random.whole(0, most) }));
    return new Fate(due);
  }

  /** Notes how many calls a run made that came to its end. */
  noteEnd(name: string, { calls }: Fate): void {
    this.#calls.set(name, calls);
  }

  /** The fault that a call meets, if any. Stale reads, cut pages and unprocessed items are decided where they happen. */
  ofCall(call: CallKind, fate: Fate): Kind | undefined {
    if (this.isOver) return undefined;
    const stop = this.#stopAt(call);
    if (stop) {
      this.count(stop);
      return stop;
    }
    const due = fate.next(call);
    if (due) {
      this.count(due);
      return due;
    }
    if (call.isPause || call.isBody) return undefined;
    if (call.isNoise && this.strikes('write ceiling', 0.5)) return 'write ceiling';
    // A decision that is slow to be written down is the one that others overtake.
    if (call.isConditional && this.strikes('slow call')) return 'slow call';
    return call.isWrite && this.strikes('answer lost, asked again') ? 'answer lost, asked again' : undefined;
  }

  /** The crash that is to happen at a call of its kind, in a history that has crashes. */
  #stopAt({ label }: CallKind): Kind | undefined {
    const passing = this.#passing.get(label) ?? this.#drawPassing();
    this.#passing.set(label, passing - 1);
    if (passing !== 0) return undefined;
    const kinds = CRASHES.filter((kind) => this.#kinds.has(kind));
    return kinds[this.#random.whole(0, kinds.length - 1)];
  }

  #drawPassing(): number {
    if (!CRASHES.some((kind) => this.#kinds.has(kind)) || this.#random.next() >= STOPPED)
      return Number.POSITIVE_INFINITY;
    return this.#random.next() < 0.5 ? 0 : this.#random.whole(0, 8);
  }
}
