/** A glance may never leave out an event that holds a fact. */
import { expect, test } from '@jest/globals';
import { auditFacts } from '../../../../lib/signals/orchestrator/audit.ts';
import { isSurelyWithoutFact } from '../../../../lib/signals/orchestrator/glance.ts';
import fc from '../../../properties.ts';
import {
  type AuditEvent,
  ask,
  createPod,
  createWorkload,
  deletePod,
  enter,
  exec,
  podAddress,
  refusedExec,
  throughProxy,
} from '../audit-events.ts';

const AT = '2026-11-21T10:00:00Z';
const NODE = { node: 'n', instanceId: 'i-0ff2a0c6a833fe1a6', hostIp: '10.0.7.10', address: '10.0.7.105' };
const ENDED = enter('web-1', 'status', { at: AT, verb: 'patch', body: { status: { phase: 'Succeeded' } } });
const EVENTS: readonly AuditEvent[] = [
  ...exec('web-1', ['nmap', '"objectRef":{"resource":"leases"}'], { at: AT }),
  ...refusedExec('web-1', ['bash'], { at: AT }),
  ...['attach', 'portforward', 'ephemeralcontainers', 'status', 'log', 'binding'].map((name) =>
    enter('web-1', name, { at: AT, verb: 'patch', body: { spec: {} } }),
  ),
  createPod('scan', { image: 'nmap' }, { at: AT }),
  createWorkload('CronJob', 'scan', { image: 'nmap' }, { at: AT }),
  deletePod('scan', { at: AT }),
  podAddress('web-1', { at: AT, ...NODE }),
  ENDED,
  ask('get', 'leases', { at: AT, agent: 'kube-hunter/0.6.8' }),
  throughProxy('pods', 'web-1', 80, { at: AT }),
];
const RESOURCES = [
  'leases',
  'pods',
  'services',
  'secrets',
  'nodes',
  'selfsubjectaccessreviews',
  'configmaps',
  'jobs',
  'deployments',
];
const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];

test('it leaves out leases, reads and reports without an address', () => {
  for (const event of [
    ask('update', 'leases', { at: AT, namespace: 'n' }),
    ask('get', 'configmaps', { at: AT }),
    enter('web-1', 'status', { at: AT, verb: 'patch', code: 200, body: { status: { conditions: [] } } }),
  ])
    expect([event.requestURI, isSurelyWithoutFact(JSON.stringify(event))]).toEqual([event.requestURI, true]);
});

test('it leaves out no event that holds a fact, whatever its verb, resource, answer and order of fields', () => {
  const asked = fc
    .record({
      verb: fc.constantFrom(...VERBS),
      resource: fc.constantFrom(...RESOURCES),
      code: fc.constantFrom(200, 201, 403),
    })
    .map(({ verb, resource, code }) => ask(verb, resource, { at: AT, code }));
  const event = fc.oneof(asked, fc.constantFrom(...EVENTS));
  fc.assert(
    fc.property(event, fc.boolean(), fc.constantFrom(...VERBS), (one, isSorted, verb) => {
      const changed = { ...one, verb };
      for (const candidate of [one, changed]) {
        const fields = Object.entries(candidate);
        const text = JSON.stringify(
          Object.fromEntries(isSorted ? fields.sort(([a], [b]) => (a < b ? -1 : 1)) : fields),
        );
        if (isSurelyWithoutFact(text)) expect(auditFacts(JSON.parse(text))).toEqual([]);
      }
    }),
    { numRuns: 500 },
  );
});
