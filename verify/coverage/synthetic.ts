/** Plain scans at any pace, made to order: what the slowest scan still reported is measured with. */
import type { Label } from './shapes.ts';

export const SCAN_KINDS = ['vertical', 'horizontal', 'block'] as const;
export const ORIGINS = ['inside', 'outside'] as const;

export interface SyntheticScan {
  readonly kind: (typeof SCAN_KINDS)[number];
  readonly from: (typeof ORIGINS)[number];
  /** Seconds between two probes. */
  readonly interval: number;
}

/** A scan goes on for so many contacts, and not beyond so many seconds. */
export const MOST_CONTACTS = 1000;
export const LONGEST = 72 * 3600;

const START = 1_767_225_600;
const AGGREGATION = 60;
const BLOCK_HOSTS = 40;
const BLOCK_PORTS = 25;
const SYN = 2;
const HEADER =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status vpc-id subnet-id tcp-flags pkt-srcaddr pkt-dstaddr flow-direction';
const SOURCES = { inside: '10.20.255.10', outside: '203.0.113.77' } as const;

/** The log of a scan whose every probe is rejected, and the label that tells what is in it. */
export function syntheticScan(scan: SyntheticScan): { readonly log: Uint8Array; readonly label: Label } {
  const source = SOURCES[scan.from];
  const count = Math.min(MOST_CONTACTS, Math.floor(LONGEST / scan.interval) + 1);
  const lines = [HEADER];
  for (let n = 0; n < count; n++) {
    const { host, port } = contact(scan.kind, n);
    const target = `10.20.${host >> 8}.${host & 255}`;
    const time = START + n * scan.interval;
    const row = (interfaceId: string, action: string, direction: string) =>
      `5 123456789012 ${interfaceId} ${source} ${target} ${40_000 + (n % 1000)} ${port} 6 1 44 ${slot(time)} ${slot(time) + AGGREGATION - 1} ${action} OK vpc-1 subnet-1 ${SYN} ${source} ${target} ${direction}`;
    // The sender's own interface lets the probe out. The target's interface refuses it.
    if (scan.from === 'inside') lines.push(row('eni-source', 'ACCEPT', 'egress'));
    lines.push(row(`eni-${host}`, 'REJECT', 'ingress'));
  }
  const label: Label = {
    name: `${scan.kind} from ${scan.from}`,
    sources: [source],
    kind: scan.kind,
    first: START,
    last: START + (count - 1) * scan.interval,
    targets: '10.20.0.0/16',
  };
  return { log: Buffer.from(`${lines.join('\n')}\n`), label };
}

/** Beginning of the aggregation interval, which the records of one interface share. */
const slot = (time: number): number => Math.floor(time / AGGREGATION) * AGGREGATION;

/** The nth contact. A block scan never stays with a host or a port, so that neither side of it explains the scan. */
function contact(kind: SyntheticScan['kind'], n: number): { host: number; port: number } {
  if (kind === 'vertical') return { host: 1, port: n + 1 };
  if (kind === 'horizontal') return { host: n + 1, port: 22 };
  return { host: 1 + (n % BLOCK_HOSTS), port: 1001 + ((n + Math.floor(n / BLOCK_HOSTS)) % BLOCK_PORTS) };
}
