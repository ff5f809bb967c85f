/** Items of the findings table: keys, rows by target, networks. */
import { describe, expect, test } from '@jest/globals';
import { networkOf } from '../../../lib/net/cidr.ts';
import { findingKey, targetRows } from '../../../lib/store/finding-item.ts';
import { detection, HOUR } from './fixture/findings.ts';

describe('the network that stands for a target is', () => {
  test.each([
    ['10.0.12.30', '10.0.12.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8::6', '2001:db8:0:0::/64'],
    ['fd00::', 'fd00:0:0:0::/64'],
    ['2001:db8:1:2:3::', '2001:db8:1:2::/64'],
  ])('of %s %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});

test('a finding lies with its source, campaigns together', () => {
  expect(findingKey(detection())).toEqual({
    pk: 'source#123456789012|10.0.7.105',
    sk: `finding#2026-11-21T10#${'a'.repeat(24)}`,
  });
  expect(findingKey(detection({ source: null })).pk).toBe('campaigns');
});

test('rows by target name the first hundred targets, which are those that answered, then networks', () => {
  const targets = Array.from({ length: 130 }, (_, n) => `10.0.${n < 100 ? 1 : n}.${n}`);
  const rows = targetRows(detection({}, targets), HOUR * 3600, 365);
  expect(rows.map(({ pk }) => pk)).toEqual([
    ...targets.slice(0, 100).map((target) => `target#${target}`),
    ...targets.slice(100).map((_, n) => `target#10.0.${100 + n}.0/24`),
  ]);
  expect(rows[0]).toMatchObject({ targetOf: 'a'.repeat(24), severity: 'high', kind: 'vertical-scan' });
});
