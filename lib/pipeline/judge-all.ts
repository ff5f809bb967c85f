/** Judges everything that the builder holds, for the command line: the same judge, reading from memory. */
import { distributedScan } from '../detections/distributed-scan.ts';
import { leastEvidenceOf, windowFloorsOf } from '../detections/least-evidence.ts';
import type { Collector } from '../evidence/builder.ts';
import { detectCampaigns, withCampaign } from '../finding/describe-campaign.ts';
import type { DetectedFinding, JudgingContext } from '../finding/describe-scan.ts';
import { Networks } from '../net/networks.ts';
import { judgeSource } from './judge-source.ts';
import { MemoryEvidence } from './memory-evidence.ts';
import { weighBySurroundings } from './surroundings.ts';

/** Hours limit what is read. Memory returns everything it has. */
const ALL_HOURS = { from: 0, to: 0 };

/** The findings about all sources of a builder, in order of detection time. Call once the last record has been read. */
export async function judgeAll(collector: Collector, context: JudgingContext): Promise<DetectedFinding[]> {
  const { settings, secret, networks = new Networks(), logTime, overdueBefore } = context;
  const reader = new MemoryEvidence(collector, { ...context, campaign: distributedScan });
  const run = { logTime, now: logTime, reader };
  const options = { settings, secret, windowDays: 0, overdueBefore, networks };
  const question = { hours: ALL_HOURS, horizons: 'all', stored: [] } as const;
  const found: DetectedFinding[] = [];
  for (const source of reader.sources(leastEvidenceOf(settings), windowFloorsOf(settings)))
    found.push(...(await judgeSource({ ...question, source }, run, options)).detections);
  const members = [await reader.outside(), ...(await Promise.all(reader.scopes.map((scope) => reader.inside(scope))))];
  const campaigns = members.flatMap(({ contacts }) => detectCampaigns(contacts, context));
  const weighed = await weighBySurroundings(reader, found, settings);
  return [...weighed.map((detection) => withCampaign(detection, campaigns)), ...campaigns].sort(
    ({ finding: a }, { finding: b }) => compare(a.detectedAt, b.detectedAt) || compare(a.id, b.id),
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
