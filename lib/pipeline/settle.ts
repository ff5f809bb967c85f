/** Settle: what falls due with time. Overdue answers, quiet outside sources, closing, lost announcements, the digest. */

import { isVoid } from '../finding/lifecycle.ts';
import { epochSeconds, isoTime, sourceKey } from '../finding/model.ts';
import { digestMessage } from '../notify/digest.ts';
import { SILENCE } from '../store/agenda.ts';
import { closeCampaign } from './campaigns.ts';
import { judgeCampaignsOf, judgeHours, lastHour } from './settle-hours.ts';
import { judgeOne, LEAVE, once, type Settled, type SettleOptions, type Times } from './settle-run.ts';
import { tellHeld } from './storm.ts';
import { Uses } from './uses.ts';

export type { Settled, SettleOptions } from './settle-run.ts';

const HOUR = 3600;
const ANNOUNCE_PATIENCE = 120;
const DAY = 86_400;
/** Due marks taken in one run, of sources of the internet and of others; the rest waits for the next, five minutes later. */
const DUE_IN_A_RUN = 4000;
/** Silent findings closed in one run. */
const CLOSED_IN_A_RUN = 2000;
const PARALLEL = 8;
/** Campaigns are closed when they are judged; one that nobody judged for this long is over, seconds of log time. */
const ABANDONED = 6 * HOUR;

/**
 * One run; safe to repeat and to overlap with another.
 * @param timeLeft seconds until it must be over; each step stops early enough for those after it.
 */
export async function settle(
  options: SettleOptions,
  now: number,
  timeLeft: () => number = () => Number.POSITIVE_INFINITY,
): Promise<Settled> {
  const logTime = Math.max(await options.windows.agenda.logTime(), Math.floor(now - SILENCE));
  const settled: Settled = {
    judged: 0,
    opened: 0,
    updated: 0,
    announcedAgain: 0,
    toldInStorm: 0,
    dropped: 0,
    digest: false,
    postponed: 0,
    failures: [],
  };
  // The outbox first: whatever fails below, nobody waits for an alert because of it.
  const recent = options.windows.remembering();
  const times = { logTime, now, timeLeft, recent, uses: new Uses(recent) };
  await announceAgain(options, settled, times);
  await tellStorm(options, settled, times);
  await judgeDue(options, settled, times);
  await judgeHours(options, settled, times);
  await closeSilent(options, settled, times);
  await sendDigest(options, settled, now);
  return settled;
}

/** Inside sources first, and the oldest marks; not all of a flood in one run: closing and the digest come after. */
async function judgeDue(options: SettleOptions, settled: Settled, times: Times): Promise<void> {
  const marks = await options.windows.agenda.dueSources(times.logTime, DUE_IN_A_RUN);
  const groups = Map.groupBy(marks, (mark) => sourceKey(mark.source)).values();
  const judgeNext = async () => {
    for (const group of groups) {
      if (times.timeLeft() < LEAVE.due) {
        settled.postponed++;
        continue;
      }
      const hours = group.map((mark) => mark.hour);
      const range = { from: Math.min(...hours), to: Math.max(...hours) };
      const horizons = group.some((mark) => mark.isLong) ? 'all' : 'short';
      if (!(await judgeOne(options, settled, group[0]!.source, range, times, horizons))) continue;
      for (const mark of group) await options.windows.agenda.clearDue(mark);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, judgeNext));
}

async function closeSilent(options: SettleOptions, settled: Settled, times: Times): Promise<void> {
  const silentSince = times.logTime - options.episodeGapSeconds;
  const silent = await options.findings.openBefore(silentSince, CLOSED_IN_A_RUN);
  const campaigns = silent.filter(({ finding }) => !finding.source);
  // The hour after shows that it is over; by then the campaign may have been closed with another.
  const hours = new Set(campaigns.map(({ finding }) => Math.floor(epochSeconds(finding.lastSeen) / HOUR) + 1));
  const hasTime = () => times.timeLeft() >= LEAVE.closing;
  for (const hour of hours)
    if (hour <= lastHour(times) && hasTime()) await judgeCampaignsOf(options, settled, hour, times);
  for (const stored of campaigns)
    if (hasTime() && times.logTime - epochSeconds(stored.finding.lastSeen) > ABANDONED)
      await closeCampaign(options.judging, stored, times);
  for (const { finding } of silent) {
    if (!finding.source) continue;
    if (!hasTime()) {
      settled.postponed++;
      continue;
    }
    const hours = {
      from: Math.floor(epochSeconds(finding.firstSeen) / HOUR),
      to: Math.floor(epochSeconds(finding.lastSeen) / HOUR),
    };
    await judgeOne(options, settled, finding.source, hours, times);
  }
}

async function announceAgain(options: SettleOptions, settled: Settled, { now, timeLeft }: Times): Promise<void> {
  for (const stored of await options.outbox.markedBefore(now - ANNOUNCE_PATIENCE)) {
    if (timeLeft() < LEAVE.announcing) return;
    await options.requestAlert(stored);
    settled.announcedAgain++;
  }
}

async function tellStorm(options: SettleOptions, settled: Settled, { now, timeLeft }: Times): Promise<void> {
  const hasTime = () => timeLeft() >= LEAVE.storm;
  try {
    settled.toldInStorm = await tellHeld({ ...options, minSeverity: options.judging.minSeverity, hasTime }, now);
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
    return true;
  });
}
