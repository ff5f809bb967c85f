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
  INGEST_SECONDS_PER_GB,
  mapEstimateLines,
  mapEstimateOf,
  SETTLE_SECONDS_PER_GB,
  WRITE_UNITS_PER_GB,
} from '../../../cli/backfill/estimate.ts';
import { parseSettings } from '../../../lib/config/load.ts';
import { FILES_IN_A_BATCH, UNITS_OF_A_BATCH } from '../../../lib/store/look-back-batch.ts';

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
cost     about $9.06 = 1,143.29 GB x $0.00792 + 52 listings x $0.000005 ($0.000260), docs/cost.md
time     at least 44 minutes = 51,840 objects / 20 per second, longer where the queue is full
writes   about 2,827 units per second: with less in maxWriteUnits.windows (default: 500), evidence of outside sources is dropped. Lower --rate, or raise the ceiling
`);
  expect(estimateLines(estimateOf(logs, 52, 3), 3)).not.toContain('writes');
});

test('names the write ceiling that a deployment has by default', () => {
  const logs = [{ key: '1.log.gz', size: 1e9 }];
  const { windows } = parseSettings({}).maxWriteUnits;
  expect(estimateLines(estimateOf(logs, 1, 1), 1)).toContain(`(default: ${windows})`);
});

test('uses the seconds and the write units that docs/cost.md has, and the units of a batch that follow', () => {
  const cost = readFileSync(join(import.meta.dirname, '../../../docs/cost.md'), 'utf8');
  const [, gigabytes] = /and ([\d.]+) GB per day/.exec(cost)!;
  const [, units] = /^\| the workload \| ([\d,]+) \|/m.exec(cost)!;
  const secondsOf = (name: string) => {
    const [, gbSeconds] = new RegExp(`^\\| Lambda ${name} \\| ([\\d,]+) \\|`, 'm').exec(cost)!;
    return Number(gbSeconds!.replace(',', '')) / Number(gigabytes);
  };
  expect(WRITE_UNITS_PER_GB).toBe(Number(units!.replace(',', '')));
  expect(INGEST_SECONDS_PER_GB).toBeCloseTo(secondsOf('ingest'), 0);
  expect(SETTLE_SECONDS_PER_GB).toBeCloseTo(secondsOf('settle'), 0);
  const ofBatch = WRITE_UNITS_PER_GB / INGEST_SECONDS_PER_GB;
  // The time depends on the machine.
  expect(Math.abs(UNITS_OF_A_BATCH / ofBatch - 1)).toBeLessThan(0.15);
});

test('reckons the same quarter with a Distributed Map at under an hour and under 12 dollars', () => {
  const logs = Array.from({ length: 90 * 576 }, (_, at) => ({ key: `${at}.log.gz`, size: 0.804e9 / 576 }));
  const output = { machine: '', bucket: '', maxConcurrency: 20, writeUnits: 4000 };
  const estimate = mapEstimateOf(logs, 52, FILES_IN_A_BATCH, output);
  expect(estimate.dollars).toBeLessThan(12);
  expect(estimate.seconds).toBeLessThan(3600);
  // Far below the eight days that evidence is kept.
  expect(estimate.settleSeconds).toBeLessThan(2 * 86_400);
  expect(mapEstimateLines(logs, estimate, output)).toBe(`objects  51,840 in 6,480 batches
bytes    72.36 GB, about 1,143.29 GB of log (x 15.8 where compressed)
cost     about $9.54 = 1,143.29 GB x $0.00792 + 19,440 transitions x $0.000025 ($0.49) + 52 listings x $0.000005 ($0.000260), docs/cost.md
time     at least 31 minutes, the longer of 28 minutes for 20 batches in parallel and 31 minutes at 4,000 write units per second
settle   about 28.3 hours more until slow scans and missing answers are judged
`);
});

test('compares with the ceiling of the deployment, where it says so', () => {
  const queue = estimateOf([{ key: 'a.log.gz', size: 1e9 }], 1, 1);
  const lines = (seconds: number, writeUnits: number) => estimateLines({ ...queue, seconds }, 1, writeUnits);
  expect(lines(100, 1000)).toContain(
    'writes   about 1,013 units per second: above the 1,000 of maxWriteUnits.windows, evidence of outside sources is dropped. Lower --rate, or raise the ceiling\n',
  );
  expect(lines(100, 1013)).not.toContain('writes');
});

test('says of a Distributed Map too that writes exceed the ceiling', () => {
  const lines = (size: number, maxConcurrency: number) => {
    const logs = Array.from({ length: 160 }, (_, at) => ({ bucket: 'b', key: `${at}.log.gz`, size }));
    const output = { machine: '', bucket: '', maxConcurrency, writeUnits: 500 };
    return mapEstimateLines(logs, mapEstimateOf(logs, 0, FILES_IN_A_BATCH, output), output);
  };
  expect(lines(1e6, 3)).toContain(
    'writes   about 600 units per second: above the 500 of maxWriteUnits.windows, evidence of outside sources is dropped. Lower lookBack.maxConcurrency, or raise the ceiling\nsettle',
  );
  expect(lines(1e6, 2)).not.toContain('writes');
  expect(lines(10, 3)).not.toContain('writes');
});

test('the default ceiling makes the same take hours, which the estimate says', () => {
  const logs = [{ key: 'a.log.gz', size: 72.36e9 }];
  const { seconds } = mapEstimateOf(logs, 0, FILES_IN_A_BATCH, { maxConcurrency: 20, writeUnits: 500 });
  expect(seconds / 3600).toBeGreaterThan(4);
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
