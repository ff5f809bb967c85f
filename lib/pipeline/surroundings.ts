/** Adjusts findings by what the traffic of others says about them. */
import type { DetectionSettings } from '../detections/settings.ts';
import { type CallsVerdict, judgeCalls } from '../finding/callbacks.ts';
import type { DetectedFinding } from '../finding/describe-scan.ts';
import { hoursAround, questionable, raiseSeverityByWhatAnswered, serviceKey } from '../finding/surroundings.ts';
import type { EvidenceReader, UsersRequest } from './evidence-reader.ts';

/** Findings to check together. All at once, those of a file in which thousands of hosts scan would take too much memory. */
const AT_ONCE = 100;

/**
 * Reads the traffic of others that matters for findings about sources, and returns what becomes of each: undefined if
 * it explains the finding away, else the finding. Its severity is higher if unusual services answered, and lower if its
 * targets had called the source first. Reads nothing if it cannot matter.
 */
export async function weighingBySurroundings(
  reader: EvidenceReader,
  found: Iterable<DetectedFinding>,
  settings: DetectionSettings,
): Promise<(detection: DetectedFinding) => DetectedFinding | undefined> {
  const verdicts = new Map<string, CallsVerdict>();
  let toCheck: DetectedFinding[] = [];
  const check = async () => {
    const answers = await reader.calls(toCheck.map((one) => ({ source: one.finding.source!, probes: one.toCheck })));
    for (const [at, one] of toCheck.entries()) {
      const verdict = judgeCalls(one.finding, one.toCheck, answers[at]!);
      if (verdict) verdicts.set(one.finding.id, verdict);
    }
    toCheck = [];
  };
  const using: UsersRequest[] = [];
  for (const detection of found) {
    if (detection.toCheck.length) toCheck.push(detection);
    if (toCheck.length === AT_ONCE) await check();
    const services = questionable(detection).map(serviceKey);
    if (services.length) using.push({ services, ...hoursAround(detection) });
  }
  await check();
  const users = await reader.users(using);
  return (detection) => {
    const verdict = verdicts.get(detection.finding.id);
    if (!verdict) return raiseSeverityByWhatAnswered(detection, users, settings);
    if (verdict === 'errors') return undefined;
    const { finding } = detection;
    return { ...detection, finding: { ...finding, severity: 'low', reasons: [...finding.reasons, verdict] } };
  };
}
