/** Storm: tells what was held in an alert storm: one message about all of it, then a record in each finding. */

import { newsOf } from '../../finding/lifecycle.ts';
import { type HeldAnnouncement, stormMessage } from '../../notify/storm.ts';
import { type Suppression, suppressionOf } from '../../notify/suppression.ts';
import type { StoredFinding } from '../../store/finding-item.ts';
import type { FindingRef } from '../../store/findings-store.ts';
import { inParallel } from '../../store/in-parallel.ts';
import { announcedAs } from '../deliver.ts';
import type { Services } from '../services.ts';
import type { Counts, Run } from './run.ts';

/** What telling takes from the services. */
type Telling = Pick<Services, 'outbox' | 'suppressions' | 'publish' | 'requestAlert' | 'place' | 'minSeverity'>;

/**
 * Held announcements told in one run, the worst first; the next run tells the others. Each is written twice, and at the
 * default ceiling of the table the writes of so many take two minutes.
 */
const TOLD_IN_A_RUN = 2000;
/** Longer than a run may take. */
const LEASE_SECONDS = 330;
const PARALLEL = 16;

type Leased = HeldAnnouncement & { readonly stored: StoredFinding };

/**
 * One message about what is held now, if anything. A crash after it repeats it at worst.
 * Where time runs out, the next run tells the rest.
 * @throws what the publish throws; then nothing is recorded, and a later run tells it.
 */
export async function tellHeld(
  services: Telling,
  { now, hasTime }: Pick<Run, 'now' | 'hasTime'>,
): Promise<Partial<Counts>> {
  const { outbox, suppressions, publish, requestAlert, place } = services;
  const held = await outbox.held(TOLD_IN_A_RUN + 1);
  if (!held.length) return {};
  const rules = await suppressions.list();
  const leased: Leased[] = [];
  let taken = 0;
  await inParallel(PARALLEL, held.slice(0, TOLD_IN_A_RUN), async (ref) => {
    if (!hasTime()) return;
    taken++;
    const item = await leaseNews(ref, rules, services, now);
    if (item) leased.push(item);
  });
  if (!leased.length) return {};
  const message = stormMessage(leased, held.length > taken, place, now);
  try {
    await publish(message);
  } catch (error) {
    await inParallel(PARALLEL, leased, ({ stored }) => outbox.giveBack(stored));
    throw error;
  }
  await inParallel(PARALLEL, leased, async ({ stored }) => {
    const announced = { ...announcedAs(stored.finding, now), inStorm: true as const };
    const isCleared = await outbox.told(stored, announced, undefined);
    if (!isCleared) await requestAlert(stored);
  });
  return { toldInStorm: leased.length };
}

/** Leases what was held, and decides again; what is no news any more, or suppressed by now, is cleared here. */
async function leaseNews(
  ref: FindingRef,
  rules: readonly Suppression[],
  { outbox, minSeverity, requestAlert }: Telling,
  now: number,
): Promise<Leased | undefined> {
  const stored = await outbox.lease(ref, now, LEASE_SECONDS, 'held');
  if (!stored) return undefined;
  const { finding } = stored;
  const event = newsOf(finding, stored.announced, minSeverity);
  const rule = event && suppressionOf(finding, rules, now);
  if (event && !rule) return { event, finding, stored };
  const isCleared = await outbox.told(stored, undefined, rule ? rule.id : finding.suppressedBy);
  if (!isCleared) await requestAlert(stored);
  return undefined;
}
