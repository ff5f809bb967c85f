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
import type { AskersRequest, EvidenceReader, UsersRequest } from './evidence-reader.ts';

/**
 * Reads the traffic of others that matters for findings about sources, and returns what becomes of each: undefined if
 * it explains the finding away, else the finding, with a higher severity if unusual services answered. Reads nothing if
 * it cannot matter.
 */
export async function weighingBySurroundings(
  reader: EvidenceReader,
  found: Iterable<DetectedFinding>,
  settings: DetectionSettings,
): Promise<(detection: DetectedFinding) => DetectedFinding | undefined> {
  const asking: (AskersRequest & { readonly id: string })[] = [];
  const using: UsersRequest[] = [];
  for (const detection of found) {
    const hours = hoursAround(detection);
    const { id, source } = detection.finding;
    const targets = possibleAskers(detection);
    if (targets.length) asking.push({ id, source: source!, targets, ...hours });
    const services = questionable(detection).map(serviceKey);
    if (services.length) using.push({ services, ...hours });
  }
  const answers = await reader.askers(asking);
  const askers = new Map(asking.map(({ id }, at) => [id, answers[at]!]));
  const users = await reader.users(using);
  return (detection) =>
    areErrors(detection, askers.get(detection.finding.id) ?? NOBODY)
      ? undefined
      : raiseSeverityByWhatAnswered(detection, users, settings);
}

const NOBODY: ReadonlySet<string> = new Set();
