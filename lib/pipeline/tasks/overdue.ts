/** Judges sources again whose missing answers are overdue by now. */
import { sourceKey } from '../../finding/model.ts';
import type { DueMark } from '../../store/due-marks.ts';
import { inParallel } from '../../store/in-parallel.ts';
import type { Services } from '../services.ts';
import { type Counts, judgeOne, type Run } from './run.ts';

/**
 * Number of sources to judge in one run, of outside sources and of the others. The rest waits five minutes for the next
 * run.
 */
const DUE_IN_A_RUN = 4000;
const PARALLEL = 8;

/** What is left to judge of a mark. */
interface Open {
  readonly mark: DueMark;
  readonly addresses: Set<string>;
}

/**
 * Inside sources come first, and the oldest marks. A mark stays until all its sources are judged, so one that cannot be
 * judged lets the others of its file be judged again. A flood is not handled in one run, because closing and the digest
 * come after.
 */
export async function judgeOverdue(services: Services, run: Run): Promise<Partial<Counts>> {
  const { agenda } = services.windows;
  const judging = await run.judging();
  const counts = { judged: 0, opened: 0, updated: 0, postponed: 0 };
  const marks = await agenda.dueMarks(judging.logTime, DUE_IN_A_RUN);
  const open = marks.map((mark): Open => ({ mark, addresses: new Set(mark.addresses) }));
  const entries = open.flatMap((of) => of.mark.addresses.map((address) => ({ of, address })));
  const groups = Map.groupBy(entries, ({ of, address }) => sourceKey({ scope: of.mark.scope, address })).values();
  await inParallel(PARALLEL, groups, async (group) => {
    if (!run.hasTime()) {
      counts.postponed++;
      return;
    }
    const [{ of, address }] = group as [(typeof entries)[number]];
    const hours = group.map(({ of: { mark } }) => mark.hour);
    const range = { from: Math.min(...hours), to: Math.max(...hours) };
    const horizons = group.some(({ of: { mark } }) => mark.isLong) ? 'all' : 'short';
    const source = { scope: of.mark.scope, address };
    if (!(await judgeOne(services, run, counts, source, range, judging, horizons))) return;
    for (const { of } of group) {
      of.addresses.delete(address);
      if (!of.addresses.size) await agenda.clearDue(of.mark);
    }
  });
  return counts;
}
