/**
 * The subscription to an audit log drops nothing that a rule uses, and most of a log. The filter is that of the local
 * cloud, which reads patterns as CloudWatch Logs documents them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { auditEvents } from '../../../../bench/workload/audit.ts';
import { auditFacts } from '../../../../lib/signals/orchestrator/audit.ts';
import { ENTRIES, MAPS, REVIEWS, WORKLOADS } from '../../../../lib/signals/orchestrator/audit-resources.ts';
import type { Fact } from '../../../../lib/signals/orchestrator/facts.ts';
import { isKept } from '../../../../lib/signals/orchestrator/ledger.ts';
import { AUDIT_PATTERN } from '../../../../lib/signals/orchestrator/subscription-pattern.ts';
import { readFilterPattern } from '../../../../local/servers/filter-pattern.ts';

const isDelivered = readFilterPattern(AUDIT_PATTERN);
const SAMPLES = join(import.meta.dirname, '../../../data/signals/k8s-audit');

/** Allowed lists of one namespace are facts that no rule counts. */
const isUsed = (fact: Fact): boolean =>
  isKept(fact) &&
  (fact.type !== 'query' ||
    fact.isDenied ||
    fact.isReview ||
    fact.seeker !== undefined ||
    fact.namespace === undefined);

const isLost = (event: object): boolean =>
  !isDelivered(JSON.stringify(event)) && auditFacts(event as Readonly<Record<string, unknown>>).some(isUsed);

test('fits into a filter, with the regular expressions that a filter may have', () => {
  expect(AUDIT_PATTERN.length).toBeLessThanOrEqual(1024);
  expect(AUDIT_PATTERN.match(/%[^%]+%/g)).toHaveLength(2);
});

test('loses no fact of the recorded samples', () => {
  const files = readdirSync(SAMPLES, { recursive: true, encoding: 'utf8' }).filter((name) => /json$/.test(name));
  const events = files.flatMap((name) => {
    const text = readFileSync(join(SAMPLES, name), 'utf8');
    return name.endsWith('.ndjson')
      ? text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line))
      : [JSON.parse(text)];
  });
  const audit = events.flatMap((event) => (event.kind === 'EventList' ? event.items : [event]));
  expect(audit.flatMap((event) => auditFacts(event).filter(isUsed)).length).toBeGreaterThan(5);
  expect(audit.filter(isLost)).toEqual([]);
});

test('loses no fact of a busy cluster, and delivers at most two fifths of its bytes', () => {
  let [bytes, delivered, lost] = [0, 0, 0];
  for (const line of auditEvents('subscription', 8_000_000)) {
    bytes += line.length;
    if (isDelivered(line)) delivered += line.length;
    else if (isLost(JSON.parse(line))) lost++;
  }
  expect(lost).toBe(0);
  expect(delivered / bytes).toBeLessThan(0.4);
});

describe('loses no fact', () => {
  const event = (verb: string, objectRef: object, more: object = {}) => ({
    kind: 'Event',
    auditID: 'a',
    requestURI: '/api',
    verb,
    user: { username: 'alice' },
    userAgent: 'kubectl/v1.35.2',
    objectRef: { name: 'x', ...objectRef },
    responseStatus: { code: 200 },
    ...more,
  });
  const pod = { spec: { containers: [{ image: 'instrumentisto/nmap', args: ['-sS', '10.0.0.0/24'] }] } };
  const body = {
    requestObject: { kind: 'x', spec: { template: pod, jobTemplate: { spec: { template: pod } }, ...pod.spec } },
  };
  const status = (inner: object) => ({ requestObject: { status: inner } });

  test.each<[string, object]>([
    ...Object.keys(ENTRIES).flatMap((subresource): [string, object][] => [
      ...(subresource === 'ephemeralcontainers'
        ? []
        : ([[`get ${subresource}`, event('get', { resource: 'pods', namespace: 'a', subresource })]] as [
            string,
            object,
          ][])),
      [`create ${subresource}`, event('create', { resource: 'pods', namespace: 'a', subresource })],
      [`patch ${subresource}`, event('patch', { resource: 'pods', namespace: 'a', subresource })],
    ]),
    ...[...WORKLOADS].flatMap((resource) =>
      (resource === 'pods' ? ['create'] : ['create', 'update', 'patch']).map((verb): [string, object] => [
        `${verb} ${resource}`,
        event(verb, { resource, namespace: 'a' }, body),
      ]),
    ),
    ...[...MAPS].flatMap((resource) =>
      ['list', 'watch'].map((verb): [string, object] => [`${verb} ${resource}`, event(verb, { resource })]),
    ),
    ...[...REVIEWS].map((resource): [string, object] => [`create ${resource}`, event('create', { resource })]),
    ['delete of a pod', event('delete', { resource: 'pods', namespace: 'a' })],
    [
      'proxy of a service',
      event('get', { resource: 'services', namespace: 'a', name: 'https:x:1', subresource: 'proxy' }),
    ],
    ['exec by the kubelet', event('get', { resource: 'nodes', subresource: 'proxy' })],
    ['denied', event('get', { resource: 'secrets', namespace: 'a' }, { responseStatus: { code: 403 } })],
    [
      'address of a pod',
      event('patch', { resource: 'pods', namespace: 'a', subresource: 'status' }, status({ podIP: '10.0.0.1' })),
    ],
    ...['Succeeded', 'Failed'].map((phase): [string, object] => [
      `${phase} pod`,
      event('patch', { resource: 'pods', namespace: 'a', subresource: 'status' }, status({ phase })),
    ]),
    ...['kube-hunter', 'kubehunter', 'peirates', 'kdigger', 'rakkess', 'kubeletctl', 'TruffleHog'].map(
      (agent): [string, object] => [
        `user agent ${agent}`,
        event('get', { resource: 'configmaps', namespace: 'a' }, { userAgent: `${agent}/1.0` }),
      ],
    ),
  ])('of: %s', (_, audit) => {
    expect(auditFacts(audit as Readonly<Record<string, unknown>>).filter(isUsed)).not.toEqual([]);
    expect(isLost(audit)).toBe(false);
  });

  test.each<[string, object]>([
    ['renewal of a lease', event('update', { resource: 'leases', namespace: 'kube-node-lease' })],
    ['reading of a configuration', event('get', { resource: 'configmaps', namespace: 'a' })],
    [
      'status without an address',
      event('patch', { resource: 'pods', namespace: 'a', subresource: 'status' }, status({ conditions: [] })),
    ],
    ['watch by a node', event('watch', { resource: 'services' }, { user: { username: 'system:node:a' } })],
  ])('and is not delivered: %s', (_, audit) => {
    expect(isDelivered(JSON.stringify(audit))).toBe(false);
  });
});
