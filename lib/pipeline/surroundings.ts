/** Adjusts findings by what the traffic of others says about them. */
import type { DetectionSettings } from '../detections/settings.ts';
import type { DetectedFinding } from '../finding/describe-scan.ts';
import {
  areErrors,
  hoursAround,
  possibleAskers,
  questionable,
  raiseSeverityByWhatAnswered,
  serviceKey,
} from '../finding/surroundings.ts';
import type { EvidenceReader } from './evidence-reader.ts';

/** Adjusts the findings about sources by the traffic of others. Reads nothing if it cannot matter. */
export async function weighBySurroundings(
  reader: EvidenceReader,
  found: readonly DetectedFinding[],
  settings: DetectionSettings,
): Promise<readonly DetectedFinding[]> {
  const askers = await reader.askers(
    found.map((detection) => ({
      source: detection.finding.source!,
      targets: possibleAskers(detection),
      ...hoursAround(detection),
    })),
  );
  const scans = found.filter((detection, at) => !areErrors(detection, askers[at]!));
  const requests = scans
    .map((detection) => ({ services: questionable(detection).map(serviceKey), ...hoursAround(detection) }))
    .filter(({ services }) => services.length > 0);
  const users = await reader.users(requests);
  return scans.map((detection) => raiseSeverityByWhatAnswered(detection, users, settings));
}
