/**
 * What the trials of faults must hold and must notice, in small: restarts, broken connections, full queues and poison, and a
 * pipeline with a mistake in it, which does not pass.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { poisoned } from '../faults/damage.ts';
import { startForwarding, withForwarded } from '../faults/forwarded.ts';
import { connections, denial, fullQueues, killsAfterAnswers, nothing, restarts, together } from '../faults/inject.ts';
import { assemble, type FaultStack, startFaultStack } from '../faults/stack.ts';
import { type Inject, runTrial } from '../faults/trial.ts';

const SEED = 'test';
const LIMIT_MS = 150_000;
const KILLED_AFTER_ANSWERS = 2;

describe('everything in the logs arrives', () => {
  let stack: FaultStack;
  beforeAll(async () => {
    stack = await startFaultStack(assemble(), { patience: 3, tries: 3 });
  }, 300_000);
  afterAll(() => stack.stop());

  test('although the database restarts, connections break, and queues are full of what is not new', async () => {
    const inject = together(restarts(2), connections, fullQueues);
    const trial = await runTrial(stack, {
      ...{ name: 'together', seed: SEED, network: 2, objects: 10, scans: 5 },
      inject,
    });
    expect(trial).toMatchObject({ problems: [], expected: 5, arrived: 5 });
    expect(trial.injected).toMatch(/^[12] restarts of the database; [1-9]\d* bodies cut, .* [1-9]\d* extra messages/);
  }, 150_000);

  test('except poison, which is among the dead letters, and denied objects arrive by a redrive', async () => {
    await stack.setVisibility('IngestQueue', 1);
    const trial = await runTrial(stack, {
      ...{ name: 'poison', seed: SEED, network: 3, objects: 30, scans: 5 },
      ...{ inject: denial, damage: poisoned, limitMs: LIMIT_MS },
    });
    expect(trial).toMatchObject({ problems: [], poison: 3, poisonFound: 3 });
    // Those and three that were denied.
    expect(trial.redriven).toBeGreaterThanOrEqual(6);
  }, 200_000);

  test('and a message that is repeated without a reason is noticed', async () => {
    let isLost = false;
    const loseOne: Inject = async ({ stack: { aws } }) => {
      aws.fate = ({ action }) => {
        if (action !== 'sns:Publish' || isLost) return 'passes';
        isLost = true;
        return 'answer lost';
      };
      // As if nothing had been lost.
      return { text: 'a lie', doubts: 0 };
    };
    const { problems } = await runTrial(stack, {
      ...{ name: 'twice', seed: SEED, network: 5, objects: 4, scans: 2 },
      inject: loseOne,
    });
    expect(problems).toEqual(['1 duplicate messages, 0 allowed']);
  }, 150_000);
});

test('an ingest that acknowledges before it has written does not pass', async () => {
  // Long enough to be killed before it writes, also on a busy machine.
  const text = `import { handler as real } from './index.mjs';
export const handler = async (event, context) => {
setTimeout(() => real(event, context), 10_000);
return { batchItemFailures: [] };
};`;
  const stack = await startFaultStack(assemble(), { patience: 3, wrapped: { Ingest: text } });
  try {
    const { problems } = await runTrial(stack, {
      ...{ name: 'kills', seed: SEED, network: 1, objects: 8, scans: 4 },
      inject: killsAfterAnswers(KILLED_AFTER_ANSWERS),
    });
    expect(problems.join()).toMatch(/never arrived|say something else than one pass does/);
  } finally {
    await stack.stop();
  }
}, 150_000);

test('a forward that acknowledges without passing on does not pass', async () => {
  const text = 'export const handler = async () => ({ batchItemFailures: [] });';
  const stack = await startForwarding(assemble('destinations'), { patience: 3, wrapped: { Forward: text } });
  try {
    const trial = await runTrial(stack, {
      ...{ name: 'forward', seed: SEED, network: 6, objects: 6, scans: 3 },
      inject: nothing,
    });
    expect(trial.problems).toEqual([]);
    expect((await withForwarded(stack, trial)).problems).toEqual([
      expect.stringContaining('never reached the event bus'),
      expect.stringContaining('never reached Security Hub'),
      'no chat message was shown',
    ]);
  } finally {
    await stack.stop();
  }
}, 150_000);
