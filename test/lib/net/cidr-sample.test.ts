/** Networks of addresses, of both families, also where nothing can be said. */
import { describe, expect, test } from '@jest/globals';
import {
  type AddressSample,
  cidrAround,
  formatCidr,
  holdsAll,
  isEverything,
  narrowestCidr,
} from '../../../lib/net/cidr.ts';
import fc from '../../properties.ts';
import { HOSTILE } from '../finding/samples.ts';

const holds = (text: string, addresses: AddressSample): boolean => {
  const cidr = cidrAround(text);
  return cidr !== undefined && holdsAll(cidr, addresses);
};
const narrowest = (addresses: AddressSample): string | undefined => {
  const cidr = narrowestCidr(addresses);
  return cidr && formatCidr(cidr);
};
const all = (...sample: string[]) => ({ count: sample.length, sample });

describe('a CIDR', () => {
  test('holds addresses however they are written, and host bits of its own do not matter', () => {
    expect(holds('10.0.3.22/24', all('10.0.3.0', '10.0.3.255'))).toBe(true);
    expect(holds('2001:db8::1/32', all('2001:0DB8:0:0::9', '2001:db8:ffff::'))).toBe(true);
    expect(holds('::ffff:0:0/96', all('::ffff:10.0.0.1'))).toBe(true);
  });

  test('holds no more addresses than it has, even if all that are named lie in it', () => {
    const named = ['10.0.9.1', '10.0.9.2'];
    expect(holds('10.0.9.0/28', { count: 16, sample: named })).toBe(true);
    expect(holds('10.0.9.0/28', { count: 17, sample: named })).toBe(false);
  });

  test('does not hold what one of several is not in, nothing at all, or the other family', () => {
    expect(holds('10.0.9.0/24', all('10.0.9.1', '10.0.8.1'))).toBe(false);
    expect(holds('0.0.0.0/0', all())).toBe(false);
    expect(holds('0.0.0.0/0', all('fd00::1'))).toBe(false);
    expect(holds('::/0', all('10.0.0.1'))).toBe(false);
  });

  test.each(HOSTILE.map((text) => [text]))('%j is no network, and in none', (text) => {
    expect(holds(text, all('10.0.0.1'))).toBe(false);
    expect(holds('::/0', all(text))).toBe(false);
    expect(holds('0.0.0.0/0', all(text))).toBe(false);
    expect(narrowest(all(text))).toBeUndefined();
  });

  test('is everything with a prefix of nothing', () => {
    expect(['0.0.0.0/0', '::/0', '10.1.2.3/0'].map((text) => isEverything(cidrAround(text)!))).toEqual([
      true,
      true,
      true,
    ]);
    expect(['0.0.0.0/1', '10.0.0.0/8'].map((text) => isEverything(cidrAround(text)!))).toEqual([false, false]);
  });
});

describe('the narrowest network', () => {
  test.each([
    [all('10.0.9.9'), '10.0.9.9/32'],
    [all('fd00::5'), 'fd00::5/128'],
    [all('10.0.9.8', '10.0.9.11'), '10.0.9.8/30'],
    [all('10.0.9.1', '10.0.200.1'), '10.0.0.0/16'],
    [all('10.0.0.1', '192.168.0.1'), '0.0.0.0/0'],
    [{ count: 200, sample: ['10.0.9.8', '10.0.9.11'] }, '10.0.9.0/24'],
    [all('2001:db8:0:1::5', '2001:db8:0:2::5'), '2001:db8::/62'],
  ])('of %j is %s', (addresses, expected) => {
    expect(narrowest(addresses)).toBe(expected);
  });

  test('of two families, or of nothing, does not exist', () => {
    expect(narrowest(all('10.0.0.1', 'fd00::1'))).toBeUndefined();
    expect(narrowest(all())).toBeUndefined();
  });

  test('holds what it was made of', () => {
    const addresses = fc.oneof(
      fc.uniqueArray(fc.ipV4(), { minLength: 1, maxLength: 20 }),
      fc.uniqueArray(fc.ipV6(), { minLength: 1, maxLength: 20 }),
    );
    fc.assert(
      fc.property(addresses, fc.nat({ max: 5000 }), (sample, more) => {
        const given = { count: sample.length + more, sample };
        expect(holds(narrowest(given)!, given)).toBe(true);
      }),
    );
  });
});
