/** Judges everything that the builder holds, for the command line: the same judge, reading from memory. */
import { distributedScan } from '../detections/distributed-scan.ts';
import { leastEvidenceOf, windowFloorsOf } from '../detections/least-evidence.ts';
import { type DetectionSettings, moreSensitive } from '../detections/settings.ts';
import type { Collector } from '../evidence/builder.ts';
import { type DetectedCampaign, detectCampaigns, withCampaign } from '../finding/describe-campaign.ts';
import type { DetectedFinding, JudgingContext } from '../finding/describe-scan.ts';
import type { Finding } from '../finding/model.ts';
import { Networks } from '../net/networks.ts';
import type { Watch, Watches } from '../notify/watch.ts';
import type { CampaignRoll } from '../scan/campaigns.ts';
import { judgeSource } from './judge-source.ts';
import { MemoryEvidence } from './memory-evidence.ts';
import { Packed } from './packed.ts';
import { weighingBySurroundings } from './surroundings.ts';
import { watchedSettings } from './watched.ts';
import { detectWatchedCampaigns } from './watched-campaigns.ts';

/** Hours limit what is read. Memory returns everything it has. */
const ALL_HOURS = { from: 0, to: 0 };
/** The scope of public addresses. */
const INTERNET = 'internet';

/** All findings of a builder, in order of detection time, and the members of each campaign, by its id. */
export interface Judged {
  readonly findings: Packed<Finding>;
  readonly rolls: ReadonlyMap<string, CampaignRoll>;
}

/** All findings of a builder, in order of detection time. Call once the last record has been read. */
export const judgeAll = async (
  collector: Collector,
  context: JudgingContext,
  watches?: Watches,
): Promise<Packed<Finding>> => (await judgeWithRolls(collector, context, watches)).findings;

/** The same, with the members of campaigns. */
export async function judgeWithRolls(
  collector: Collector,
  context: JudgingContext,
  watches?: Watches,
): Promise<Judged> {
  const { settings, secret, networks = new Networks(), logTime, overdueBefore, inventory } = context;
  const contextOf = (settings: DetectionSettings) => ({ ...context, settings, campaign: distributedScan });
  const plain = contextOf(settings);
  const closer = new Map(
    watches?.sensitivities.map((sensitivity) => [sensitivity, contextOf(moreSensitive(settings, sensitivity))]),
  );
  const reader = new MemoryEvidence(collector, plain, ...closer.values());
  const run = { logTime, now: logTime, reader };
  const options = { settings, secret, windowDays: 0, overdueBefore, networks, watches, inventory };
  const question = { hours: ALL_HOURS, horizons: 'all', stored: [] } as const;
  const detected = new Packed<DetectedFinding>();
  // The targets that matter for nothing but an index of a table would take most of the memory.
  const { least, floors } = prefiltersOf(settings, watches);
  for (const source of reader.sources(least, floors))
    for (const detection of (await judgeSource({ ...question, source }, run, options)).detections)
      detected.add({ ...detection, targets: [] });
  const campaigns: DetectedCampaign[] = [];
  for (const scope of [INTERNET, ...reader.scopes]) {
    const look = async (sensitivity?: Watch['sensitivity'], taken?: ReadonlySet<string>) => {
      const own = sensitivity ? closer.get(sensitivity)! : plain;
      const read = scope === INTERNET ? reader.outside(ALL_HOURS, own) : reader.inside(scope, ALL_HOURS, own);
      const { contacts } = await read;
      return { contacts, detections: detectCampaigns(contacts, own, undefined, taken) };
    };
    const { detections } = await look();
    campaigns.push(...(await detectWatchedCampaigns(detections, watches, { stored: [], look })));
  }
  const weigh = await weighingBySurroundings(reader, detected, settings);
  const found = detected.rewrite((detection) => {
    const weighed = weigh(detection);
    return weighed && withCampaign(weighed, campaigns).finding;
  });
  found.add(...campaigns.map(({ finding }) => finding));
  found.sortBy(({ detectedAt, id }) => `${detectedAt} ${id}`);
  return { findings: found, rolls: new Map(campaigns.map(({ finding, roll }) => [finding.id, roll])) };
}

/** Sources pass that may have a finding, or a share of a campaign, under a watch. */
function prefiltersOf(settings: DetectionSettings, watches: Watches | undefined) {
  const closest = watchedSettings(settings, watches);
  return { least: leastEvidenceOf(closest), floors: windowFloorsOf(closest) };
}
