/** Sends the digest: one message a day about the previous day's findings that raised no alert. */
import { isVoid } from '../../finding/lifecycle.ts';
import { isoTime } from '../../finding/model.ts';
import { digestMessage } from '../../notify/digest.ts';
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
    const message = digestMessage(day, unannounced, services.place);
    if (message) await services.publish(message);
    digests = message ? 1 : 0;
    return true;
  });
  return { digests };
}
