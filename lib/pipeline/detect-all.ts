/** Everything that a body of evidence shows: each source's findings, in the order in which they could be told. */
import type { DetectionSettings } from '../config/detection.ts';
import type { Collector, LeastEvidence } from '../evidence/builder.ts';
import type { SourceEvidence } from '../evidence/evidence.ts';
import { isBareProbe, isFailure, outcomeOf } from '../evidence/seen.ts';
import { detectCampaigns, withCampaign } from '../finding/describe-campaign.ts';
import { type Detection, type DetectionContext, detect } from '../finding/describe-scan.ts';
import {
  areErrors,
  Completions,
  hoursAround,
  isUse,
  mayCauseError,
  possibleAskers,
  questionable,
  serviceKey,
  weighed,
} from '../finding/surroundings.ts';
import { InboundContacts } from '../scan/inbound.ts';

const UDP = 17;
const INTERNET = 'internet';

/** The findings about all sources of a collector, whose last record has been read, by time of detection. */
export function detectAll(collector: Collector, context: DetectionContext): Detection[] {
  const detections: Detection[] = [];
  const inbound = new InboundContacts(context);
  const least = leastEvidence(context.settings);
  for (const source of collector.sources(least)) {
    inbound.add(source);
    // Most of those with less are outside ones that may be members of a campaign, and no more.
    if (source.inside || suspectsIn(source) >= least.suspects) detections.push(...detect(source, context));
  }
  // Without members there is no campaign whose chances depend on it.
  const reach = inbound.contacts.length ? collector.outsideReach() : [];
  for (const { hour, target, count } of reach) inbound.reach.add(hour, target, count);
  const campaigns = detectCampaigns(inbound, context);
  const known = inSurroundings(detections, collector, context).map((detection) => withCampaign(detection, campaigns));
  return [...known, ...campaigns].sort(
    ({ finding: a }, { finding: b }) => compare(a.detectedAt, b.detectedAt) || compare(a.id, b.id),
  );
}

/** The detections as the traffic of others shows them. */
function inSurroundings(
  detections: readonly Detection[],
  collector: Collector,
  context: DetectionContext,
): readonly Detection[] {
  const services = new Set(detections.flatMap(questionable).map(serviceKey));
  const pinging = new Set(
    detections.filter((detection) => possibleAskers(detection).length).map(({ finding }) => finding.source?.address),
  );
  const isNamesake = (scope: string, { finding }: Detection) =>
    ![scope, INTERNET].includes(finding.source?.scope ?? INTERNET);
  const ports = new Set([...services].map((service) => service.slice(service.indexOf(' '))));
  const completions = new Completions();
  const askers: { readonly of: string; readonly scope: string; readonly hour: number; readonly asker: string }[] = [];
  const looked =
    ports.size || pinging.size
      ? collector.contactsWith(
          ({ port, protocol }) => ports.has(` ${port} ${protocol}`) || (pinging.size > 0 && protocol === UDP),
        )
      : [];
  for (const { scope, source, inside, hour, contact } of looked) {
    if (!inside && isUse(contact.seen) && services.has(serviceKey(contact)))
      completions.add(serviceKey(contact), source, hour);
    if (mayCauseError(contact.seen, contact.protocol) && pinging.has(contact.target))
      askers.push({ of: contact.target, scope, hour, asker: source });
  }
  return detections
    .filter((detection) => {
      const { from, to } = hoursAround(detection);
      const own = askers.filter(
        ({ of, scope, hour }) =>
          of === detection.finding.source?.address && !isNamesake(scope, detection) && hour >= from && hour <= to,
      );
      return !areErrors(detection, new Set(own.map(({ asker }) => asker)));
    })
    .map((detection) => weighed(detection, completions, context.settings));
}

/** Evidence below which no test can fire. */
function leastEvidence(settings: DetectionSettings): LeastEvidence {
  const failures = Math.min(
    settings.failuresIn5Minutes,
    settings.failuresIn1Hour,
    settings.pairsIn5Minutes,
    settings.pairsIn1Hour,
    settings.failuresIn24Hours,
    settings.pairsIn24Hours,
    settings.failuresIn72Hours,
    settings.pairsIn72Hours,
  );
  // A member may have found one of its share open.
  const sharedPorts = settings.campaignPortsPerSource - 1;
  const sharedTargets = settings.campaignTargetsPerSource - 1;
  return {
    suspects: failures,
    openTargets: settings.openTargetsIn5Minutes,
    outsideSuspects: Math.min(failures, sharedPorts, sharedTargets),
    sharedPorts,
    sharedTargets,
  };
}

function suspectsIn({ panes }: SourceEvidence): number {
  let suspects = 0;
  for (const { contacts } of panes)
    for (const { seen } of contacts) if (isFailure(outcomeOf(seen)) || isBareProbe(seen)) suspects++;
  return suspects;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
