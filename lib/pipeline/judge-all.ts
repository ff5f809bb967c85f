/** Judges everything that the builder holds, for the command line: the same judge, reading from memory. */
import { distributedScan } from '../detections/distributed-scan.ts';
import { leastEvidenceOf, windowFloorsOf } from '../detections/least-evidence.ts';
import type { DetectionSettings } from '../detections/settings.ts';
import type { Collector } from '../evidence/builder.ts';
import { detectCampaigns, withCampaign } from '../finding/describe-campaign.ts';
import type { DetectedFinding, JudgingContext } from '../finding/describe-scan.ts';
import { possibleAskers } from '../finding/surroundings.ts';
import { Networks } from '../net/networks.ts';
import type { Watches } from '../notify/watch.ts';
import { judgeSource } from './judge-source.ts';
import { MemoryEvidence } from './memory-evidence.ts';
import { Packed } from './packed.ts';
import { weighingBySurroundings } from './surroundings.ts';
import { watchedSettings } from './watched.ts';

/** Hours limit what is read. Memory returns everything it has. */
const ALL_HOURS = { from: 0, to: 0 };

/** The findings about all sources of a builder, in order of detection time. Call once the last record has been read. */
export async function judgeAll(
  collector: Collector,
  context: JudgingContext,
  watches?: Watches,
): Promise<Packed<DetectedFinding>> {
  const { settings, secret, networks = new Networks(), logTime, overdueBefore } = context;
  const reader = new MemoryEvidence(collector, { ...context, campaign: distributedScan });
  const run = { logTime, now: logTime, reader };
  const options = { settings, secret, windowDays: 0, overdueBefore, networks, watches };
  const question = { hours: ALL_HOURS, horizons: 'all', stored: [] } as const;
  const found = new Packed<DetectedFinding>();
  // The targets that matter for nothing but an index of a table would take most of the memory.
  const { least, floors } = prefiltersOf(settings, watches);
  for (const source of reader.sources(least, floors))
    for (const detection of (await judgeSource({ ...question, source }, run, options)).detections)
      found.add({ ...detection, targets: possibleAskers(detection) });
  const members = [await reader.outside(), ...(await Promise.all(reader.scopes.map((scope) => reader.inside(scope))))];
  const campaigns = members.flatMap(({ contacts }) => detectCampaigns(contacts, context));
  const weigh = await weighingBySurroundings(reader, found, settings);
  found.rewrite((detection) => {
    const weighed = weigh(detection);
    return weighed && withCampaign(weighed, campaigns);
  });
  found.add(...campaigns);
  found.sortBy(({ finding }) => `${finding.detectedAt} ${finding.id}`);
  return found;
}

/** Sources pass that may have a finding under a watch. Campaigns are judged as without watches. */
function prefiltersOf(settings: DetectionSettings, watches: Watches | undefined) {
  const [least, floors] = [leastEvidenceOf(settings), windowFloorsOf(settings)];
  if (!watches) return { least, floors };
  const closest = watchedSettings(settings, watches);
  const { failures, inside } = leastEvidenceOf(closest);
  return { least: { ...least, failures, inside }, floors: { ...windowFloorsOf(closest), shares: floors.shares } };
}
