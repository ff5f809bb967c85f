/** The tables of docs/cost.md about growth: with noise, with records, with failures. */
import type { Table } from '../table.ts';
import { GIB, unitsOf } from './bill.ts';
import type { Counted, CountedDay } from './day.ts';
import { SCANS } from './traffic.ts';

export const count = (value: number): string => Math.round(value).toLocaleString('en');

/** Writes, reads and findings at each amount of noise. */
export function noiseTable(runs: readonly CountedDay[]): Table {
  const [none] = runs;
  return {
    title: 'Against noise',
    header: [
      'noise sources per day',
      'write units',
      'of them for noise',
      'per noise source',
      'read units',
      ...SCANS.map(({ name }) => name),
    ],
    rows: runs.map((run) => {
      const days = run.rounds / 288;
      const noise = unitsOf(run, 'write', /^noise/) / days;
      const extra = noise - unitsOf(none!, 'write', /^noise/) / days;
      return [
        count(run.workload.noiseADay),
        count((unitsOf(run, 'write') + unitsOf(run, 'index')) / days),
        count(noise),
        run.workload.noiseADay ? (extra / run.workload.noiseADay).toFixed(4) : '',
        count(unitsOf(run, 'read') / days),
        ...SCANS.map(({ name }) => ({ true: 'found', false: 'MISSED', undefined: '' })[String(run.found[name])] ?? ''),
      ];
    }),
  };
}

/** Units for a GB of log with more and more records in the same time. */
export function recordsTable(runs: readonly Counted[]): Table {
  const rows = runs.map((run, at) => {
    const [writes, reads] = unitsOfGb(run);
    const before = runs[at - 1];
    const perDoubling = (quantity: number, quantityBefore: number) =>
      ((quantity / quantityBefore) ** (1 / Math.log2(run.records / before!.records))).toFixed(2);
    const [writesBefore, readsBefore] = before ? unitsOfGb(before) : [];
    return [
      count(run.records),
      (run.bytes / GIB).toFixed(2),
      count(writes),
      writesBefore === undefined ? '-' : perDoubling(writes, writesBefore),
      count(reads),
      readsBefore === undefined ? '-' : perDoubling(reads, readsBefore),
    ];
  });
  return {
    title: 'Against records',
    header: [
      'records in six hours',
      'GB of log',
      'write units for a GB',
      'writes for each doubling',
      'read units for a GB',
      'reads for each doubling',
    ],
    rows,
  };
}

/** Units with more and more inside sources that fail, and what one more of them takes. */
export function failuresTable(runs: readonly CountedDay[]): Table {
  const failingOf = ({ workload: { interfaces, stale } }: CountedDay) => Math.ceil(interfaces / stale.oneIn);
  const aDay = (run: CountedDay, units: number) => units / (run.rounds / 288);
  const writesOf = (run: CountedDay) => aDay(run, unitsOf(run, 'write') + unitsOf(run, 'index'));
  return {
    title: 'Against failures',
    header: [
      'inside sources with a failure in each file',
      'write units per day',
      'writes per additional source',
      'read units per day',
      'reads per additional source',
    ],
    rows: runs.map((run, at) => {
      const before = runs[at - 1];
      const perSource = (unitsIn: (run: CountedDay) => number) =>
        before ? count((unitsIn(run) - unitsIn(before)) / (failingOf(run) - failingOf(before))) : '-';
      const readsOf = (of: CountedDay) => aDay(of, unitsOf(of, 'read'));
      return [
        `${count(failingOf(run))} of ${count(run.workload.interfaces)}`,
        count(writesOf(run)),
        perSource(writesOf),
        count(readsOf(run)),
        perSource(readsOf),
      ];
    }),
  };
}

/** Write and read units of a run for a GB of log. */
function unitsOfGb(run: Counted): [writes: number, reads: number] {
  const gigabytes = run.bytes / GIB;
  return [(unitsOf(run, 'write') + unitsOf(run, 'index')) / gigabytes, unitsOf(run, 'read') / gigabytes];
}
