/**
 * Sends the digest: a message about what was found on the previous day, or in an hour, and raised no alert. The time at
 * which a finding was first stored decides, because it never changes. So no finding is in two digests. Those that a look
 * back keeps quiet are in none, and neither are those whose scan ended more than five days before.
 */
import { isVoid } from '../../finding/lifecycle.ts';
import { type Finding, isoTime } from '../../finding/model.ts';
import { digestMessage } from '../../notify/digest.ts';
import { isOld, lookBackOf } from '../../notify/look-back.ts';
import { namedBy } from '../../notify/most-active.ts';
import type { StoredFinding } from '../../store/finding-item.ts';
import { foundAtOf } from '../../store/findings-store.ts';
import type { Services } from '../services.ts';
import { type Counts, once, type Run } from './run.ts';

const HOUR = 3600;
const DAY = 86_400;

/** Seconds after which a run that found something has stored it, and the index shows it. */
const SETTLED = 600;
/** Number of missed hours that a run makes up for. */
const MOST_MISSED = 24;
/** Key of what was sent: sort keys are `2026-11-21` for a day, and `2026-11-21T10` for an hour. */
const SENT = 'digest';
const DAY_TEXT = '2026-11-21'.length;
const HOUR_TEXT = '2026-11-21T10'.length;

export async function sendDigest(services: Services, run: Run): Promise<Partial<Counts>> {
  const { digestHourUtc } = services.runtime;
  const { now } = run;
  if (!run.hasTime()) return {};
  const day = now - (now % DAY);
  // An hour is reported when the one after it is over. Until then, a scan may grow and raise an alert.
  if (digestHourUtc === 'every')
    return { digests: await sendHours(services, run, now - (now % HOUR) - (MOST_MISSED + 2) * HOUR, MOST_MISSED + 1) };
  if (digestHourUtc === null || now - day < Math.max(digestHourUtc * HOUR, SETTLED)) return {};
  return { digests: (await sendAbout(services, run, day - DAY, DAY_TEXT)) ?? 0 };
}

/** Sends the digests of some hours that are in no digest yet, the earliest first. @returns the number of messages. */
async function sendHours(services: Services, run: Run, first: number, count: number): Promise<number> {
  const sent = await services.claims.done(SENT, isoTime(first).slice(0, DAY_TEXT));
  let digests = 0;
  for (let begin = first; begin < first + count * HOUR; begin += HOUR) {
    const hour = isoTime(begin).slice(0, HOUR_TEXT);
    if (sent.has(hour) || sent.has(hour.slice(0, DAY_TEXT))) continue;
    if (!run.hasTime()) break;
    const own = await sendAbout(services, run, begin, HOUR_TEXT);
    // Another process is at it. The hours after it wait, so that none is passed over.
    if (own === undefined) break;
    digests += own;
  }
  return digests;
}

/**
 * Sends the digest of a day or an hour once.
 * @returns the number of messages. Undefined if it was sent before, or another process is sending it.
 */
async function sendAbout(services: Services, run: Run, begin: number, length: number): Promise<number | undefined> {
  const period = isoTime(begin).slice(0, length);
  const claim = { pk: SENT, sk: period, expiresAt: run.now + 30 * DAY };
  let digests = 0;
  const isSent = await once(services, run, claim, async () => {
    // After a change of the setting, hours of the day may have been sent.
    const sent = await services.claims.done(SENT, period);
    const { found, unread } = await services.findings.foundIn(period);
    const unannounced = found.filter(
      (stored) =>
        !stored.announced && isForDigest(stored.finding) && !sent.has(isoTime(foundAtOf(stored)).slice(0, HOUR_TEXT)),
    );
    const findings = (await withoutQuiet(services, unannounced, run.now)).map(({ finding }) => finding);
    if (!findings.length) return true;
    const known = await namedBefore(services, begin);
    await services.publish(digestMessage(period, findings, services.place, { known, unread })!);
    digests++;
    return true;
  });
  return isSent ? digests : undefined;
}

const isForDigest = (finding: Finding): boolean =>
  !finding.suppressedBy && !finding.test && !isVoid(finding) && finding.closedBecause !== 'analyst';

/**
 * Findings without those that a look back keeps quiet: they were old when they were found. What was found live on the days of
 * a later look back stays. Only findings about which there is an alert to withhold name the look back themselves.
 */
async function withoutQuiet(
  { lookBacks }: Pick<Services, 'lookBacks'>,
  stored: readonly StoredFinding[],
  now: number,
): Promise<readonly StoredFinding[]> {
  const wasOld = (one: StoredFinding) => isOld(one.finding, foundAtOf(one));
  if (!stored.some(wasOld)) return stored;
  const rules = await lookBacks.list();
  return stored.filter((one) => !(wasOld(one) && lookBackOf(one.finding, rules, now)));
}

/** Seconds before the time of a digest whose findings are looked at. What they do not name is new. */
const WEEK = 7 * DAY;
/** Findings of a day that are looked at. With more, nothing is marked as new. */
const MOST_FINDINGS = 2000;

/** What the findings named that were found in the week before an epoch second. Undefined if they are too many. */
async function namedBefore({ findings }: Services, begin: number): Promise<ReadonlySet<string> | undefined> {
  const known = new Set<string>();
  // A week before an hour begins and ends within a day.
  for (let last = begin - 1; last >= begin - WEEK - (begin % DAY); last -= DAY) {
    const ofDay = await findings.ofDay(isoTime(last).slice(0, 10), 0, MOST_FINDINGS);
    if (ofDay.length >= MOST_FINDINGS) return undefined;
    for (const stored of ofDay) {
      const at = foundAtOf(stored);
      if (at >= begin - WEEK && at < begin) for (const name of namedBy(stored.finding)) known.add(name);
    }
  }
  return known;
}
