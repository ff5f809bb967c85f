/** Judges the hours in which signals, or scans near them, have changed. */
import { restsOnSignals } from '../../finding/model.ts';
import { anchorHourOf, type Hours, type StoredFinding } from '../../store/finding-item.ts';
import type { JudgingSignals } from '../judge-signals.ts';
import { hourOf } from '../judge-source.ts';
import { closeFinding } from '../recorder.ts';
import type { Services } from '../services.ts';
import type { Counts, Run } from './run.ts';

/** Hours that are judged together: one reading serves all of them. */
const TOGETHER = 24;

/** Without a log of orchestrators or hosts it does nothing. */
export async function judgeSignalHours(services: Services, run: Run): Promise<Partial<Counts>> {
  const { windows, signals } = services;
  if (!signals) return {};
  const counts = { judged: 0, opened: 0, updated: 0, postponed: 0 };
  const marks = await windows.agenda.dueSignals(run.now);
  if (!marks.length) return counts;
  for (const hours of spansOf(marks.map(({ hour }) => hour))) {
    const ofSpan = marks.filter(({ hour }) => hour >= hours.from && hour <= hours.to);
    if (await judgeSpan(hours, { ...services, signals }, run, counts))
      for (const mark of ofSpan) await windows.agenda.clearHour(mark);
  }
  return counts;
}

/** Closes findings of signals alone that are silent, by judging their hours once more. */
export async function closeSilentSignals(
  services: Services,
  run: Run,
  counts: Work,
  silent: readonly StoredFinding[],
): Promise<void> {
  const { signals } = services;
  const ofSignals = silent.filter(({ finding }) => restsOnSignals(finding));
  if (!ofSignals.length) return;
  if (signals) {
    const hours = ofSignals.flatMap((stored) => [anchorHourOf(stored), hourOf(stored.finding.lastSeen)]);
    for (const span of spansOf(hours)) await judgeSpan(span, { ...services, signals }, run, counts);
    return;
  }
  // Nothing arrives any more, so nothing can change them.
  const { logTime, now } = await run.judging();
  for (const stored of ofSignals) {
    const version = {
      fragments: stored.fragments,
      judgedAt: Math.max(logTime, stored.judgedAt),
      ...(stored.hours && { hours: stored.hours }),
    };
    if (await closeFinding(services, stored, { closedBecause: 'ended' }, { version, now })) counts.updated++;
  }
}

type Work = Pick<Counts, 'judged' | 'opened' | 'updated' | 'postponed'>;

/** Judges the signals of some hours. @returns whether they could be judged. If not, the failure is recorded. */
async function judgeSpan(hours: Hours, services: JudgingSignals, run: Run, counts: Work): Promise<boolean> {
  if (!run.hasTime()) {
    counts.postponed++;
    return false;
  }
  try {
    const { logTime, now } = await run.judging();
    const { judgeSignals } = await import('../judge-signals.ts');
    const judged = await judgeSignals(hours, services, { logTime, now });
    counts.judged++;
    counts.opened += judged.opened;
    counts.updated += judged.updated;
    return true;
  } catch (error) {
    // The marks stay for the next run, and the run as a whole fails in the end and raises the alarm.
    run.failures.push(error as Error);
    return false;
  }
}

/** Hours in spans that are not too long, in order. */
function spansOf(hours: readonly number[]): Hours[] {
  const spans: Hours[] = [];
  for (const hour of [...new Set(hours)].sort((a, b) => a - b)) {
    const last = spans.at(-1);
    if (last && hour - last.from < TOGETHER) spans[spans.length - 1] = { from: last.from, to: hour };
    else spans.push({ from: hour, to: hour });
  }
  return spans;
}
