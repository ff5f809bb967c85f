/** The state that the tasks of one run share, and the function with which they judge one source. */
import type { DetectionSettings } from '../../detections/settings.ts';
import type { Hours } from '../../store/finding-item.ts';
import type { WindowsStore } from '../../store/windows-store.ts';
import type { RunContext } from '../evidence-reader.ts';
import type { Judged } from '../judge.ts';
import type { Horizons } from '../judge-source.ts';
import type { Services } from '../services.ts';
import type { TableEvidence } from '../table-evidence.ts';
import { watchedSettings } from '../watched.ts';

/** The results of a run or of one of its tasks. */
export interface Counts extends Judged {
  /** Number of sources. */
  judged: number;
  announcedAgain: number;
  /** Announcements that were held in a storm and sent in one message. */
  toldInStorm: number;
  /** Outside sources that were dropped without a judgement, because others had more contacts or memory was full. */
  dropped: number;
  digests: number;
  /** Sources and hours for which there was no time. The next run handles them first. */
  postponed: number;
  /** Addresses in the settings without a confirmed subscription. */
  subscriptionsMissing: number;
}

/** One run from the view of a task. */
export interface Run {
  /** The clock when the run began, epoch seconds. */
  readonly now: number;
  /** Seconds until the run must be over. */
  readonly timeLeft: () => number;
  /** Whether the task may start more work and still leave enough time for those after it. */
  readonly hasTime: () => boolean;
  /** Tasks that failed, and sources that could not be judged. The marks of these sources stay for the next run. */
  readonly failures: Error[];
  /** The further input of judgements, read once per run. */
  readonly judging: () => Promise<JudgingRun>;
}

/** How far the log has come, and evidence that is read once per run. */
export interface JudgingRun extends RunContext {
  /** Reads the packs of the last hours once per run. */
  readonly recent: WindowsStore;
  readonly reader: TableEvidence;
}

/** One task of a run. It may be repeated and may overlap with another run. */
export type SweepTask = (services: Services, run: Run) => Promise<Partial<Counts>>;

const HOUR = 3600;
/** Longer than a run may take. Another run then takes over what this one claimed and did not finish. */
const RUN_SECONDS = 420;

/** Judges one source and adds to the counts. @returns whether it could be judged. If not, the failure is recorded. */
export async function judgeOne(
  { judge }: Services,
  { failures }: Run,
  counts: Pick<Counts, 'judged' | 'opened' | 'updated'>,
  source: { readonly scope: string; readonly address: string },
  hours: { readonly from: number; readonly to: number },
  judging: JudgingRun,
  horizons: Horizons = 'short',
): Promise<boolean> {
  try {
    const name = { scope: source.scope, address: source.address };
    const judged = await judge.judge(name, hours, judging, horizons);
    counts.judged++;
    counts.opened += judged.opened;
    counts.updated += judged.updated;
    return true;
  } catch (error) {
    // One source must not delay the others. The run as a whole fails in the end and raises the alarm.
    failures.push(error as Error);
    return false;
  }
}

/** The settings by which outside sources are chosen that may have contacted a watched target in some hours. */
export async function settingsOfOutside(
  { settings, watches }: Pick<Services, 'settings' | 'watches'>,
  { now }: Pick<Run, 'now'>,
  { from, to }: Hours,
): Promise<DetectionSettings> {
  const current = await watches?.current(now);
  return watchedSettings(settings, current?.ofTargets(from * HOUR, (to + 1) * HOUR));
}

/**
 * Does work once over all runs. If it fails, remains unfinished, or its run is killed, a later run continues it.
 * @returns whether this run has finished it.
 */
export async function once(
  { claims }: Pick<Services, 'claims'>,
  { now }: Pick<Run, 'now'>,
  { pk, sk, expiresAt }: { readonly pk: string; readonly sk: string; readonly expiresAt: number },
  work: () => Promise<boolean>,
): Promise<boolean> {
  if (!(await claims.claim(pk, sk, { now, leaseSeconds: RUN_SECONDS, expiresAt }))) return false;
  let isDone = false;
  try {
    isDone = await work();
  } finally {
    if (!isDone) await claims.release(pk, sk);
  }
  if (isDone) await claims.complete(pk, sk);
  return isDone;
}
