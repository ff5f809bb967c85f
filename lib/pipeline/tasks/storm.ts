/** Sends one message about all alerts that were held in an alert storm, then records it in each finding. */

import { newsOf } from '../../finding/lifecycle.ts';
import { type HeldAnnouncement, stormMessage } from '../../notify/storm.ts';
import { type Suppression, suppressionOf } from '../../notify/suppression.ts';
import type { StoredFinding } from '../../store/finding-item.ts';
import type { FindingRef } from '../../store/findings-store.ts';
import { inParallel } from '../../store/in-parallel.ts';
import { announcedAs } from '../deliver.ts';
import type { Services } from '../services.ts';
import type { Counts, Run } from './run.ts';

/** The services needed to send the storm message. */
type Telling = Pick<Services, 'outbox' | 'suppressions' | 'publish' | 'requestAlert' | 'place' | 'minSeverity'>;

/**
 * Number of held announcements per run, the worst first. The next run sends the others. Each takes two writes, which at
 * the default ceiling of the table take two minutes in all.
 */
const TOLD_IN_A_RUN = 2000;
/** Longer than a run may take. */
const LEASE_SECONDS = 330;
const PARALLEL = 16;

type Leased = HeldAnnouncement & { readonly stored: StoredFinding };

/**
 * Sends one message about everything held now, if anything. At worst, a crash after it sends it again. If time runs
 * out, the next run sends the rest.
 * @throws the error of the publish. Nothing is recorded then, and a later run sends the message.
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

/**
 * Leases the held announcements and decides again. Those that are no longer news, or are suppressed by now, are cleared
 * here.
 */
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
