/** Sends the digest: a message about the findings of the previous day, or of an hour, that raised no alert. */
import { isVoid } from '../../finding/lifecycle.ts';
import { epochSeconds, isoTime } from '../../finding/model.ts';
import { digestMessage } from '../../notify/digest.ts';
import { namedBy } from '../../notify/most-active.ts';
import type { Services } from '../services.ts';
import { type Counts, once, type Run } from './run.ts';

const HOUR = 3600;
const DAY = 86_400;

/** Hours before that are caught up with after runs were missed. */
const MOST_MISSED = 6;

export async function sendDigest(services: Services, run: Run): Promise<Partial<Counts>> {
  const { digestHourUtc } = services.runtime;
  const { now } = run;
  const day = now - (now % DAY);
  // An hour is reported when the one after it is over, so that its campaigns have been judged.
  if (digestHourUtc === 'every')
    return { digests: await sendAbout(services, run, now - (now % HOUR) - 2 * HOUR, HOUR, MOST_MISSED) };
  if (digestHourUtc === null || now - day < digestHourUtc * HOUR) return {};
  return { digests: await sendAbout(services, run, day - DAY, DAY) };
}

/**
 * Sends the digest of a day or an hour once, after those of `missed` such times before it. A time is done only once
 * these are, so that a run that fails in between repeats them, and one that finds it done need not look further back.
 * @returns the number of messages.
 */
async function sendAbout(services: Services, run: Run, begin: number, seconds: number, missed = 0): Promise<number> {
  const period = isoTime(begin).slice(0, seconds === DAY ? 10 : 13);
  let digests = 0;
  await once(services, run, { pk: 'digest', sk: period, expiresAt: run.now + 30 * DAY }, async () => {
    if (missed) digests = await sendAbout(services, run, begin - seconds, seconds, missed - 1);
    const unannounced = (await services.findings.ofDay(period.slice(0, 10)))
      .filter(
        ({ announced, finding }) =>
          !announced &&
          !finding.suppressedBy &&
          !finding.test &&
          !isVoid(finding) &&
          finding.closedBecause !== 'analyst' &&
          finding.firstSeen.startsWith(period),
      )
      .map(({ finding }) => finding);
    if (!unannounced.length) return true;
    const known = await namedBefore(services, begin);
    await services.publish(digestMessage(period, unannounced, services.place, known)!);
    digests++;
    return true;
  });
  return digests;
}

/** Seconds before the time of a digest whose findings are looked at. What they do not name is new. */
const WEEK = 7 * DAY;
/** Findings of a day that are looked at. With more, nothing is marked as new. */
const MOST_FINDINGS = 2000;

/** What the findings of the week before an epoch second named. Undefined if they are too many. */
async function namedBefore({ findings }: Services, begin: number): Promise<ReadonlySet<string> | undefined> {
  const known = new Set<string>();
  // A week before an hour begins and ends within a day.
  for (let last = begin - 1; last >= begin - WEEK - (begin % DAY); last -= DAY) {
    const ofDay = await findings.ofDay(isoTime(last).slice(0, 10), 0, MOST_FINDINGS);
    if (ofDay.length >= MOST_FINDINGS) return undefined;
    for (const { finding } of ofDay) {
      const at = epochSeconds(finding.firstSeen);
      if (at >= begin - WEEK && at < begin) for (const name of namedBy(finding)) known.add(name);
    }
  }
  return known;
}
