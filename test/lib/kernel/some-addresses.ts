/** Addresses in every spelling, and texts that are nearly addresses. */
import type { Random } from '../../../bench/random.ts';

const pick = <T>(items: readonly T[], random: Random): T => items[random.whole(0, items.length - 1)]!;

/** Inside, outside, inside by name, and addresses that never count. Eight groups each. */
const HOSTS: readonly (readonly number[])[] = [
  ...['10.0.0.1', '10.0.0.2', '10.200.3.4', '172.16.9.9', '192.168.100.200', '100.64.0.1'],
  ...['203.0.113.7', '203.0.113.200', '198.51.100.1', '8.8.8.8', '255.255.255.254'],
  ...['224.0.0.251', '255.255.255.255', '169.254.169.254', '127.0.0.1', '0.0.0.0'],
]
  .map((text) => text.split('.').map(Number))
  .map(([a, b, c, d]) => [0, 0, 0, 0, 0, 0xffff, a! * 256 + b!, c! * 256 + d!])
  .concat([
    [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1],
    [0x2001, 0xdb8, 1, 0, 0, 1, 0, 0],
    [0x2001, 0xdb8, 0, 1, 0, 0, 0, 0x10],
    [0xfd00, 0, 0, 0, 0, 0, 0, 2],
    [0xfd00, 1, 2, 3, 4, 5, 6, 7],
    [0xfe80, 0, 0, 0, 0x1234, 0x5678, 0x9abc, 0xdef0],
    [0xff02, 0, 0, 0, 0, 0, 0, 0xfb],
    [0x64, 0xff9b, 0, 0, 0, 0, 0xc000, 0x221],
    [0, 0, 0, 0, 0, 0, 0, 1],
    [0, 0, 0, 0, 0, 0, 0, 0],
    [1, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 1, 2],
  ]);

const NOT_ADDRESSES = [
  ...[
    '010.0.0.1',
    '10.00.0.1',
    '256.0.0.1',
    '999.1.1.1',
    '1.2.3',
    '1.2.3.4.5',
    '1..2.3',
    '.1.2.3',
    '1.2.3.',
    '1.2.3.4x',
  ],
  ...[
    ':',
    ':::',
    '1:2',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '1:2:3:4:5:6:7:8::',
    '::1:2:3:4:5:6:7:8',
    '12345::',
  ],
  ...[
    '1:',
    ':1',
    '1:2:3:4:5:6:7:',
    ':2:3:4:5:6:7:8',
    'fe80::1%eth0',
    '::g',
    '::1.2.3',
    '::1.2.3.256',
    '1.2.3.4::',
    '0',
    'abcd',
  ],
  ...['-1', '--', '10.0.0.1,', '4294967296.1.1.1', '0x10.0.0.1', `${'0'.repeat(40)}::1`, `::${'0'.repeat(60)}`],
];

/** One way to write an address given as eight groups. */
function spelled(groups: readonly number[], random: Random): string {
  const dotted = [groups[6]! >> 8, groups[6]! & 255, groups[7]! >> 8, groups[7]! & 255].join('.');
  const isIpv4 = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isIpv4 && random.next() < 0.9) return dotted;
  const isDotted = random.next() < 0.1;
  const written = (isDotted ? groups.slice(0, 6) : groups).map((group) => {
    const hex = group.toString(16).padStart(random.whole(1, 4), '0');
    return random.next() < 0.3 ? hex.toUpperCase() : hex;
  });
  const tail = isDotted ? [...written, dotted] : written;
  // Any run of zeros may be left out, also one that RFC 5952 would write.
  const zeros = tail.flatMap((text, at) => (/^0+$/.test(text) ? [at] : []));
  if (!zeros.length || random.next() < 0.2) return tail.join(':');
  const from = pick(zeros, random);
  let to = from + 1;
  while (zeros.includes(to) && random.next() < 0.8) to++;
  return `${tail.slice(0, from).join(':')}::${tail.slice(to).join(':')}`;
}

/** An address of few, or of any, in some spelling. */
export function someAddress(random: Random): string {
  if (random.next() < 0.9) return spelled(pick(HOSTS, random), random);
  const isIpv4 = random.next() < 0.5;
  const any = () => (random.next() < 0.3 ? 0 : random.whole(0, 0xffff));
  return spelled(
    [...Array.from({ length: 6 }, (_, at) => (isIpv4 ? (at === 5 ? 0xffff : 0) : any())), any(), any()],
    random,
  );
}

/** A text that is no address, or hardly one. */
export const noAddress = (random: Random): string => pick(NOT_ADDRESSES, random);
