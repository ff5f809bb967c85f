/** What a person calls a finding: the name of its kind, its shape, and who did it. */
import type { Finding, Kind } from '../finding/model.ts';
import { countOf } from '../text/wording.ts';

const NAMES: Readonly<Record<Kind, string>> = {
  'vertical-scan': 'vertical scan',
  'horizontal-scan': 'horizontal scan',
  'block-scan': 'block scan',
  'distributed-scan': 'distributed scan',
};

const SHAPES: Readonly<Record<Kind, string>> = {
  'vertical-scan': 'many ports of one target',
  'horizontal-scan': 'one port over many targets',
  'block-scan': 'many ports over many targets',
  'distributed-scan': 'many sources, one plan',
};

/** `vertical scan`; what rests on contacts that were answered and left at once is no scan of closed ports. */
export const nameOf = (finding: Finding): string =>
  isOpenPortSweep(finding) ? 'open-port sweep' : NAMES[finding.kind];

/** `many ports of one target`. */
export function shapeOf(finding: Finding): string {
  if (isOpenPortSweep(finding)) return 'one port over many targets, which answered';
  const isPing = finding.kind === 'horizontal-scan' && finding.ports.count === 0;
  return isPing ? 'a ping sweep of many targets' : SHAPES[finding.kind];
}

/** The address of the source, or for a campaign how many sources there are. */
export const whoseOf = ({ source, sources }: Finding): string =>
  source?.address ?? countOf(sources?.count ?? 0, 'source');

/** Whether the finding is about fleeting contacts with a port that is open, and no failed ones. */
export const isOpenPortSweep = ({ kind, reasons }: Finding): boolean =>
  kind === 'horizontal-scan' &&
  reasons.some(({ test }) => test.startsWith('fleeting-')) &&
  !reasons.some(({ test }) => test.startsWith('failed-'));
