/**
 * Faults in the gate: function processes are killed, and everything in the logs still arrives. `npm run faults` runs
 * all kinds of fault at length, and verify/tests/faults.test.ts plants the mistakes that it must notice.
 * `npm run verify` runs both.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomOf } from '../../bench/random.ts';
import { Collector } from '../../lib/evidence/builder.ts';
import { hashKey } from '../../lib/evidence/keyed-hash.ts';
import { readFlowLog } from '../../lib/flowlog/read.ts';
import { bufferSource } from '../../lib/flowlog/source.ts';
import { DAMAGES } from '../../verify/faults/damage.ts';
import { kills, killsAfterAnswers, together } from '../../verify/faults/inject.ts';
import { differences } from '../../verify/faults/oracle.ts';
import { assemble, type FaultStack, startFaultStack } from '../../verify/faults/stack.ts';
import { runTrial } from '../../verify/faults/trial.ts';
import { workloadOf } from '../../verify/faults/workload.ts';

const SEED = 'test';
const KILLS = 5;
const KILLED_AFTER_ANSWERS = 2;

describe('everything in the logs arrives', () => {
  let stack: FaultStack;
  beforeAll(async () => {
    stack = await startFaultStack(assemble(), { patience: 3, tries: 3 });
  }, 300_000);
  afterAll(() => stack.stop());

  test('although functions are killed at any moment', async () => {
    const trial = await runTrial(stack, {
      ...{ name: 'kills', seed: SEED, network: 1, objects: 12, scans: 6 },
      inject: together(kills(KILLS), killsAfterAnswers(KILLED_AFTER_ANSWERS)),
    });
    expect(trial).toMatchObject({ problems: [], expected: 6, arrived: 6 });
    expect(trial.injected).toMatch(/^[1-5] processes killed.*; [1-9]\d* processes killed when/);
  }, 150_000);
});

test.each(Object.entries(DAMAGES))('a file is poison when it is damaged so: %s', async (_, damage) => {
  const { objects } = workloadOf({ seed: SEED, network: 4, objects: 1, scans: 3 }, 1_790_000_000);
  const { key, body } = objects[0]!;
  const read = (bytes: Uint8Array) => readFlowLog(bufferSource(key, bytes), new Collector({ key: hashKey('local') }));
  expect(await read(body)).not.toHaveProperty('error');
  expect(await read(damage(body, randomOf(SEED)))).toHaveProperty('error');
});

describe('the comparison with one pass names', () => {
  test('findings that are missing, made up or changed', () => {
    const expected = new Map([
      ['a', '{"x":1}'],
      ['b', '{"x":2,"y":1}'],
      ['c', '{"x":3}'],
    ]);
    const found = new Map([
      ['a', '{"x":1}'],
      ['b', '{"x":7,"y":1}'],
      ['d', '{"x":4}'],
    ]);
    expect(differences(expected, found)).toEqual({ missing: ['c'], added: ['d'], other: ['b: x is 7, expected 2'] });
  });
});
