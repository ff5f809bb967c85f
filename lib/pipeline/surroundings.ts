/** Adjusts findings by what the traffic of others says about them. */
import type { DetectionSettings } from '../detections/settings.ts';
import { type Call, type CallsVerdict, judgeCalls } from '../finding/callbacks.ts';
import type { DetectedFinding } from '../finding/describe-scan.ts';
import { hoursOfAttempts, judgeFallbacks } from '../finding/fallbacks.ts';
import { SAMPLE_SIZE } from '../finding/model.ts';
import { hoursAround, questionable, raiseSeverityByWhatAnswered, serviceKey } from '../finding/surroundings.ts';
import type { EvidenceReader, UsersRequest } from './evidence-reader.ts';

/** Findings to check together. All at once, those of a file in which thousands of hosts scan would take too much memory. */
const AT_ONCE = 100;
/** Targets whose calls are read first. Over TCP and UDP three without a call decide, whatever the others did. */
const FIRST_TARGETS = 3;

/**
 * Reads the traffic of others that matters for findings about sources, and returns what becomes of each: undefined if
 * it explains the finding away, else the finding. Its severity is higher if unusual services answered, and lower if its
 * targets had called the source first, or if the source fell back to IPv4. Reads nothing if it cannot matter.
 */
export async function weighingBySurroundings(
  reader: EvidenceReader,
  found: Iterable<DetectedFinding>,
  settings: DetectionSettings,
): Promise<(detection: DetectedFinding) => DetectedFinding | undefined> {
  const verdicts = new Map<string, CallsVerdict>();
  let toCheck: DetectedFinding[] = [];
  let overIpv6: DetectedFinding[] = [];
  const check = async () => {
    for (const [id, verdict] of await verdictsOf(reader, toCheck)) verdicts.set(id, verdict);
    toCheck = [];
    const others = await reader.others(
      overIpv6.map(({ finding, attempts }) => ({ source: finding.source!, ...hoursOfAttempts(attempts!) })),
    );
    for (const [at, { finding, attempts }] of overIpv6.entries()) {
      const verdict = verdicts.get(finding.id) ?? judgeFallbacks(attempts!, others[at]!);
      if (verdict) verdicts.set(finding.id, verdict);
    }
    overIpv6 = [];
  };
  const using: UsersRequest[] = [];
  for (const detection of found) {
    if (detection.toCheck.length) toCheck.push(detection);
    if (detection.attempts) overIpv6.push(detection);
    if (Math.max(toCheck.length, overIpv6.length) === AT_ONCE) await check();
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

/** What the calls of their targets make of findings, by id. */
async function verdictsOf(
  reader: EvidenceReader,
  toCheck: readonly DetectedFinding[],
): Promise<ReadonlyMap<string, CallsVerdict>> {
  const verdicts = new Map<string, CallsVerdict>();
  let open = toCheck;
  let read = 0;
  const known = new Map<DetectedFinding, Map<string, readonly Call[]>>(open.map((one) => [one, new Map()]));
  // A reader in memory passes over all contacts each time, so it is asked once.
  for (const most of reader.isWhole ? [SAMPLE_SIZE] : [FIRST_TARGETS, SAMPLE_SIZE]) {
    const requests = open.map(({ finding, toCheck }) => ({
      source: finding.source!,
      probes: toCheck.slice(read, most),
    }));
    const answers = await reader.calls(requests);
    read = most;
    open = open.filter((one, at) => {
      const calls = known.get(one)!;
      for (const [target, own] of answers[at]!) calls.set(target, own);
      const verdict = judgeCalls(one.finding, one.toCheck, calls, read);
      const isLast = read >= one.toCheck.length;
      if (verdict && isLast) verdicts.set(one.finding.id, verdict);
      return verdict && !isLast;
    });
  }
  return verdicts;
}
