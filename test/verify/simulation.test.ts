/**
 * The simulation in the gate: the histories of the seeds that were chosen for it hold, each is the same twice, and planted bugs
 * are found. `npm run verify` runs thousands of other seeds.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { KINDS } from '../../verify/simulation/faults.ts';
import { BUGS, edited } from '../../verify/simulation/planted.ts';
import { choose, gateSeeds, seedsOfGate } from '../../verify/simulation/seeds.ts';

const MINUTE = 60_000;
const ROOT = join(import.meta.dirname, '../..');
const MAIN = join(ROOT, 'verify/simulation/main.ts');

/** Runs the command as a process of its own: it replaces timers and modules of Node. */
async function simulate(...args: string[]): Promise<{ status: number; output: string }> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args]);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  const status = await new Promise<number>((resolve) => child.on('close', resolve));
  return { status, output };
}

test(
  'histories of crashes, repetitions, delays and refusals end as one pass over the same records',
  async () => {
    const { status, output } = await simulate('--gate');
    expect(output).toContain(`${seedsOfGate().length} histories, 0 with something that did not hold`);
    expect(status).toBe(0);
    // Each kind of fault happened: a table row is kind, times, histories.
    expect(KINDS.filter((kind) => !new RegExp(`^\\| ${kind} \\| [1-9]`, 'm').test(output))).toEqual([]);
  },
  10 * MINUTE,
);

test(
  'a seed is a history: the same in two processes, and another for another seed',
  async () => {
    const [seed, other] = gateSeeds().chosen.seeds as [number, number];
    const [first, again, different] = await Promise.all(
      [seed, seed, other].map(async (each) => (await simulate('--seed', String(each))).output),
    );
    expect(first!.split('\n').length).toBeGreaterThan(100);
    expect(again).toBe(first);
    expect(different).not.toBe(first);
  },
  5 * MINUTE,
);

describe('planted bugs', () => {
  test.each(BUGS.map((bug) => [bug.name, bug] as const))('%s: its place is still there', (_, { edits }) => {
    for (const { file } of edits) {
      const source = readFileSync(join(ROOT, file), 'utf8');
      expect(edited(file, source, edits)).not.toBe(source);
    }
  });

  // Each search begins with the seed that last found the bug. If calls have changed since, another seed finds it.
  test(
    'are found, all of them',
    async () => {
      const { status, output } = await simulate('--seeds', '100', '--planted', 'all');
      expect(output).not.toContain('NOT found');
      for (const { name } of BUGS) expect(output).toContain(`${name}: found by seed`);
      expect(output).toContain(`${BUGS.length} of ${BUGS.length} planted bugs found`);
      expect(status).toBe(0);
    },
    10 * MINUTE,
  );

  test('are planted by their names', async () => {
    const { output } = await simulate('--seeds', '3', '--planted', 'none such');
    expect(output).toContain('--planted takes all or one of');
  });
});

describe('the seeds of the gate', () => {
  const history = (seed: number, calls: number, crashed: string[]) => ({
    seed,
    calls,
    faults: seed === 4 ? (['throttled'] as const) : [],
    crashed,
  });

  test('are those that add most for the calls that they make', () => {
    const histories = [history(1, 100, ['a', 'b']), history(2, 10, ['a']), history(3, 100, ['b']), history(4, 900, [])];
    expect(choose(histories, 1)).toEqual([2]);
    expect(choose(histories, 2)).toEqual([1, 2]);
    // Seed 3 adds nothing that seed 1 lacks.
    expect(choose(histories, 9)).toEqual([1, 2, 4]);
  });

  test('hold every seed that failed once', () => {
    const chosen = { from: 9, seeds: [5, 3] };
    expect(
      seedsOfGate({
        failed: [
          { seed: 7, found: 'a lost alert' },
          { seed: 3, found: 'another' },
        ],
        chosen,
      }),
    ).toEqual([3, 5, 7]);
  });
});
