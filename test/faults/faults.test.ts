/**
 * What goes wrong in a cloud, in small; `npm run faults` does it at length. Killed functions, a restarted database, broken
 * connections, full queues, poison: everything arrives, and a pipeline with a mistake in it does not pass.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DAMAGES, poisoned } from './damage.ts';
import { connections, denial, fullQueues, kills, restarts, together } from './inject.ts';
import { differences } from './oracle.ts';
import { type Assembly, assemble, type FaultStack, startFaultStack } from './stack.ts';
import { runTrial } from './trial.ts';

const SEED = 'test';
const LIMIT_MS = 150_000;
const KILLS = 8;
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
      ...{ name: 'kills', seed: SEED, network: 1, objects: 20, scans: 8 },
      inject: kills(KILLS),
    });
    expect(trial).toMatchObject({ problems: [], expected: 8, arrived: 8 });
    expect(trial.injected).toMatch(/^8 processes killed/);
  }, 150_000);

  test('although the database restarts, connections break, and queues are full of what is not new', async () => {
    const inject = together(restarts(2), connections, fullQueues);
    const trial = await runTrial(stack, {
      ...{ name: 'together', seed: SEED, network: 2, objects: 16, scans: 6 },
      inject,
    });
    expect(trial).toMatchObject({ problems: [], expected: 6, arrived: 6 });
    expect(trial.injected).toMatch(/^2 restarts of the database; [1-9]\d* bodies cut, .* messages besides/);
  }, 150_000);

  test('but for what cannot be read, which lies among the dead letters; what was denied comes by a redrive', async () => {
    await stack.setVisibility('IngestQueue', 1);
    const trial = await runTrial(stack, {
      ...{ name: 'poison', seed: SEED, network: 3, objects: 80, scans: 8 },
      ...{ inject: denial, damage: poisoned, limitMs: LIMIT_MS },
    });
    expect(trial).toMatchObject({ problems: [], poison: 8, poisonFound: 8 });
    // All ways of damage, and eight that were denied.
    expect(Object.keys(DAMAGES)).toHaveLength(8);
    expect(trial.redriven).toBeGreaterThanOrEqual(16);
  }, 200_000);
});

describe('a pipeline with a mistake does not pass:', () => {
  test('an ingest that acknowledges before it has written', async () => {
    const text = `import { handler as real } from './index.mjs';
export const handler = async (event, context) => {
  setTimeout(() => real(event, context), 300);
  return { batchItemFailures: [] };
};`;
    const stack = await startFaultStack(assembly, { patience: 3, wrapped: { Ingest: text } });
    try {
      const { problems } = await runTrial(stack, {
        ...{ name: 'kills', seed: SEED, network: 1, objects: 20, scans: 8 },
        inject: kills(KILLS),
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
