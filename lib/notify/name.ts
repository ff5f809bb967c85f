/** The words for a finding: the name of its kind, its shape, and its source. */
import { detectionOf } from '../detections/index.ts';
import type { Finding } from '../finding/model.ts';
import { countOf } from '../text/wording.ts';

/** `vertical scan`. A kind that this version does not know is called by its id. */
export const nameOf = ({ kind }: Pick<Finding, 'kind'>): string => detectionOf(kind)?.name ?? kind.replaceAll('-', ' ');

/** `many ports of one target`. */
export function shapeOf({ kind, ports }: Pick<Finding, 'kind' | 'ports'>): string {
  const detection = detectionOf(kind);
  const ofPings = ports.count === 0 ? detection?.shapeOfPings : undefined;
  return ofPings ?? detection?.shape ?? 'a kind that this version does not know';
}

/** The address of the source, or the number of sources of a campaign. */
export const whoseOf = ({ source, sources }: Finding): string =>
  source?.address ?? countOf(sources?.count ?? 0, 'source');
