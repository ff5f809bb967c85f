/** Settle: what falls due with time. Overdue answers, quiet outside sources, closing, lost announcements, the digest. */

import { isVoid } from '../finding/lifecycle.ts';
import { epochSeconds, isoTime, sourceKey } from '../finding/model.ts';
import { digestMessage } from '../notify/digest.ts';
import type { AlertMessage } from '../notify/message.ts';
import type { Suppression } from '../notify/suppression.ts';
import type { AlertPlace } from '../notify/text.ts';
import { LONGEST_SECONDS } from '../scan/windows.ts';
import { SILENCE } from '../store/agenda.ts';
import type { FindingRef, FindingsStore } from '../store/findings-store.ts';
import { NOISE_BUCKETS } from '../store/keys.ts';
import type { Outbox } from '../store/outbox.ts';
import type { WindowsStore } from '../store/windows-store.ts';
import { closeCampaign, judgeCampaigns } from './campaigns.ts';
import type { Judge, JudgeOptions, Shared } from './judge.ts';
import { suspectsIn } from './quiet.ts';
import type { Horizons, Moment } from './reading.ts';
import { tellHeld } from './storm.ts';
import { Uses } from './uses.ts';

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
  /** Outside sources that were not looked at, because others had more contacts or there were too many. */
  leftOut: number;
  digest: boolean;
  /** Sources that could not be judged, whose marks stay for the next run, and a storm that could not be told. */
  failures: Error[];
}

const HOUR = 3600;
const LONGEST_HOURS = LONGEST_SECONDS / HOUR;
/** Quiet sources judged over days for each bucket, those with the most contacts first. */
const QUIET_JUDGED = 20;
/** The same over hours: a flood of them must not keep a run from its end. */
const QUIET_JUDGED_IN_HOURS = 250;
/** Hours between two looks at days of quiet sources. */
const QUIET_DAYS_EVERY = 6;
/** An hour's outside sources are looked at this long after it ended, in log time. */
const HOUR_DELAY = 900;
/** Longer than a run may take: what it claimed and did not finish is then taken on by another. */
const RUN_SECONDS = 420;
const ANNOUNCE_PATIENCE = 120;
const DAY = 86_400;
/** Due marks taken in one run, of sources of the internet and of others; the rest waits for the next, five minutes later. */
const DUE_IN_A_RUN = 4000;
/** Hours of outside sources looked at in one run. */
const HOURS_IN_A_RUN = 24;
/** Silent findings closed in one run. */
const CLOSED_IN_A_RUN = 2000;
const PARALLEL = 8;
/** Campaigns are closed when they are judged; one that nobody judged for this long is over, seconds of log time. */
const ABANDONED = 6 * HOUR;

/** One run; safe to repeat and to overlap with another. */
export async function settle(options: SettleOptions, now: number): Promise<Settled> {
  const logTime = Math.max(await options.windows.agenda.logTime(), Math.floor(now - SILENCE));
  const settled: Settled = {
    judged: 0,
    opened: 0,
    updated: 0,
    announcedAgain: 0,
    toldInStorm: 0,
    leftOut: 0,
    digest: false,
    failures: [],
  };
  // The outbox first: whatever fails below, nobody waits for an alert because of it.
  await announceAgain(options, settled, now);
  await tellStorm(options, settled, now);
  const recent = options.windows.remembering();
  const times = { logTime, now, recent, uses: new Uses(recent) };
  await judgeDue(options, settled, times);
  await judgeHours(options, settled, times);
  await closeSilent(options, settled, times);
  await sendDigest(options, settled, now);
  return settled;
}

interface Times extends Moment {
  /** Reads the packs of the last hours once a run. */
  readonly recent: WindowsStore;
  /** What the traffic of others says. */
  readonly uses: Uses;
}

/** Inside sources first, and the oldest marks; not all of a flood in one run: closing and the digest come after. */
async function judgeDue(options: SettleOptions, settled: Settled, times: Times): Promise<void> {
  const marks = await options.windows.agenda.dueSources(times.logTime, DUE_IN_A_RUN);
  const groups = Map.groupBy(marks, (mark) => sourceKey(mark.source)).values();
  const judgeNext = async () => {
    for (const group of groups) {
      const hours = group.map((mark) => mark.hour);
      const range = { from: Math.min(...hours), to: Math.max(...hours) };
      const horizons = group.some((mark) => mark.isLong) ? 'all' : 'short';
      if (!(await judgeOne(options, settled, group[0]!.source, range, times, horizons))) continue;
      for (const mark of group) await options.windows.agenda.clearDue(mark);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, judgeNext));
}

/**
 * Outside sources are looked at by the hour: a scanner that sends one or two probes a file adds up here, and so do many
 * scanners together. An hour that more was written about is looked at again.
 */
async function judgeHours(options: SettleOptions, settled: Settled, times: Times): Promise<void> {
  const last = lastHour(times);
  const marks = await times.recent.agenda.dueHours(times.now);
  const due = new Set(marks.map(({ hour }) => hour).filter((hour) => hour <= last));
  // The latest first: logs of long ago, read now, must not keep those of today waiting.
  for (const hour of [...due].sort((a, b) => b - a).slice(0, HOURS_IN_A_RUN)) {
    const failures = settled.failures.length;
    // A scan may begin in the hour before, so what comes late in one hour may matter to the next.
    for (const each of [hour, hour + 1])
      if (each === hour || (each <= last && !due.has(each)))
        await judgeQuietHours(options, settled, times, [each, each - 1], 2 * options.suspicious, 'short');
    await judgeCampaignsOf(options, settled, hour, times);
    // Who could not be judged is to be found again.
    if (settled.failures.length > failures) continue;
    for (const mark of marks) if (mark.hour === hour) await times.recent.agenda.clearDue(mark);
  }
  // Reading days of all the internet's noise costs; a slow scan from outside can wait for some hours.
  const days = last - (last % QUIET_DAYS_EVERY);
  await once(options, 'settle', `quiet-days#${days}`, times.now + DAY, times.now, () =>
    judgeQuietHours(options, settled, times, hoursBefore(days), options.suspiciousInDays, 'all'),
  );
}

/** The latest epoch hour that is over, and of which most has been delivered. */
const lastHour = ({ logTime }: Moment): number => Math.floor((logTime - HOUR_DELAY) / HOUR) - 1;

/** Campaigns first, then their members that have findings of their own, which name them. */
async function judgeCampaignsOf(options: SettleOptions, settled: Settled, hour: number, times: Times): Promise<void> {
  const { opened, updated, letGo, members } = await judgeCampaigns(
    { ...options.judging, windows: times.recent },
    { hour, last: lastHour(times) },
    times,
  );
  settled.leftOut += letGo;
  settled.opened += opened;
  settled.updated += updated;
  if (!members.length) return;
  const first = Math.min(...members.map(({ from }) => from)) * HOUR - DAY;
  const known = new Set<string | undefined>();
  for (let time = first; time < times.logTime + DAY; time += DAY)
    for (const { finding } of await options.findings.ofDay(isoTime(time).slice(0, 10)))
      if (finding.direction === 'inbound') known.add(finding.source?.address);
  // Few members were found by themselves: those are looked up by day, and not member by member.
  const judged = members.filter(({ address }) => known.has(address)).values();
  const judgeNext = async () => {
    for (const { address, ...hours } of judged)
      await judgeOne(options, settled, { scope: 'internet', address }, hours, times);
  };
  await Promise.all(Array.from({ length: PARALLEL }, judgeNext));
}

const hoursBefore = (last: number): number[] => Array.from({ length: LONGEST_HOURS }, (_, back) => last - back);

/** Does what is to be done once; when it fails, or its run is killed, a later run does it. */
async function once(
  { findings }: SettleOptions,
  pk: string,
  sk: string,
  expiresAt: number,
  now: number,
  work: () => Promise<void>,
): Promise<void> {
  if (!(await findings.claim(pk, sk, { now, leaseSeconds: RUN_SECONDS, expiresAt }))) return;
  try {
    await work();
  } catch (error) {
    await findings.release(pk, sk);
    throw error;
  }
  await findings.complete(pk, sk);
}

async function judgeQuietHours(
  options: SettleOptions,
  settled: Settled,
  times: Times,
  hours: readonly number[],
  suspicious: number,
  horizons: Horizons,
): Promise<void> {
  const range = { from: Math.max(...hours), to: Math.max(...hours) };
  for (let bucket = 0; bucket < NOISE_BUCKETS; bucket++) {
    // The packs of days are looked through bucket by bucket, and kept no longer.
    const windows = horizons === 'all' ? options.windows : times.recent;
    const quiet = await windows.quietSources(hours, bucket, horizons === 'short');
    const suspects = suspectsIn(quiet, suspicious);
    const judged = suspects.slice(0, horizons === 'all' ? QUIET_JUDGED : QUIET_JUDGED_IN_HOURS);
    settled.leftOut += suspects.length - judged.length;
    for (const { address, fragments } of judged) {
      const shared = { uses: times.uses, quiet: { hours: quiet.hours, fragments } };
      await judgeOne(options, settled, { scope: 'internet', address }, range, times, horizons, shared);
    }
  }
}

async function closeSilent(options: SettleOptions, settled: Settled, times: Times): Promise<void> {
  const silentSince = times.logTime - options.episodeGapSeconds;
  const silent = await options.findings.openBefore(silentSince, CLOSED_IN_A_RUN);
  const campaigns = silent.filter(({ finding }) => !finding.source);
  // The hour after shows that it is over; by then the campaign may have been closed with another.
  const hours = new Set(campaigns.map(({ finding }) => Math.floor(epochSeconds(finding.lastSeen) / HOUR) + 1));
  for (const hour of hours) if (hour <= lastHour(times)) await judgeCampaignsOf(options, settled, hour, times);
  for (const stored of campaigns)
    if (times.logTime - epochSeconds(stored.finding.lastSeen) > ABANDONED)
      await closeCampaign(options.judging, stored, times);
  for (const { finding } of silent) {
    if (!finding.source) continue;
    const hours = {
      from: Math.floor(epochSeconds(finding.firstSeen) / HOUR),
      to: Math.floor(epochSeconds(finding.lastSeen) / HOUR),
    };
    await judgeOne(options, settled, finding.source, hours, times);
  }
}

async function judgeOne(
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

async function announceAgain(options: SettleOptions, settled: Settled, now: number): Promise<void> {
  for (const stored of await options.outbox.markedBefore(now - ANNOUNCE_PATIENCE)) {
    await options.requestAlert(stored);
    settled.announcedAgain++;
  }
}

async function tellStorm(options: SettleOptions, settled: Settled, now: number): Promise<void> {
  try {
    settled.toldInStorm = await tellHeld({ ...options, minSeverity: options.judging.minSeverity }, now);
  } catch (error) {
    // In a storm the rest of the run matters all the more.
    settled.failures.push(error as Error);
  }
}

async function sendDigest(options: SettleOptions, settled: Settled, now: number): Promise<void> {
  if (options.digestHourUtc === null || new Date(now * 1000).getUTCHours() < options.digestHourUtc) return;
  const day = isoTime(now - DAY).slice(0, 10);
  await once(options, 'digest', day, now + 30 * DAY, now, async () => {
    const quiet = (await options.findings.ofDay(day))
      .filter(({ announced, finding }) => !announced && !finding.suppressedBy && !isVoid(finding))
      .map(({ finding }) => finding);
    const message = digestMessage(day, quiet, options.place);
    if (message) await options.publish(message);
    settled.digest = message !== undefined;
  });
}
