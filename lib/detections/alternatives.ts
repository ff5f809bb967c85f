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

/** Findings that rest on signals alone, by kind. */
const OF_SIGNALS: Readonly<Record<string, readonly string[]>> = {
  'tool-execution': ['an approved assessment', 'an administrator who looks for a fault in the network'],
  'exec-into-container': ['an engineer who looks for a fault in a service', 'an operator that enters its own pods'],
  'container-churn': ['continuous integration or tests', 'a job that starts one container for each task'],
  'discovery-spree': ['a new operator with too few rights', 'a tool for security audits'],
};

/** One line per ordinary cause: the causes that the detection names, otherwise those of the direction. */
export const alternatives = ({ kind, direction }: { readonly kind: string; readonly direction?: Direction }) =>
  direction === undefined
    ? (OF_SIGNALS[kind] ?? [])
    : (detectionOf(kind)?.mayBe?.[direction] ?? OF_DIRECTION[direction]);
