/** Tells what was held in an alert storm: one message about all of it, then a record in each finding. */

import { newsOf } from '../finding/lifecycle.ts';
import type { Severity } from '../finding/model.ts';
import type { AlertMessage } from '../notify/message.ts';
import { type HeldAnnouncement, stormMessage } from '../notify/storm.ts';
import { type Suppression, suppressionOf } from '../notify/suppression.ts';
import type { AlertPlace } from '../notify/text.ts';
import type { StoredFinding } from '../store/finding-item.ts';
import type { FindingRef } from '../store/findings-store.ts';
import type { Outbox } from '../store/outbox.ts';
import { announcedAs } from './deliver.ts';

export interface StormOptions {
  readonly outbox: Outbox;
  readonly suppressions: () => Promise<readonly Suppression[]>;
  readonly publish: (message: AlertMessage) => Promise<unknown>;
  /** For what was marked anew meanwhile. */
  readonly requestAlert: (ref: FindingRef) => Promise<void>;
  readonly place: AlertPlace;
  readonly minSeverity: Severity;
  /** Whether more may be taken on; what is left is told by the next run. */
  readonly hasTime: () => boolean;
}

/**
 * Held announcements told in one run, the worst first; the next run tells the others. Each is written twice, and at the
 * default ceiling of the table the writes of so many take two minutes.
 */
const TOLD_IN_A_RUN = 2000;
/** Longer than a run of settle may take. */
const LEASE_SECONDS = 330;
const PARALLEL = 16;

type Leased = HeldAnnouncement & { readonly stored: StoredFinding };

/**
 * One message about what is held now, if anything. A crash after it repeats it at worst.
 * @returns how many announcements it told.
 * @throws what the publish throws; then nothing is recorded, and a later run tells it.
 */
export async function tellHeld(options: StormOptions, now: number): Promise<number> {
  const held = await options.outbox.held(TOLD_IN_A_RUN + 1);
  if (!held.length) return 0;
  const rules = await options.suppressions();
  const leased: Leased[] = [];
  let taken = 0;
  await inParallel(held.slice(0, TOLD_IN_A_RUN), async (ref) => {
    if (!options.hasTime()) return;
    taken++;
    const item = await leaseNews(ref, rules, options, now);
    if (item) leased.push(item);
  });
  if (!leased.length) return 0;
  const message = stormMessage(leased, held.length > taken, options.place, now);
  try {
    await options.publish(message);
  } catch (error) {
    await inParallel(leased, ({ stored }) => options.outbox.giveBack(stored));
    throw error;
  }
  await inParallel(leased, async ({ stored }) => {
    const announced = { ...announcedAs(stored.finding, now), inStorm: true as const };
    const isCleared = await options.outbox.told(stored, announced, undefined);
    if (!isCleared) await options.requestAlert(stored);
  });
  return leased.length;
}

/** Leases what was held, and decides again; what is no news any more, or suppressed by now, is cleared here. */
async function leaseNews(
  ref: FindingRef,
  rules: readonly Suppression[],
  options: StormOptions,
  now: number,
): Promise<Leased | undefined> {
  const stored = await options.outbox.lease(ref, now, LEASE_SECONDS, 'held');
  if (!stored) return undefined;
  const { finding } = stored;
  const event = newsOf(finding, stored.announced, options.minSeverity);
  const rule = event && suppressionOf(finding, rules, now);
  if (event && !rule) return { event, finding, stored };
  const isCleared = await options.outbox.told(stored, undefined, rule ? rule.id : finding.suppressedBy);
  if (!isCleared) await options.requestAlert(stored);
  return undefined;
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const waiting = items.values();
  const workNext = async () => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: PARALLEL }, workNext));
}
