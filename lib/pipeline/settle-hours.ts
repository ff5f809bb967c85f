/** Settle, hour by hour: quiet outside sources that add up, campaigns, and every six hours a look at three days. */
import { createHash } from 'node:crypto';
import { isoTime } from '../finding/model.ts';
import { LONGEST_SECONDS } from '../scan/detection.ts';
import type { DueHour } from '../store/agenda.ts';
import { NOISE_BUCKETS } from '../store/keys.ts';
import { judgeCampaigns } from './campaigns.ts';
import { suspectsIn } from './quiet.ts';
import type { Horizons, Moment } from './reading.ts';
import { judgeOne, LEAVE, once, type Settled, type SettleOptions, type Times } from './settle-run.ts';

const HOUR = 3600;
const DAY = 86_400;
const LONGEST_HOURS = LONGEST_SECONDS / HOUR;
/** Quiet sources judged over days for each bucket, those with the most contacts first. */
const QUIET_JUDGED = 20;
/** The same over hours: a flood of them must not keep a run from its end. */
const QUIET_JUDGED_IN_HOURS = 250;
/** Hours between two looks at days of quiet sources. */
const QUIET_DAYS_EVERY = 6;
/** An hour's outside sources are looked at this long after it ended, in log time. */
const HOUR_DELAY = 900;
/** Hours of outside sources looked at in one run. */
const HOURS_IN_A_RUN = 24;
const PARALLEL = 8;
/** Positions within one look at quiet sources: one for each source that may be judged in each bucket. */
const POSITIONS = NOISE_BUCKETS * QUIET_JUDGED_IN_HOURS;

/**
 * Outside sources are looked at by the hour: a scanner that sends one or two probes a file adds up here, and so do many
 * scanners together. An hour that more was written about is looked at again. An hour that time runs out for is gone on
 * with by the next run, where this one stopped.
 */
export async function judgeHours(options: SettleOptions, settled: Settled, times: Times): Promise<void> {
  const last = lastHour(times);
  const marks = await times.recent.agenda.dueHours(times.now);
  const due = new Set(marks.map(({ hour }) => hour).filter((hour) => hour <= last));
  // The latest first: logs of long ago, read now, must not keep those of today waiting.
  for (const hour of [...due].sort((a, b) => b - a).slice(0, HOURS_IN_A_RUN)) {
    const own = marks.filter((mark) => mark.hour === hour);
    // A scan may begin in the hour before, so what comes late in one hour may matter to the next.
    const looks = [hour, hour + 1].filter((each) => each === hour || (each <= last && !due.has(each)));
    const isStopped = await resumed(options, settled, times, `hour#${hour}`, stateOf(own), {
      work: (position) => judgeHour(options, settled, times, hour, looks, position),
      finish: async () => {
        for (const mark of own) await times.recent.agenda.clearDue(mark);
      },
    });
    if (isStopped) break;
  }
  // Reading days of all the internet's noise costs; a slow scan from outside can wait for some hours.
  const days = last - (last % QUIET_DAYS_EVERY);
  const look = {
    hours: hoursBefore(days),
    suspicious: options.suspiciousInDays,
    horizons: 'all',
    leave: LEAVE.days,
  } as const;
  await once(options, 'settle', `quiet-days#${days}`, times.now + DAY, times.now, async () => {
    const isStopped = await resumed(options, settled, times, `quiet-days#${days}`, '', {
      work: (position) => judgeQuiet(options, settled, times, look, position),
      finish: async () => undefined,
    });
    return !isStopped;
  });
}

interface Resumable {
  /** Goes on from a position; returns the one that it came to when time ran out, undefined when it came to the end. */
  readonly work: (position: number) => Promise<number | undefined>;
  /** After a whole pass without a failure. */
  readonly finish: () => Promise<void>;
}

/**
 * Goes on with work where the last run stopped, if it was about the same `state`. Sources that could not be judged are
 * to be found again: a pass with a failure is not finished, and begins again only after it came to its end.
 * @returns whether time ran out.
 */
async function resumed(
  { findings }: SettleOptions,
  settled: Settled,
  { now }: Times,
  name: string,
  state: string,
  { work, finish }: Resumable,
): Promise<boolean> {
  const before = await findings.progressOf(name, state);
  const failures = settled.failures.length;
  const stoppedAt = await work(before?.position ?? 0);
  const hasFailed = before?.hasFailed === true || settled.failures.length > failures;
  if (stoppedAt !== undefined) {
    settled.postponed++;
    await findings.noteProgress(name, state, { position: stoppedAt, hasFailed }, now + DAY);
    return true;
  }
  if (before?.position) await findings.noteProgress(name, state, { position: 0, hasFailed: false }, now + DAY);
  if (!hasFailed) await finish();
  return false;
}

/** Changes when anything more is written about the hour of these marks. */
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
  options: SettleOptions,
  settled: Settled,
  times: Times,
  hour: number,
  looks: readonly number[],
  position: number,
): Promise<number | undefined> {
  for (const each of looks) {
    const start = (each - hour) * POSITIONS;
    if (position >= start + POSITIONS) continue;
    const look = {
      hours: [each, each - 1],
      suspicious: 2 * options.suspicious,
      horizons: 'short',
      leave: LEAVE.hours,
    } as const;
    const stoppedAt = await judgeQuiet(options, settled, times, look, Math.max(0, position - start));
    if (stoppedAt !== undefined) return start + stoppedAt;
  }
  const end = 2 * POSITIONS;
  if (times.timeLeft() < LEAVE.hours) return end;
  return (await judgeCampaignsOf(options, settled, hour, times)) ? undefined : end;
}

/** The latest epoch hour that is over, and of which most has been delivered. */
export const lastHour = ({ logTime }: Moment): number => Math.floor((logTime - HOUR_DELAY) / HOUR) - 1;

/**
 * Campaigns first, then their members that have findings of their own, which name them.
 * @returns whether time was enough for all members.
 */
export async function judgeCampaignsOf(
  options: SettleOptions,
  settled: Settled,
  hour: number,
  times: Times,
): Promise<boolean> {
  const { opened, updated, dropped, members } = await judgeCampaigns(
    { ...options.judging, windows: times.recent },
    { hour, last: lastHour(times) },
    times,
  );
  settled.dropped += dropped;
  settled.opened += opened;
  settled.updated += updated;
  if (!members.length) return true;
  const first = Math.min(...members.map(({ from }) => from)) * HOUR - DAY;
  const known = new Set<string | undefined>();
  for (let time = first; time < times.logTime + DAY; time += DAY)
    for (const { finding } of await options.findings.ofDay(isoTime(time).slice(0, 10)))
      if (finding.direction === 'inbound') known.add(finding.source?.address);
  // Few members were found by themselves: those are looked up by day, and not member by member.
  const judged = members.filter(({ address }) => known.has(address)).values();
  let hasTime = true;
  const judgeNext = async () => {
    for (const { address, ...hours } of judged) {
      hasTime = times.timeLeft() >= LEAVE.closing;
      if (!hasTime) return;
      await judgeOne(options, settled, { scope: 'internet', address }, hours, times);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, judgeNext));
  return hasTime;
}

const hoursBefore = (last: number): number[] => Array.from({ length: LONGEST_HOURS }, (_, back) => last - back);

interface Look {
  readonly hours: readonly number[];
  readonly suspicious: number;
  readonly horizons: Horizons;
  /** Seconds that are left to the steps after it. */
  readonly leave: number;
}

/** Judges quiet sources, bucket by bucket, from a position on; returns the position that it came to when time ran out. */
async function judgeQuiet(
  options: SettleOptions,
  settled: Settled,
  times: Times,
  { hours, suspicious, horizons, leave }: Look,
  from: number,
): Promise<number | undefined> {
  const range = { from: Math.max(...hours), to: Math.max(...hours) };
  for (let bucket = Math.floor(from / QUIET_JUDGED_IN_HOURS); bucket < NOISE_BUCKETS; bucket++) {
    const start = bucket * QUIET_JUDGED_IN_HOURS;
    if (times.timeLeft() < leave) return Math.max(start, from);
    // The packs of days are looked through bucket by bucket, and kept no longer.
    const windows = horizons === 'all' ? options.windows : times.recent;
    const quiet = await windows.quietSources(hours, bucket, horizons === 'short');
    const suspects = suspectsIn(quiet, suspicious);
    const judged = suspects.slice(0, horizons === 'all' ? QUIET_JUDGED : QUIET_JUDGED_IN_HOURS);
    settled.dropped += suspects.length - judged.length;
    for (const [at, { address, fragments }] of judged.entries()) {
      if (start + at < from) continue;
      if (times.timeLeft() < leave) return start + at;
      const shared = { uses: times.uses, quiet: { hours: quiet.hours, fragments } };
      await judgeOne(options, settled, { scope: 'internet', address }, range, times, horizons, shared);
    }
  }
  return undefined;
}
