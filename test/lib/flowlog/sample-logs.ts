/** Makes flow log text for tests: lines from a few values, headers from field names, streams from bytes. */
import { DEFAULT_FIELDS, FIELD_VERSIONS } from '../../../lib/flowlog/fields.ts';
import type { ByteSource } from '../../../lib/flowlog/source.ts';

/** All 54 fields of versions 2 to 11, in AWS's order. */
export const ALL_FIELDS: readonly string[] = [...FIELD_VERSIONS.keys()];

/** The 36 columns of a Transit Gateway log, in its fixed order (page "AWS Transit Gateway Flow Logs"). */
export const TRANSIT_GATEWAY_FIELDS: readonly string[] =
  `version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id tgw-src-vpc-id
   tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id tgw-dst-az-id
   tgw-pair-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start end log-status type
   packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired tcp-flags region
   flow-direction pkt-src-aws-service pkt-dst-aws-service`.split(/\s+/);

/** 2026-11-21T19:17:07Z, the time of the records made here. */
export const START = 1_795_288_627;

const VALUES: Readonly<Record<string, string>> = {
  version: '11',
  'account-id': '123456789012',
  'interface-id': 'eni-0a1',
  srcaddr: '10.0.0.1',
  dstaddr: '10.0.1.1',
  srcport: '40000',
  dstport: '443',
  protocol: '6',
  packets: '3',
  bytes: '180',
  start: String(START),
  end: String(START + 20),
  action: 'ACCEPT',
  'log-status': 'OK',
  'vpc-id': 'vpc-1',
  'subnet-id': 'subnet-1',
  'instance-id': 'i-1',
  'tcp-flags': '2',
  type: 'IPv4',
  'pkt-srcaddr': '10.0.7.7',
  'pkt-dstaddr': '10.0.8.8',
  region: 'eu-central-1',
  'flow-direction': 'egress',
  'traffic-path': '1',
  'ecs-task-id': 'task-1',
  'interface-type': 'nat_gateway',
  'resource-id': 'nat-1',
  'tgw-id': 'tgw-1',
  'tgw-attachment-id': 'tgw-attach-1',
  'resource-type': 'TransitGateway',
};

export type Values = Readonly<Record<string, string>>;

/**
 * One line (without line end) with a plausible value in each field, or the given one. "-" if there is no plausible
 * value.
 */
export function line(values: Values = {}, fields: readonly string[] = DEFAULT_FIELDS): string {
  return fields.map((field) => values[field] ?? VALUES[field] ?? '-').join(' ');
}

/** A header line and one line for each of `rows`, each ended by a newline. */
export function log(rows: readonly Values[], fields: readonly string[] = DEFAULT_FIELDS): string {
  return [fields.join(' '), ...rows.map((values) => line(values, fields)), ''].join('\n');
}

/** `count` rows from one source to as many ports and targets. */
export function rows(count: number): Values[] {
  return Array.from({ length: count }, (_, at) => ({
    dstaddr: `10.0.${at % 200}.${at % 250}`,
    dstport: String(at % 65_536),
    'interface-id': `eni-${at % 7}`,
  }));
}

/** The bytes in pieces of `size`. */
export async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** A file that comes in pieces of `size`, as often as it is opened. */
export const chunkedSource = (bytes: Uint8Array, size: number): ByteSource => ({
  name: 'chunked',
  size: bytes.length,
  open: () => pieces(bytes, size),
  range: async (start, end) => bytes.subarray(start, end),
});

/** A pipe: read once, of unknown size, without ranges. */
export function pipe(stream: AsyncIterable<Uint8Array>): ByteSource {
  let isRead = false;
  return {
    name: 'pipe',
    open: () => {
      if (isRead) return undefined;
      isRead = true;
      return stream;
    },
  };
}
