/** Suppressions: what is refused, what they cover, and when they stop. */
import { describe, expect, test } from '@jest/globals';
import type { Finding } from '../../../lib/finding/model.ts';
import { type Suppression, scopeToSilence, suppressionFault, suppressionOf } from '../../../lib/notify/suppression.ts';
import { campaignOf, findingOf } from '../finding/samples.ts';

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
    for (const source of ['10.0.3.22/32', '10.0.0.0/8', '2001:db8::/32', 'fd00::5/128'])
      expect(suppressionFault(rule({ source }), NOW)).toBeUndefined();
    for (const source of ['10.0.3.22/32', '0.0.0.0/0'])
      expect(suppressionFault(rule({ source, target: '10.0.9.0/24' }), NOW)).toBeUndefined();
    expect(suppressionFault(rule({ source: '::/0', target: 'fd00::/64' }), NOW)).toBeUndefined();
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

  test.each(['', '10.0.9.9', '10.0.9.0/33', 'web'])('with the target "%s" is refused likewise', (target) => {
    expect(suppressionFault(rule({ target }), NOW)).toBe(`target must be a CIDR such as 10.0.9.0/24, got "${target}"`);
  });

  test.each<[string, string | undefined]>([
    ['0.0.0.0/0', undefined],
    ['::/0', undefined],
    ['10.0.0.0/0', undefined],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::/0', '::/0'],
  ])('that silences everything, %s to %s, is refused', (source, target) => {
    expect(suppressionFault(rule({ source, ...(target && { target }) }), NOW)).toBe(
      `source must not cover every address unless a target limits the rule, got ${source}`,
    );
  });

  test('without an owner, a reason or a future end is refused', () => {
    expect(suppressionFault(rule({ owner: ' ' }), NOW)).toMatch(/^owner must/);
    expect(suppressionFault(rule({ reason: '' }), NOW)).toMatch(/^reason must/);
    expect(suppressionFault(rule({ expires: 'friday' }), NOW)).toMatch(/^expires must be a date .* got "friday"/);
    expect(suppressionFault(rule({ expires: '2026-09-01T12:00:00Z' }), NOW)).toMatch(/^expires must be in the future/);
  });
});

describe('a finding', () => {
  test.each([
    ['10.0.3.22/32', '10.0.3.22', true],
    ['10.0.3.22/32', '10.0.3.23', false],
    ['10.0.3.0/24', '10.0.3.255', true],
    ['10.0.3.0/24', '10.0.4.0', false],
    ['128.0.0.0/1', '203.0.113.9', true],
    ['0.0.0.0/1', '::1', false],
    ['8000::/1', '203.0.113.9', false],
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

  test('is not covered by a stored rule that would have been refused', () => {
    for (const fault of [{ source: '0.0.0.0/0' }, { target: 'web' }, { target: '' }, { reason: ' ' }])
      expect(suppressionOf(from('10.0.3.22'), [rule(fault)], NOW)).toBeUndefined();
    expect(suppressionOf(campaignOf(), [rule({ source: '0.0.0.0/0' })], NOW)).toBeUndefined();
  });
});

describe('a rule with a target', () => {
  const isSilent = (finding: Finding, target: string, source = '10.0.3.22/32') =>
    suppressionOf(finding, [rule({ source, target })], NOW) !== undefined;
  const at = (...sample: string[]) => findingOf({ targets: { count: sample.length, exact: true, sample } });

  test('covers scans of that alone: a scanner that leaves its range alerts again', () => {
    expect(isSilent(at('10.0.9.1', '10.0.9.200'), '10.0.9.0/24')).toBe(true);
    expect(isSilent(at('10.0.9.1', '10.0.10.1'), '10.0.9.0/24')).toBe(false);
    expect(isSilent(at('10.0.9.1'), '10.0.9.0/24', '10.0.4.0/24')).toBe(false);
    expect(isSilent(at('10.0.9.1', 'fd00::1'), '10.0.9.0/24')).toBe(false);
  });

  test('does not cover more targets than it has, though all that are named lie in it', () => {
    const sample = ['10.0.9.1', '10.0.9.2'];
    expect(isSilent(findingOf({ targets: { count: 256, exact: true, sample } }), '10.0.9.0/24')).toBe(true);
    expect(isSilent(findingOf({ targets: { count: 257, exact: true, sample } }), '10.0.9.0/24')).toBe(false);
    // An estimate may well be above the truth.
    expect(isSilent(findingOf({ targets: { count: 300, exact: false, sample } }), '10.0.9.0/24')).toBe(true);
  });
});

describe('a campaign', () => {
  const isSilent = (finding: Finding, scope: Partial<Suppression>) =>
    suppressionOf(finding, [rule(scope)], NOW) !== undefined;
  const provider = campaignOf({ sources: { count: 40, sample: ['203.0.113.1', '203.0.113.77'] } });

  test('is covered by its target, whatever its sources', () => {
    expect(isSilent(campaignOf(), { source: '0.0.0.0/0', target: '10.0.9.0/24' })).toBe(true);
    expect(isSilent(campaignOf(), { source: '0.0.0.0/0', target: '10.0.9.0/27' })).toBe(false);
    expect(isSilent(campaignOf(), { source: '::/0', target: '10.0.9.0/24' })).toBe(false);
  });

  test('is covered by the network of all of its sources, not of some', () => {
    expect(isSilent(provider, { source: '203.0.113.0/24' })).toBe(true);
    expect(isSilent(provider, { source: '203.0.113.0/26' })).toBe(false);
    expect(isSilent(provider, { source: '203.0.113.1/32' })).toBe(false);
    expect(
      isSilent({ ...provider, sources: { count: 300, sample: ['203.0.113.1'] } }, { source: '203.0.113.0/24' }),
    ).toBe(false);
  });

  test('of which no source is known is covered by none', () => {
    const { sources: _sources, ...unknown } = campaignOf();
    expect(isSilent(unknown, { source: '0.0.0.0/0', target: '10.0.9.0/24' })).toBe(false);
  });
});

describe('the scope that is offered', () => {
  test.each<[string, Finding, object | undefined]>([
    ['for a source is the source', findingOf(), { source: '10.0.3.22/32' }],
    ['for an IPv6 source too', from('fd00::5'), { source: 'fd00::5/128' }],
    ['for a campaign is its targets', campaignOf(), { source: '0.0.0.0/0', target: '10.0.9.0/26' }],
    [
      'for an IPv6 campaign too',
      campaignOf({
        sources: { count: 40, sample: ['2001:db8::1'] },
        targets: { count: 1, exact: true, sample: ['fd00::9'] },
      }),
      { source: '::/0', target: 'fd00::9/128' },
    ],
    [
      'for targets without a network in common is none',
      campaignOf({ targets: { count: 2, exact: true, sample: ['10.0.0.1', '198.51.100.1'] } }),
      undefined,
    ],
    [
      'for targets of two families is none',
      campaignOf({ targets: { count: 2, exact: true, sample: ['10.0.0.1', 'fd00::1'] } }),
      undefined,
    ],
  ])('%s', (_, finding, expected) => {
    const scope = scopeToSilence(finding);
    expect(scope).toEqual(expected);
    if (scope) {
      const offered = rule(scope);
      expect(suppressionFault(offered, NOW)).toBeUndefined();
      expect(suppressionOf(finding, [offered], NOW)).toBe(offered);
    }
  });
});

describe('a rule about the actor', () => {
  const actor = {
    kind: 'pod',
    name: 'scan-1',
    namespace: 'ci',
    serviceAccount: 'ci/runner',
    image: 'registry.example.com/scanner:1.2',
    user: 'arn:aws:sts::111122223333:assumed-role/Scanner/alice',
    at: '2026-08-31T10:00:00Z',
  } as const;
  const scope = (values: Partial<Suppression>): Suppression => {
    const { source: _source, ...others } = rule();
    return { ...others, ...values };
  };
  const covers = (values: Partial<Suppression>, finding: Finding) =>
    suppressionOf(finding, [scope(values)], NOW) !== undefined;
  const alone = findingOf({ source: null, actor });

  test.each<[string, Partial<Suppression>, boolean]>([
    ['its namespace', { namespace: 'ci' }, true],
    ['another namespace', { namespace: 'cd' }, false],
    ['the beginning of its namespace', { namespace: 'c' }, false],
    ['its service account', { serviceAccount: 'ci/runner' }, true],
    ['its image in any version', { image: 'registry.example.com/scanner:*' }, true],
    ['an image of that name elsewhere', { image: 'scanner:*' }, false],
    ['its user in any session and account', { user: 'arn:aws:sts::*:assumed-role/Scanner/*' }, true],
    ['stars whose texts overlap in the user', { user: 'arn:aws:sts::*assumed-role/Scanner/alice*alice' }, false],
    ['all of it', { namespace: 'ci', user: '*alice' }, true],
    ['its namespace and another user', { namespace: 'ci', user: '*bob' }, false],
    ['its namespace and a source that the finding has not', { namespace: 'ci', source: '10.0.0.0/8' }, false],
  ])('with %s', (_, values, isCovered) => {
    expect(covers(values, alone)).toBe(isCovered);
  });

  test('covers a scan that has this actor, within the source of the rule', () => {
    const scan = findingOf({ source: { address: '10.0.3.22', scope: '1' }, actor });
    expect(covers({ namespace: 'ci' }, scan)).toBe(true);
    expect(covers({ namespace: 'ci', source: '10.0.3.0/24' }, scan)).toBe(true);
    expect(covers({ namespace: 'ci', source: '10.0.4.0/24' }, scan)).toBe(false);
    expect(covers({ namespace: '*i', source: '0.0.0.0/0' }, scan)).toBe(true);
  });

  test('covers no finding without an actor', () => {
    expect(covers({ namespace: 'ci' }, from('10.0.3.22'))).toBe(false);
  });

  test('is refused where it would cover every actor, or says nothing', () => {
    expect(suppressionFault(scope({ user: '**' }), NOW)).toBe('user must hold more than stars and blanks, got "**"');
    expect(suppressionFault(scope({ namespace: '' }), NOW)).toMatch(/^namespace must hold more/);
    expect(suppressionFault(scope({}), NOW)).toBe(
      'source must be given unless instance, interface, ecsService, namespace, serviceAccount, image or user limits the rule, got nothing',
    );
  });

  test('is compared in linear time', () => {
    const finding = findingOf({ source: null, actor: { ...actor, user: 'a'.repeat(100_000) } });
    const begin = performance.now();
    expect(covers({ user: `${'*a'.repeat(1000)}*b` }, finding)).toBe(false);
    expect(performance.now() - begin).toBeLessThan(500);
  });
});

describe('a rule about what sent the packets', () => {
  const scope = (values: Partial<Suppression>): Suppression => {
    const { source: _source, ...others } = rule();
    return { ...others, ...values };
  };
  const own = { ...from('10.0.3.22').source!, interfaceId: 'eni-0a1', instanceId: 'i-0a1' };
  const finding = (values: object) => findingOf({ source: { ...own, ...values } });
  const isSilent = (values: Partial<Suppression>, of: Finding) => suppressionOf(of, [scope(values)], NOW) !== undefined;

  test('covers the instance or the interface that it names, and no other', () => {
    expect(isSilent({ instance: 'i-0a1' }, finding({}))).toBe(true);
    expect(isSilent({ instance: 'i-0a2' }, finding({}))).toBe(false);
    expect(isSilent({ interface: 'eni-0a1' }, finding({}))).toBe(true);
    expect(isSilent({ interface: 'eni-0a1', source: '10.0.4.0/24' }, finding({}))).toBe(false);
    expect(isSilent({ interface: 'eni-0a2' }, finding({}))).toBe(false);
    expect(isSilent({ instance: 'i-0a1' }, campaignOf())).toBe(false);
  });

  test('does not cover what is only behind the interface, such as all hosts of a NAT gateway', () => {
    expect(isSilent({ instance: 'i-0a1' }, finding({ behindInterface: true }))).toBe(false);
    expect(isSilent({ interface: 'eni-0a1' }, finding({ behindInterface: true }))).toBe(false);
  });

  test.each<[string, boolean]>([
    ['scanner', true],
    ['scan*', true],
    ['prod/scanner', true],
    ['*/scanner', true],
    ['test/scanner', false],
    ['scanners', false],
  ])('about the ECS service %s: %s', (ecsService, isCovered) => {
    const ecs = { cluster: 'prod', service: 'scanner' };
    expect(isSilent({ ecsService }, finding({ ecs }))).toBe(isCovered);
    expect(isSilent({ ecsService }, finding({}))).toBe(false);
    expect(isSilent({ ecsService }, finding({ ecs: { cluster: 'prod' } }))).toBe(false);
  });

  test.each<[Partial<Suppression>, string]>([
    [{ instance: 'web' }, 'instance must be an instance id such as i-0a1b2c3d4e5f60718, got "web"'],
    [{ instance: 'i-*' }, 'instance must be an instance id'],
    [{ interface: 'i-0a1' }, 'interface must be an interface id'],
    [{ ecsService: '*' }, 'ecsService must hold more than stars and blanks'],
    [{ source: '10.0.3.22/32', kind: 'Scan*' }, 'kind must be a kind such as vertical-scan'],
    [{ ports: '22' }, 'source must be given unless'],
    [{ kind: 'vertical-scan' }, 'source must be given unless'],
    [{ source: '0.0.0.0/0', ports: '22' }, 'source must not cover every address'],
    [{ source: '10.0.3.22/32', unknownPart: 'moon' }, 'moon is a part that this release does not know'],
  ])('%j is refused', (values, message) => {
    expect(suppressionFault(scope(values), NOW)).toContain(message);
  });
});

describe('a rule with ports or a kind', () => {
  const isSilent = (values: Partial<Suppression>, finding: Finding) =>
    suppressionOf(finding, [rule(values)], NOW) !== undefined;
  const on = (...sample: number[]) =>
    findingOf({ ports: { count: sample.length, exact: true, sample }, openPorts: { count: 0, sample: [] } });

  test('covers scans of these ports alone: a scanner that tries another one alerts again', () => {
    expect(isSilent({ ports: '22,8000-8100' }, on(22, 8000, 8100))).toBe(true);
    expect(isSilent({ ports: '22, 8000-8100' }, on(22))).toBe(true);
    expect(isSilent({ ports: '22,8000-8100' }, on(22, 23))).toBe(false);
    expect(isSilent({ ports: '22' }, findingOf({ ports: { count: 1, exact: true, sample: [22] } }))).toBe(true);
  });

  test('covers no finding that names an open port beside them, more ports than they are, or none', () => {
    const open = { count: 1, sample: [{ target: '10.0.9.9', port: 443, protocol: 'tcp' }] };
    expect(isSilent({ ports: '22' }, findingOf({ ports: on(22).ports, openPorts: open }))).toBe(false);
    expect(isSilent({ ports: '22,23' }, findingOf({ ports: { count: 3, exact: true, sample: [22] } }))).toBe(false);
    expect(isSilent({ ports: '0-65535' }, on())).toBe(false);
  });

  test.each(['', ' ', ',', '22,', '22-', '-22', '8100-8000', '65536', '1-65536', 'ssh', '22;23', '1e3'])(
    'refuses the list "%s"',
    (ports) => {
      expect(suppressionFault(rule({ ports }), NOW)).toBe(
        `ports must be a list such as 22,443,8000-8100, got "${ports}"`,
      );
    },
  );

  test('refuses a list that would hold up every alert', () => {
    expect(suppressionFault(rule({ ports: '0-65535,'.repeat(50_000) }), NOW)).toMatch(/^ports must be a list/);
  });

  test('covers a finding while it is of that kind', () => {
    expect(isSilent({ kind: 'vertical-scan' }, findingOf())).toBe(true);
    expect(isSilent({ kind: 'horizontal-scan' }, findingOf())).toBe(false);
  });
});
