/** The words for a finding: the name of its kind, its shape, and its source. */
import { detectionOf } from '../detections/index.ts';
import type { Finding } from '../finding/model.ts';
import { countOf } from '../text/wording.ts';

/** `vertical scan`. A kind that this version does not know is called by its id. */
export const nameOf = ({ kind }: Pick<Finding, 'kind'>): string => detectionOf(kind)?.name ?? kind.replaceAll('-', ' ');

const SIGNAL_SHAPES: Readonly<Record<string, string>> = {
  'tool-execution': 'a scanner was started',
  'exec-into-container': 'somebody entered a running container',
  'container-churn': 'many short-lived containers',
  'discovery-spree': 'a caller looked around in the cluster',
};

/** `many ports of one target`. */
export function shapeOf({ kind, ports }: Pick<Finding, 'kind' | 'ports'>): string {
  const detection = detectionOf(kind);
  const ofPings = ports.count === 0 ? detection?.shapeOfPings : undefined;
  return ofPings ?? detection?.shape ?? SIGNAL_SHAPES[kind] ?? 'a kind that this version does not know';
}

/** `lateral vertical scan`, after TEST if nobody scanned. Findings that rest on signals alone have no direction. */
export const titleOf = (finding: Pick<Finding, 'kind' | 'direction' | 'test'>): string =>
  [...(finding.test ? ['TEST'] : []), ...(finding.direction ? [finding.direction] : []), nameOf(finding)].join(' ');

/** The address of the source, the number of sources of a campaign, or the actor behind signals. */
export const whoseOf = ({ source, sources, actor }: Finding): string =>
  source?.address ?? (sources || !actor ? countOf(sources?.count ?? 0, 'source') : (actor.user ?? actor.name));
