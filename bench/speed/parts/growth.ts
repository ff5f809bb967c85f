/** More records of the same interfaces over the same time: what a record takes in a small log and in a large one. */
import type { Log } from '../../workload/files.ts';
import { alternate, type Measured, spreadOf } from '../alternate.ts';
import { BUDGETS, type Verdict, verdictOf } from '../budgets.ts';
import { detect } from '../contestants.ts';
import { onlyRecord, ordinaryLog, scatteredLog } from '../logs.ts';
import { count, mebibytes, spread } from '../numbers.ts';
import type { Part } from '../part.ts';
import { type Line, plotOf } from '../plot.ts';

const WORKLOADS = [
  { name: 'ordinary', logOf: ordinaryLog, budget: BUDGETS.growthOrdinary },
  { name: 'scattered', logOf: scatteredLog, budget: BUDGETS.growthScattered },
] as const;
/** Sizes of the logs, as shares of a large one. */
const SHARES = [0.2, 0.4, 1, 2];

export const growth: Part = async ({ records, rounds }) => {
  const only = await onlyRecord();
  const verdicts: Verdict[] = [];
  const rows: string[][] = [];
  const lines: Line[] = [];
  for (const { name, logOf, budget } of WORKLOADS) {
    const logs: Log[] = [];
    for (const share of SHARES) logs.push(await logOf(records * share, 'v5'));
    const entries = logs.map((log) => ({ key: count(log.records), contestant: detect, path: log.path }));
    const measured = await alternate(entries, only, rounds);
    const sizes = logs.map((log, at) => ({ records: log.records, rounds: measured.get(entries[at]!.key)! }));
    verdicts.push(verdictOf(budget, mostPerDoubling(sizes)));
    const points = sizes.map((size) => ({ x: size.records, y: spreadOf(size.rounds.map(({ net }) => net)).median }));
    lines.push({ name: `${name} traffic`, points });
    for (const [at, size] of sizes.entries())
      rows.push([
        name,
        count(size.records),
        spread(spreadOf(size.rounds.map(({ net }) => net))),
        `${count(Math.round(spreadOf(size.rounds.map(({ net }) => (net / size.records) * 1e9)).median))} ns`,
        at ? perDoubling(sizes[at - 1]!, size).toFixed(2) : '-',
        mebibytes(size.rounds[0]!.run.peakBytes),
      ]);
  }
  const header = ['traffic', 'records', 'net: median (spread)', 'a record', 'for each doubling', 'peak memory'];
  const figure = {
    file: 'growth.svg',
    alternative:
      'Time of detect over the number of records, for ordinary and for scattered traffic. The table has the figures.',
    svg: plotOf({
      title: 'Time of detect over records, start aside',
      lines,
      xText: (records) => (records >= 1e6 ? `${records / 1e6} million` : count(records)),
      yText: (time) => `${Number(time.toPrecision(1))} s`,
    }),
  };
  return { verdicts, tables: [{ title: '', header, rows }], figure, text: TEXT };
};

const TEXT = `*for each doubling* compares the time of a record with that of the next smaller log in the same round, for twice as many records. Below 1, a record
takes less in the larger log. In ordinary traffic clients and noise grow with the records. In scattered traffic they are the same, so that a
larger log meets them more often.`;

interface Size {
  readonly records: number;
  readonly rounds: readonly Measured[];
}

const mostPerDoubling = (sizes: readonly Size[]): number =>
  Math.max(...sizes.slice(1).map((size, at) => perDoubling(sizes[at]!, size)));

/** By what the time of a record is multiplied while the number of records doubles. */
function perDoubling(small: Size, large: Size): number {
  const doublings = Math.log2(large.records / small.records);
  const ratio = spreadOf(large.rounds.map(({ net }, round) => net / small.rounds[round]!.net)).median;
  return (ratio / (large.records / small.records)) ** (1 / doublings);
}
