/** Callers that look around in a cluster, and the many that only seem to. */
import { describe, expect, test } from '@jest/globals';
import { type AuditEvent, ask, signalsOf, throughProxy } from '../audit-events.ts';

const POD = {
  user: 'system:serviceaccount:shop:web',
  addresses: ['10.0.7.105'],
  extra: { 'authentication.kubernetes.io/pod-name': ['web-1'], 'authentication.kubernetes.io/pod-uid': ['uid-web-1'] },
};
const second = (at: number) =>
  `2026-11-21T10:${String(Math.floor(at / 60)).padStart(2, '0')}:${String(at % 60).padStart(2, '0')}Z`;
const SECRETS = ['secrets', 'configmaps', 'pods', 'services', 'nodes', 'deployments', 'roles'];
const denied = (more: object, from = 0): AuditEvent[] =>
  SECRETS.map((resource, at) => ask('list', resource, { at: second(from + at), code: 403, ...more }));
const later = (events: readonly AuditEvent[], day: string): AuditEvent[] =>
  events.map((event) =>
    JSON.parse(JSON.stringify(event).replaceAll('2026-11-21', day).replaceAll('00000000-0000', '22222222-0000')),
  );

describe('a spree', () => {
  test('of denied requests by a pod is medium, names the pod and has its address', () => {
    expect(signalsOf(denied(POD))).toMatchObject([
      {
        kind: 'discovery-spree',
        severity: 'medium',
        actor: { kind: 'pod', name: 'web-1', namespace: 'shop', serviceAccount: 'shop/web' },
        place: { addresses: ['10.0.7.105'], podUid: 'uid-web-1' },
        measure: { test: 'denied-requests', value: 7, threshold: 6 },
      },
    ]);
  });

  test('by a person or by nobody is low', () => {
    for (const user of ['alice', 'system:anonymous'])
      expect(signalsOf(denied({ user }))).toMatchObject([{ severity: 'low' }]);
  });

  test('is found across the border of two steps', () => {
    expect(signalsOf(denied(POD, 297))).toHaveLength(1);
  });

  test('of questions about its own rights is one for a pod, and not for the console of a person', () => {
    const reviews = (more: object) =>
      Array.from({ length: 12 }, (_, at) =>
        ask('create', 'selfsubjectaccessreviews', { at: second(at), code: 201, ...more }),
      );
    expect(signalsOf(reviews(POD))).toMatchObject([
      { severity: 'medium', measure: { test: 'questions-about-own-rights' } },
    ]);
    expect(signalsOf(reviews({ user: 'alice', agent: 'k9s/v0.32' }))).toEqual([]);
  });

  test('of questions that are answered with yes is low, as a controller asks them', () => {
    const answered = (allowed: boolean) =>
      Array.from({ length: 12 }, (_, at) => ({
        ...ask('create', 'selfsubjectaccessreviews', { at: second(at), code: 201, ...POD }),
        responseObject: { status: { allowed } },
      }));
    expect(signalsOf(answered(false))).toMatchObject([{ severity: 'medium' }]);
    expect(signalsOf(answered(true))).toMatchObject([
      { severity: 'low', dataQuality: [expect.stringContaining('answered with yes')] },
    ]);
  });

  test('of requests in the form of a controller is low', () => {
    const cached = denied(POD).map((event) => ({
      ...event,
      requestURI: `${event.requestURI}&resourceVersion=0`,
    }));
    expect(signalsOf(cached)).toMatchObject([
      { severity: 'low', dataQuality: [expect.stringContaining('as a controller asks')] },
    ]);
    // A look around beside it is told as what it is.
    expect(signalsOf([...cached, ...denied(POD)])).toMatchObject([{ severity: 'medium' }]);
  });

  test('of lists is one for a pod that watches nothing, and none for an operator', () => {
    const lists = ['services', 'endpoints', 'nodes'].map((resource, at) =>
      ask('list', resource, { at: second(at), ...POD }),
    );
    expect(signalsOf(lists)).toMatchObject([{ severity: 'low', measure: { test: 'lists-of-everything' } }]);
    const watches = ['services', 'endpoints', 'nodes'].map((resource, at) =>
      ask('watch', resource, { at: second(10 + at), ...POD }),
    );
    expect(signalsOf([...lists, ...watches])).toEqual([]);
  });

  test('is a single request of a program that looks for weak points, by its user agent', () => {
    const agent = 'kube-hunter/0.6.8';
    expect(signalsOf([ask('get', 'pods', { at: second(0), namespace: 'shop', ...POD, agent })])).toMatchObject([
      {
        severity: 'medium',
        measure: { test: 'seeker-of-weak-points' },
        summary: expect.stringContaining('kube-hunter'),
      },
    ]);
  });

  test('is a habit from the second day on', () => {
    const first = denied(POD);
    expect(signalsOf([...first, ...later(first, '2026-11-22')])).toMatchObject([
      { at: Date.parse('2026-11-21T10:00:00.250Z') },
    ]);
  });

  test('does not come from one thing denied again and again', () => {
    const stuck = Array.from({ length: 50 }, (_, at) => ask('list', 'secrets', { at: second(at), code: 403, ...POD }));
    expect(signalsOf(stuck)).toEqual([]);
  });
});

describe('a scan by the API server', () => {
  test('through the proxy of a pod names ports and targets, and says where its packets leave', () => {
    const events = [21, 22, 25, 80, 443, 3306, 5432, 6379, 8080, 9200].map((port, at) =>
      throughProxy('pods', 'web-1', port, { at: second(at), code: at % 2 ? 503 : 200 }),
    );
    expect(signalsOf(events)).toMatchObject([
      {
        kind: 'discovery-spree',
        severity: 'medium',
        ports: [21, 22, 25, 80, 443, 3306, 5432, 6379, 8080, 9200],
        targets: ['shop/web-1'],
        dataQuality: [expect.stringContaining('API server')],
      },
    ]);
  });

  test('is not what collects metrics from one port of everything', () => {
    const events = Array.from({ length: 40 }, (_, at) =>
      throughProxy('services', `app-${at}`, 'metrics', {
        at: second(at),
        user: 'system:serviceaccount:monitoring:collector',
      }),
    );
    expect(signalsOf(events)).toEqual([]);
  });

  test('is many targets of which most do not answer', () => {
    const events = Array.from({ length: 20 }, (_, at) =>
      throughProxy('services', `app-${at}`, 6379, { at: second(at), code: 503 }),
    );
    expect(signalsOf(events)).toMatchObject([{ measure: { test: 'targets-through-the-api-server', value: 20 } }]);
  });
});
