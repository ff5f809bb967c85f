/** Announces findings again that are still marked for announcement, since their message may have been lost. */
import type { Services } from '../services.ts';
import type { Counts, Run } from './run.ts';

/** Seconds that the alert function has for an announcement before it is requested again. */
const PATIENCE_SECONDS = 120;

export async function announceAgain(
  { outbox, requestAlert }: Services,
  { now, hasTime }: Run,
): Promise<Partial<Counts>> {
  let announcedAgain = 0;
  for (const stored of await outbox.markedBefore(now - PATIENCE_SECONDS)) {
    if (!hasTime()) break;
    await requestAlert(stored);
    announcedAgain++;
  }
  return { announcedAgain };
}
