/** Parquet files: damaged in footer and pages, cut short, with numbers that lie, and within a gzip. */
import { randomOf } from '../../../bench/random.ts';
import { checkSums } from '../account.ts';
import { someDamagedParquet } from '../mutate/parquet.ts';
import { must, type Target, type Verdict } from '../target.ts';
import { outcomeOf, readFile, wasLookedAt } from './text.ts';

const parquet: Target = {
  name: 'parquet',
  weight: 10,
  covers: ['lib/flowlog/parquet.ts', 'lib/flowlog/read.ts'],
  input: (random) => someDamagedParquet(random, randomOf),
  run: async (input): Promise<Verdict> => {
    const report = await readFile(input);
    checkSums(report, report.bytes);
    must(report.bytes > 0 || report.error !== undefined, () => 'nothing was read, and nothing is said');
    return { outcome: outcomeOf(report), isPast: wasLookedAt(report) };
  },
};

export const PARQUET: readonly Target[] = [parquet];
