/** The plainest parser of text flow logs (readline, split, Map), written from AWS's pages: what the fast one must equal. */
import { isIPv4, isIPv6 } from 'node:net';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { PlainRecord } from './recorder.ts';
import { ALL_FIELDS, TRANSIT_GATEWAY_FIELDS } from './sample-logs.ts';

const DEFAULT_FIELDS = ALL_FIELDS.slice(0, 14);
const NAMES = new Set([...ALL_FIELDS, ...TRANSIT_GATEWAY_FIELDS]);
const IDENTITY =
  'account-id vpc-id subnet-id instance-id region ecs-cluster-name ecs-cluster-arn ecs-service-name ecs-task-id ecs-task-arn ecs-task-definition-arn ecs-container-id interface-type'.split(
    ' ',
  );

/** What the reference parser makes of a text. */
export interface Reference {
  readonly records: PlainRecord[];
  noData: number;
  skipData: number;
  headers: number;
  blank: number;
  /** Numbers, starting at 1, of all other lines. */
  readonly skipped: number[];
  lines: number;
}

/** Parses text with a header, or without one the 14 default fields. Knows no bad headers. */
export async function referenceParse(text: Buffer | string): Promise<Reference> {
  const result: Reference = { records: [], noData: 0, skipData: 0, headers: 0, blank: 0, skipped: [], lines: 0 };
  let fields = DEFAULT_FIELDS;
  for await (const raw of createInterface({ input: Readable.from([Buffer.from(text)]), crlfDelay: Infinity })) {
    result.lines++;
    const columns = raw.split(/\s+/).filter((column) => column !== '');
    if (columns.length === 0) result.blank++;
    else if (columns.every((name) => /^[a-z]/i.test(name)) && columns.filter((name) => NAMES.has(name)).length > 1) {
      result.headers++;
      fields = columns;
    } else {
      const row = new Map(columns.map((value, at) => [fields[at], value]));
      const status = row.get('log-status') ?? 'OK';
      const record = columns.length === fields.length ? plainRecord(row) : undefined;
      if (columns.length !== fields.length || !times(row)) result.skipped.push(result.lines);
      else if (status === 'NODATA') result.noData++;
      else if (status === 'SKIPDATA') result.skipData++;
      else if (status === 'OK' && record) result.records.push(record);
      else result.skipped.push(result.lines);
    }
  }
  return result;
}

type Row = ReadonlyMap<string | undefined, string>;

const present = (value: string | undefined) => (value === '-' ? undefined : value);

/** undefined for "-" and absent fields, NaN for what is no whole number in range. */
function whole(text: string | undefined, max: number): number | undefined {
  if (present(text) === undefined) return undefined;
  return /^\d{1,16}$/.test(text!) && BigInt(text!) <= BigInt(max) ? Number(text) : Number.NaN;
}

function times(row: Row): { start: number; end: number } | undefined {
  const first = whole(row.get('start'), Date.UTC(2100, 0) / 1000);
  const last = whole(row.get('end'), Date.UTC(2100, 0) / 1000);
  const start = first ?? last;
  const end = last ?? first;
  if (start === undefined || end === undefined || !(start >= Date.UTC(2000, 0) / 1000) || !(end >= start)) return;
  return { start, end };
}

function plainRecord(row: Row): PlainRecord | undefined {
  const address = (field: string) => present(row.get(field)) ?? '-';
  const addresses = ['srcaddr', 'dstaddr', 'pkt-srcaddr', 'pkt-dstaddr'].map(address) as [
    string,
    string,
    string,
    string,
  ];
  if (addresses.some((text) => text !== '-' && !isIPv4(text) && !(isIPv6(text) && !text.includes('%')))) return;
  const [interfaceSource, interfaceTarget, packetSource, packetTarget] = addresses.map(canonical) as typeof addresses;
  const source = packetSource === '-' ? interfaceSource : packetSource;
  const target = packetTarget === '-' ? interfaceTarget : packetTarget;
  const protocol = whole(row.get('protocol'), 255);
  const sourcePort = whole(row.get('srcport'), 65_535);
  const targetPort = whole(row.get('dstport'), 65_535);
  const packets = whole(row.get('packets'), Number.MAX_SAFE_INTEGER) ?? 0;
  const bytes = whole(row.get('bytes'), Number.MAX_SAFE_INTEGER) ?? 0;
  const tcpFlags = whole(row.get('tcp-flags'), 65_535) ?? -1;
  const time = times(row);
  const needsPorts = protocol === 6 || protocol === 17;
  if (source === '-' || target === '-' || protocol === undefined || !time) return;
  if (needsPorts && (sourcePort === undefined || targetPort === undefined)) return;
  if ([protocol, sourcePort, targetPort, packets, bytes, tcpFlags].some(Number.isNaN)) return;
  const lost = ['packets-lost-no-route', 'packets-lost-blackhole'].map(
    (field) => whole(row.get(field), Number.MAX_SAFE_INTEGER) ?? 0,
  );
  if (!row.has('action') && lost.some(Number.isNaN)) return;
  const actionOfLost = lost.some((packets) => packets > 0) ? 2 : 0;
  const action = row.has('action') ? ['', 'ACCEPT', 'REJECT'].indexOf(row.get('action')!) : actionOfLost;
  if (action < 0) return;
  return {
    source,
    target,
    interfaceSource,
    interfaceTarget,
    interfaceId: row.get('interface-id') ?? '-',
    sourcePort: sourcePort ?? 0,
    targetPort: targetPort ?? 0,
    protocol,
    packets,
    bytes,
    ...time,
    action,
    tcpFlags,
    direction: Math.max(0, ['', 'ingress', 'egress'].indexOf(row.get('flow-direction') ?? '')),
    identity: Object.fromEntries(
      IDENTITY.flatMap((field) => (present(row.get(field)) === undefined ? [] : [[field, row.get(field)!]])),
    ),
  };
}

/** As the WHATWG URL parser writes it, which agrees with RFC 5952 but for mapped IPv4. */
export function canonical(address: string): string {
  if (!address.includes(':')) return address;
  const host = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(host);
  if (!mapped) return host;
  const [high, low] = [Number.parseInt(mapped[1]!, 16), Number.parseInt(mapped[2]!, 16)];
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}
