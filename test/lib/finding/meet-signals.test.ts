/** Where scans in flow logs meet what orchestrators and hosts tell. */
import { describe, expect, test } from '@jest/globals';
import { meetSignals } from '../../../lib/finding/meet-signals.ts';
import type { Finding } from '../../../lib/finding/model.ts';
import { judgeLedger } from '../../../lib/signals/orchestrator/judge.ts';
import type { Signal } from '../../../lib/signals/signal.ts';
import { expectValidFinding } from '../../finding-schema.ts';
import fc from '../../properties.ts';
import {
  type AuditEvent,
  ask,
  createPod,
  deletePod,
  exec,
  ledgerOf,
  lines,
  podAddress,
} from '../signals/audit-events.ts';
import { findingOf } from './samples.ts';

const NODE = {
  node: 'ip-10-0-7-10.eu-central-1.compute.internal',
  instanceId: 'i-0ff2a0c6a833fe1a6',
  hostIp: '10.0.7.10',
};
const at = (time: string) => `2026-11-21T${time}Z`;
const NMAP = ['nmap', '-sT', '-p', '1-1024', '10.0.12.30'];
const SOURCE = { address: '10.0.7.105', scope: '123456789012', instanceId: NODE.instanceId, behindInterface: true };

const scan = (more: Partial<Finding> = {}): Finding =>
  findingOf({
    kind: 'vertical-scan',
    severity: 'medium',
    confidence: 80,
    direction: 'lateral',
    source: SOURCE,
    tool: null,
    firstSeen: at('19:19:35'),
    lastSeen: at('19:19:58'),
    detectedAt: at('19:19:40'),
    ...more,
  });
const address = podAddress('web-1', { at: at('18:00:00'), address: '10.0.7.105', ...NODE });

/** A process that a host's log shows. */
const started = (time: string, more: Partial<Signal> = {}): Signal => ({
  at: Date.parse(at(time)),
  kind: 'tool-execution',
  severity: 'medium',
  confidence: 85,
  actor: { kind: 'process', name: 'nmap', command: 'nmap -sT -p 1-1024 10.0.12.30', host: NODE.instanceId },
  place: { instanceId: NODE.instanceId },
  tool: 'nmap',
  summary: 'nmap was started',
  eventId: `host ${time}`,
  dataQuality: [],
  ...more,
});

function meet(
  findings: readonly Finding[],
  events: readonly AuditEvent[] | readonly (readonly AuditEvent[])[],
  host: readonly Signal[] = [],
) {
  const files = (Array.isArray(events[0]) ? events : [events]) as (readonly AuditEvent[])[];
  const ledger = ledgerOf(...files);
  const signals = [...judgeLedger(ledger), ...host.map((signal) => ledger.directory.resolve(signal))];
  const met = meetSignals(
    findings,
    { signals, directory: ledger.directory },
    { secret: 's', logTime: Date.parse(at('19:30:00')) / 1000, hasFlowLogs: findings.length > 0 },
  );
  for (const finding of met) expectValidFinding(finding);
  return met;
}

describe('an exec into the pod that scans', () => {
  const events = [address, ...exec('web-1', NMAP, { at: at('19:18:55') })];

  test('is one finding that names user, pod, command and the time between', () => {
    expect(meet([scan()], events)).toMatchObject([
      {
        kind: 'vertical-scan',
        id: scan().id,
        severity: 'high',
        confidence: 98,
        tool: { name: 'nmap' },
        actor: { kind: 'pod', name: 'web-1', namespace: 'shop', user: 'alice', command: NMAP.join(' ') },
        signals: { count: 1 },
        techniques: expect.arrayContaining([expect.objectContaining({ id: 'T1609' })]),
        reasons: expect.arrayContaining([
          {
            test: 'signal-near-scan',
            value: 1,
            threshold: 1,
            text: expect.stringMatching(/^40 seconds before the first probe, alice made an exec into pod shop\/web-1/),
          },
        ]),
      },
    ]);
  });

  test('is found by the IPv6 address of the pod, however it is written', () => {
    const v6 = podAddress('web-1', { at: at('18:00:00'), ...NODE, address: '2001:DB8:0:0::0:105' });
    const source = { ...SOURCE, address: '2001:db8::105' };
    expect(meet([scan({ source })], [v6, ...exec('web-1', NMAP, { at: at('19:18:55') })])).toMatchObject([
      { actor: { name: 'web-1', user: 'alice' }, signals: { count: 1 } },
    ]);
  });

  test('with an everyday command names the actor and adds no weight', () => {
    expect(meet([scan()], [address, ...exec('web-1', ['ls', '/'], { at: at('19:18:55') })])).toMatchObject([
      { severity: 'medium', confidence: 80, actor: { user: 'alice' }, signals: { count: 1 } },
    ]);
  });

  test('that opened a shell raises a low finding to medium, and any other to high', () => {
    const shell = [address, ...exec('web-1', ['bash'], { at: at('19:18:55'), tty: true })];
    expect(meet([scan({ severity: 'low' })], shell)).toMatchObject([{ severity: 'medium' }]);
    expect(meet([scan()], shell)).toMatchObject([{ severity: 'high' }]);
    expect(meet([scan({ severity: 'critical' })], shell)).toMatchObject([{ severity: 'critical' }]);
  });

  test('counts while its session lasts, and ten minutes long', () => {
    const long = (time: string, ended: string) => [
      address,
      ...exec('web-1', ['bash'], { at: at(time), ended: at(ended).replace('Z', '.000000Z') }),
    ];
    expect(meet([scan()], long('18:05:00', '19:19:50'))).toHaveLength(1);
    expect(meet([scan()], long('18:05:00', '18:30:00')).map(({ kind }) => kind)).toEqual([
      'exec-into-container',
      'vertical-scan',
    ]);
    expect(meet([scan()], long('19:11:00', '19:11:05'))).toHaveLength(1);
  });
});

describe('signals that do not belong to the scan', () => {
  test.each<[string, AuditEvent[]]>([
    [
      'in another pod',
      [
        address,
        podAddress('db-0', { at: at('18:00:00'), address: '10.0.7.106', ...NODE }),
        ...exec('db-0', NMAP, { at: at('19:18:55') }),
      ],
    ],
    [
      'in the pod that had the address before',
      [
        podAddress('old', { at: at('17:00:00'), address: '10.0.7.105', ...NODE }),
        deletePod('old', { at: at('17:30:00') }),
        address,
        ...exec('old', NMAP, { at: at('17:20:00') }),
      ],
    ],
    ['long after it', [address, ...exec('web-1', NMAP, { at: at('19:25:00') })]],
    [
      'in a pod of this address on another instance',
      [
        podAddress('web-1', { at: at('18:00:00'), address: '10.0.7.105', ...NODE, instanceId: 'i-0aaaaaaaaaaaaaaaa' }),
        ...exec('web-1', NMAP, { at: at('19:18:55') }),
      ],
    ],
  ])('%s', (_, events) => {
    const found = meet([scan()], events);
    expect(found.map(({ kind }) => kind).sort()).toEqual(['exec-into-container', 'vertical-scan']);
    expect(found.find(({ kind }) => kind === 'vertical-scan')).not.toHaveProperty('signals');
  });
});

describe('a record of the node', () => {
  test('is evidence for a scan by the node, and for a pod on it with less certainty', () => {
    const ofNode = scan({ source: { address: '10.0.7.10', scope: '123456789012', instanceId: NODE.instanceId } });
    expect(meet([ofNode], [], [started('19:19:00')])[0]).toMatchObject({
      severity: 'high',
      actor: { kind: 'process' },
    });
    expect(meet([ofNode], [], [started('19:19:00')])[0]!.dataQuality.join()).not.toContain('names the node');
    expect(meet([scan()], [address], [started('19:19:00')])[0]).toMatchObject({
      actor: { kind: 'pod', name: 'web-1', namespace: 'shop', command: 'nmap -sT -p 1-1024 10.0.12.30' },
      dataQuality: expect.arrayContaining([expect.stringContaining('the node and not the pod')]),
    });
  });

  test('and the exec that started it are one finding without flow logs too', () => {
    const found = meet([], [address, ...exec('web-1', NMAP, { at: at('19:18:55') })], [started('19:18:56')]);
    expect(found).toMatchObject([
      {
        kind: 'exec-into-container',
        signals: { count: 2 },
        tool: { name: 'nmap' },
        ports: { count: 1024 },
        targets: { count: 1 },
      },
    ]);
  });
});

describe('what flow logs and signals do not say', () => {
  test('a scan without a signal says so, and names its pod', () => {
    expect(meet([scan()], [address])).toMatchObject([
      {
        severity: 'medium',
        actor: { kind: 'pod', name: 'web-1', host: NODE.node },
        dataQuality: expect.arrayContaining([expect.stringContaining('No event of an orchestrator')]),
      },
    ]);
  });

  test('a scan from outside needs no signal, and stays as it was', () => {
    const outside = scan({ direction: 'inbound', source: { address: '198.51.100.9', scope: 'internet' } });
    expect(meet([outside], [address])).toEqual([outside]);
  });

  test('a signal without a scan says whether flow logs were read', () => {
    const events = [address, ...exec('web-1', NMAP, { at: at('10:00:00') })];
    const quality = (findings: Finding[]) =>
      meet(findings, events)
        .find(({ kind }) => kind === 'exec-into-container')!
        .dataQuality.join();
    expect(quality([scan()])).toContain('show no scan');
    expect(quality([])).toContain('No flow logs were read');
  });

  test('pods that share the address of their node are candidates', () => {
    const shared = ['a', 'b'].map((pod) => podAddress(pod, { at: at('18:00:00'), address: '10.0.7.10', ...NODE }));
    const ofNode = scan({ source: { address: '10.0.7.10', scope: '123456789012', instanceId: NODE.instanceId } });
    expect(meet([ofNode], shared)[0]!.dataQuality).toContainEqual(
      'During the scan several pods had this address: shop/a, shop/b.',
    );
  });
});

describe('findings that rest on signals alone', () => {
  test('are one for an hour of the same, and keep their id as it grows', () => {
    const first = exec('web-1', NMAP, { at: at('10:00:00') });
    const more = [
      ...first,
      ...exec('web-1', ['bash'], { at: at('10:50:00'), tty: true }),
      ...exec('web-1', ['ls'], { at: at('10:51:00') }),
    ];
    const [before] = meet([], first);
    expect(meet([], more)).toMatchObject([
      { id: before!.id, signals: { count: 3 }, lastSeen: at('10:50:00'), status: 'closed' },
    ]);
    expect(meet([], [...more, ...exec('web-1', NMAP, { at: at('12:00:00') })])).toHaveLength(2);
  });

  test('hold texts without control characters, cut to a length', () => {
    const [finding] = meet(
      [],
      exec('web\u001b[2J', ['nmap', `${'x'.repeat(5000)}\u0007`, '10.0.0.0/24'], { at: at('10:00:00') }),
    );
    expect(JSON.stringify(finding)).not.toMatch(/\\u001b|\\u0007/);
    expect(finding!.actor!.command!.length).toBeLessThanOrEqual(1000);
    expect(finding!.reasons[0]!.text.length).toBeLessThan(500);
  });

  test('have no direction, no source and no contacts, and name their techniques', () => {
    const [finding] = meet(
      [],
      [
        createPod(
          'scan',
          { image: 'adarnimrod/masscan', args: ['masscan', '10.0.12.0/24', '-p80,443', '--rate', '1000'] },
          { at: at('10:00:00') },
        ),
      ],
    );
    expect(finding).toMatchObject({
      source: null,
      protocols: [],
      contactsAtDetection: 0,
      targets: { count: 256, sample: ['10.0.12.0/24'] },
      ports: { count: 2, sample: [80, 443] },
    });
    expect(finding).not.toHaveProperty('direction');
    expect(finding!.techniques.map(({ id }) => id)).toEqual(['T1046', 'T1595', 'T1610']);
  });
});

/** An incident with everything in it: a look around, an exec, a tool in a pod of its own, records of the node, noise. */
const INCIDENT: AuditEvent[] = [
  address,
  podAddress('db-0', { at: at('18:10:00'), address: '10.0.7.106', ...NODE }),
  ...['secrets', 'configmaps', 'pods', 'services', 'nodes', 'roles'].map((resource, index) =>
    ask('list', resource, {
      at: at(`19:1${index}:00`),
      code: 403,
      user: 'system:serviceaccount:shop:web',
      addresses: ['10.0.7.105'],
    }),
  ),
  ...exec('web-1', ['bash'], { at: at('19:17:00'), tty: true, ended: at('19:40:00').replace('Z', '.000000Z') }),
  ...exec('web-1', NMAP, { at: at('19:18:55') }),
  ...exec('db-0', ['pg_isready'], { at: at('19:18:56'), user: 'system:serviceaccount:db:operator' }),
  createPod('scan', { image: 'instrumentisto/nmap', args: ['-p-', '10.0.12.31'] }, { at: at('19:20:00') }),
  podAddress('scan', { at: at('19:20:02'), address: '10.0.7.107', ...NODE }),
  deletePod('scan', { at: at('19:21:00') }),
];
const SCANS = [
  scan(),
  scan({
    id: 'a'.repeat(24),
    source: { ...SOURCE, address: '10.0.7.107' },
    firstSeen: at('19:20:05'),
    lastSeen: at('19:20:40'),
    detectedAt: at('19:20:10'),
  }),
];
const HOST = [started('19:18:56'), started('19:20:03', { eventId: 'host 2' })];

describe('an incident', () => {
  const expected = meet(SCANS, INCIDENT, HOST);

  test('is one finding for each scan, and nothing else', () => {
    expect(expected).toMatchObject([
      { source: { address: '10.0.7.105' }, severity: 'high', actor: { user: 'alice', name: 'web-1' } },
      { source: { address: '10.0.7.107' }, severity: 'high', actor: { user: 'alice', name: 'scan' } },
    ]);
  });

  test('gives the same findings in any order, in any split into files, with any repetition', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(INCIDENT, { minLength: INCIDENT.length, maxLength: INCIDENT.length }),
        fc.subarray(INCIDENT),
        fc.array(fc.integer({ min: 0, max: INCIDENT.length }), { maxLength: 4 }),
        fc.shuffledSubarray(SCANS, { minLength: 2, maxLength: 2 }),
        fc.shuffledSubarray([...HOST, HOST[0]!], { minLength: 3, maxLength: 3 }),
        (events, repeated, cuts, scans, host) => {
          const all = [...events, ...repeated];
          const borders = [0, ...cuts.toSorted((a, b) => a - b), all.length];
          const files = borders.slice(1).map((border, index) => all.slice(borders[index], border));
          expect(meet(scans, files.length ? files : [all], host)).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('in lines that were written twice is the same', () => {
    expect(lines(INCIDENT).length).toBeGreaterThan(1000);
    expect(meet(SCANS, [INCIDENT, INCIDENT], [...HOST, ...HOST])).toEqual(expected);
  });
});
