/** Everything that a body of evidence shows: each source's findings, in the order in which they could be told. */
import type { DetectionSettings } from '../config/detection.ts';
import type { Collector } from '../window/collector.ts';
import { detectCampaigns, InboundContacts, withCampaign } from './campaign-finding.ts';
import { type Detection, type DetectionContext, detect } from './detect.ts';

/** The findings about all sources of a collector, whose last record has been read, by time of detection. */
export function detectAll(collector: Collector, context: DetectionContext): Detection[] {
  const floor = Math.min(context.settings.campaignContactsPerSource, smallestFloor(context.settings));
  const detections: Detection[] = [];
  const inbound = new InboundContacts(context);
  for (const source of collector.sources(floor)) {
    inbound.add(source);
    detections.push(...detect(source, context));
  }
  const campaigns = detectCampaigns(inbound, context);
  return [...detections.map((detection) => withCampaign(detection, campaigns)), ...campaigns].sort(
    ({ finding: a }, { finding: b }) => compare(a.detectedAt, b.detectedAt) || compare(a.id, b.id),
  );
}

/** Contacts below which no test can fire. */
const smallestFloor = (settings: DetectionSettings): number =>
  Math.min(
    settings.failuresIn5Minutes,
    settings.failuresIn1Hour,
    settings.pairsIn5Minutes,
    settings.pairsIn1Hour,
    settings.failuresIn24Hours,
    settings.pairsIn24Hours,
    settings.failuresIn72Hours,
    settings.pairsIn72Hours,
    settings.openTargetsIn5Minutes,
  );

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
