/** Generated logs: any layout, and in each column what may stand there, and now and then what may not. */
import { type Random, shuffled } from '../../../bench/random.ts';
import { ALL_FIELDS, TRANSIT_GATEWAY_FIELDS } from '../flowlog/sample-logs.ts';
import { noAddress, someAddress } from './some-addresses.ts';

const NOON = Date.UTC(2026, 8, 1, 12) / 1000;
const DEFAULT = ALL_FIELDS.slice(0, 14);
const NEEDED = 'srcaddr dstaddr srcport dstport protocol end action'.split(' ');
const DETECTION =
  'packets bytes start log-status tcp-flags pkt-srcaddr pkt-dstaddr interface-id flow-direction account-id'.split(' ');
/** How often a column holds what is not to be expected there. */
const WILD = 0.004;

const pick = <T>(items: readonly T[], random: Random): T => items[random.whole(0, items.length - 1)]!;

const digits = (random: Random): string =>
  Array.from({ length: random.whole(1, 20) }, () => (random.next() < 0.3 ? 0 : random.whole(0, 9))).join('');

/** Anything: numbers of up to twenty digits, words of other columns, bytes of other alphabets. */
function wild(random: Random): string {
  if (random.next() < 0.4) return digits(random);
  if (random.next() < 0.3) return noAddress(random);
  const words = ['-', '-1', '+5', '1e3', '0x10', 'OK', 'NODATA', 'SKIPDATA', 'ACCEPT', 'REJECT', 'accept', 'ACCEPX'];
  const limits = ['65535', '65536', '255', '256', '9007199254740991', '9007199254740992', '946684799', '4102444801'];
  const others = [
    'ingresS',
    'egress',
    'ingress',
    'xingress',
    '\u00e9\u00ff',
    '\u007f',
    'x'.repeat(300),
    'srcaddr',
    '6',
    '0006',
  ];
  return pick([...words, ...limits, ...others], random);
}

/** Names of which some are equal in all bytes that count, some are the beginning of others. */
function interfaceName(random: Random): string {
  if (random.next() < 0.9) return `eni-0${random.whole(0, 30).toString(16).repeat(random.whole(1, 3))}`;
  const long = 'eni-abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefgh';
  return long.slice(0, random.whole(1, 80)) + (random.next() < 0.3 ? random.whole(0, 9) : '');
}

function port(random: Random): string {
  if (random.next() < 0.4) return pick(['22', '443', '1023', '1024', '8080', '32767', '32768', '65535', '0'], random);
  const text = String(random.next() < 0.5 ? random.whole(0, 65_535) : random.whole(40_000, 40_040));
  return random.next() < 0.02 ? text.padStart(random.whole(5, 16), '0') : text;
}

/** Values for the columns of an ordinary record. Columns without an entry get "-" or a word. */
const VALUES: Readonly<Record<string, (random: Random, start: number) => string>> = {
  version: () => '5',
  'account-id': (random) => pick(['111122223333', '444455556666', 'unknown'], random),
  'interface-id': (random) => (random.next() < 0.02 ? '-' : interfaceName(random)),
  srcaddr: (random) => (random.next() < 0.02 ? '-' : someAddress(random)),
  dstaddr: (random) => (random.next() < 0.02 ? '-' : someAddress(random)),
  'pkt-srcaddr': (random) => (random.next() < 0.1 ? '-' : someAddress(random)),
  'pkt-dstaddr': (random) => (random.next() < 0.1 ? '-' : someAddress(random)),
  srcport: port,
  dstport: port,
  protocol: (random) => (random.next() < 0.8 ? '6' : pick(['17', '1', '58', '0', '47', '255'], random)),
  packets: (random) => String(random.next() < 0.8 ? random.whole(0, 12) : random.whole(0, 2_000_000_000)),
  bytes: (random) => String(random.whole(0, 12) * pick([40, 44, 48, 52, 60, 64, 80, 1500], random)),
  start: (_, start) => String(start),
  end: (random, start) => String(start + pick([0, 1, 10, 59, 90, 91, 600], random)),
  action: (random) => pick(['ACCEPT', 'ACCEPT', 'REJECT'], random),
  'tcp-flags': (random) =>
    random.next() < 0.05 ? '-' : String(random.next() < 0.7 ? pick([2, 18, 4, 3, 1, 0], random) : random.whole(0, 255)),
  'flow-direction': (random) => pick(['ingress', 'egress', 'egress', '-'], random),
  'log-status': (random) => (random.next() < 0.97 ? 'OK' : pick(['NODATA', 'SKIPDATA'], random)),
  'packets-lost-no-route': (random) => pick(['0', '0', '-', '3'], random),
  'packets-lost-blackhole': (random) => pick(['0', '0', '-', '1'], random),
  'vpc-id': (random) => pick(['vpc-1', 'vpc-2', 'vpc-3', '-'], random),
  'tgw-src-vpc-id': (random) => pick(['vpc-1', 'vpc-2', 'vpc-3', 'vpc-4', '-'], random),
  'tgw-dst-vpc-id': (random) => pick(['vpc-1', 'vpc-2', 'vpc-3', 'vpc-4', '-'], random),
  'tgw-src-vpc-account-id': (random) => pick(['111122223333', '444455556666', '-'], random),
  'tgw-dst-vpc-account-id': (random) => pick(['111122223333', '444455556666', '-'], random),
  'instance-id': (random) => pick(['i-1', 'i-2', '-', '-'], random),
  'interface-type': (random) => pick(['-', '-', 'nat_gateway'], random),
};

function value(field: string, random: Random, start: number): string {
  if (random.next() < WILD) return random.next() < 0.5 ? '-' : wild(random);
  const write = VALUES[field];
  return write
    ? write(random, start)
    : random.next() < 0.5
      ? '-'
      : pick(['a', 'tag-\u00fc', '1', 'x'.repeat(40)], random);
}

/** Names of columns: the default ones, those of a transit gateway, or any in any order, unknown ones among them. */
function someFields(random: Random): readonly string[] {
  const chance = random.next();
  if (chance < 0.15) return DEFAULT;
  if (chance < 0.25) return TRANSIT_GATEWAY_FIELDS;
  const further = [...DETECTION.filter(() => random.next() < 0.9), ...ALL_FIELDS.filter(() => random.next() < 0.2)];
  const unknown = random.next() < 0.3 ? ['field-of-2030', 'another'] : [];
  return shuffled([...new Set([...NEEDED, ...further, ...unknown])], random);
}

/** A row without data has "-" in most columns. */
const isKeptWithoutData = (field: string) =>
  ['version', 'account-id', 'interface-id', 'start', 'end', 'log-status'].includes(field);

function someRow(fields: readonly string[], random: Random): string {
  const start = NOON + random.whole(-4000, 4000);
  const row = new Map(fields.map((field) => [field, value(field, random, start)]));
  const status = row.get('log-status');
  if (status === 'NODATA' || status === 'SKIPDATA')
    for (const field of fields) if (!isKeptWithoutData(field)) row.set(field, '-');
  // Most records have one address in both places.
  if (row.has('pkt-srcaddr') && random.next() < 0.7) row.set('pkt-srcaddr', row.get('srcaddr')!);
  if (row.has('pkt-dstaddr') && random.next() < 0.7) row.set('pkt-dstaddr', row.get('dstaddr')!);
  return [...row.values()].join(' ');
}

/** The lines of a log, without line ends: a header or none, records, now and then empty lines, rubbish and further headers. */
export function someLog(
  length: number,
  random: Random,
): { readonly lines: string[]; readonly headers: ReadonlySet<number> } {
  const headers = new Set<number>();
  let fields = someFields(random);
  const lines: string[] = [];
  const begin = () => {
    headers.add(lines.length);
    lines.push(fields.map((name) => (random.next() < 0.1 ? name.replaceAll('-', '_') : name)).join(' '));
  };
  if (fields === DEFAULT && random.next() < 0.5) lines.push(someRow(DEFAULT, random));
  else begin();
  while (lines.length < length) {
    const chance = random.next();
    if (chance < 0.001) {
      fields = someFields(random);
      begin();
    } else if (chance < 0.005) lines.push(pick(['', ' ', '# note', 'OK', '5 6 7', '\t', 'x '.repeat(200)], random));
    else lines.push(someRow(fields, random));
  }
  return { lines, headers };
}
