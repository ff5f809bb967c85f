/** New suppressions: how long they may last, and how they stand to those that exist. */
import { describe, expect, test } from '@jest/globals';
import type { Suppression } from '../../../lib/notify/suppression.ts';
import { lengthFault, overlapsOf, whyWide } from '../../../lib/notify/suppression-limits.ts';

const NOW = Date.UTC(2026, 8, 1, 12) / 1000;
const rule = (values: Partial<Suppression>): Suppression => ({
  id: 'new',
  owner: 'net team',
  reason: 'approved scanner',
  expires: '2026-09-08',
  ...values,
});

test('a new rule lasts at most 90 days, or 366 if that is asked for', () => {
  const ending = (expires: string, isLong: boolean) => lengthFault(rule({ expires }), NOW, isLong);
  expect(ending('2026-11-30T12:00:00Z', false)).toBeUndefined();
  expect(ending('2026-11-30T12:00:01Z', false)).toBe(
    'expires must be at most 90 days ahead, got 2026-11-30T12:00:01Z. With --long it may be 366',
  );
  expect(ending('2027-09-02T12:00:00Z', true)).toBeUndefined();
  expect(ending('2027-09-03', true)).toBe(
    'expires must be at most 366 days ahead, got 2027-09-03. Renew the rule when it ends',
  );
});

test.each<[Partial<Suppression>, string | undefined]>([
  [{ source: '10.0.3.0/24' }, undefined],
  [{ source: '10.0.2.0/23' }, 'covers 10.0.2.0/23, which is wider than a /24 or an IPv6 /64'],
  [{ source: '10.0.3.9/23' }, 'covers 10.0.2.0/23, which is wider than a /24 or an IPv6 /64'],
  [{ source: '0.0.0.0/0', target: '10.0.9.9/32' }, 'covers 0.0.0.0/0, which is wider than a /24 or an IPv6 /64'],
  [{ source: 'fd00:1:2:3::/64' }, undefined],
  [{ source: 'fd00:1:2::/63' }, 'covers fd00:1:2::/63, which is wider than a /24 or an IPv6 /64'],
  [{ source: '10.0.3.22/32', expires: '2026-10-01T12:00:00Z' }, undefined],
  [{ source: '10.0.3.22/32', expires: '2026-10-01T12:00:01Z' }, 'lasts longer than 30 days'],
  [{ namespace: 'ci', expires: '2026-11-01' }, 'lasts longer than 30 days'],
  [
    { source: '10.0.0.0/8', expires: '2026-11-01' },
    'covers 10.0.0.0/8, which is wider than a /24 or an IPv6 /64 and lasts longer than 30 days',
  ],
])('operations hear of a wide or a long rule: %j', (values, expected) => {
  expect(whyWide(rule(values), NOW)).toBe(expected);
});

describe('a new rule', () => {
  const against = (values: Partial<Suppression>, other: Partial<Suppression>) =>
    overlapsOf(rule(values), [rule({ ...other, id: 'old' })], NOW).map(({ isCovering }) =>
      isCovering ? 'covered' : 'overlaps',
    )[0];

  test.each<[Partial<Suppression>, Partial<Suppression>, string | undefined]>([
    [{ source: '10.0.3.22/32' }, { source: '10.0.3.0/24' }, 'covered'],
    [{ source: '10.0.3.0/24' }, { source: '10.0.3.22/32' }, 'overlaps'],
    [{ source: '10.0.3.22/32' }, { source: '10.0.4.0/24' }, undefined],
    [{ source: 'fd00::5/128' }, { source: '10.0.3.0/24' }, undefined],
    [{ source: '10.0.3.22/32' }, { source: '10.0.3.0/24', target: '10.0.9.0/24' }, 'overlaps'],
    [{ source: '10.0.3.22/32', target: '10.0.9.7/32' }, { source: '10.0.3.0/24', target: '10.0.9.0/24' }, 'covered'],
    [{ source: '10.0.3.22/32', target: '10.0.8.0/24' }, { source: '10.0.3.0/24', target: '10.0.9.0/24' }, undefined],
    [{ source: '10.0.3.22/32', ports: '22,23' }, { source: '10.0.3.22/32', ports: '1-100' }, 'covered'],
    [{ source: '10.0.3.22/32', ports: '22,443' }, { source: '10.0.3.22/32', ports: '1-100' }, 'overlaps'],
    [{ source: '10.0.3.22/32', ports: '443' }, { source: '10.0.3.22/32', ports: '1-100' }, undefined],
    [{ namespace: 'ci' }, { namespace: 'c*' }, 'covered'],
    [{ namespace: 'c*' }, { namespace: 'ci' }, 'overlaps'],
    [{ namespace: 'c*' }, { namespace: '*i' }, 'overlaps'],
    [{ namespace: 'ci' }, { namespace: 'cd' }, undefined],
    [{ instance: 'i-1' }, { instance: 'i-1', kind: 'vertical-scan' }, 'overlaps'],
    [{ instance: 'i-1', kind: 'block-scan' }, { instance: 'i-1', kind: 'vertical-scan' }, undefined],
    // Whether the instance has an address of the network, only the logs tell.
    [{ instance: 'i-1' }, { source: '10.0.3.0/24' }, undefined],
    [{ source: '10.0.3.22/32', expires: '2026-09-10' }, { source: '10.0.3.0/24' }, 'overlaps'],
    [{ source: '10.0.3.22/32' }, { source: '10.0.3.0/24', expires: '2026-08-01' }, undefined],
    [{ source: '10.0.3.22/32' }, { source: '0.0.0.0/0' }, undefined],
  ])('%j beside %j: %s', (values, other, expected) => {
    expect(against(values, other)).toBe(expected);
  });

  test('is compared with every rule, those that cover it first', () => {
    const others = [
      rule({ id: 'b', source: '10.0.3.22/32', ports: '22' }),
      rule({ id: 'c', source: '10.0.0.0/8' }),
      rule({ id: 'a', source: '10.0.3.0/24' }),
    ];
    const overlaps = overlapsOf(rule({ source: '10.0.3.22/32' }), others, NOW);
    expect(overlaps.map(({ rule: { id } }) => id)).toEqual(['a', 'c', 'b']);
  });
});
