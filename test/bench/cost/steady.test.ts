/** Reads of a deployment that has been running for days, told from those of a new one. */
import { expect, test } from '@jest/globals';
import { Steady } from '../../../bench/cost/steady.ts';
import { isoTime } from '../../../lib/finding/model.ts';

const HOUR = 3600;
const FIRST = 500_000;
const at = (hour: number) => isoTime(hour * HOUR);
const later = (hours: number): Steady => {
  const steady = new Steady(FIRST);
  steady.hour = FIRST + hours;
  return steady;
};

test('a query over three days reads as much in each hour before the run as in its own hours', () => {
  expect(later(5).bytesOf('source#10.0.0.1', at(FIRST - 66), at(FIRST + 5), 600)).toBe(7200);
});

test('a query within the hours of the run reads what it read', () => {
  expect(later(5).bytesOf('source#10.0.0.1', at(FIRST), at(FIRST + 5), 600)).toBe(600);
});

test('marks of what was judged are gone, so a query since ever reads those of now', () => {
  expect(later(5).bytesOf('due#inside', at(0), at(FIRST + 5), 600)).toBe(600);
});
