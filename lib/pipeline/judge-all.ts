/** Judges everything that the builder holds, for the command line: the same judge, reading from memory. */
import { distributedScan } from '../detections/distributed-scan.ts';
import { leastEvidenceOf, windowFloorsOf } from '../detections/least-evidence.ts';
import type { Collector } from '../evidence/builder.ts';
import { detectCampaigns, withCampaign } from '../finding/describe-campaign.ts';
import type { DetectedFinding, JudgingContext } from '../finding/describe-scan.ts';
import { possibleAskers } from '../finding/surroundings.ts';
import { Networks } from '../net/networks.ts';
import { judgeSource } from './judge-source.ts';
import { MemoryEvidence } from './memory-evidence.ts';
import { Packed } from './packed.ts';
import { weighingBySurroundings } from './surroundings.ts';

/** Hours limit what is read. Memory returns everything it has. */
const ALL_HOURS = { from: 0, to: 0 };

/** The findings about all sources of a builder, in order of detection time. Call once the last record has been read. */
export async function judgeAll(collector: Collector, context: JudgingContext): Promise<Packed<DetectedFinding>> {
  const { settings, secret, networks = new Networks(), logTime, overdueBefore } = context;
  const reader = new MemoryEvidence(collector, { ...context, campaign: distributedScan });
  const run = { logTime, now: logTime, reader };
  const options = { settings, secret, windowDays: 0, overdueBefore, networks };
  const question = { hours: ALL_HOURS, horizons: 'all', stored: [] } as const;
  const found = new Packed<DetectedFinding>();
  // The targets that matter for nothing but an index of a table would take most of the memory.
  for (const source of reader.sources(leastEvidenceOf(settings), windowFloorsOf(settings)))
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
