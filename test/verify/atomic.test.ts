/** Atomic Red Team: every test of scanning is caught, and every other one says why nothing catches it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseTables } from '../../bench/table.ts';
import { ATOMIC_TESTS, atomicTable, signalsOf } from '../../verify/coverage/atomic.ts';

const isScan = ({ remark }: { readonly remark: string }): boolean => !remark.startsWith('no scan: ');

describe('scans are caught', () => {
  test.each(ATOMIC_TESTS.filter(isScan).map((each) => [each.name, each] as const))('%s', (_, each) => {
    expect(signalsOf(each)).not.toEqual([]);
  });
});

describe('other tests are silent', () => {
  test.each(ATOMIC_TESTS.filter((each) => !isScan(each)).map((each) => [each.name, each] as const))('%s', (_, each) => {
    expect(signalsOf(each)).toEqual([]);
  });
});

test('lists all tests of network service discovery, each once', () => {
  expect(ATOMIC_TESTS.filter(({ technique }) => technique === 'T1046')).toHaveLength(13);
  const guids = ATOMIC_TESTS.flatMap(({ guid }) => guid ?? []);
  expect(new Set(guids).size).toBe(guids.length);
});

test('the tests that need more than one signal name each', () => {
  const container = ATOMIC_TESTS.find(({ name }) => name === 'Network Service Discovery for Containers')!;
  expect(signalsOf(container)).toEqual([
    'Atomic Red Team T1046 (low)',
    'nmap (medium)',
    'image of Atomic Red Team T1046',
  ]);
});

test('docs/coverage.md has the table as it is', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/coverage.md'), 'utf8');
  const table = atomicTable();
  expect(parseTables(page).find(({ title }) => title === table.title)).toEqual(table);
});
