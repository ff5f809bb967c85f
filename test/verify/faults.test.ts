/**
 * What goes wrong in a cloud, in small; `npm run faults` does it at length. Killed functions, a restarted database, broken
 * connections, full queues, poison: everything arrives, and a pipeline with a mistake in it does not pass.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomOf } from '../../bench/random.ts';
import { Collector } from '../../lib/evidence/builder.ts';
import { hashKey } from '../../lib/evidence/keyed-hash.ts';
import { readFlowLog } from '../../lib/flowlog/read.ts';
import { bufferSource } from '../../lib/flowlog/source.ts';
import { DAMAGES, poisoned } from '../../verify/faults/damage.ts';
import {
  connections,
  denial,
  fullQueues,
  kills,
  killsAfterAnswers,
  restarts,
  together,
} from '../../verify/faults/inject.ts';
import { differences } from '../../verify/faults/oracle.ts';
import { type Assembly, assemble, type FaultStack, startFaultStack } from '../../verify/faults/stack.ts';
import { type Inject, runTrial } from '../../verify/faults/trial.ts';
import { workloadOf } from '../../verify/faults/workload.ts';

const SEED = 'test';
const LIMIT_MS = 150_000;
const KILLS = 5;
const KILLED_AFTER_ANSWERS = 2;
let assembly: Assembly;
beforeAll(() => {
  assembly = assemble();
}, 60_000);
afterAll(() => assembly.remove());

describe('all that was in the logs arrives', () => {
  let stack: FaultStack;
  beforeAll(async () => {
    stack = await startFaultStack(assembly, { patience: 3, tries: 3 });
  }, 60_000);
  afterAll(() => stack.stop());

  test('although functions are killed at any moment', async () => {
    const trial = await runTrial(stack, {
      ...{ name: 'kills', seed: SEED, network: 1, objects: 12, scans: 6 },
      inject: together(kills(KILLS), killsAfterAnswers(KILLED_AFTER_ANSWERS)),
    });
    expect(trial).toMatchObject({ problems: [], expected: 6, arrived: 6 });
    expect(trial.injected).toMatch(/^[1-5] processes killed.*; [1-9]\d* processes killed when/);
  }, 150_000);

  test('although the database restarts, connections break, and queues are full of what is not new', async () => {
    const inject = together(restarts(2), connections, fullQueues);
    const trial = await runTrial(stack, {
      ...{ name: 'together', seed: SEED, network: 2, objects: 10, scans: 5 },
      inject,
    });
    expect(trial).toMatchObject({ problems: [], expected: 5, arrived: 5 });
    expect(trial.injected).toMatch(/^[12] restarts of the database; [1-9]\d* bodies cut, .* messages besides/);
  }, 150_000);

  test('but for what cannot be read, which lies among the dead letters; what was denied comes by a redrive', async () => {
    await stack.setVisibility('IngestQueue', 1);
    const trial = await runTrial(stack, {
      ...{ name: 'poison', seed: SEED, network: 3, objects: 30, scans: 5 },
      ...{ inject: denial, damage: poisoned, limitMs: LIMIT_MS },
    });
    expect(trial).toMatchObject({ problems: [], poison: 3, poisonFound: 3 });
    // Those and three that were denied.
    expect(trial.redriven).toBeGreaterThanOrEqual(6);
  }, 200_000);

  test('and a message that comes twice without a reason is noticed', async () => {
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

test.each(Object.entries(DAMAGES))('a file is poison when it is damaged so: %s', async (_, damage) => {
  const { objects } = workloadOf({ seed: SEED, network: 4, objects: 1, scans: 3 }, 1_790_000_000);
  const { key, body } = objects[0]!;
  const read = (bytes: Uint8Array) => readFlowLog(bufferSource(key, bytes), new Collector({ key: hashKey('local') }));
  expect(await read(body)).not.toHaveProperty('error');
  expect(await read(damage(body, randomOf(SEED)))).toHaveProperty('error');
});

describe('a pipeline with a mistake does not pass:', () => {
  test('an ingest that acknowledges before it has written', async () => {
    const text = `import { handler as real } from './index.mjs';
export const handler = async (event, context) => {
  setTimeout(() => real(event, context), 3000);
  return { batchItemFailures: [] };
};`;
    const stack = await startFaultStack(assembly, { patience: 3, wrapped: { Ingest: text } });
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

  test('findings that are missing, made up or changed', () => {
    const expected = new Map([
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
    ]);
    const found = new Map([
      ['a', '1'],
      ['b', '7'],
      ['d', '4'],
    ]);
    expect(differences(expected, found)).toEqual({ missing: ['c'], added: ['d'], other: ['b'] });
  });
});
