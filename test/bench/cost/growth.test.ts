/** The tables of docs/cost.md about growth, from runs whose counts are known. */
import { expect, test } from '@jest/globals';
import type { CountedDay } from '../../../bench/cost/day.ts';
import { failuresTable, recordsTable } from '../../../bench/cost/growth.ts';

/** A run that lasted an eighth of a day. */
const run = (records: number, gigabytes: number, writes: number, reads: number, oneIn = 4) =>
  ({
    rounds: 36,
    records,
    bytes: gigabytes * 2 ** 30,
    workload: { interfaces: 400, stale: { oneIn, hosts: 1 } },
    counts: {
      'ingest windows write source': { calls: 0, items: 0, bytes: 0, units: writes, steadyUnits: 0 },
      'settle windows read source': { calls: 0, items: 0, bytes: 0, units: 0, steadyUnits: reads },
    },
  }) as unknown as CountedDay;

test('units for a GB are compared for twice as many records', () => {
  const rows = recordsTable([run(1e6, 1, 1000, 4000), run(4e6, 4, 1000, 16_000)]).rows;
  expect(rows).toEqual([
    ['1,000,000', '1.00', '1,000', '-', '4,000', '-'],
    ['4,000,000', '4.00', '250', '0.50', '4,000', '1.00'],
  ]);
});

test('units of a day are compared for one more source that fails', () => {
  const rows = failuresTable([run(1e6, 1, 1000, 4000, 8), run(1e6, 1, 1100, 4200, 4)]).rows;
  expect(rows).toEqual([
    ['50 of 400', '8,000', '-', '32,000', '-'],
    ['100 of 400', '8,800', '16', '33,600', '32'],
  ]);
});
