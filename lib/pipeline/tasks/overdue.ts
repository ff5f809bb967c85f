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
/**
 * A source is judged over so many hours before and after the first of its marks. After a look back it may have marks of
 * a whole quarter, whose evidence would not fit into memory at once.
 */
const HOURS_AT_ONCE = 24;

/** What is left to judge of a mark. */
interface Open {
  readonly mark: DueMark;
  readonly addresses: Set<string>;
}

/** A source that a mark names. */
interface Entry {
  readonly of: Open;
  readonly address: string;
}

/**
 * What fell due just now comes first, then the oldest marks, of each those of inside sources first. A mark stays until all
 * its sources are judged, so one that cannot be judged lets the others of its file be judged again. A flood is not handled
 * in one run, because closing and the digest come after.
 */
export async function judgeOverdue(services: Services, run: Run): Promise<Partial<Counts>> {
  const { agenda } = services.windows;
  const judging = await run.judging();
  const counts = { judged: 0, opened: 0, updated: 0, postponed: 0 };
  const marks = await agenda.dueMarks(judging.logTime, DUE_IN_A_RUN);
  const open = marks.map((mark): Open => ({ mark, addresses: new Set(mark.addresses) }));
  const entries = open.flatMap((of) => of.mark.addresses.map((address) => ({ of, address })));
  const judgeGroup = async (group: readonly Entry[]) => {
    if (!run.hasTime()) {
      counts.postponed++;
      return;
    }
    const [{ of, address }] = group as [Entry];
    const hours = group.map(({ of: { mark } }) => mark.hour);
    const range = { from: Math.min(...hours), to: Math.max(...hours) };
    const horizons = group.some(({ of: { mark } }) => mark.isLong) ? 'all' : 'short';
    const source = { scope: of.mark.scope, address };
    if (!(await judgeOne(services, run, counts, source, range, judging, horizons))) return;
    for (const { of } of group) {
      of.addresses.delete(address);
      if (!of.addresses.size) await agenda.clearDue(of.mark);
    }
  };
  // One stretch of a source after the other: side by side, they would be in memory at once and write the same findings.
  const turns = new Map<string, Promise<void>>();
  await inParallel(PARALLEL, groupsOf(entries), async (group) => {
    const source = sourceOf(group[0]!);
    const turn = (turns.get(source) ?? Promise.resolve()).catch(() => undefined).then(() => judgeGroup(group));
    turns.set(source, turn);
    await turn;
  });
  return counts;
}

const sourceOf = ({ of, address }: Entry): string => sourceKey({ scope: of.mark.scope, address });

/** The marks that one judgement answers: of the same source, and of hours near each other. In order of their first. */
function groupsOf(entries: readonly Entry[]): Entry[][] {
  const groups: Entry[][] = [];
  const ofSource = new Map<string, Entry[][]>();
  for (const entry of entries) {
    const { hour } = entry.of.mark;
    const source = sourceOf(entry);
    const known = ofSource.get(source) ?? [];
    ofSource.set(source, known);
    const near = known.find(([first]) => Math.abs(first!.of.mark.hour - hour) < HOURS_AT_ONCE);
    if (near) {
      near.push(entry);
      continue;
    }
    const group = [entry];
    known.push(group);
    groups.push(group);
  }
  return groups;
}
