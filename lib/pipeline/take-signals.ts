/** Takes one payload of a log of orchestrators or hosts: stores what may become a signal. */
import { type Payload, readPayload } from '../signals/payload.ts';
import type { Judged } from './judge.ts';
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
 * Reads what the function was called with and stores it. Doing it twice changes nothing.
 * @param now the clock, epoch seconds.
 * @throws PayloadError if it cannot be read.
 */
export async function takeSignals(
  event: unknown,
  { signals }: Pick<Services, 'signals'>,
  now: number,
): Promise<TakenSignals> {
  const { name, kind, events, unread, gathered, digest, received } = readPayload(event);
  const { items, bytes, dropped } = await signals.write(gathered, { digest, received }, now);
  return { name, kind, events, unread, items, bytes, dropped, opened: 0, updated: 0 };
}
