/** Which pods, jobs and containers are findings, and when their coming and going is one. */
import { describe, expect, test } from '@jest/globals';
import { type AuditEvent, createPod, createWorkload, deletePod, signalsOf, telling } from '../audit-events.ts';

const AT = '2026-11-21T10:00:00Z';
const second = (at: number) =>
  `2026-11-21T10:${String(Math.floor(at / 60)).padStart(2, '0')}:${String(at % 60).padStart(2, '0')}Z`;
const MASSCAN = { image: 'adarnimrod/masscan', args: ['masscan', '--rate=1000', '10.0.12.0/24', '-p80,443'] };

describe('a known tool in a new pod', () => {
  test('is found in its arguments, where kubectl run puts them', () => {
    expect(signalsOf([createPod('scan', MASSCAN, { at: AT })])).toMatchObject([
      {
        kind: 'tool-execution',
        severity: 'medium',
        tool: 'masscan',
        actor: { kind: 'pod', name: 'scan', namespace: 'shop', user: 'alice', image: 'adarnimrod/masscan' },
      },
    ]);
  });

  test('is found behind the program of its image', () => {
    const container = { image: 'instrumentisto/nmap', args: ['-p-', '10.0.12.30'] };
    expect(telling(signalsOf([createPod('scan', container, { at: AT })]))).toMatchObject([
      { tool: 'nmap', severity: 'medium' },
    ]);
  });

  test('is high with the network of its node, or with raw sockets', () => {
    const host = createPod('scan', MASSCAN, { at: AT, spec: { hostNetwork: true } });
    const raw = createPod('scan', { ...MASSCAN, securityContext: { capabilities: { add: ['NET_RAW'] } } }, { at: AT });
    for (const event of [host, raw]) expect(signalsOf([event])).toMatchObject([{ severity: 'high' }]);
  });

  test('is no finding for its version, or for a toolbox without a command', () => {
    const version = createPod('scan', { image: 'instrumentisto/nmap', args: ['--version'] }, { at: AT });
    const toolbox = createPod('debug', { image: 'nicolaka/netshoot' }, { at: AT });
    const risky = createPod(
      'web',
      { image: 'nginx', securityContext: { capabilities: { add: ['NET_RAW'] } } },
      { at: AT, spec: { hostNetwork: true } },
    );
    expect(telling(signalsOf([version, toolbox, risky]))).toEqual([]);
  });

  test('never alerts in a namespace of continuous integration, or if it was refused', () => {
    const ci = createPod('job', MASSCAN, {
      at: AT,
      namespace: 'gitlab-jobs',
      user: 'system:serviceaccount:gitlab:gitlab-runner',
    });
    const refused = createPod('scan', MASSCAN, { at: AT, code: 403 });
    for (const event of [ci, refused]) expect(signalsOf([event])).toMatchObject([{ severity: 'low' }]);
  });

  test.each(['Job', 'CronJob', 'Deployment'] as const)(
    'of a %s names who made the workload, and is one group with its pods',
    (kind) => {
      const owner = {
        kind: kind === 'Deployment' ? 'ReplicaSet' : 'Job',
        name: kind === 'Job' ? 'scan' : kind === 'CronJob' ? 'scan-29384756' : 'scan-6d4cf56db6',
      };
      const pod = createPod(`${owner.name}-abcde`, MASSCAN, {
        at: second(9),
        user: 'system:serviceaccount:kube-system:job-controller',
        owner,
      });
      const signals = signalsOf([createWorkload(kind, 'scan', MASSCAN, { at: AT }), pod]);
      expect(signals.map(({ actor }) => actor.user)).toEqual(['alice', 'alice']);
      expect(new Set(signals.map(({ group }) => group)).size).toBe(1);
      expect(signals[1]!.actor.name).toBe(`${owner.name}-abcde`);
    },
  );

  test('is low once the same ran on three days before', () => {
    const runs = [18, 19, 20, 21].map((day) => createPod(`scan-${day}`, MASSCAN, { at: `2026-11-${day}T02:00:00Z` }));
    expect(signalsOf(runs).map(({ severity }) => severity)).toEqual(['medium', 'medium', 'medium', 'low']);
  });
});

/** Pods that live eight seconds each. */
const oneOffs = (
  count: number,
  container: AuditEvent,
  more: Partial<Parameters<typeof createPod>[2]> = {},
  from = 0,
): AuditEvent[] =>
  Array.from({ length: count }, (_, at) => [
    createPod(`p${from}-${at}`, container, { at: second(from + at * 10), ...more }),
    deletePod(`p${from}-${at}`, { at: second(from + at * 10 + 8), ...more }),
  ]).flat();

describe('many short-lived pods', () => {
  test('without an owner are low, however many', () => {
    expect(signalsOf(oneOffs(30, { image: 'team/app' }))).toMatchObject([
      { kind: 'container-churn', severity: 'low', measure: { value: 30, threshold: 6 } },
    ]);
  });

  test('of a known tool are medium, and one group with the tool', () => {
    const signals = signalsOf(oneOffs(4, MASSCAN));
    expect(signals.filter(({ kind }) => kind === 'container-churn')).toMatchObject([
      { severity: 'medium', tool: 'masscan' },
    ]);
    expect(new Set(signals.map(({ group }) => group)).size).toBe(1);
  });

  test.each<[string, AuditEvent[]]>([
    [
      'of an owner',
      oneOffs(
        30,
        { image: 'team/app' },
        { owner: { kind: 'Job', name: 'batch' }, user: 'system:serviceaccount:kube-system:job-controller' },
      ),
    ],
    [
      'of continuous integration',
      oneOffs(30, { image: 'team/app' }, { namespace: 'ci', user: 'system:serviceaccount:ci:runner' }),
    ],
    ['that are few', oneOffs(5, { image: 'team/app' })],
    [
      'that live long',
      Array.from({ length: 30 }, (_, at) => createPod(`long-${at}`, { image: 'team/app' }, { at: second(at) })),
    ],
  ])('%s are no finding', (_, events) => {
    expect(signalsOf(events)).toEqual([]);
  });

  test('that come every day are a habit', () => {
    const yesterday = oneOffs(10, { image: 'team/app' }).map((event) =>
      JSON.parse(
        JSON.stringify(event).replaceAll('2026-11-21', '2026-11-19').replaceAll('00000000-0000', '11111111-0000'),
      ),
    );
    expect(signalsOf([...yesterday, ...oneOffs(10, { image: 'team/app' })])).toEqual([]);
  });
});
