/** Judges outside sources over three days, every six hours, to find scans with a few probes a day. */
import { LONGEST_SECONDS } from '../../scan/detection.ts';
import type { Services } from '../services.ts';
import { lastHour } from './campaigns-of-hour.ts';
import { judgeOutside, resume } from './outside-sources.ts';
import { type Counts, once, type Run, settingsOfOutside } from './run.ts';

const DAY = 86_400;
const LONGEST_HOURS = LONGEST_SECONDS / 3600;
/** Hours between two passes. Reading days of background noise costs money, and a slow scan from outside can wait. */
const EVERY_HOURS = 6;

export async function judgeDays(services: Services, run: Run): Promise<Partial<Counts>> {
  const judging = await run.judging();
  const counts = { judged: 0, opened: 0, updated: 0, dropped: 0, postponed: 0 };
  const last = lastHour(judging);
  const until = last - (last % EVERY_HOURS);
  const hours = { from: until - LONGEST_HOURS, to: until };
  const { failuresIn72Hours, pairsIn72Hours } = await settingsOfOutside(services, run, hours);
  const name = `quiet-days#${until}`;
  const look = {
    hours: Array.from({ length: LONGEST_HOURS }, (_, back) => until - back),
    failures: Math.min(failuresIn72Hours, pairsIn72Hours),
    horizons: 'all',
  } as const;
  await once(services, run, { pk: 'settle', sk: name, expiresAt: run.now + DAY }, async () => {
    const isStopped = await resume(services, run, name, '', {
      work: (position) => judgeOutside(services, run, counts, judging, look, position),
      finish: async () => undefined,
    });
    if (isStopped) counts.postponed++;
    return !isStopped;
  });
  return counts;
}
