/** What the sweep tasks of one run share, and how they judge one source. */
import type { WindowsStore } from '../../store/windows-store.ts';
import type { RunContext } from '../evidence-reader.ts';
import type { Judged } from '../judge.ts';
import type { Horizons } from '../judge-source.ts';
import type { Services } from '../services.ts';
import type { TableEvidence } from '../table-evidence.ts';

/** What a run, or a task of it, did. */
export interface Counts extends Judged {
  /** Sources. */
  judged: number;
  announcedAgain: number;
  /** Announcements that were held in a storm, and told in one message. */
  toldInStorm: number;
  /** Outside sources that were dropped unjudged, because others had more contacts or memory was full. */
  dropped: number;
  digests: number;
  /** Sources and hours that time ran out for; the next run takes them first. */
  postponed: number;
  /** Addresses of the settings without a confirmed subscription. */
  subscriptionsMissing: number;
}

/** One run, as a task sees it. */
export interface Run {
  /** The clock when the run began, epoch seconds. */
  readonly now: number;
  /** Seconds until the run must be over. */
  readonly timeLeft: () => number;
  /** Whether the task may take on more, and leave enough time to those after it. */
  readonly hasTime: () => boolean;
  /** Sources that could not be judged, whose marks stay for the next run, and tasks that failed. */
  readonly failures: Error[];
  /** What judging needs besides; read once a run. */
  readonly judging: () => Promise<JudgingRun>;
}

/** How far the log has come, and evidence that is read once a run. */
export interface JudgingRun extends RunContext {
  /** Reads the packs of the last hours once a run. */
  readonly recent: WindowsStore;
  readonly reader: TableEvidence;
}

/** One task of a run: safe to repeat, and to overlap with another run. */
export type SweepTask = (services: Services, run: Run) => Promise<Partial<Counts>>;

/** Longer than a run may take: another run then takes over what this one claimed and did not finish. */
const RUN_SECONDS = 420;

/** Judges one source, and adds to the counts. @returns whether it could be judged; otherwise the failure is noted. */
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
    // One source must not keep the others waiting; the run as a whole fails in the end, and raises the alarm.
    failures.push(error as Error);
    return false;
  }
}

/** Does work once over all runs. Where it fails, is not finished, or its run is killed, a later run goes on with it. */
export async function once(
  { findings }: Pick<Services, 'findings'>,
  { now }: Pick<Run, 'now'>,
  { pk, sk, expiresAt }: { readonly pk: string; readonly sk: string; readonly expiresAt: number },
  work: () => Promise<boolean>,
): Promise<void> {
  if (!(await findings.claim(pk, sk, { now, leaseSeconds: RUN_SECONDS, expiresAt }))) return;
  let isDone = false;
  try {
    isDone = await work();
  } finally {
    if (!isDone) await findings.release(pk, sk);
  }
  if (isDone) await findings.complete(pk, sk);
}
