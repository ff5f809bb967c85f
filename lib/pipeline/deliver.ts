/** Delivers the alert about a marked finding: lease, decide, publish, record, clear. */

import { type AlertEvent, newsOf } from '../finding/lifecycle.ts';
import { epochSeconds, type Finding, type Reason, type Severity } from '../finding/model.ts';
import { BEHAVIOUR_DAYS, changeOf } from '../notify/changed-scanner.ts';
import { asEarlier, EARLIER_DAYS, type EarlierAlert } from '../notify/earlier.ts';
import { isOld, type LookBack, lookBackOf } from '../notify/look-back.ts';
import { alertMessage } from '../notify/message.ts';
import { announcementOf, type Lane, laneOf } from '../notify/storm.ts';
import { type Suppression, suppressionOf } from '../notify/suppression.ts';
import { covers } from '../notify/suppression-scope.ts';
import type { Announced } from '../store/finding-item.ts';
import type { FindingRef } from '../store/findings-store.ts';
import type { Services } from './services.ts';

/** The services needed for delivery. */
type Delivering = Pick<
  Services,
  'findings' | 'outbox' | 'allowance' | 'suppressions' | 'lookBacks' | 'publish' | 'place' | 'minSeverity' | 'clock'
>;

/**
 * Longer than the 30 seconds that the alert function may run, so that a lease never ends while its holder publishes.
 */
const LEASE_SECONDS = 60;

/** The result for an announcement. `lagSeconds` runs from the end of the deciding record to the publish. */
export type Delivered =
  | {
      readonly outcome: 'published';
      readonly event: string;
      readonly severity: Severity;
      readonly lagSeconds: number;
      /** Whether it is that of a test, whose log is old on purpose. */
      readonly isTest?: true;
    }
  | { readonly outcome: 'suppressed'; readonly by: string }
  | { readonly outcome: 'held'; readonly lane: Lane }
  | { readonly outcome: 'nothing to tell' | 'already handled' };

/**
 * Delivers one announcement at least once: a crash between publish and record publishes again.
 * @throws the error of the publish. Mark and lease stay, and a retry follows when the lease has expired.
 */
export async function deliver(ref: FindingRef, services: Delivering): Promise<Delivered> {
  const { findings, outbox, allowance, suppressions, publish, place, minSeverity, clock } = services;
  const stored = await outbox.lease(ref, clock(), LEASE_SECONDS);
  if (!stored) return { outcome: 'already handled' };
  const { finding } = stored;
  const event = newsOf(finding, stored.announced, finding.test ? 'informational' : minSeverity);
  if (!event) {
    await redeliverIfMarkedAgain(await outbox.told(stored, undefined, finding.suppressedBy), ref, services);
    return { outcome: 'nothing to tell' };
  }
  // People who heard of a finding also hear how it goes on.
  const quiet = event === 'opened' ? await lookBackAt(finding, services) : undefined;
  if (quiet) {
    await redeliverIfMarkedAgain(await outbox.told(stored, undefined, quiet.id), ref, services);
    return { outcome: 'suppressed', by: quiet.id };
  }
  // Whoever tests wants to see the alert, and the test must not take a place of an alert about a scan.
  const rule = finding.test ? undefined : suppressionOf(finding, await suppressions.list(), clock());
  const change = rule && (await changeUnder(rule, finding, findings));
  if (rule && !change) {
    await redeliverIfMarkedAgain(await outbox.told(stored, undefined, rule.id), ref, services);
    return { outcome: 'suppressed', by: rule.id };
  }
  const lane = laneOf(event, finding);
  if (!finding.test && !(await allowance.take(lane, announcementOf(event, finding), clock()))) {
    const because = `alert storm: ${allowance.limit} announcements (${lane}) were already made in these five minutes`;
    await redeliverIfMarkedAgain(await outbox.hold(stored, because), ref, services);
    return { outcome: 'held', lane };
  }
  const told = change ? { ...finding, reasons: [...finding.reasons, change] } : finding;
  const earlier = await earlierAlerts(event, finding, findings);
  await publish(alertMessage(event, told, place, clock(), earlier, stored.announced?.severity));
  const announced = announcedAs(finding, clock());
  await redeliverIfMarkedAgain(await outbox.told(stored, announced, undefined), ref, services);
  const lagSeconds = announced.at - epochSeconds(finding.detectedAt);
  return { outcome: 'published', event, severity: finding.severity, lagSeconds, ...(finding.test && { isTest: true }) };
}

/** The look back that keeps a finding quiet. Fresh findings cost no read. */
async function lookBackAt(
  finding: Finding,
  { lookBacks, clock }: Pick<Delivering, 'lookBacks' | 'clock'>,
): Promise<LookBack | undefined> {
  if (finding.test || !isOld(finding, clock())) return undefined;
  return lookBackOf(finding, await lookBacks.list(), clock());
}

/**
 * How a suppressed source differs from what the rule covered of it before, announced or not. A difference alerts once: the
 * finding with it is one of the earlier ones from then on. Campaigns have no source to compare.
 */
async function changeUnder(
  rule: Suppression,
  finding: Finding,
  findings: Services['findings'],
): Promise<Reason | undefined> {
  const { source, firstSeen } = finding;
  if (!rule.alertsOnChange || !source) return undefined;
  const before = await findings.overBefore(source, epochSeconds(firstSeen), BEHAVIOUR_DAYS);
  return changeOf(
    finding,
    before.map((stored) => stored.finding).filter((earlier) => covers(rule, earlier)),
  );
}

/** The earlier alerts about the source of a new finding, in order of time. Empty for a campaign. */
async function earlierAlerts(
  event: AlertEvent,
  { source, firstSeen }: Finding,
  findings: Services['findings'],
): Promise<EarlierAlert[]> {
  if (event !== 'opened' || !source) return [];
  const stored = await findings.announcedBefore(source, epochSeconds(firstSeen), EARLIER_DAYS);
  return stored.map(({ finding }) => asEarlier(finding));
}

/** The record of an alert about a finding at an epoch second. */
export const announcedAs = (finding: Finding, now: number): Announced => ({
  severity: finding.severity,
  kind: finding.kind,
  openPorts: finding.openPorts.count,
  status: finding.status,
  ...(finding.closedBecause && { closedBecause: finding.closedBecause }),
  at: Math.floor(now),
});

/** If the finding was marked again during delivery, delivers the news since then. */
async function redeliverIfMarkedAgain(isCleared: boolean, ref: FindingRef, services: Delivering): Promise<void> {
  if (!isCleared) await deliver(ref, services);
}
