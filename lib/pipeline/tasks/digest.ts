/** Sends the digest: one message a day about the previous day's findings that raised no alert. */
import { isVoid } from '../../finding/lifecycle.ts';
import { epochSeconds, isoTime } from '../../finding/model.ts';
import { digestMessage } from '../../notify/digest.ts';
import { namedBy } from '../../notify/most-active.ts';
import type { Services } from '../services.ts';
import { type Counts, once, type Run } from './run.ts';

const DAY = 86_400;

export async function sendDigest(services: Services, run: Run): Promise<Partial<Counts>> {
  const { digestHourUtc } = services.runtime;
  const { now } = run;
  if (digestHourUtc === null || new Date(now * 1000).getUTCHours() < digestHourUtc) return {};
  const day = isoTime(now - DAY).slice(0, 10);
  let digests = 0;
  await once(services, run, { pk: 'digest', sk: day, expiresAt: now + 30 * DAY }, async () => {
    const unannounced = (await services.findings.ofDay(day))
      .filter(
        ({ announced, finding }) =>
          !announced &&
          !finding.suppressedBy &&
          !finding.test &&
          !isVoid(finding) &&
          finding.closedBecause !== 'analyst',
      )
      .map(({ finding }) => finding);
    if (!unannounced.length) return true;
    const message = digestMessage(day, unannounced, services.place, await namedBefore(services, day));
    if (message) await services.publish(message);
    digests = message ? 1 : 0;
    return true;
  });
  return { digests };
}

/** Days before the one of the digest whose findings are looked at. What they do not name is new. */
const WEEK = 7;
/** Findings of a day that are looked at. With more, nothing is marked as new. */
const MOST_FINDINGS = 2000;

/** What the findings of the week before a day named. Undefined if they are too many. */
async function namedBefore({ findings }: Services, day: string): Promise<ReadonlySet<string> | undefined> {
  const known = new Set<string>();
  const midnight = epochSeconds(`${day}T00:00:00Z`);
  for (let days = 1; days <= WEEK; days++) {
    const ofDay = await findings.ofDay(isoTime(midnight - days * DAY).slice(0, 10), 0, MOST_FINDINGS);
    if (ofDay.length >= MOST_FINDINGS) return undefined;
    for (const { finding } of ofDay) for (const name of namedBy(finding)) known.add(name);
  }
  return known;
}
