/** What DynamoDB charges: sizes of items, steps of units, index entries. */
import { describe, expect, test } from '@jest/globals';
import { indexUnits, itemBytes, readUnits, writeUnits } from '../../../bench/cost/units.ts';

describe('an item', () => {
  test.each([
    ['names and texts in UTF-8', { pk: 'a', näme: 'ö' }, 2 + 1 + 5 + 2],
    ['bytes as they are', { d: new Uint8Array(1000) }, 1001],
    ['two digits of a number to a byte, and one more', { n: 1_795_950_000 }, 1 + 4],
    ['zeros at the end of a number for nothing', { n: 1_000_000 }, 1 + 2],
    ['a sign', { n: -12 }, 1 + 3],
    ['a fraction', { n: 0.125 }, 1 + 3],
    ['zero', { n: 0 }, 1 + 1],
    ['booleans and null', { a: true, b: null }, 4],
    [
      'lists and maps, three and one for each element',
      { l: ['ab', 7], m: { k: 'v' } },
      1 + 3 + 3 + 3 + 1 + 3 + 1 + 1 + 1,
    ],
    ['nothing for what is undefined', { a: undefined }, 0],
  ])('is charged %s', (_, item, bytes) => {
    expect(itemBytes(item)).toBe(bytes);
  });
});

test.each([
  [1, 0, 1],
  [1024, 0, 1],
  [1025, 0, 2],
  [10_240, 0, 10],
  [100, 3000, 3],
  [0, 0, 1],
])('writing %i bytes over %i takes %i units', (bytes, before, units) => {
  expect(writeUnits(bytes, before)).toBe(units);
});

test.each([
  [0, true, 1],
  [4096, true, 1],
  [4097, true, 2],
  [4097, false, 1],
  [1, false, 0.5],
])('reading %i bytes, consistently: %s, takes %d units', (bytes, isConsistent, units) => {
  expect(readUnits(bytes, isConsistent)).toBe(units);
});

describe('an index', () => {
  const open = [{ name: 'open', keys: ['shard', 'time'] }];
  const item = (shard: string | undefined, time: string, data = 10) => ({ shard, time, data: new Uint8Array(data) });

  test('takes nothing for an item that lacks its key', () => {
    expect(indexUnits(open, undefined, item(undefined, '1'))).toBe(0);
  });

  test('takes a write where an entry appears, goes, or changes in place, by its size', () => {
    expect(indexUnits(open, undefined, item('a', '1'))).toBe(1);
    expect(indexUnits(open, item('a', '1', 2000), item(undefined, '1'))).toBe(2);
    expect(indexUnits(open, item('a', '1'), item('a', '1', 3000))).toBe(3);
  });

  test('takes two writes where an entry moves', () => {
    expect(indexUnits(open, item('a', '1'), item('a', '2'))).toBe(2);
  });
});
