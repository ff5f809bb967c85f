/** `npm run verify`: its parts are commands that exist, and all of them fit into the time that it promises. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { PARTS, type Part } from '../../verify/parts.ts';
import { batchesOf } from '../../verify/schedule.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const part = (name: string, minutes: number, cores: 1 | 2): Part => ({
  name,
  minutes,
  cores,
  proves: '',
  command: [''],
});

/** Minutes that all parts take on two otherwise idle cores. */
const minutesOfAll = (parts: readonly Part[]): number =>
  batchesOf(parts).reduce(
    (sum, lanes) => sum + Math.max(...lanes.map((lane) => lane.reduce((of, { minutes }) => of + minutes, 0))),
    0,
  );

describe('the parts', () => {
  test('are named once, and run files that exist', () => {
    expect(new Set(PARTS.map(({ name }) => name)).size).toBe(PARTS.length);
    const files = PARTS.map(({ command }) => command.find((word) => /\.(ts|js)$/.test(word))!);
    expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });

  test('take 80 minutes at most on two cores', () => {
    expect(minutesOfAll(PARTS)).toBeLessThanOrEqual(80);
  });
});

describe('the schedule', () => {
  test('runs a part of two cores alone, and parts of one core two at a time', () => {
    const [alone, long, short, middle] = [part('a', 9, 2), part('b', 8, 1), part('c', 1, 1), part('d', 5, 1)];
    expect(batchesOf([alone, long, short, middle])).toEqual([[[alone]], [[long], [middle, short]]]);
    expect(minutesOfAll([alone, long, short, middle])).toBe(17);
  });

  test('runs a part that was asked for alone', () => {
    const one = part('a', 9, 1);
    expect(batchesOf([one])).toEqual([[[one]]]);
  });
});

test('refuses a part that does not exist, and names those that do', () => {
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'verify/main.ts'), '--only', 'none'], {
    encoding: 'utf8',
  });
  expect(status).toBe(2);
  expect(stderr).toContain(`--only takes one of ${PARTS.map(({ name }) => name).join(', ')}, got "none"`);
});

test('npm run verify runs it', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  expect(scripts.verify).toBe('node verify/main.ts');
});
