/** Suppressions: what is refused, what they cover, and when they stop. */
import { describe, expect, test } from '@jest/globals';
import { type Suppression, suppressionFault, suppressionOf } from '../../../lib/alert/suppression.ts';
import { findingOf } from '../finding/samples.ts';

const NOW = Date.UTC(2026, 8, 1, 12) / 1000;
const rule = (values: Partial<Suppression> = {}): Suppression => ({
  id: 's-1',
  source: '10.0.3.22/32',
  owner: 'net team',
  reason: 'approved scanner',
  expires: '2026-09-08',
  ...values,
});
const from = (address: string) => findingOf({ source: { address, scope: '1' } });

describe('a rule', () => {
  test('that says what it must is taken', () => {
    for (const source of ['10.0.3.22/32', '10.0.0.0/8', '0.0.0.0/0', '2001:db8::/32', '::/0', 'fd00::5/128'])
      expect(suppressionFault(rule({ source }), NOW)).toBeUndefined();
    expect(suppressionFault(rule({ expires: '2026-09-01T12:00:01Z' }), NOW)).toBeUndefined();
  });

  test.each([
    '',
    '10.0.3.22',
    '10.0.3.22/33',
    '10.0.3.22/',
    '10.0.3.22/-1',
    '10.0.3.22/8/8',
    '10.0.3/24',
    '10.0.3.256/32',
    'fd00::/129',
    'fe80::1%eth0/128',
    'example.org/32',
  ])('over "%s" is refused, with the form that is expected', (source) => {
    expect(suppressionFault(rule({ source }), NOW)).toBe(`source must be a CIDR such as 10.0.3.22/32, got "${source}"`);
  });

  test('without an owner, a reason or a future end is refused', () => {
    expect(suppressionFault(rule({ owner: ' ' }), NOW)).toMatch(/^owner must/);
    expect(suppressionFault(rule({ reason: '' }), NOW)).toMatch(/^reason must/);
    expect(suppressionFault(rule({ expires: 'friday' }), NOW)).toMatch(/^expires must be a date .* got "friday"/);
    expect(suppressionFault(rule({ expires: '2026-09-01T12:00:00Z' }), NOW)).toMatch(/^expires must lie in the future/);
  });
});

describe('a finding', () => {
  test.each([
    ['10.0.3.22/32', '10.0.3.22', true],
    ['10.0.3.22/32', '10.0.3.23', false],
    ['10.0.3.0/24', '10.0.3.255', true],
    ['10.0.3.0/24', '10.0.4.0', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['::/0', '10.0.3.22', false],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['fd00::5/128', 'fd00::5', true],
    ['fd00::5/128', 'fd00::6', false],
  ])('under %s from %s: %s', (source, address, expected) => {
    expect(suppressionOf(from(address), [rule({ source })], NOW) !== undefined).toBe(expected);
  });

  test('is covered until the rule expires, not from then on', () => {
    const end = Date.UTC(2026, 8, 8) / 1000;
    expect(suppressionOf(from('10.0.3.22'), [rule()], end - 1)).toBeDefined();
    expect(suppressionOf(from('10.0.3.22'), [rule()], end)).toBeUndefined();
  });

  test('is covered by the rule that lasts longest, however dates are written and rules are ordered', () => {
    const rules = [
      rule({ id: 'a', expires: '2026-09-08T10:00:00Z' }),
      rule({ id: 'b', expires: '2026-09-09T00:00:00+12:00' }),
      rule({ id: 'c', expires: '12 Sep 2026 00:00 GMT' }),
      rule({ id: 'd', expires: '2026-09-11' }),
    ];
    expect(suppressionOf(from('10.0.3.22'), rules, NOW)!.id).toBe('c');
    expect(suppressionOf(from('10.0.3.22'), rules.toReversed(), NOW)!.id).toBe('c');
    const alike = [rule({ id: 'y' }), rule({ id: 'x' })];
    expect(suppressionOf(from('10.0.3.22'), alike, NOW)!.id).toBe('x');
    expect(suppressionOf(from('10.0.3.22'), alike.toReversed(), NOW)!.id).toBe('x');
  });

  test('is not uncovered, and nothing breaks, by a stored rule that is malformed', () => {
    const bad = ['fe80::1%eth0/64', 'nonsense', '10.0.0.0/99', ''].map((source, n) => rule({ id: `bad-${n}`, source }));
    for (const address of ['10.0.3.22', 'fd00::5']) expect(suppressionOf(from(address), bad, NOW)).toBeUndefined();
    expect(suppressionOf(from('10.0.3.22'), [...bad, rule()], NOW)!.id).toBe('s-1');
  });

  test('without one source (a campaign) is covered by none', () => {
    expect(suppressionOf(findingOf({ source: null }), [rule({ source: '0.0.0.0/0' })], NOW)).toBeUndefined();
  });
});
