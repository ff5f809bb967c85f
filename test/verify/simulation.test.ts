/** The simulation in the project's own tests: five hundred histories hold, each is the same twice, and planted bugs are found. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { BUGS, edited } from '../../verify/simulation/planted.ts';

const MINUTE = 60_000;
const MAIN = join(import.meta.dirname, '../../verify/simulation/main.ts');
const ROOT = join(import.meta.dirname, '../..');

const simulate = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', MAIN, ...args],
    {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  return { status, stdout, stderr };
};

test(
  'five hundred histories of crashes, repetitions, delays and refusals end as one pass over the same records',
  () => {
    const { status, stdout, stderr } = simulate('--seeds', '500');
    expect(`${stdout}${stderr}`).toContain('500 histories, 0 with something that did not hold');
    expect(status).toBe(0);
  },
  20 * MINUTE,
);

test(
  'a seed is a history: the same twice, and another for another seed',
  () => {
    const [first, again, other] = ['7', '7', '8'].map((seed) => simulate('--seed', seed).stdout);
    expect(first!.split('\n').length).toBeGreaterThan(100);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
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

  // Begins with the seed that found it last; when calls have changed since, another does.
  test.each(BUGS.map(({ name, foundBy = 1 }) => [name, foundBy] as const))(
    '%s: found from seed %i on',
    (name, foundBy) => {
      const { status, stdout } = simulate('--from', String(foundBy), '--seeds', '100', '--planted', name);
      expect(stdout).toContain(`${name}: found by seed`);
      expect(status).toBe(0);
    },
    5 * MINUTE,
  );

  test('are planted by their names', () => {
    expect(simulate('--seeds', '3', '--planted', 'none such').stderr).toContain('--planted takes all or one of');
  });
});
