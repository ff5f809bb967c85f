/** Tries inputs of one target in its own thread, which can be ended if it hangs. `run.ts` is the other end. */
import { Session } from 'node:inspector/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { randomOf } from '../../bench/random.ts';
import { seeds } from './seeds.ts';
import type { Target } from './target.ts';

/** What a thread is started with. */
export interface Task {
  /** Module that exports `TARGETS`. */
  readonly registry: string;
  readonly target: string;
  readonly seed: string;
  /** Numbers of the inputs, `to` not included. */
  readonly from: number;
  readonly to: number;
  /** Inputs that are known to hang, and are left out. */
  readonly without: readonly number[];
  /** The number of the current input plus one. 0 before the first. */
  readonly place: Int32Array;
  readonly coverage: boolean;
}

/** What came of some inputs. */
export interface Tally {
  /** The first that is not among them. */
  readonly upTo: number;
  readonly outcomes: Record<string, number>;
  readonly past: number;
  readonly slowest: { readonly index: number; readonly ms: number };
}

/** An input of which something does not hold. */
export interface Failure {
  readonly index: number;
  /** Name and message of what was thrown. */
  readonly what: string;
  readonly stack: string;
}

/** Ranges of a script's source and how often each was run, as V8 tells. */
export interface ScriptCoverage {
  readonly url: string;
  readonly functions: readonly {
    readonly ranges: readonly { readonly startOffset: number; readonly endOffset: number; readonly count: number }[];
  }[];
}

export type Message =
  | { readonly ready: true }
  | { readonly tally: Tally }
  | { readonly failure: Failure }
  | { readonly done: true; readonly coverage: readonly ScriptCoverage[] }
  | { readonly tried: string | undefined };

/** One additional input to try, to make a failing one smaller. */
export interface Trial {
  readonly bytes: Uint8Array;
}

const TALLY_EVERY = 200;

const port = parentPort!;
const task = workerData as Task;
const say = (message: Message) => port.postMessage(message);

const session = new Session();
if (task.coverage) {
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
}
const { TARGETS } = (await import(task.registry)) as { TARGETS: readonly Target[] };
const target = TARGETS.find(({ name }) => name === task.target)!;
seeds();
await target.setUp?.();
say({ ready: true });

if (task.from < task.to) await tryAll();
else port.on('message', async ({ bytes }: Trial) => say({ tried: await whatIsWrong(bytes) }));

async function whatIsWrong(bytes: Uint8Array): Promise<string | undefined> {
  try {
    await target.run(bytes);
    return undefined;
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

async function tryAll(): Promise<void> {
  let tally = begin();
  for (let index = task.from; index < task.to; index++) {
    if (!task.without.includes(index)) {
      Atomics.store(task.place, 0, index + 1);
      const began = performance.now();
      try {
        const answer = target.run(target.input(randomOf(`${task.seed} ${task.target} ${index}`), index));
        // A thread that never waits receives no messages. One that waits each time is slow.
        const { outcome, isPast } = answer instanceof Promise ? await answer : answer;
        tally.outcomes[outcome] = (tally.outcomes[outcome] ?? 0) + 1;
        if (isPast) tally.past++;
      } catch (error) {
        const { name, message, stack = '' } = error as Error;
        tally.outcomes.FAILED = (tally.outcomes.FAILED ?? 0) + 1;
        say({ failure: { index, what: `${name}: ${message}`, stack } });
      }
      const ms = performance.now() - began;
      if (ms > tally.slowest.ms) tally.slowest = { index, ms };
    }
    if ((index + 1) % TALLY_EVERY && index + 1 < task.to) continue;
    // What was begun and not waited for ends here at the latest, and fails among the inputs that began it.
    await new Promise((resolve) => setImmediate(resolve));
    say({ tally: { ...tally, upTo: index + 1 } });
    tally = begin();
  }
  Atomics.store(task.place, 0, 0);
  const coverage = task.coverage ? (await session.post('Profiler.takePreciseCoverage')).result : [];
  say({ done: true, coverage: coverage.filter(({ url }) => /\/(lib|functions|cli)\//.test(url)) });
  port.close();
}

function begin() {
  return { outcomes: {} as Record<string, number>, past: 0, slowest: { index: -1, ms: 0 } };
}
