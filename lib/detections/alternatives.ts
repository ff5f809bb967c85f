/** What a finding may be instead of an attack: the ordinary causes to think of before acting, the likeliest first. */
import type { Direction } from '../scan/contacts.ts';
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

/** A line for each ordinary cause: those that the detection names, else those of the direction. */
export const alternatives = ({ kind, direction }: { readonly kind: string; readonly direction: Direction }) =>
  detectionOf(kind)?.mayBe?.[direction] ?? OF_DIRECTION[direction];
