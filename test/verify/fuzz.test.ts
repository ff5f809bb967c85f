/**
 * Tens of thousands of damaged inputs with a fixed seed, and the mistakes that must be found. For a longer search:
 * `npm run fuzz -- --inputs 1000000 --seed ANY`.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { hash } from '../../bench/random.ts';
import { minimized } from '../../verify/fuzz/minimize.ts';

const MAIN = join(import.meta.dirname, '../../verify/fuzz/main.ts');
const INPUTS = 20_000;

/** The command, as a process of its own: threads and what they measure are none of jest's. */
function fuzz(...args: string[]): Promise<{ code: number; stdout: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { maxBuffer: 1 << 26 }, (error, stdout) =>
      resolve({ code: error ? Number(error.code) : 0, stdout }),
    );
  });
}

describe('damaged input', () => {
  test(`of ${INPUTS} kinds ends in records, skipped lines or an error, every byte told of`, async () => {
    const { code, stdout } = await fuzz('--inputs', String(INPUTS), '--seed', 'npm test');
    expect(stdout).not.toContain('FAILED');
    const [, inputs, past, failed] = /^(\d+) inputs, ([\d.]+) % past the header, (\d+) failed$/m.exec(stdout)!;
    expect(Number(inputs)).toBeGreaterThan(INPUTS * 0.99);
    expect(Number(past)).toBeGreaterThanOrEqual(50);
    expect(Number(failed)).toBe(0);
    // Most of what it does not reach is about the machine or the caller: pipes read twice, a bucket's permissions.
    const [, share] = /^where input is taken apart .*, ([\d.]+) %$/m.exec(stdout)!;
    expect(Number(share)).toBeGreaterThan(90);
    expect(code).toBe(0);
  }, 300_000);

  test('finds mistakes that were planted: crashes, hangs, memory, lost lines, lost errors', async () => {
    const { code, stdout } = await fuzz('--planted');
    expect(stdout).not.toContain('MISSED');
    expect(stdout).toMatch(/^8 of 8 planted mistakes found$/m);
    expect(code).toBe(0);
  }, 300_000);

  test.each([
    [['--inputs', 'many'], 2],
    [['--target', 'nothing'], 2],
    [['--try', 'some-file'], 2],
  ])('%j is no way to ask for it', async (args, code) => {
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
