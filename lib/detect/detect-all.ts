/** Everything that a body of evidence shows: each source's findings, in the order in which they could be told. */
import type { Collector } from '../window/collector.ts';
import { type Detection, type DetectionContext, detect } from './detect.ts';

/** The findings about all sources of a collector, whose last record has been read, by time of detection. */
export function detectAll(collector: Collector, context: DetectionContext): Detection[] {
  const { failuresIn5Minutes, failuresIn1Hour, pairsIn5Minutes, pairsIn1Hour } = context.settings;
  const floor = Math.min(failuresIn5Minutes, failuresIn1Hour, pairsIn5Minutes, pairsIn1Hour);
  const detections: Detection[] = [];
  for (const source of collector.sources(floor)) detections.push(...detect(source, context));
  return detections.sort(
    ({ finding: a }, { finding: b }) => compare(a.detectedAt, b.detectedAt) || compare(a.id, b.id),
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
