/** Which entries into running containers are findings. */
import { describe, expect, test } from '@jest/globals';
import { createPod, enter, exec, refusedExec, signalsOf, telling } from '../audit-events.ts';

const AT = '2026-11-21T10:00:00Z';
const NMAP = ['nmap', '-sT', '-p', '1-1024', '10.0.12.30'];
const LOOP = ['sh', '-c', 'for p in {20..85}; do (echo >/dev/tcp/10.0.12.30/$p) && echo $p; done'];
const minute = (at: number) => `2026-11-21T10:${String(at).padStart(2, '0')}:00Z`;
const day = (at: number) => `2026-11-${String(at).padStart(2, '0')}T10:00:00Z`;

describe('a known tool in a running pod', () => {
  test('is high, with the command, the user and its targets', () => {
    expect(signalsOf(exec('web-1', NMAP, { at: AT }))).toMatchObject([
      {
        kind: 'exec-into-container',
        severity: 'high',
        tool: 'nmap',
        actor: {
          kind: 'pod',
          name: 'web-1',
          namespace: 'shop',
          user: 'alice',
          command: 'nmap -sT -p 1-1024 10.0.12.30',
        },
        targets: ['10.0.12.30'],
      },
    ]);
  });

  test('is found in a script, whose blanks came as plus signs', () => {
    expect(telling(signalsOf(exec('web-1', LOOP, { at: AT })))).toMatchObject([{ severity: 'high' }]);
  });

  test('is one attempt where kubectl was refused by WebSocket and asked again by SPDY', () => {
    const signals = signalsOf(refusedExec('web-1', NMAP, { at: AT }));
    expect(signals).toMatchObject([{ severity: 'low', tool: 'nmap' }]);
    expect(signals[0]!.summary).toContain('alice was refused an exec into pod shop/web-1');
  });

  test('is one exec with the start and the end of its session, whichever comes first', () => {
    const [start, end] = exec('web-1', NMAP, { at: AT, ended: '2026-11-21T10:42:00.000000Z' });
    const expected = signalsOf([start!, end!]);
    expect(expected).toMatchObject([
      { at: Date.parse('2026-11-21T10:00:00.250Z'), until: Date.parse('2026-11-21T10:42:00Z') },
    ]);
    expect(signalsOf([end!, start!])).toEqual(expected);
    expect(signalsOf([end!], [start!, end!])).toEqual(expected);
  });

  test('by a runner of continuous integration never alerts', () => {
    const user = 'system:serviceaccount:gitlab:gitlab-runner';
    expect(signalsOf(exec('runner-1', NMAP, { at: AT, user }))).toMatchObject([{ severity: 'low' }]);
  });

  test('by a caller that ran it on three days before is low', () => {
    const events = [1, 2, 3, 4].flatMap((at) => exec('web-1', NMAP, { at: day(at) }));
    expect(signalsOf(events).map(({ severity }) => severity)).toEqual(['high', 'high', 'high', 'low']);
  });

  test('through the kubelet needs no rights to pods/exec, and is seen', () => {
    const event = enter('web-1', 'exec', { at: AT });
    const uri =
      '/api/v1/nodes/ip-10-0-7-21.ec2.internal/proxy/exec/shop/web-1/web?command=nmap&command=-sS&command=10.0.0.0%2F24&output=1';
    const kubelet = {
      ...event,
      requestURI: uri,
      objectRef: { resource: 'nodes', name: 'ip-10-0-7-21.ec2.internal', subresource: 'proxy' },
    };
    expect(signalsOf([kubelet])).toMatchObject([
      {
        severity: 'high',
        tool: 'nmap',
        actor: { name: 'web-1', namespace: 'shop', host: 'ip-10-0-7-21.ec2.internal' },
      },
    ]);
  });

  test('of one target by each of many execs is a scan', () => {
    const events = Array.from({ length: 12 }, (_, at) =>
      exec('web-1', ['nc', '-z', '-w', '1', '10.0.12.30', String(20 + at)], { at: minute(at % 8) }),
    ).flat();
    expect(telling(signalsOf(events))).toMatchObject([{ severity: 'high', tool: 'nc', measure: { value: 12 } }]);
  });

  test('shows who was impersonated', () => {
    const [event] = exec('web-1', NMAP, { at: AT });
    expect(signalsOf([{ ...event, impersonatedUser: { username: 'system:admin' } }])[0]!.actor.user).toBe(
      'alice as system:admin',
    );
  });
});

describe('a shell', () => {
  test('of a person is low', () => {
    for (const command of [
      ['bash'],
      ['/bin/sh', '-i'],
      ['sh', '-c', 'clear; (bash || ash || sh)'],
      ['sh', '-c', 'command -v bash >/dev/null && exec bash || exec sh'],
    ])
      expect(telling(signalsOf(exec('web-1', command, { at: AT, tty: true })))).toMatchObject([
        { severity: 'low', confidence: 20 },
      ]);
  });

  test('of a person at a console in a browser is low, although a service account asks for it', () => {
    const user = 'system:serviceaccount:kubernetes-dashboard:admin-user';
    expect(signalsOf(exec('web-1', ['bash'], { at: AT, user, tty: true }))).toMatchObject([{ severity: 'low' }]);
  });

  test('that a pod opens in another is medium', () => {
    const user = 'system:serviceaccount:shop:web';
    expect(signalsOf(exec('db-0', ['sh'], { at: AT, user }))).toMatchObject([
      { severity: 'medium', actor: { serviceAccount: 'shop/web' } },
    ]);
  });

  test('of nobody who logged in is high', () => {
    expect(signalsOf(exec('web-1', ['sh'], { at: AT, user: 'system:anonymous' }))).toMatchObject([
      { severity: 'high' },
    ]);
  });

  test('that was refused is only evidence', () => {
    expect(telling(signalsOf(refusedExec('web-1', ['bash'], { at: AT })))).toEqual([]);
  });
});

describe('everyday entries are only evidence beside a scan', () => {
  test.each<[string, string[], string]>([
    ['kubectl cp out of a pod', ['tar', 'cf', '-', '/etc/hosts'], 'alice'],
    ['kubectl cp into a pod', ['tar', '-xmf', '-', '-C', '/tmp'], 'alice'],
    ['a look at the disk', ['df', '-h'], 'alice'],
    [
      'a runner of continuous integration',
      ['sh', '-c', 'if [ -x /bin/bash ]; then exec /bin/bash; fi'],
      'system:serviceaccount:ci:gitlab-runner',
    ],
    ['a role of GitHub Actions', ['bash'], 'arn:aws:sts::123456789012:assumed-role/github-actions-deploy/run'],
    ['an operator', ['pg_isready', '-h', '127.0.0.1'], 'system:serviceaccount:db:postgres-operator'],
    [
      'a script of an operator',
      ['sh', '-c', 'pg_isready && touch /tmp/ok'],
      'system:serviceaccount:db:postgres-operator',
    ],
  ])('%s', (_, command, user) => {
    const signals = signalsOf(exec('web-1', command, { at: AT, user }));
    expect(signals).toHaveLength(1);
    expect(telling(signals)).toEqual([]);
  });

  test('a check that repeats at a fixed period, even with a known tool', () => {
    const check = (at: number) => exec('web-1', ['nmap', '-p', '5432', '10.0.12.30'], { at: minute(at) });
    expect(
      signalsOf([0, 1, 2, 3, 4].flatMap(check)).every(
        ({ severity }) => severity === 'low' || severity === 'informational',
      ),
    ).toBe(true);
  });

  test('a port-forward, which names no port', () => {
    expect(telling(signalsOf([enter('web-1', 'portforward', { at: AT })]))).toEqual([]);
  });
});

describe('other ways in', () => {
  test('an attach with input is a little more than one without', () => {
    const attach = (query: string) => signalsOf([enter('web-1', 'attach', { at: AT, query })]);
    expect(telling(attach('?container=web&stdin=true&stdout=true'))).toMatchObject([{ severity: 'informational' }]);
    expect(telling(attach('?container=web&stdout=true'))).toEqual([]);
  });

  test('a debug container is read from the body below spec', () => {
    const body = {
      spec: {
        ephemeralContainers: [
          { name: 'debugger-x', image: 'instrumentisto/nmap', args: ['-p-', '10.0.12.30'], targetContainerName: 'web' },
        ],
      },
    };
    expect(
      signalsOf([enter('web-1', 'ephemeralcontainers', { at: AT, verb: 'patch', code: 200, body })]),
    ).toMatchObject([{ severity: 'medium', tool: 'nmap', actor: { image: 'instrumentisto/nmap' } }]);
    const busybox = {
      spec: { ephemeralContainers: [{ name: 'debugger-y', image: 'busybox', stdin: true, tty: true }] },
    };
    expect(
      signalsOf([enter('web-1', 'ephemeralcontainers', { at: AT, verb: 'patch', code: 200, body: busybox })]),
    ).toMatchObject([{ severity: 'low' }]);
  });
});

describe('commands of one target each', () => {
  const ask = (targets: readonly string[]) =>
    targets.flatMap((target, at) => exec('web-1', ['nc', '-z', ...target.split(':')], { at: minute(at % 9) }));
  const severities = (targets: readonly string[]) =>
    telling(signalsOf(ask(targets))).map(({ severity, measure }) => [severity, measure?.value]);

  test('are a search by address, and by many ports of a name', () => {
    expect(severities(Array.from({ length: 10 }, (_, n) => `10.0.3.${20 * n}:22`))).toEqual([['high', 10]]);
    expect(severities(Array.from({ length: 10 }, (_, n) => `db:${5000 + n}`))).toEqual([['high', 10]]);
  });

  test('are low where each is a service by its name', () => {
    expect(severities(Array.from({ length: 12 }, (_, n) => `service-${n}:8080`))).toEqual([['low', 12]]);
  });
});

test('a service account that opens a shell in a pod that it made is low, and a tool there is not', () => {
  const user = 'system:serviceaccount:builds:default';
  const made = createPod('build-1', { image: 'node:22' }, { at: minute(0), user });
  const shell = exec('build-1', ['bash'], { at: minute(1), user, tty: true });
  expect(telling(signalsOf(shell))).toMatchObject([{ severity: 'medium' }]);
  expect(telling(signalsOf([made, ...shell]))).toMatchObject([{ severity: 'low' }]);
  expect(telling(signalsOf([made, ...exec('build-1', NMAP, { at: minute(2), user })]))).toMatchObject([
    { severity: 'high' },
  ]);
  // Another caller, or one that came a day later, is as unusual as before.
  expect(telling(signalsOf([made, ...exec('build-1', ['bash'], { at: day(23), user, tty: true })]))).toHaveLength(1);
});
