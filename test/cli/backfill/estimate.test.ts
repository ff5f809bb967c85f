/** The estimate of a look back, with the numbers of docs/cost.md. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import {
  BYTES_PER_COMPRESSED,
  DOLLARS_PER_GB,
  duration,
  estimateLines,
  estimateOf,
} from '../../../cli/backfill/estimate.ts';

test('uses the price and the compression that docs/cost.md has', () => {
  const cost = readFileSync(join(import.meta.dirname, '../../../docs/cost.md'), 'utf8');
  const [, perGb] = /^\| marginal: .*? \| \$[\d.]+ \| \$([\d.]+) \|/m.exec(cost)!;
  const [, raw, compressed] = /and ([\d.]+) GB per day, ([\d.]+) GB compressed/.exec(cost)!;
  expect(DOLLARS_PER_GB).toBe(Number(perGb));
  expect(BYTES_PER_COMPRESSED).toBeCloseTo(Number(raw) / Number(compressed), 0);
});

test('reckons a quarter of the workload of docs/cost.md at under an hour and under 12 dollars', () => {
  const logs = Array.from({ length: 90 * 576 }, (_, at) => ({ key: `${at}.log.gz`, size: 0.804e9 / 576 }));
  const estimate = estimateOf(logs, 52, 20);
  expect(estimate.dollars).toBeGreaterThan(9);
  expect(estimate.dollars).toBeLessThan(12);
  expect(estimate.seconds).toBeLessThan(3600);
  expect(estimateLines(estimate, 20)).toBe(`objects  51,840
bytes    72.36 GB, about 1,143.29 GB of log (x 15.8 where compressed)
cost     about $9.51 = 1,143.29 GB x $0.00832 + 52 listings x $0.000005 ($0.000260), docs/cost.md
time     at least 44 minutes = 51,840 objects / 20 per second, longer where the queue is full
`);
});

test('takes files that are not compressed as they are', () => {
  expect(estimateOf([{ key: 'a.log', size: 1000 }], 1, 20).logBytes).toBe(1000);
});

test('says times as people do', () => {
  expect([0.2, 89, 90, 5399, 7200].map(duration)).toEqual([
    '1 second',
    '89 seconds',
    '2 minutes',
    '90 minutes',
    '2 hours',
  ]);
});
