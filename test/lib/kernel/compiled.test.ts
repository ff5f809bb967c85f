/** The kernel that runs is the one that the sources say. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { COMPILED, compileKernel } from '../../../lib/kernel/compile.ts';

test('kernel-bytes.ts is compiled from the current sources (`npm run kernel` writes it)', () => {
  // Not toBe: it would print a hundred kilobytes.
  expect(readFileSync(COMPILED, 'utf8') === compileKernel()).toBe(true);
});
