/**
 * Scans that outlast their windows. Once the evidence of a scan's beginning has expired, its first hour moves on every
 * hour, which would make it a new finding each time. Instead it keeps the finding that it began as.
 */
import type { DetectedFinding } from '../finding/describe-scan.ts';
import { isVoid } from '../finding/lifecycle.ts';
import { epochSeconds } from '../finding/model.ts';
import { anchorHourOf, type StoredFinding } from '../store/finding-item.ts';

/**
 * The detections. Those that continue a finding in `expired` get its identity.
 * @param expired stored findings whose first evidence is gone.
 */
export function continueExpired(
  detections: readonly DetectedFinding[],
  expired: readonly StoredFinding[],
  episodeGapSeconds: number,
): DetectedFinding[] {
  const candidates = expired.filter(
    ({ finding }) => !isVoid(finding) && !detections.some((detection) => detection.finding.id === finding.id),
  );
  return detections.map((detection) => {
    const { finding } = detection;
    const at = candidates.findIndex(
      ({ finding: earlier }) =>
        earlier.direction === finding.direction &&
        earlier.firstSeen <= finding.firstSeen &&
        epochSeconds(finding.firstSeen) - epochSeconds(earlier.lastSeen) <= episodeGapSeconds,
    );
    const [began] = at < 0 ? [] : candidates.splice(at, 1);
    if (!began) return detection;
    const { id, firstSeen, detectedAt, contactsAtDetection } = began.finding;
    return {
      ...detection,
      anchorHour: anchorHourOf(began),
      finding: { ...finding, id, firstSeen, detectedAt, contactsAtDetection },
    };
  });
}
