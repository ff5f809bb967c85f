/** Judges sources again whose missing answers are overdue by now. */
import { sourceKey } from '../../finding/model.ts';
import { inParallel } from '../../store/in-parallel.ts';
import type { Services } from '../services.ts';
import { type Counts, judgeOne, type Run } from './run.ts';

/**
 * Number of due marks to handle in one run, for outside sources and for the others. The rest waits five minutes for the
 * next run.
 */
const DUE_IN_A_RUN = 4000;
const PARALLEL = 8;

/**
 * Inside sources come first, and the oldest marks. A flood is not handled in one run, because closing and the digest
 * come after.
 */
export async function judgeOverdue(services: Services, run: Run): Promise<Partial<Counts>> {
  const { agenda } = services.windows;
  const judging = await run.judging();
  const counts = { judged: 0, opened: 0, updated: 0, postponed: 0 };
  const marks = await agenda.dueSources(judging.logTime, DUE_IN_A_RUN);
  const groups = Map.groupBy(marks, (mark) => sourceKey(mark.source)).values();
  await inParallel(PARALLEL, groups, async (group) => {
    if (!run.hasTime()) {
      counts.postponed++;
      return;
    }
    const hours = group.map((mark) => mark.hour);
    const range = { from: Math.min(...hours), to: Math.max(...hours) };
    const horizons = group.some((mark) => mark.isLong) ? 'all' : 'short';
    if (!(await judgeOne(services, run, counts, group[0]!.source, range, judging, horizons))) return;
    for (const mark of group) await agenda.clearDue(mark);
  });
  return counts;
}
