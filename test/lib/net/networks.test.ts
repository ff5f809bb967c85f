/** Inside, outside, and what never counts. */
import { describe, expect, test } from '@jest/globals';
import { parseAddress } from '../../../lib/net/address.ts';
import { isPrivate, isUncounted, Networks } from '../../../lib/net/networks.ts';
import fc from '../../properties.ts';

const inside = (address: string, internal: string[] = []): boolean => {
  const networks = new Networks(internal);
  const isInside = networks.isInside(parseAddress(address)!);
  expect(networks.isInsideText(address)).toBe(isInside);
  return isInside;
};
const countable = (address: string): boolean => !isUncounted(parseAddress(address)!);

describe('inside', () => {
  test.each([
    ['10.0.0.0', true],
    ['10.255.255.255', true],
    ['9.255.255.255', false],
    ['11.0.0.0', false],
    ['172.16.0.0', true],
    ['172.31.255.255', true],
    ['172.15.255.255', false],
    ['172.32.0.0', false],
    ['192.168.0.0', true],
    ['192.168.255.255', true],
    ['192.167.255.255', false],
    ['192.169.0.0', false],
    ['100.64.0.0', true],
    ['100.127.255.255', true],
    ['100.63.255.255', false],
    ['100.128.0.0', false],
    ['fc00::1', true],
    ['fdff:ffff::1', true],
    ['fe00::1', false],
    ['2001:db8::1', false],
    ['8.8.8.8', false],
  ])('%s: %s', (address, expected) => {
    expect(inside(address)).toBe(expected);
  });

  test('what --internal names is inside too, and nothing beside it', () => {
    const internal = ['203.0.113.128/25', '2001:db8:1::/48', '198.51.100.7/32'];
    expect(inside('203.0.113.128', internal)).toBe(true);
    expect(inside('203.0.113.127', internal)).toBe(false);
    expect(inside('198.51.100.7', internal)).toBe(true);
    expect(inside('198.51.100.6', internal)).toBe(false);
    expect(inside('2001:db8:1:ffff::9', internal)).toBe(true);
    expect(inside('2001:db8:2::9', internal)).toBe(false);
  });

  test('a prefix of any length contains its first and last address, and neither neighbour', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0x2d000000, max: 0x2dffffff }),
        fc.integer({ min: 9, max: 32 }),
        (number, length) => {
          const size = 2 ** (32 - length);
          const first = number - (number % size);
          const text = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
          const internal = [`${text(first)}/${length}`];
          expect(inside(text(first), internal)).toBe(true);
          expect(inside(text(first + size - 1), internal)).toBe(true);
          expect(inside(text(first - 1), internal)).toBe(false);
          expect(inside(text(first + size), internal)).toBe(false);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('what is no network is refused with an example of one', () => {
    expect(() => new Networks(['ten/8'])).toThrow('ten/8 is not a CIDR block: expected an address and a prefix length');
  });
});

test('an address can be inside and never count as a target', () => {
  expect(inside('224.0.0.1', ['224.0.0.0/8'])).toBe(true);
  expect(countable('224.0.0.1')).toBe(false);
});

test('text that is no address is not inside', () => {
  expect(new Networks().isInsideText('ten')).toBe(false);
});

describe('countable', () => {
  test.each([
    ['224.0.0.1', false],
    ['239.255.255.250', false],
    ['240.0.0.1', true],
    ['223.255.255.255', true],
    ['255.255.255.255', false],
    ['169.254.169.254', false],
    ['127.0.0.1', false],
    ['0.0.0.0', false],
    ['ff02::fb', false],
    ['fe80::1', false],
    ['fec0::1', true],
    ['::1', false],
    ['::', false],
    ['::2', true],
    ['10.0.0.1', true],
    ['2001:db8::1', true],
  ])('%s: %s', (address, expected) => {
    expect(countable(address)).toBe(expected);
  });
});

test.each([
  ['10.0.0.1', true],
  ['172.31.255.255', true],
  ['172.32.0.0', false],
  ['192.168.1.1', true],
  ['100.64.0.1', true],
  ['100.128.0.0', false],
  ['fd00::1', true],
  ['2001:db8::1', false],
])('%s is private by its number alone: %s', (address, expected) => {
  expect(isPrivate(parseAddress(address)!)).toBe(expected);
});
