/**
 * Fuzzing in the gate: two thousand damaged inputs with a fixed seed, all that failed once, and planted mistakes. The mistakes that
 * hang or fill memory take their time to be noticed: `npm run verify` looks for those, with two hundred thousand inputs.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { hash } from '../../bench/random.ts';
import { minimized } from '../../verify/fuzz/minimize.ts';
import { EXPECTED } from '../../verify/fuzz/planted.ts';

const MAIN = join(import.meta.dirname, '../../verify/fuzz/main.ts');
const INPUTS = 2000;
/** Planted mistakes that are found quickly: an exception, a lost line, and an error that nobody may throw. */
const QUICK = ['throws at a control character', 'loses a line that is too short', 'throws what nobody expects'];

/** Runs the command as a process of its own, so that it measures the memory of its own threads. */
function fuzz(...args: string[]): Promise<{ code: number; stdout: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { maxBuffer: 1 << 26 }, (error, stdout) =>
      resolve({ code: error ? Number(error.code) : 0, stdout }),
    );
  });
}

describe('damaged input', () => {
  test(`of ${INPUTS} kinds ends in records, skipped lines or an error that account for every byte`, async () => {
    const { code, stdout } = await fuzz('--inputs', String(INPUTS), '--seed', 'npm test');
    expect(stdout).not.toContain('FAILED');
    const [, inputs, past, failed] = /^(\d+) inputs, ([\d.]+) % past the header, (\d+) failed$/m.exec(stdout)!;
    expect(Number(inputs)).toBeGreaterThan(INPUTS * 0.99);
    expect(Number(past)).toBeGreaterThanOrEqual(50);
    expect(Number(failed)).toBe(0);
    expect(stdout).toMatch(/^[1-9]\d* past failures tried again, 0 failed$/m);
    // Most of what it does not reach is about the machine or the caller: pipes read twice, a bucket's permissions.
    const [, share] = /^where input is taken apart .*, ([\d.]+) %$/m.exec(stdout)!;
    expect(Number(share)).toBeGreaterThan(90);
    expect(code).toBe(0);
  }, 300_000);

  test('with a planted mistake behind it fails: crashes, lost lines, lost errors', async () => {
    const { code, stdout } = await fuzz('--planted', ...QUICK.flatMap((name) => ['--target', name]));
    expect(Object.keys(EXPECTED)).toEqual(expect.arrayContaining(QUICK));
    expect(stdout).not.toContain('MISSED');
    expect(stdout).toMatch(new RegExp(`^${QUICK.length} of ${QUICK.length} planted mistakes found$`, 'm'));
    expect(code).toBe(0);
  }, 300_000);

  test.each([
    [['--inputs', 'many'], 2],
    [['--target', 'nothing'], 2],
    [['--try', 'some-file'], 2],
    [['--planted', '--target', 'nothing'], 2],
  ])('refuses %j as wrong usage', async (args, code) => {
    expect((await fuzz(...args)).code).toBe(code);
  });
});

describe('a failing input', () => {
  test('is made as small as it still fails', async () => {
    const input = Buffer.from(`${'x'.repeat(500)}needle${'y'.repeat(700)}`);
    const small = await minimized(input, async (bytes) => Buffer.from(bytes).includes('needle'));
    expect(Buffer.from(small).toString()).toBe('needle');
  });

  test('stays whole where nothing smaller fails, or where it does not fail again', async () => {
    const input = Buffer.from('all of this');
    expect(await minimized(input, async (bytes) => hash(Buffer.from(bytes).toString()) === hash('all of this'))).toBe(
      input,
    );
    expect(await minimized(input, async () => false)).toBe(input);
  });
});
