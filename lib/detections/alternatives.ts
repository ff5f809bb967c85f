/** Ordinary causes of a finding to consider before acting on it, the likeliest first. */
import type { Direction } from '../scan/direction.ts';
import { detectionOf } from './index.ts';

const OF_DIRECTION: Readonly<Record<Direction, readonly string[]>> = {
  lateral: [
    'an approved vulnerability scanner',
    'monitoring or service discovery with a stale list of targets',
    'a client that lost its server and tries every address of the subnet',
  ],
  inbound: [
    'an approved external scanner or penetration test',
    'a partner with a stale address list',
    'your own monitoring service outside AWS',
  ],
  outbound: [
    'a crawler, mail server or peer-to-peer client with mostly dead peers',
    'an approved assessment of external systems',
  ],
};

/** One line per ordinary cause: the causes that the detection names, otherwise those of the direction. */
export const alternatives = ({ kind, direction }: { readonly kind: string; readonly direction: Direction }) =>
  detectionOf(kind)?.mayBe?.[direction] ?? OF_DIRECTION[direction];
