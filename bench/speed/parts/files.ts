/** The same records in one file and in many: several files use all cores. */
import { availableParallelism } from 'node:os';
import { logFolder } from '../../workload/files.ts';
import { ordinary } from '../../workload/ordinary.ts';
import { alternate, spreadOf } from '../alternate.ts';
import { answerText, judge } from '../answer.ts';
import { memoryLimit, verdictOf } from '../budgets.ts';
import { detect } from '../contestants.ts';
import { onlyRecord, ordinaryLog } from '../logs.ts';
import { mebibytes, seconds, spread, times } from '../numbers.ts';
import { type Part, SEED } from '../part.ts';

export const files: Part = async ({ records, rounds }) => {
  const one = await ordinaryLog(records, 'v5');
  const many = await logFolder(`folder v5 ${records}`, () => ordinary({ seed: SEED, records, layout: 'v5' }));
  const entries = [
    { key: 'one file', contestant: detect, path: one.path },
    { key: 'a file for each five minutes', contestant: detect, path: many.path },
  ];
  const measured = await alternate(entries, await onlyRecord(), rounds);
  const alone = spreadOf(measured.get('one file')!.map(({ net }) => net)).median;
  const rows = entries.map(({ key }) => {
    const nets = spreadOf(measured.get(key)!.map(({ net }) => net));
    const run = measured.get(key)![0]!.run;
    return [
      key,
      spread(nets),
      times(alone / nets.median),
      run.processorSeconds === undefined ? '-' : seconds(run.processorSeconds),
      mebibytes(run.peakBytes),
      answerText(judge(run.stdout, one.labels)),
    ];
  });
  const workers = availableParallelism();
  const peak = measured.get('a file for each five minutes')![0]!.run.peakBytes;
  const budget = {
    part: 'files',
    what: `resident memory, ${workers} workers`,
    limit: memoryLimit(workers),
    unit: 'MB',
  } as const;
  return {
    verdicts: [verdictOf(budget, peak === undefined ? undefined : peak / 2 ** 20)],
    tables: [
      {
        title: '',
        header: ['records in', 'net: median (spread)', 'times as fast', 'processor time', 'peak memory', 'scans found'],
        rows,
      },
    ],
    text: `The single file takes ${seconds(alone)} on ${workers} cores: one thread unpacks, one does everything else, and the
collector of garbage runs beside them. Both cores are busy nearly all of the time. *processor time* is the time of all threads on
processors, start included. With as much of it for many files, no division among threads is faster on ${workers} cores. Threads that
read neighbouring files, so that no two of them hold the contacts of one hour, were tried: the processor time stayed the same.`,
  };
};
