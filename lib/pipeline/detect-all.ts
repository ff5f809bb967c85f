/** Everything that a body of evidence shows: each source's findings, in the order in which they could be told. */

import { distributedScan } from '../detections/distributed-scan.ts';
import { leastEvidenceOf } from '../detections/least-evidence.ts';
import type { Collector } from '../evidence/builder.ts';
import type { SourceEvidence } from '../evidence/evidence.ts';
import { isFailedProbe } from '../evidence/seen.ts';
import { detectCampaigns, withCampaign } from '../finding/describe-campaign.ts';
import { type DetectedFinding, detectScans, type JudgingContext } from '../finding/describe-scan.ts';
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
export function detectAll(collector: Collector, context: JudgingContext): DetectedFinding[] {
  const detections: DetectedFinding[] = [];
  const inbound = new InboundContacts({ ...context, campaign: distributedScan });
  const least = leastEvidenceOf(context.settings);
  for (const source of collector.sources(least)) {
    inbound.add(source);
    // Most of those with less are outside ones that may be members of a campaign, and no more.
    if (source.inside || countFailedProbes(source) >= least.failures) detections.push(...detectScans(source, context));
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
  detections: readonly DetectedFinding[],
  collector: Collector,
  context: JudgingContext,
): readonly DetectedFinding[] {
  const services = new Set(detections.flatMap(questionable).map(serviceKey));
  const pinging = new Set(
    detections.filter((detection) => possibleAskers(detection).length).map(({ finding }) => finding.source?.address),
  );
  const isNamesake = (scope: string, { finding }: DetectedFinding) =>
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

function countFailedProbes({ panes }: SourceEvidence): number {
  let count = 0;
  for (const { contacts } of panes) for (const { seen } of contacts) if (isFailedProbe(seen)) count++;
  return count;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
