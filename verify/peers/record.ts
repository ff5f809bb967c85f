/** A flow log row as the rules of the bench read it, and the bench's own plain reader of text logs. */
import { gunzipSync } from 'node:zlib';

/** One row with log status OK. Times are epoch seconds. */
export interface FlowRecord {
  /** `srcaddr` and `dstaddr`, which most rules read, or the packet's own addresses if the log has them. */
  readonly source: string;
  readonly target: string;
  readonly packetSource: string;
  readonly packetTarget: string;
  readonly sourcePort: number;
  readonly targetPort: number;
  readonly protocol: number;
  readonly packets: number;
  readonly bytes: number;
  readonly start: number;
  readonly end: number;
  readonly rejected: boolean;
  /** undefined where the log has no `tcp-flags`. */
  readonly flags?: number;
  /** undefined where the log has no `flow-direction`. */
  readonly egress?: boolean;
  readonly interfaceId: string;
  readonly vpc: string;
  readonly subnet: string;
}

export const TCP = 6;
export const UDP = 17;

const DEFAULT_FIELDS =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status';

/** The rows of a log with a header line, or of the default format without one, ordered by their end. */
export function readRecords(file: Uint8Array): FlowRecord[] {
  const bytes = file[0] === 0x1f && file[1] === 0x8b ? gunzipSync(file) : Buffer.from(file);
  const lines = linesOf(bytes);
  const first = lines.next().value ?? '';
  const headed = first.includes('srcaddr');
  const columns = (headed ? first : DEFAULT_FIELDS).trim().split(/\s+/);
  const read = reader(columns);
  const records: FlowRecord[] = [];
  for (const line of headed ? lines : prepend(first, lines)) {
    const record = read(line.trim().split(/\s+/));
    if (record) records.push(record);
  }
  return records.sort((a, b) => a.end - b.end);
}

function* prepend(first: string, rest: Iterable<string>): Iterable<string> {
  yield first;
  yield* rest;
}

function* linesOf(bytes: Buffer): Generator<string, undefined> {
  for (let from = 0; from < bytes.length; ) {
    const found = bytes.indexOf(10, from);
    const to = found < 0 ? bytes.length : found;
    if (to > from) yield bytes.toString('latin1', from, to);
    from = to + 1;
  }
  return undefined;
}

/** Reads a row into a record. Undefined for rows without traffic (NODATA, SKIPDATA). */
function reader(columns: readonly string[]): (values: readonly string[]) => FlowRecord | undefined {
  const at = (name: string) => columns.indexOf(name);
  const [source, target, packetSource, packetTarget] = ['srcaddr', 'dstaddr', 'pkt-srcaddr', 'pkt-dstaddr'].map(at);
  const [sourcePort, targetPort, protocol, packets] = ['srcport', 'dstport', 'protocol', 'packets'].map(at);
  const [bytes, start, end, action] = ['bytes', 'start', 'end', 'action'].map(at);
  const [status, flags, direction] = ['log-status', 'tcp-flags', 'flow-direction'].map(at);
  const [interfaceId, vpc, subnet] = ['interface-id', 'vpc-id', 'subnet-id'].map(at);
  const known = new Map<string, string>();
  /** One string for each address, so that a log of millions of rows does not keep its lines alive. */
  const intern = (value: string): string => {
    const same = known.get(value);
    if (same !== undefined) return same;
    const own = Buffer.from(value).toString();
    known.set(own, own);
    return own;
  };
  return (values) => {
    if (values[status!] !== 'OK' || values[source!] === '-') return undefined;
    const text = (index: number | undefined) => intern(values[index!] ?? '-');
    const own = (value: string, fallback: string) => (value === '-' ? fallback : value);
    const from = text(source);
    const to = text(target);
    return {
      source: from,
      target: to,
      packetSource: own(text(packetSource), from),
      packetTarget: own(text(packetTarget), to),
      sourcePort: Number(values[sourcePort!]),
      targetPort: Number(values[targetPort!]),
      protocol: Number(values[protocol!]),
      packets: Number(values[packets!]),
      bytes: Number(values[bytes!]),
      start: Number(values[start!]),
      end: Number(values[end!]),
      rejected: values[action!] === 'REJECT',
      ...(flags! >= 0 && values[flags!] !== '-' && { flags: Number(values[flags!]) }),
      ...(direction! >= 0 && { egress: values[direction!] === 'egress' }),
      interfaceId: text(interfaceId),
      vpc: text(vpc),
      subnet: text(subnet),
    };
  };
}

/** Whether an address is of RFC 1918 (IPv4) or unique local (IPv6), which the rules call internal. */
export const isPrivate = (address: string): boolean =>
  /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|f[cd][0-9a-f]{2}:)/i.test(address);
