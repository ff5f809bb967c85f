/** Campaigns under watches: what of them is judged more closely, and under which ids. */
import type { DetectedCampaign } from '../finding/describe-campaign.ts';
import { isVoid } from '../finding/lifecycle.ts';
import type { Finding } from '../finding/model.ts';
import { findingSource } from '../finding/source.ts';
import { type Watch, type Watches, watchedReason } from '../notify/watch.ts';
import type { CampaignContacts } from '../scan/campaign-contacts.ts';
import type { CampaignRoll } from '../scan/campaigns.ts';

/** The campaigns that some settings find, and the contacts among which they were found. */
interface CampaignLook {
  readonly contacts: CampaignContacts;
  readonly detections: readonly DetectedCampaign[];
}

/** What campaigns under watches are judged by. */
interface Watching {
  /** Campaigns that were stored before. */
  readonly stored: readonly Campaign[];
  /** Looks again with at least that sensitivity. Campaigns must not get one of the ids that are taken. */
  readonly look: (sensitivity: Watch['sensitivity'], taken: ReadonlySet<string>) => Promise<CampaignLook>;
}

/** A campaign, as it was found or stored. */
interface Campaign {
  readonly finding: Finding;
  readonly roll?: CampaignRoll | undefined;
}

/** Campaigns are the same if they have this share of the members of the smaller one in common. */
const SAME = 0.5;

/**
 * Looks more closely for campaigns that are about a watched source or target. Those under a watch say so. All others are
 * the same as without watches.
 */
export async function detectWatchedCampaigns(
  plain: readonly DetectedCampaign[],
  watches: Watches | undefined,
  { stored, look }: Watching,
): Promise<readonly DetectedCampaign[]> {
  const taken = new Set(plain.map(({ finding }) => finding.id));
  let found = plain;
  for (const sensitivity of watches?.sensitivities ?? []) {
    const { contacts, detections } = await look(sensitivity, taken);
    const watched = detections.flatMap((detection) => {
      const { finding, roll, targets } = detection;
      const scope = roll.scope ?? 'internet';
      const members = roll.members.map((address) => findingSource(address, scope, contacts.identityOf(address)));
      const before = stored.filter((one) => !isVoid(one.finding) && isSame(detection, one));
      const kept = new Set(before.flatMap((one) => one.finding.watchedBy ?? []));
      const watch = watches!.coverOfCampaign(finding, { members, targets, kept }, sensitivity);
      if (!watch) return [];
      const known = plain.filter((other) => isSame(detection, other));
      // An id tells the hour in which a campaign began.
      const id = known.find(({ anchorHour }) => anchorHour === detection.anchorHour)?.finding.id ?? finding.id;
      const reasons = [...finding.reasons, watchedReason(watch, known.length > 0)];
      return [{ ...detection, finding: { ...finding, id, reasons, watchedBy: watch.id } }];
    });
    const single = watched.filter(
      (one, at) => watched.findIndex(({ finding }) => finding.id === one.finding.id) === at,
    );
    found = [...single, ...found.filter((other) => !single.some((one) => isSame(one, other)))];
    for (const { finding } of single) taken.add(finding.id);
  }
  return found;
}

/** Whether a campaign is another look at an earlier one. A closer look may show what the sources divide. */
function isSame(closer: DetectedCampaign, { finding, roll }: Campaign): boolean {
  if (!roll || (roll.kind !== closer.roll.kind && roll.kind !== 'block')) return false;
  if (closer.finding.firstSeen > finding.lastSeen || finding.firstSeen > closer.finding.lastSeen) return false;
  const [ours, theirs] = [new Set(closer.roll.members), new Set(roll.members)];
  return ours.intersection(theirs).size >= SAME * Math.min(ours.size, theirs.size);
}
