/** Takes one payload of a log of orchestrators or hosts: stores what may become a signal, and judges it. */
import { judgeGathered } from '../signals/gathered.ts';
import { type Payload, readPayload } from '../signals/payload.ts';
import type { SigmaRule } from '../signals/sigma/rule.ts';
import { SILENCE } from '../store/agenda.ts';
import type { Judged } from './judge.ts';
import { type JudgingSignals, judgeSignals } from './judge-signals.ts';
import type { Services } from './services.ts';

/** The result for one payload. */
export interface TakenSignals extends Judged, Pick<Payload, 'name' | 'kind' | 'events' | 'unread'> {
  /** Items written, and their bytes. */
  readonly items: number;
  readonly bytes: number;
  /** Facts and events that fit into no item. */
  readonly dropped: number;
}

/**
 * Reads what the function was called with, stores it, and judges it at once if it alone holds a finding. What only
 * counts with others is judged by the next runs of settle. Doing it twice changes nothing.
 * @param now the clock, epoch seconds.
 * @throws PayloadError if it cannot be read.
 */
export async function takeSignals(
  event: unknown,
  services: JudgingSignals & Pick<Services, 'windows'> & { readonly rules?: readonly SigmaRule[] },
  now: number,
): Promise<TakenSignals> {
  const { name, kind, events, unread, gathered, digest, received } = readPayload(event, services.rules);
  const { agenda } = services.windows;
  const { items, bytes, dropped, hours } = await services.signals.write(gathered, { digest, received }, now);
  const taken = { name, kind, events, unread, items, bytes, dropped, opened: 0, updated: 0 };
  if (!items) return taken;
  await agenda.markSignals(hours, now);
  const telling = judgeGathered([gathered]).signals.filter(
    ({ isContext, severity }) => !isContext && severity !== 'informational',
  );
  if (!telling.length) return taken;
  const logTime = Math.max(await agenda.logTime(), Math.floor(now - SILENCE));
  const range = { from: Math.min(...hours), to: Math.max(...hours) };
  return { ...taken, ...(await judgeSignals(range, services, { logTime, now })) };
}
