/** What a finding may be instead of an attack: the ordinary causes to think of before acting, the likeliest first. */
import type { Direction } from '../scan/contacts.ts';
import { detectionOf } from './index.ts';

const OF_DIRECTION: Readonly<Record<Direction, readonly string[]>> = {
  lateral: [
    'an approved vulnerability scanner',
    'monitoring or service discovery whose list of targets is stale',
    'a client that lost its server and tries every address of a subnet',
  ],
  inbound: [
    'an approved external scanner or penetration test',
    'a partner with a stale address list',
    'a monitoring service of yours outside AWS',
  ],
  outbound: [
    'a crawler, mail server or peer-to-peer client whose peers are mostly dead',
    'an approved external assessment that runs from here',
  ],
};

/** A line for each ordinary cause: those that the detection names, else those of the direction. */
export const alternatives = ({ kind, direction }: { readonly kind: string; readonly direction: Direction }) =>
  detectionOf(kind)?.mayBe?.[direction] ?? OF_DIRECTION[direction];
