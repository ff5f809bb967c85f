/** Judges sources hour by hour. Scanners with one or two probes per file add up here, and so do campaigns. */
import { createHash } from 'node:crypto';
import type { DueHour } from '../../store/agenda.ts';
import { failuresToJudge, type Services } from '../services.ts';
import { judgeCampaignsOf, lastHour } from './campaigns-of-hour.ts';
import { judgeOutside, POSITIONS, resume } from './outside-sources.ts';
import { type Counts, type JudgingRun, type Run, settingsOfOutside } from './run.ts';

/** Number of hours to judge in one run. */
const HOURS_IN_A_RUN = 24;
/** Hours that are judged, of inside and of outside sources, before older ones, which a look back brings. */
const RECENT_HOURS = 24;
/** An outside source is judged only with this multiple of the failed contacts. */
const OUTSIDE_FACTOR = 2;

type HourCounts = Pick<Counts, 'judged' | 'opened' | 'updated' | 'dropped' | 'postponed'>;

/**
 * Judges an hour again if more evidence was written about it. If time runs out, the next run continues with that hour.
 */
export async function judgeHours(services: Services, run: Run): Promise<Partial<Counts>> {
  const judging = await run.judging();
  const { agenda } = judging.recent;
  const counts: HourCounts = { judged: 0, opened: 0, updated: 0, dropped: 0, postponed: 0 };
  const last = lastHour(judging);
  const due = await agenda.dueHours(run.now);
  const marks = due.filter(({ scope }) => scope === undefined);
  const hours = new Set(marks.map(({ hour }) => hour).filter((hour) => hour <= last));
  // The latest hours come first, so that old logs that are read now do not delay today's.
  const outside = [...hours].sort((a, b) => b - a).slice(0, HOURS_IN_A_RUN);
  for (const isPart of [isRecent(last), (hour: number) => !isRecent(last)(hour)]) {
    const inside = due.filter(({ scope, hour }) => scope !== undefined && isPart(hour));
    counts.postponed += await judgeInside(services, run, counts, judging, inside);
    for (const hour of outside.filter(isPart)) {
      const own = marks.filter((mark) => mark.hour === hour);
      // A scan may begin in the previous hour, so late evidence in one hour may matter to the next.
      const looks = [hour, hour + 1].filter((each) => each === hour || (each <= last && !hours.has(each)));
      const isStopped = await resume(services, run, `hour#${hour}`, stateOf(own), {
        work: (position) => judgeHour(services, run, counts, judging, { hour, looks, position }),
        finish: async () => {
          for (const mark of own) await agenda.clearHour(mark);
        },
      });
      if (!isStopped) continue;
      counts.postponed++;
      return counts;
    }
  }
  return counts;
}

/** Whether an hour is one of today's, up to a day before the last one that can be judged. */
const isRecent =
  (last: number) =>
  (hour: number): boolean =>
    hour > last - RECENT_HOURS;

/** Judges the campaigns of inside sources, scope by scope, the latest hour first. @returns the number of hours for which there was no time. */
async function judgeInside(
  services: Services,
  run: Run,
  counts: HourCounts,
  judging: JudgingRun,
  due: readonly DueHour[],
): Promise<number> {
  const { agenda } = judging.recent;
  let postponed = 0;
  const ofScopes = due.toSorted((a, b) => b.hour - a.hour);
  for (const marks of Map.groupBy(ofScopes, ({ scope, hour }) => `${scope} ${hour}`).values()) {
    const { scope, hour } = marks[0]!;
    if (!run.hasTime() || !(await judgeCampaignsOf(services, run, counts, hour, judging, scope))) {
      postponed++;
      continue;
    }
    for (const mark of marks) await agenda.clearHour(mark);
  }
  return postponed;
}

/** Changes whenever more is written about the hour of these marks. */
const stateOf = (marks: readonly DueHour[]): string =>
  createHash('sha256')
    .update(
      marks
        .map(({ sk, object }) => `${sk} ${object}`)
        .sort()
        .join('\n'),
    )
    .digest('hex');

async function judgeHour(
  services: Services,
  run: Run,
  counts: HourCounts,
  judging: JudgingRun,
  { hour, looks, position }: { readonly hour: number; readonly looks: readonly number[]; readonly position: number },
): Promise<number | undefined> {
  for (const each of looks) {
    const start = (each - hour) * POSITIONS;
    if (position >= start + POSITIONS) continue;
    const failures =
      OUTSIDE_FACTOR * failuresToJudge(await settingsOfOutside(services, run, { from: each - 1, to: each }));
    const look = { hours: [each, each - 1], failures, horizons: 'short' } as const;
    const stoppedAt = await judgeOutside(services, run, counts, judging, look, Math.max(0, position - start));
    if (stoppedAt !== undefined) return start + stoppedAt;
  }
  const end = 2 * POSITIONS;
  if (!run.hasTime()) return end;
  return (await judgeCampaignsOf(services, run, counts, hour, judging)) ? undefined : end;
}
