/** One run of the scheduled function: a list of independent tasks. Each leaves time for those after it. */
import { SILENCE } from '../store/agenda.ts';
import type { Services } from './services.ts';
import { TableEvidence } from './table-evidence.ts';
import { closeSilent } from './tasks/closing.ts';
import { judgeDays } from './tasks/days.ts';
import { sendDigest } from './tasks/digest.ts';
import { beat } from './tasks/heartbeat.ts';
import { judgeHours } from './tasks/hours.ts';
import { takeInventory } from './tasks/inventory.ts';
import { announceAgain } from './tasks/outbox.ts';
import { judgeOverdue } from './tasks/overdue.ts';
import { carryPlaces } from './tasks/places.ts';
import type { Counts, JudgingRun, Run, SweepTask } from './tasks/run.ts';
import { judgeSignalHours } from './tasks/signals.ts';
import { tellHeld } from './tasks/storm.ts';
import { checkSubscriptions } from './tasks/subscriptions.ts';

/**
 * The tasks in order. Announcements come before judging, so that a later failure delays no alert. `leaves` is the
 * number of seconds that a task leaves for those after it, so that a flood in one does not starve another. A run has
 * 300 seconds. Every task stops between two sources, and one source may take half a minute if a table is at its
 * ceiling.
 */
const TASKS: readonly { readonly work: SweepTask; readonly leaves: number }[] = [
  { work: beat, leaves: 0 },
  { work: announceAgain, leaves: 270 },
  { work: tellHeld, leaves: 240 },
  { work: takeInventory, leaves: 205 },
  { work: judgeOverdue, leaves: 170 },
  { work: judgeSignalHours, leaves: 135 },
  { work: judgeHours, leaves: 100 },
  { work: judgeDays, leaves: 65 },
  { work: carryPlaces, leaves: 50 },
  { work: closeSilent, leaves: 35 },
  { work: sendDigest, leaves: 0 },
  { work: checkSubscriptions, leaves: 0 },
];

/** The results of a run, and the failures in it. */
export interface Swept extends Counts {
  readonly failures: readonly Error[];
}

/**
 * One run. It may be repeated and may overlap with another. If a task fails, the failure is recorded and the others go
 * on.
 * @param timeLeft seconds until it must be over.
 */
export async function sweep(
  { signals, ...others }: Services,
  timeLeft: () => number = () => Number.POSITIVE_INFINITY,
): Promise<Swept> {
  const counts: Counts = {
    judged: 0,
    opened: 0,
    updated: 0,
    announcedAgain: 0,
    toldInStorm: 0,
    dropped: 0,
    digests: 0,
    postponed: 0,
    subscriptionsMissing: 0,
  };
  const services: Services = { ...others, ...(signals && { signals: signals.remembering() }) };
  const now = services.clock();
  const run = { now, timeLeft, failures: [] as Error[], judging: judgingOnce(services, now) };
  for (const { work, leaves } of TASKS) {
    try {
      const done = await work(services, { ...run, hasTime: () => timeLeft() >= leaves });
      for (const [name, count] of Object.entries(done) as [keyof Counts, number][]) counts[name] += count;
    } catch (error) {
      run.failures.push(error as Error);
    }
  }
  return { ...counts, failures: run.failures };
}

/** If no logs arrive, the clock replaces the log time. */
function judgingOnce({ windows, networks, routingDomains, signals }: Services, now: number): Run['judging'] {
  const begin = async (): Promise<JudgingRun> => {
    const recent = windows.remembering();
    const logTime = Math.max(await windows.agenda.logTime(), Math.floor(now - SILENCE));
    return {
      logTime,
      now,
      recent,
      reader: new TableEvidence({ windows, networks, routingDomains, packs: recent, signals }),
    };
  };
  let judging: Promise<JudgingRun> | undefined;
  return () => {
    judging ??= begin();
    return judging;
  };
}
