/** The simulated account: tables, a bucket, queues, a topic, and the calls that functions make to them. */
import type { Random } from '../../bench/random.ts';
import { TABLES } from '../../test/lib/store/fixture/tables.ts';
import type { Item } from '../dynamodb/expressions.ts';
import { Table } from '../dynamodb/table.ts';
import type { CallKind, Fate, Faults, Kind } from './faults.ts';
import { Queue } from './queue.ts';
import type { Timeline } from './timeline.ts';

/** A message that was published. */
export interface Published {
  /** When the function asked for it, epoch milliseconds: of one that is stopped meanwhile it may still be published. */
  readonly sentAt: number;
  readonly attributes: Readonly<Record<string, string>>;
  /** The body for programs. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly by: Invocation;
}

/** Where a function waited when it was stopped: the lines of its source, from the call outwards. */
export type AwaitPoint = string;

/** One run of a function. Once it is over, nothing that it awaits is ever answered. */
export interface Invocation {
  readonly name: string;
  readonly fate: Fate;
  isOver: boolean;
  /** When it last met a fault: what it did before may be done again. */
  hurtAt: number;
  /** Ends it as if its process were gone. */
  readonly stop: (why: Kind) => void;
}

/** The calls of one process. */
export interface Caller {
  invocation: Invocation | undefined;
  /** Milliseconds that its clock is ahead. */
  readonly skew: number;
}

/** What is written is measured as DynamoDB does, roughly: names and values. */
function sizeOf(item: Item): number {
  let size = 0;
  for (const [name, value] of Object.entries(item))
    size += name.length + (value instanceof Uint8Array ? value.length : JSON.stringify(value).length);
  return size;
}

/** Whether a judgement rests on less than another, or on the same and was made earlier. */
const isOlder = (item: Item, before: Item): boolean =>
  Number(item.fragments) < Number(before.fragments) ||
  (item.fragments === before.fragments && Number(item.judgedAt) < Number(before.judgedAt));

export class Cloud {
  readonly timeline: Timeline;
  readonly random: Random;
  readonly faults: Faults;
  readonly tables: Readonly<Record<'windows' | 'findings', Table>>;
  readonly objects = new Map<string, Uint8Array>();
  readonly queues: Readonly<Record<'ingest' | 'alert', Queue>>;
  readonly published: Published[] = [];
  readonly points = { seen: new Set<AwaitPoint>(), crashed: new Set<AwaitPoint>() };
  /** The process whose code runs now. */
  running: Caller | undefined;
  /** Bytes. */
  largestItem = 0;
  /** Outside sources of few contacts that were dropped, as the functions counted them. */
  sourcesDropped = 0;
  calls = 0;
  /** When each item of the findings table was first written, by its keys. Epoch milliseconds. */
  readonly firstWritten = new Map<string, number>();
  /** Findings of which an older judgement replaced a newer one. */
  readonly wentBack: string[] = [];
  readonly #log: string[] | undefined;
  readonly #isTracing: boolean;

  constructor(timeline: Timeline, random: Random, faults: Faults, options: { log?: string[]; isTracing: boolean }) {
    this.timeline = timeline;
    this.random = random;
    this.faults = faults;
    this.#log = options.log;
    this.#isTracing = options.isTracing;
    const measure = (item: Item) => {
      this.largestItem = Math.max(this.largestItem, sizeOf(item));
    };
    const watch = (item: Item, before: Item | undefined) => {
      measure(item);
      if (before && isOlder(item, before)) this.wentBack.push(String(item.sk));
      const place = `${item.pk} ${item.sk}`;
      if (!this.firstWritten.has(place)) this.firstWritten.set(place, timeline.now);
    };
    this.tables = { windows: new Table(TABLES.windows, measure), findings: new Table(TABLES.findings, watch) };
    this.queues = { ingest: new Queue(timeline, random), alert: new Queue(timeline, random) };
  }

  /** Notes something in the history. */
  note(text: string | (() => string)): void {
    this.#log?.push(`${new Date(this.timeline.now).toISOString()} ${typeof text === 'string' ? text : text()}`);
  }

  /**
   * A call of a process. It takes effect some time later and is answered, unless a fault intervenes.
   * @param effect what the service does. An error that it throws is the answer.
   */
  call<T>(caller: Caller, call: CallKind, effect: () => T, latency = this.random.whole(1, 40)): Promise<T> {
    const { invocation } = caller;
    if (!invocation || invocation.isOver) return new Promise(() => undefined);
    this.calls++;
    const fault = this.faults.ofCall(call, invocation.fate);
    const isCrash = fault?.startsWith('crash') || fault === 'timed out';
    if (this.#isTracing || isCrash) {
      const point = `${invocation.name.split(' ')[0]}: ${awaitPoint()}`;
      this.points.seen.add(point);
      if (isCrash) this.points.crashed.add(point);
    }
    return new Promise((resolve, reject) => {
      const answer = () => {
        this.running = caller;
        try {
          resolve(effect());
        } catch (error) {
          reject(error);
        }
      };
      const fail = (name: string, message: string) => {
        this.running = caller;
        reject(Object.assign(new Error(message), { name }));
      };
      const slow = fault === 'slow call' ? this.random.whole(100, 20_000) : 0;
      this.timeline.after(latency + slow, () => {
        if (invocation.isOver) return;
        if (fault && fault !== 'slow call') invocation.hurtAt = this.timeline.now;
        if (fault) this.note(() => `${invocation.name}: ${fault}: ${call.label}`);
        switch (fault) {
          case 'crash before a call':
            return invocation.stop(fault);
          case 'crash after a call':
            attempt(effect);
            return invocation.stop(fault);
          case 'timed out':
            // The request may have gone out, and arrive whenever.
            if (this.random.next() < 0.5) this.timeline.after(this.random.whole(0, 20_000), () => attempt(effect));
            return;
          case 'throttled':
            return fail(
              'ProvisionedThroughputExceededException',
              'The level of configured provisioned throughput for the table was exceeded',
            );
          case 'write ceiling':
            return fail(
              'ThrottlingException',
              'Throughput exceeds the maximum OnDemandThroughput configured on table or index',
            );
          case 'server error':
            return fail('InternalServerError', 'Internal server error');
          case 'connection dropped':
            this.running = caller;
            return reject(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
          case 'answer lost, given up':
            attempt(effect);
            return fail('TimeoutError', 'Connection timed out');
          case 'answer lost, asked again':
            attempt(effect);
            return answer();
          default:
            return answer();
        }
      });
    });
  }
}

function attempt(effect: () => unknown): void {
  try {
    effect();
  } catch {
    // Refused, and nobody there to hear it.
  }
}

/** The project's lines that wait for the call that is being made: the innermost, and the first of another file. */
function awaitPoint(): AwaitPoint {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 30;
  const frames = (new Error().stack ?? '').matchAll(/\/((?:lib|functions)\/[\w./-]+\.ts)(?:\?\w+)?:(\d+)/g);
  Error.stackTraceLimit = limit;
  const lines: string[] = [];
  let last: string | undefined;
  for (const [, file, line] of frames) {
    // All queries wait in one place: what matters is who asks.
    if (file === last || file === 'lib/store/query.ts') continue;
    lines.push(`${file}:${line}`);
    last = file;
    if (lines.length === 2) break;
  }
  return lines.join(' < ');
}
