/** A day of a cluster in which nobody scans: nothing of it may alert. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { describeEpisodes, episodesOf } from '../../../lib/finding/describe-signals.ts';
import { severityRank } from '../../../lib/finding/model.ts';
import {
  type AuditEvent,
  ask,
  createPod,
  createWorkload,
  deletePod,
  enter,
  exec,
  podAddress,
  signalsOf,
  throughProxy,
} from './audit-events.ts';

const DATA = join(import.meta.dirname, '../../data/signals/docker/benign');
const DAY = Date.parse('2026-11-21T00:00:00Z');
const at = (second: number) => new Date(DAY + second * 1000).toISOString().replace('.000Z', 'Z');
const HOUR = 3600;
const times = (count: number, every: number, from = 0) =>
  Array.from({ length: count }, (_, index) => from + index * every);
const controller = (name: string) => `system:serviceaccount:kube-system:${name}-controller`;
const NODE = { node: 'ip-10-0-7-10.ec2.internal', instanceId: 'i-0ff2a0c6a833fe1a6', hostIp: '10.0.7.10' };

/** A pod of a controller that lives for some seconds. */
const life = (
  name: string,
  second: number,
  seconds: number,
  request: Partial<Parameters<typeof createPod>[2]>,
  container: AuditEvent = { image: 'team/app:1' },
) => [
  createPod(name, container, { at: at(second), ...request }),
  podAddress(name, {
    at: at(second + 2),
    address: `10.0.${(second >> 8) % 200}.${second % 250}`,
    ...NODE,
    ...(request.namespace !== undefined && { namespace: request.namespace }),
  }),
  deletePod(name, {
    at: at(second + seconds),
    ...(request.namespace !== undefined && { namespace: request.namespace }),
  }),
];

const DAY_OF_EVENTS: Readonly<Record<string, AuditEvent[]>> = {
  'a rolling update at nine': times(30, 20, 9 * HOUR).flatMap((second) =>
    life(`web-6d4cf56db6-${second}`, second, 40_000, {
      user: controller('replicaset'),
      owner: { kind: 'ReplicaSet', name: 'web-6d4cf56db6' },
    }),
  ),
  'an autoscaler up and down all day': times(200, 400).flatMap((second) =>
    life(`api-5c4b9-${second}`, second, 45, {
      user: controller('replicaset'),
      owner: { kind: 'ReplicaSet', name: 'api-5c4b9' },
    }),
  ),
  'jobs of a CronJob': times(288, 300).flatMap((second) =>
    life(`sync-${second}`, second, 20, { user: controller('job'), owner: { kind: 'Job', name: `sync-${second}` } }),
  ),
  'builds in a namespace of their own, with execs of the runner': times(80, 600).flatMap((second) => [
    ...life(`runner-${second}`, second, 50, {
      namespace: 'gitlab-ci',
      user: 'system:serviceaccount:gitlab-ci:gitlab-runner',
    }),
    ...exec(`runner-${second}`, ['sh', '-c', 'if [ -x /bin/bash ]; then exec /bin/bash; else exec /bin/sh; fi'], {
      at: at(second + 5),
      namespace: 'gitlab-ci',
      user: 'system:serviceaccount:gitlab-ci:gitlab-runner',
      tty: true,
    }),
  ]),
  'an operator that checks its databases every half minute': times(1000, 30).flatMap((second) =>
    exec(`pg-${second % 3}`, ['bash', '-c', 'pg_isready -h 127.0.0.1'], {
      at: at(second),
      namespace: 'db',
      user: 'system:serviceaccount:db:postgres-operator',
    }),
  ),
  'a probe by exec from outside': times(500, 60).flatMap((second) =>
    exec('cache-0', ['nc', '-z', '127.0.0.1', '6379'], {
      at: at(second),
      user: 'arn:aws:sts::123456789012:assumed-role/monitoring/check',
    }),
  ),
  'engineers at work': [
    ...exec('web-1', ['bash'], { at: at(10 * HOUR), tty: true, user: 'bob' }),
    ...exec('web-1', ['sh', '-c', 'clear; (bash || ash || sh)'], { at: at(11 * HOUR), tty: true, user: 'carol' }),
    ...exec('web-2', ['curl', '-s', 'localhost:8080/metrics'], { at: at(11 * HOUR + 60), user: 'bob' }),
    ...exec('web-2', ['tar', 'cf', '-', '/var/log/app'], { at: at(11 * HOUR + 120), user: 'bob' }),
    ...exec('web-2', ['nc', '-zv', 'db.internal', '5432'], { at: at(11 * HOUR + 180), user: 'bob' }),
    ...times(5, 60, 14 * HOUR).map((second) => enter('web-1', 'portforward', { at: at(second), user: 'bob' })),
    createPod(
      'debug',
      { image: 'nicolaka/netshoot', args: ['bash'], stdin: true, tty: true },
      { at: at(15 * HOUR), user: 'carol' },
    ),
    enter('debug', 'attach', {
      at: at(15 * HOUR + 3),
      user: 'carol',
      query: '?container=debug&stdin=true&stdout=true&tty=true',
    }),
    enter('web-1', 'ephemeralcontainers', {
      at: at(16 * HOUR),
      verb: 'patch',
      code: 200,
      user: 'carol',
      body: { spec: { ephemeralContainers: [{ name: 'debugger-1', image: 'busybox', stdin: true, tty: true }] } },
    }),
  ],
  'a console that asks for its rights at start': times(60, 1, 9 * HOUR).map((second) =>
    ask('create', 'selfsubjectaccessreviews', { at: at(second), code: 201, user: 'bob', agent: 'k9s/v0.32.4' }),
  ),
  'an operator that lists everything and watches': ['services', 'endpoints', 'pods', 'nodes'].flatMap(
    (resource, index) => [
      ask('list', resource, { at: at(index), user: 'system:serviceaccount:ingress:controller' }),
      ask('watch', resource, { at: at(index + 10), user: 'system:serviceaccount:ingress:controller' }),
    ],
  ),
  'a service account without a right that it wants': times(1000, 60).map((second) =>
    ask('list', 'secrets', { at: at(second), code: 403, user: 'system:serviceaccount:shop:reporter' }),
  ),
  'metrics through the API server': times(300, 60).map((second) =>
    throughProxy('services', `app-${second % 7}`, 'metrics', {
      at: at(second),
      user: 'system:serviceaccount:monitoring:prometheus',
    }),
  ),
  'new workloads': [
    createWorkload(
      'Deployment',
      'shop',
      { image: 'team/shop:2', args: ['--port', '80', '-p', '1-2'] },
      { at: at(9 * HOUR) },
    ),
    createWorkload(
      'CronJob',
      'backup',
      { image: 'team/backup', command: ['sh', '-c', 'pg_dump -h db.internal | gzip > /backup/db.gz'] },
      { at: at(9 * HOUR) },
    ),
    createWorkload(
      'Job',
      'migrate',
      { image: 'team/shop:2', command: ['sh', '-c', 'until nc -z db 5432; do sleep 1; done; ./migrate'] },
      { at: at(9 * HOUR) },
    ),
    createWorkload(
      'Deployment',
      'agent',
      { image: 'team/agent', securityContext: { capabilities: { add: ['NET_RAW'] } } },
      { at: at(9 * HOUR) },
    ),
  ],
};

const findingsOf = (...files: (string | readonly AuditEvent[])[]) =>
  describeEpisodes(episodesOf(signalsOf(...files)), {
    secret: 's',
    logTime: DAY / 1000 + 24 * HOUR,
    hasFlowLogs: false,
  });

test.each(Object.entries(DAY_OF_EVENTS))('%s gives no finding of medium severity or above', (_, events) => {
  expect(findingsOf(events).filter(({ severity }) => severityRank(severity) >= severityRank('medium'))).toEqual([]);
});

test('the whole day gives a handful of low findings, each about a person in a shell', () => {
  const containers = readdirSync(DATA).map((file) => readFileSync(join(DATA, file), 'utf8'));
  const findings = findingsOf(...Object.values(DAY_OF_EVENTS), ...containers);
  expect(findings.filter(({ severity }) => severityRank(severity) >= severityRank('medium'))).toEqual([]);
  expect(findings.map(({ kind }) => kind)).toEqual(findings.map(() => 'exec-into-container'));
  expect(findings.map(({ actor }) => actor!.user).sort()).toEqual(['bob', 'carol', 'carol']);
});
