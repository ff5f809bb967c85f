/**
 * The registry: every detection, in the order in which a finding lists their reasons. Everything below is derived from
 * it.
 */
import { type Detection, isSourceDetection, type SourceDetection } from '../scan/detection.ts';
import { blockScan } from './block-scan.ts';
import { distributedScan } from './distributed-scan.ts';
import { horizontalScan } from './horizontal-scan.ts';
import { openPortSweep } from './open-port-sweep.ts';
import { openPortsOfOneTarget } from './open-ports-of-one-target.ts';
import { remoteAccessSweep } from './remote-access-sweep.ts';
import { verticalScan } from './vertical-scan.ts';
import { visitsOnOnePort } from './visits-on-one-port.ts';

/** To add a detection, add it here and nowhere else. */
const REGISTRY = [
  verticalScan,
  horizontalScan,
  blockScan,
  openPortSweep,
  visitsOnOnePort,
  openPortsOfOneTarget,
  remoteAccessSweep,
  distributedScan,
] as const;

/** The registry with the type of each record, from which the names of settings are derived. */
export type Registry = typeof REGISTRY;

export const DETECTIONS: readonly Detection[] = [...REGISTRY];

/** The detections that look at single sources. */
export const SOURCE_DETECTIONS: readonly SourceDetection[] = DETECTIONS.filter(isSourceDetection);

/** The kinds of findings that rest on flow logs. */
export const KINDS: readonly string[] = [...new Set(DETECTIONS.map(({ id }) => id))];

/** The detection named by a finding's kind. Undefined for a kind that this version does not know. */
export const detectionOf = (kind: string): Detection | undefined => DETECTIONS.find(({ id }) => id === kind);
