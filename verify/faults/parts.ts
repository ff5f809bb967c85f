/** The parts of `npm run faults`: each kind of fault at length, and what else a part must show. */

import { poisoned } from './damage.ts';
import { killsOfForward, startForwarding, withForwarded } from './forwarded.ts';
import { connections, denial, fullQueues, kills, killsAfterAnswers, nothing, restarts, together } from './inject.ts';
import { ingestLarge } from './large.ts';
import { type Assembly, assemble, type FaultStack, type StackOptions, startFaultStack } from './stack.ts';
import { runTrial, type Trial, type TrialOptions } from './trial.ts';

/** What a part is given. */
interface Setting {
  readonly assembly: Assembly;
  readonly seed: string;
  /** How long the soak goes on. */
  readonly minutes: number;
}

type Part = (setting: Setting) => Promise<readonly Trial[]>;

const OBJECTS = 120;
const SCANS = 40;
const KILLS = 60;
const KILLS_AFTER_ANSWERS = 10;
const RESTARTS = 15;
const KILLS_OF_FORWARD = 5;
const FORWARDED = { objects: 40, scans: 16 };
const BURST = 1000;
const BURST_SCANS = 120;
const BURST_PARALLEL = 64;
const PATIENCE = 4;
const LIMIT_MS = 15 * 60_000;
/** Of one round of the soak. */
const ROUND = { objects: 60, scans: 20, kills: 10, restarts: 2 };
/** Rounds of one soak: each puts the clock up to 6,000 s ahead, and evidence expires after eight days. */
const MAX_ROUNDS = 60;
/** What is not leaked memory: a first third that was spent in starting, and what waits to be collected. */
const FLAT = 1.25;
const SLACK_BYTES = 16 * 2 ** 20;

/** By name. */
export const PARTS: Readonly<Record<string, Part>> = {
  kills: one({ inject: together(kills(KILLS), killsAfterAnswers(KILLS_AFTER_ANSWERS)) }),
  restart: one({ inject: restarts(RESTARTS) }),
  connections: one({ inject: connections }),
  queue: one({ inject: fullQueues }),
  burst: async (setting) =>
    (
      await one(
        { objects: BURST, scans: BURST_SCANS, parallel: BURST_PARALLEL, inject: nothing },
        { patience: 60 },
      )(setting)
    ).map(flat),
  large: async ({ assembly }) => [await ingestLarge(assembly)],
  forward: async ({ seed }) => {
    const stack = await startForwarding(assemble('destinations'), { patience: PATIENCE });
    try {
      const inject = together(killsOfForward(KILLS_OF_FORWARD), connections);
      const options = { ...FORWARDED, network: 1, inject };
      return [await withForwarded(stack, await trial(stack, 'all', seed, options))];
    } finally {
      await stack.stop();
    }
  },
  poison: one({ inject: denial, damage: poisoned }, { patience: 6 }),
  soak: async ({ assembly, seed, minutes }) => {
    const end = Date.now() + minutes * 60_000;
    const trials: Trial[] = [];
    await withStack(assembly, { patience: PATIENCE }, async (stack) => {
      for (let round = 1; round <= MAX_ROUNDS && (round === 1 || Date.now() < end); round++) {
        const inject = together(kills(ROUND.kills), restarts(ROUND.restarts), connections, denial);
        trials.push(await trial(stack, `soak ${round}`, seed, { ...ROUND, network: round, inject, damage: poisoned }));
      }
    });
    return trials;
  },
};

/** A part that is one trial on a stack of its own. */
function one(options: Partial<TrialOptions> & Pick<TrialOptions, 'inject'>, patience: StackOptions = {}): Part {
  return async ({ assembly, seed }) => {
    const trials: Trial[] = [];
    await withStack(assembly, { patience: PATIENCE, ...patience }, async (stack) => {
      trials.push(await trial(stack, 'all', seed, options));
    });
    return trials;
  };
}

const trial = (
  stack: FaultStack,
  name: string,
  seed: string,
  options: Partial<TrialOptions> & Pick<TrialOptions, 'inject'>,
): Promise<Trial> =>
  runTrial(stack, { name, seed, network: 1, objects: OBJECTS, scans: SCANS, limitMs: LIMIT_MS, ...options });

async function withStack(
  assembly: Assembly,
  options: StackOptions,
  use: (stack: FaultStack) => Promise<void>,
): Promise<void> {
  const stack = await startFaultStack(assembly, options);
  try {
    await use(stack);
  } finally {
    await stack.stop();
  }
}

/** Where nobody is killed, the functions' memory must not grow with what they have read. */
function flat(trial: Trial): Trial {
  const [first, last] = trial.memory ?? [0, 0];
  if (last <= first * FLAT + SLACK_BYTES && first > 0) return trial;
  const problem = `memory is not flat: ${megabytes(first)} in the first third, ${megabytes(last)} in the last`;
  return { ...trial, problems: [...trial.problems, problem] };
}

export const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
