/** Runs one target over many inputs, watches time and memory, and makes what fails small. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { randomOf } from '../../bench/random.ts';
import { minimized } from './minimize.ts';
import type { Target } from './target.ts';
import type { Failure, Message, ScriptCoverage, Task, Trial } from './worker.ts';

export interface RunOptions {
  /** Module that exports `TARGETS`. */
  readonly registry: URL;
  readonly seed: string;
  readonly inputs: number;
  /** The first input's number. */
  readonly from?: number;
  /** Longest time that one input may take, in ms. Far above what any needs, since the machine may be busy. */
  readonly patience?: number;
  /** Bytes by which the process may grow over what it had when the target was ready. */
  readonly mostBytes?: number;
  /** Whether lines are counted that the first inputs run. */
  readonly coverage?: boolean;
  /** Failures after which the target is stopped. */
  readonly mostFailures?: number;
  /** How long a failing input may be made smaller, in ms. */
  readonly minimizing?: number;
}

/** A failing input, and as few of its bytes as still fail in that way. */
export interface FoundFailure extends Failure {
  readonly input: Uint8Array;
  readonly small: Uint8Array;
}

export interface Result {
  readonly target: string;
  readonly inputs: number;
  readonly past: number;
  readonly outcomes: ReadonlyMap<string, number>;
  readonly slowest: { readonly index: number; readonly ms: number };
  /** Most bytes by which the process grew. */
  readonly grown: number;
  readonly failures: readonly FoundFailure[];
  readonly coverage: readonly ScriptCoverage[];
}

const PATIENCE = 20_000;
const MOST_BYTES = 256 * 1024 * 1024;
const MOST_FAILURES = 10;
const LOOK_EVERY = 25;
/** Number of inputs whose lines are counted. Counting takes time, and further inputs add few lines. */
const COVERED = 3000;
/** JavaScript's own heap in a thread, in MB: what goes beyond ends the thread, not the process. */
const HEAP_MB = 512;

/** Tries `inputs` inputs of a target. */
export async function runTarget(name: string, options: RunOptions): Promise<Result> {
  const outcomes = new Map<string, number>();
  const failures: Failure[] = [];
  const without: number[] = [];
  const coverage: ScriptCoverage[] = [];
  const first = options.from ?? 0;
  const to = first + options.inputs;
  const mostFailures = options.mostFailures ?? MOST_FAILURES;
  let [past, grown, slowest, next] = [0, 0, { index: -1, ms: 0 }, first];
  while (next < to && failures.length < mostFailures) {
    const isCovered = options.coverage === true && next < first + COVERED;
    const part = { from: next, inputs: (isCovered ? Math.min(to, first + COVERED) : to) - next, coverage: isCovered };
    const ended = await runThread(name, { ...options, ...part }, without, (message) => {
      if ('failure' in message) failures.push(message.failure);
      else if ('tally' in message) {
        const { tally } = message;
        for (const [outcome, count] of Object.entries(tally.outcomes))
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count);
        past += tally.past;
        next = tally.upTo;
        if (tally.slowest.ms > slowest.ms) slowest = tally.slowest;
      } else if ('done' in message) coverage.push(...message.coverage);
      return failures.length < mostFailures;
    });
    grown = Math.max(grown, ended.grown);
    if (!ended.failure) continue;
    failures.push(ended.failure);
    without.push(ended.failure.index);
    const { what } = ended.failure;
    const outcome = what.startsWith('hang') ? 'HANG' : what.startsWith('memory') ? 'MEMORY' : 'CRASH';
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  // After a thread was ended, some inputs may have been tried twice: each failure counts once.
  const distinct = [...new Map(failures.map((failure) => [failure.index, failure])).values()];
  const found: FoundFailure[] = [];
  const { TARGETS } = (await import(options.registry.href)) as { TARGETS: readonly Target[] };
  const target = TARGETS.find((each) => each.name === name)!;
  // Making new inputs may need what all of them share.
  if (distinct.length) await target.setUp?.();
  for (const failure of distinct) {
    const input = target.input(randomOf(`${options.seed} ${name} ${failure.index}`), failure.index);
    found.push({ ...failure, input, small: await smallest(name, options, failure, input) });
  }
  const tried = [...outcomes.values()].reduce((sum, count) => sum + count, 0);
  return { target: name, inputs: tried, past, outcomes, slowest, grown, failures: found, coverage };
}

interface Ended {
  readonly grown: number;
  /** What ended the thread before its time. */
  readonly failure?: Failure;
}

function startThread(name: string, options: RunOptions, task: Partial<Task>): Worker {
  const { registry, seed, from = 0, inputs, coverage = false } = options;
  const data: Omit<Task, 'place'> & Partial<Task> = {
    registry: registry.href,
    target: name,
    seed,
    from,
    to: from + inputs,
    without: [],
    coverage,
    ...task,
  };
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    stdout: true,
    stderr: true,
  });
  // What the functions log is no part of the outcome, and must not pile up.
  worker.stdout.resume();
  worker.stderr.resume();
  return worker;
}

/** One thread, until it is done or is ended. @param hear returns false when it has heard enough. */
function runThread(
  name: string,
  options: RunOptions,
  without: readonly number[],
  hear: (message: Message) => boolean,
): Promise<Ended> {
  const place = new Int32Array(new SharedArrayBuffer(4));
  const worker = startThread(name, options, { place, without });
  const { patience = PATIENCE, mostBytes = MOST_BYTES } = options;
  return new Promise((resolve) => {
    let [base, grown, seen, since] = [Number.POSITIVE_INFINITY, 0, 0, performance.now()];
    const end = (failure?: Omit<Failure, 'index'>) => {
      clearInterval(watch);
      worker.removeAllListeners();
      // A thread that is ended may still fail.
      worker.on('error', () => undefined);
      const index = Atomics.load(place, 0) - 1;
      void worker.terminate().then(() => resolve({ grown, ...(failure && { failure: { ...failure, index } }) }));
    };
    const look = () => {
      const now = Atomics.load(place, 0);
      if (now !== seen) [seen, since] = [now, performance.now()];
      grown = Math.max(grown, process.memoryUsage.rss() - base);
      if (grown > mostBytes) end({ what: `memory: grew by ${grown >> 20} MiB`, stack: '' });
      else if (seen > 0 && performance.now() - since > patience)
        end({ what: `hang: not done after ${patience} ms`, stack: '' });
    };
    const watch = setInterval(look, LOOK_EVERY);
    worker.on('message', (message: Message) => {
      if ('ready' in message) base = process.memoryUsage.rss();
      if (!hear(message) || 'done' in message) end();
    });
    worker.on('error', (error) => {
      const { code, message, stack = '' } = error as NodeJS.ErrnoException;
      end({ what: code === 'ERR_WORKER_OUT_OF_MEMORY' ? `memory: ${message}` : `crash: ${message}`, stack });
    });
    worker.on('exit', () => end({ what: 'crash: the thread ended', stack: '' }));
  });
}

/** The fewest bytes found in limited time that still fail in the same way. Each trial has the patience of a run. */
async function smallest(name: string, options: RunOptions, failure: Failure, input: Uint8Array): Promise<Uint8Array> {
  let worker: Worker | undefined;
  const kind = kindOf(failure.what);
  const isSame = async (bytes: Uint8Array): Promise<boolean> => {
    worker ??= await readyThread(name, options);
    const answer = await trial(worker, bytes, options.patience ?? PATIENCE);
    if (answer === 'ended') worker = undefined;
    return answer === 'ended' ? /^(hang|memory|crash)$/.test(kind) : answer !== undefined && kindOf(answer) === kind;
  };
  try {
    return await minimized(input, isSame, options.minimizing);
  } finally {
    await worker?.terminate();
  }
}

/** A thread that waits for inputs. */
async function readyThread(name: string, options: RunOptions): Promise<Worker> {
  const worker = startThread(name, options, { from: 0, to: 0, coverage: false, place: new Int32Array(1) });
  await once(worker, 'message');
  return worker;
}

/** What failed, without the values: numbers and quoted texts change as the input gets smaller. */
const kindOf = (what: string): string =>
  /^(hang|memory|crash):/.exec(what)?.[1] ?? what.replace(/".*"|\{.*|\d+/gs, '#').slice(0, 60);

/** The answer to an input. `ended` if it takes too long or ends the thread. */
function trial(worker: Worker, bytes: Uint8Array, patience: number): Promise<string | undefined | 'ended'> {
  return new Promise((resolve) => {
    const settle = (answer: string | undefined) => {
      clearTimeout(timer);
      worker.off('error', end).off('exit', end).off('message', hear);
      resolve(answer);
    };
    const end = () => {
      // A thread that is ended may still fail.
      worker.on('error', () => undefined);
      void worker.terminate().then(() => settle('ended'));
    };
    const hear = (message: Message) => {
      if ('tried' in message) settle(message.tried);
    };
    const timer = setTimeout(end, patience);
    worker.on('error', end).on('exit', end).on('message', hear);
    worker.postMessage({ bytes } satisfies Trial);
  });
}
