/** Ten times the records of the same interfaces over the same time, with ten times the clients and the noise. */
import { alternate, spreadOf } from '../alternate.ts';
import { BUDGETS, verdictOf } from '../budgets.ts';
import { detect } from '../contestants.ts';
import { onlyRecord, ordinaryLog } from '../logs.ts';
import { count, mebibytes, spread, times } from '../numbers.ts';
import type { Part } from '../part.ts';

export const growth: Part = async ({ records, rounds }) => {
  const logs = [await ordinaryLog(records / 10, 'v5'), await ordinaryLog(records, 'v5')];
  const entries = logs.map((log) => ({ key: count(log.records), contestant: detect, path: log.path }));
  const measured = await alternate(entries, await onlyRecord(), rounds);
  const [small, large] = entries.map(({ key }) => measured.get(key)!);
  const ratio = spreadOf(large!.map(({ net }, round) => net / small![round]!.net)).median;
  const perTen = ratio / (logs[1]!.records / logs[0]!.records / 10);
  return {
    verdicts: [verdictOf(BUDGETS.growth, perTen)],
    tables: [
      {
        title: '',
        header: ['records', 'net: median (spread)', 'to the small one', 'peak memory'],
        rows: entries.map(({ key }, index) => [
          key,
          spread(spreadOf(measured.get(key)!.map(({ net }) => net))),
          index ? times(ratio) : '1',
          mebibytes(measured.get(key)![0]!.run.peakBytes),
        ]),
      },
    ],
    text: '',
  };
};
