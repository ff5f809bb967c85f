/** Decides campaigns from what the windows table holds of all outside sources, hour by hour. */

import { type CampaignDetection, detectCampaigns, InboundContacts } from '../detect/campaign-finding.ts';
import { CAMPAIGN_WINDOW_HOURS } from '../detect/campaigns.ts';
import { isWorthWriting, newsOf } from '../finding/lifecycle.ts';
import { epochSeconds, type Finding } from '../finding/model.ts';
import { anchorHourOf, findingKey, type StoredFinding } from '../store/finding-item.ts';
import { NOISE_BUCKETS } from '../store/keys.ts';
import { type Fragment, mergeFragments } from '../window/evidence.ts';
import type { Judged, JudgeOptions, Moment } from './judge.ts';

const HOUR = 3600;
const PARALLEL = 8;
/** A campaign that goes on for longer than this many hours becomes a new one. */
const LONGEST_HOURS = 24;
const hourOf = (time: string) => Math.floor(epochSeconds(time) / HOUR);

/** What a judgement did, and the members of the campaigns it found: their own findings are to name it. */
export interface CampaignsJudged extends Judged {
  readonly members: readonly { readonly address: string; readonly from: number; readonly to: number }[];
}

/** Judges the campaigns in the windows that end within an hour, and whatever open ones reach into it. */
export async function judgeCampaigns(options: JudgeOptions, hour: number, moment: Moment): Promise<CampaignsJudged> {
  const stored = await options.findings.campaigns(hour - LONGEST_HOURS);
  // A campaign is judged from its beginning on, so that it stays the same one.
  const from = stored
    .filter(({ finding }) => hourOf(finding.lastSeen) >= hour - CAMPAIGN_WINDOW_HOURS - 1)
    .reduce((first, campaign) => Math.min(first, anchorHourOf(campaign)), hour);
  const { inbound, fragments } = await read(options, { from: from - CAMPAIGN_WINDOW_HOURS, to: hour }, moment);
  const span = { from: from * HOUR, to: (hour + 1) * HOUR };
  const detections = detectCampaigns(inbound, contextOf(options, moment), span);
  const version = { fragments, judgedAt: moment.logTime, hours: { from: from - CAMPAIGN_WINDOW_HOURS, to: hour } };
  const judged = { opened: 0, updated: 0 };
  for (const detection of detections) {
    const known = stored.find(({ finding }) => finding.id === detection.finding.id);
    if (known && !isWorthWriting(known.finding, detection.finding)) continue;
    const isNews = newsOf(detection.finding, known?.announced, options.minSeverity) !== undefined;
    if (!(await options.findings.upsert(detection, version, isNews, moment.now))) continue;
    if (isNews) await options.requestAlert(findingKey(detection));
    judged[known ? 'updated' : 'opened']++;
  }
  for (const orphan of stored.filter((campaign) => isOrphan(campaign, detections, from))) {
    const closing = { closedBecause: 'refuted' } satisfies Pick<Finding, 'closedBecause'>;
    if (!(await options.findings.close(orphan, closing, version, moment.now))) continue;
    if (orphan.announced || orphan.announceSince) await options.requestAlert(orphan);
    judged.updated++;
  }
  return { ...judged, members: detections.flatMap(membersOf) };
}

/** Closes a campaign that has been silent for the episode gap; its evidence is that of its last judgement. */
export async function closeCampaign(options: JudgeOptions, stored: StoredFinding, moment: Moment) {
  const version = {
    fragments: stored.fragments,
    judgedAt: moment.logTime,
    ...(stored.hours && { hours: stored.hours }),
  };
  if (await options.findings.close(stored, { closedBecause: 'ended' }, version, moment.now))
    if (stored.announced || stored.announceSince) await options.requestAlert(stored);
}

const membersOf = ({ finding, anchorHour, roll }: CampaignDetection) =>
  roll.members.map((address) => ({ address, from: anchorHour, to: hourOf(finding.lastSeen) }));

/** Found before, within what was judged now, and no longer borne out. */
const isOrphan = (campaign: StoredFinding, detections: readonly CampaignDetection[], from: number): boolean =>
  anchorHourOf(campaign) >= from &&
  (campaign.finding.closedBecause === undefined || campaign.finding.closedBecause === 'ended') &&
  !detections.some(({ finding }) => finding.id === campaign.finding.id);

const contextOf = ({ settings, networks, secret }: JudgeOptions, { logTime }: Moment) => ({
  settings,
  networks,
  secret,
  logTime,
  overdueBefore: logTime - settings.settleSeconds,
});

async function read(options: JudgeOptions, hours: { from: number; to: number }, moment: Moment) {
  const inbound = new InboundContacts(contextOf(options, moment));
  let fragments = 0;
  const range = Array.from({ length: hours.to - hours.from + 1 }, (_, at) => hours.from + at);
  for (let bucket = 0; bucket < NOISE_BUCKETS; bucket++) {
    const bySource = new Map<string, Fragment[]>();
    for (let at = 0; at < range.length; at += PARALLEL) {
      const reading = range.slice(at, at + PARALLEL).map((hour) => options.windows.outsideSources(hour, bucket));
      for (const fragment of (await Promise.all(reading)).flat()) {
        fragments += fragment.fragments;
        const known = bySource.get(fragment.address);
        if (known) known.push(fragment);
        else bySource.set(fragment.address, [fragment]);
      }
    }
    for (const known of bySource.values()) inbound.add(mergeFragments(known)!);
  }
  return { inbound, fragments };
}
