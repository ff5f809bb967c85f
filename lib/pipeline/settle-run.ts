/** What the steps of a settle run share: options, counts, times, and the judging of one source. */
import type { AlertMessage } from '../notify/message.ts';
import type { Suppression } from '../notify/suppression.ts';
import type { AlertPlace } from '../notify/text.ts';
import type { FindingRef, FindingsStore } from '../store/findings-store.ts';
import type { Outbox } from '../store/outbox.ts';
import type { WindowsStore } from '../store/windows-store.ts';
import type { Judge, JudgeOptions, Shared } from './judge.ts';
import type { Horizons, Moment } from './reading.ts';
import type { Uses } from './uses.ts';

export interface SettleOptions {
  readonly windows: WindowsStore;
  readonly findings: FindingsStore;
  readonly outbox: Outbox;
  readonly judge: Judge;
  /** What the judge judges with, for campaigns. */
  readonly judging: JudgeOptions;
  readonly requestAlert: (ref: FindingRef) => Promise<void>;
  readonly publish: (message: AlertMessage) => Promise<unknown>;
  readonly suppressions: () => Promise<readonly Suppression[]>;
  readonly place: AlertPlace;
  readonly episodeGapSeconds: number;
  /** Failed contacts of a quiet source in an hour from which it is judged. */
  readonly suspicious: number;
  /** The same over three days. */
  readonly suspiciousInDays: number;
  /** Hour (UTC) from which on yesterday's digest is sent; null sends none. */
  readonly digestHourUtc: number | null;
}

/** What a run did. */
export interface Settled {
  judged: number;
  opened: number;
  updated: number;
  announcedAgain: number;
  /** Announcements that were held in a storm, and told in one message. */
  toldInStorm: number;
  /** Outside sources that were dropped unjudged, because others had more contacts or memory was full. */
  dropped: number;
  digest: boolean;
  /** Sources and hours that time ran out for; the next run takes them first. */
  postponed: number;
  /** Sources that could not be judged, whose marks stay for the next run, and a storm that could not be told. */
  failures: Error[];
}

/** Longer than a run may take: what it claimed and did not finish is then taken on by another. */
const RUN_SECONDS = 420;

/**
 * Seconds that each step leaves to those after it, so that no flood in one starves another. A run has 300 seconds; every
 * step stops between two sources, and one source may take half a minute where a table is at its ceiling.
 */
export const LEAVE = { announcing: 270, storm: 240, due: 170, hours: 100, days: 65, closing: 35 } as const;

/** When a run happens, how long it may go on, and what its steps share. */
export interface Times extends Moment {
  /** Reads the packs of the last hours once a run. */
  readonly recent: WindowsStore;
  /** Seconds until the run must be over. */
  readonly timeLeft: () => number;
  /** What the traffic of others says. */
  readonly uses: Uses;
}

/** Judges one source. @returns whether it could be judged; otherwise the failure is noted. */
export async function judgeOne(
  options: SettleOptions,
  settled: Settled,
  source: { scope: string; address: string },
  hours: { from: number; to: number },
  times: Times,
  horizons: Horizons = 'short',
  shared: Shared = { uses: times.uses },
): Promise<boolean> {
  try {
    const name = { scope: source.scope, address: source.address };
    const judged = await options.judge.judge(name, hours, times, horizons, shared);
    settled.judged++;
    settled.opened += judged.opened;
    settled.updated += judged.updated;
    return true;
  } catch (error) {
    // One source must not keep the others waiting; the run as a whole fails in the end, and raises the alarm.
    settled.failures.push(error as Error);
    return false;
  }
}

/** Does what is to be done once; when it fails, is not finished, or its run is killed, a later run goes on with it. */
export async function once(
  { findings }: SettleOptions,
  pk: string,
  sk: string,
  expiresAt: number,
  now: number,
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
