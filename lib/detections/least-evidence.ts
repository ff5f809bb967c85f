/**
 * The least evidence that a source must have shown, derived from the registry, so that no prefilter can overlook a
 * detection.
 */

import type { GroupFloor, LeastEvidence } from '../evidence/least-evidence.ts';
import type { WindowFloor, WindowFloors } from '../evidence/window-floors.ts';
import {
  type CampaignDetection,
  type Detection,
  HORIZONS,
  isSourceDetection,
  LONGEST_SECONDS,
} from '../scan/detection.ts';
import { type ScanSettings, settingOf } from '../scan/settings.ts';
import { isShort, leastFloor } from '../scan/windows.ts';
import { DETECTIONS } from './index.ts';

/** The record of a contact may begin this much earlier than the contact, in seconds. */
const LONGEST_RECORD = 600;

/** The least evidence under some settings. */
export function leastEvidenceOf(settings: ScanSettings, detections: readonly Detection[] = DETECTIONS): LeastEvidence {
  const ofSources = detections.filter(isSourceDetection);
  const campaigns = detections.filter((one): one is CampaignDetection => !isSourceDetection(one));
  return {
    failures: leastFloor(ofSources, settings),
    inside: ofSources
      .filter(({ counts, directions }) => counts !== 'failures' && directions.some((one) => one !== 'inbound'))
      .flatMap(({ groupBy, tcpPorts, windows, directions }) =>
        windows.map(
          ({ horizon, floor }): GroupFloor => ({
            groupBy,
            ...(tcpPorts && { tcpPorts }),
            floor: settingOf(settings, floor),
            seconds: HORIZONS[horizon] + LONGEST_RECORD,
            isLateral: !directions.includes('outbound'),
          }),
        ),
      ),
    outside: campaigns.flatMap(sharesOf(settings, 1)),
    shares: campaigns.flatMap(sharesOf(settings, 0)),
    network: Math.min(...campaigns.map(({ sources }) => settingOf(settings, sources))),
  };
}

/** What any window of any detection needs under some settings. */
export function windowFloorsOf(settings: ScanSettings, detections: readonly Detection[] = DETECTIONS): WindowFloors {
  return {
    windows: detections.filter(isSourceDetection).flatMap(({ groupBy, tcpPorts, counts, windows, directions }) =>
      windows.map(
        ({ horizon, floor }): WindowFloor => ({
          groupBy,
          tcpPorts,
          floor: settingOf(settings, floor),
          seconds: HORIZONS[horizon],
          counts: !isShort({ horizon }) ? 'distinct contacts' : horizon === '5m' ? 'visits' : 'first contacts',
          withOpen: counts !== 'failures',
          ofOutside: directions.includes('inbound'),
          ofInside: directions.some((direction) => direction !== 'inbound'),
        }),
      ),
    ),
    shares: detections
      .filter((one): one is CampaignDetection => !isSourceDetection(one))
      .flatMap(({ divides }) =>
        divides.flatMap(({ groupBy, horizon, share }) =>
          share === undefined ? [] : { groupBy, seconds: HORIZONS[horizon], share: settingOf(settings, share) },
        ),
      ),
    lookback: LONGEST_SECONDS,
  };
}

/** @param open parts of its share that a member may have found open. */
const sharesOf =
  (settings: ScanSettings, open: number) =>
  ({ divides }: CampaignDetection): GroupFloor[] =>
    divides.flatMap(({ groupBy, horizon, share }) =>
      share === undefined
        ? []
        : {
            groupBy,
            floor: settingOf(settings, share) - open,
            seconds: HORIZONS[horizon],
            isLateral: open === 0,
          },
    );
