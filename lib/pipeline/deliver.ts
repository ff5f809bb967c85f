/** Deliver: what a person hears of a marked finding. Lease, decide, publish, record, clear. */

import { newsOf } from '../finding/lifecycle.ts';
import { epochSeconds, type Finding, type Severity } from '../finding/model.ts';
import { type AlertMessage, alertMessage } from '../notify/message.ts';
import { announcementOf, type Lane, laneOf } from '../notify/storm.ts';
import { type Suppression, suppressionOf } from '../notify/suppression.ts';
import type { AlertPlace } from '../notify/text.ts';
import type { Allowance } from '../store/allowance.ts';
import type { Announced } from '../store/finding-item.ts';
import type { FindingRef } from '../store/findings-store.ts';
import type { Outbox } from '../store/outbox.ts';

export interface DeliverOptions {
  readonly outbox: Outbox;
  /** What is over it is held for the message about the storm. */
  readonly allowance: Allowance;
  readonly suppressions: () => Promise<readonly Suppression[]>;
  readonly publish: (message: AlertMessage) => Promise<unknown>;
  readonly place: AlertPlace;
  readonly minSeverity: Severity;
  /** Longer than the function may run, so that a lease never ends while its holder publishes. */
  readonly leaseSeconds: number;
}

/** What became of an announcement. `lagSeconds` is from the deciding record's end to the publish. */
export type Delivered =
  | { readonly outcome: 'published'; readonly event: string; readonly lagSeconds: number }
  | { readonly outcome: 'suppressed'; readonly by: string }
  | { readonly outcome: 'held'; readonly lane: Lane }
  | { readonly outcome: 'nothing to tell' | 'already handled' };

/**
 * Delivers one announcement. At least once: a crash between publish and record publishes again.
 * @throws what the publish throws; the mark and the lease stay, and a later try follows when the lease has run out.
 */
export async function deliver(ref: FindingRef, options: DeliverOptions, now: () => number): Promise<Delivered> {
  const stored = await options.outbox.lease(ref, now(), options.leaseSeconds);
  if (!stored) return { outcome: 'already handled' };
  const { finding } = stored;
  const event = newsOf(finding, stored.announced, options.minSeverity);
  if (!event) {
    await again(await options.outbox.told(stored, undefined, finding.suppressedBy), ref, options, now);
    return { outcome: 'nothing to tell' };
  }
  const rule = suppressionOf(finding, await options.suppressions(), now());
  if (rule) {
    await again(await options.outbox.told(stored, undefined, rule.id), ref, options, now);
    return { outcome: 'suppressed', by: rule.id };
  }
  const lane = laneOf(event, finding);
  if (!(await options.allowance.take(lane, announcementOf(event, finding), now()))) {
    const because = `alert storm: ${options.allowance.limit} announcements (${lane}) were made in these five minutes`;
    await again(await options.outbox.hold(stored, because), ref, options, now);
    return { outcome: 'held', lane };
  }
  await options.publish(alertMessage(event, finding, options.place, now()));
  const announced = announcedAs(finding, now());
  await again(await options.outbox.told(stored, announced, undefined), ref, options, now);
  return { outcome: 'published', event, lagSeconds: announced.at - epochSeconds(finding.detectedAt) };
}

/** What people know of a finding once they were told of it at an epoch second. */
export const announcedAs = (finding: Finding, now: number): Announced => ({
  severity: finding.severity,
  kind: finding.kind,
  openPorts: finding.openPorts.count,
  status: finding.status,
  ...(finding.closedBecause && { closedBecause: finding.closedBecause }),
  at: Math.floor(now),
});

/** The finding was marked anew while it was delivered: what is new since is told now. */
async function again(isCleared: boolean, ref: FindingRef, options: DeliverOptions, now: () => number): Promise<void> {
  if (!isCleared) await deliver(ref, options, now);
}
