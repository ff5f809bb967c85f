/** Addresses: what counts as one, and how it is written. */
import { isIPv4, isIPv6 } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { formatAddress, parseIpv4, parseIpv6 } from '../../../lib/net/address.ts';
import fc from '../../properties.ts';
import { canonical } from '../flowlog/reference-parser.ts';

const shown = (text: string) => {
  const words = parseIpv6(text);
  return words && formatAddress(...words);
};

/** Texts near the border between addresses and not. */
const almostAddress = fc
  .array(fc.constantFrom(':', '::', '.', '0', '1', '00', '255', '256', 'ffff', '10000', 'g', '1.2.3.4'), {
    maxLength: 17,
  })
  .map((parts) => parts.join(''));

describe('parseIpv4', () => {
  test.each(['0.0.0.0', '10.0.0.1', '255.255.255.255'])('reads %s', (text) => {
    expect(formatAddress(0, 0, 0xffff, parseIpv4(text)!)).toBe(text);
  });

  test.each(['999.1.1.1', '256.0.0.1', '1.2.3', '1.2.3.4.5', '1..2.3', '01.2.3.4', '1.2.3.4 ', '', '-', '1.2.3.-4'])(
    'refuses "%s"',
    (text) => {
      expect(parseIpv4(text)).toBeUndefined();
    },
  );

  test('agrees with Node on what is an IPv4 address', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), almostAddress), (text) => {
        expect(parseIpv4(text) !== undefined).toBe(isIPv4(text));
      }),
    );
  });
});

describe('parseIpv6', () => {
  test('agrees with Node on what is an IPv6 address', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV6(), almostAddress), (text) => {
        expect(parseIpv6(text) !== undefined).toBe(isIPv6(text));
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    '1.2.3.4::',
    '::1.2.3.4:5',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    ':::',
    '12345::',
    'fe80::1%eth0',
    '::999.1.1.1',
  ])('refuses "%s"', (text) => {
    expect(parseIpv6(text)).toBeUndefined();
  });
});

describe('formatAddress', () => {
  test.each([
    ['2001:0DB8:0:0:0:0:0:1', '2001:db8::1', 'leading zeros and upper case go (RFC 5952, 4.1 and 4.3)'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1', 'a single zero group stays (4.2.2)'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1', 'the longest run of zeros is shortened (4.2.3)'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1', 'of equal runs the first (4.2.3)'],
    ['0:0:0:0:0:0:0:0', '::', 'no address at all'],
    ['1:0:0:0:0:0:0:0', '1::', 'a run at the end'],
    ['::FFFF:10.0.0.1', '10.0.0.1', 'mapped IPv4 is IPv4'],
    ['::ffff:a00:1', '10.0.0.1', 'also when written in hexadecimal'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221', 'another dotted tail is IPv6'],
  ])('writes %s as %s: %s', (text, expected, _rule) => {
    expect(shown(text)).toBe(expected);
  });

  test('agrees with the URL parser, and reads back as the same address', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const written = shown(text)!;
        expect(written).toBe(canonical(text));
        if (written.includes(':')) expect(parseIpv6(written)).toEqual(parseIpv6(text));
      }),
      { numRuns: 500 },
    );
  });
});
