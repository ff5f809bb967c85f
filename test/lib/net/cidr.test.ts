/** CIDR arithmetic against node's own BlockList and against addresses written out by hand. */
import { BlockList, isIPv4 } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { parseAddress } from '../../../lib/net/address.ts';
import {
  type Cidr,
  containsAddress,
  containsCidr,
  formatCidr,
  overlapsCidr,
  parseCidr,
} from '../../../lib/net/cidr.ts';

function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if ('problem' in parsed) throw new Error(`${text} ${parsed.problem}`);
  return parsed;
}

describe('parseCidr', () => {
  test.each(['10.0.0.0/8', '0.0.0.0/0', '192.0.2.1/32', '::/0', 'fd00::/8', '2001:db8::/32', '::1/128'])(
    'reads %s and formats it as it was',
    (text) => {
      expect(formatCidr(cidr(text))).toBe(text);
    },
  );

  test('reads an IPv6 network that ends in dotted IPv4', () => {
    expect(cidr('::ffff:10.0.0.0/104')).toEqual(cidr('::ffff:a00:0/104'));
  });

  test.each([
    '10.0.0.0',
    '10.0.0/8',
    '10.0.0.0/',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '/8',
    '',
    'fe80::1%eth0/64',
    '300.0.0.0/8',
  ])('refuses %j as no CIDR block', (text) => {
    expect(parseCidr(text)).toEqual({ problem: 'must be a CIDR block such as 10.0.0.0/8 or fd00::/8' });
  });

  test('refuses a prefix that is longer than the address', () => {
    expect(parseCidr('10.0.0.0/33')).toEqual({ problem: 'must have a prefix length between 0 and 32' });
    expect(parseCidr('fd00::/129')).toEqual({ problem: 'must have a prefix length between 0 and 128' });
  });

  test('refuses an address with bits beyond the prefix and says where the network starts', () => {
    expect(parseCidr('10.1.2.3/8')).toEqual({ problem: 'must start at its first address, 10.0.0.0/8' });
    expect(parseCidr('2001:db8:1::/32')).toEqual({ problem: 'must start at its first address, 2001:db8::/32' });
  });
});

describe('containment', () => {
  test('a network contains itself and its parts, never its whole', () => {
    expect(containsCidr(cidr('10.0.0.0/8'), cidr('10.1.0.0/16'))).toBe(true);
    expect(containsCidr(cidr('10.0.0.0/8'), cidr('10.0.0.0/8'))).toBe(true);
    expect(containsCidr(cidr('10.1.0.0/16'), cidr('10.0.0.0/8'))).toBe(false);
  });

  test('networks overlap when one contains the other, in either order, and never across families', () => {
    expect(overlapsCidr(cidr('10.1.0.0/16'), cidr('10.0.0.0/8'))).toBe(true);
    expect(overlapsCidr(cidr('10.0.0.0/8'), cidr('11.0.0.0/8'))).toBe(false);
    expect(overlapsCidr(cidr('0.0.0.0/0'), cidr('::/0'))).toBe(false);
  });

  test.each([
    ['172.16.0.0/12', ['172.15.255.255', '172.16.0.0', '172.31.255.255', '172.32.0.0', '::1']],
    ['100.64.0.0/10', ['100.63.255.255', '100.64.0.1', '100.127.255.255', '100.128.0.0']],
    ['fc00::/7', ['fbff::1', 'fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'fe00::', '10.0.0.1']],
    ['2001:db8:0:8000::/49', ['2001:db8::1', '2001:db8:0:8000::1', '2001:db8:0:ffff::', '2001:db8:1::']],
  ])('agrees with node on what lies in %s', (text, addresses) => {
    const [network = '', length = ''] = text.split('/');
    const list = new BlockList();
    list.addSubnet(network, Number(length), isIPv4(network) ? 'ipv4' : 'ipv6');
    for (const address of addresses) {
      const expected = isIPv4(network) === isIPv4(address) && list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
      expect([address, containsAddress(cidr(text), parseAddress(address)!)]).toEqual([address, expected]);
    }
  });
});
