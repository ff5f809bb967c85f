/** A report in which every text of a log or a user tries to become markup. */
import { detectionOf } from '../../lib/detections/index.ts';
import type { Finding } from '../../lib/finding/model.ts';
import { reportPage } from '../../lib/report/page.ts';

const TEXTS = [
  '<img src=https://example.com/x onerror=alert(1)>',
  '</script><script>alert(1)</script>',
  '"><svg onload=alert(1)>',
  "'-alert(1)-'",
  '</title></style><link rel=stylesheet href=//example.com>',
  '\u202egnp.exe \u0000\u001b[31m',
  '{{7*7}} &lt;b&gt;',
  'x'.repeat(400),
];

const findingWith = (text: string, at: number): Finding => ({
  schemaVersion: 1,
  id: at.toString(16).padStart(24, '0'),
  kind: at % 2 ? text : detectionOf('vertical-scan')!.id,
  severity: 'high',
  confidence: 80,
  direction: 'lateral',
  techniques: [{ id: 'T1046', name: text, tactic: text }],
  source: { address: text, scope: text, accountId: text, instanceId: text, ecs: { cluster: text, service: text } },
  protocols: [text],
  targets: { count: 2, exact: true, sample: [text, '10.0.9.9'] },
  ports: { count: 1, exact: true, sample: [22] },
  contacts: { failed: 3, established: 1, rejected: 1, unanswered: 1, reset: 1 },
  contactsAtDetection: 3,
  openPorts: { count: 1, sample: [{ target: text, port: 22, protocol: text }] },
  tool: { name: text, confidence: 50 },
  actor: { kind: 'pod', name: text, namespace: text, user: text, command: text, at: '2026-11-21T10:00:00Z' },
  signals: {
    count: 1,
    sample: [{ at: '2026-11-21T10:00:00Z', type: text, actor: text, summary: text, eventId: text }],
  },
  horizon: '5m',
  firstSeen: '2026-11-21T10:00:00Z',
  lastSeen: '2026-11-21T10:04:00Z',
  detectedAt: '2026-11-21T10:02:00Z',
  reasons: [{ test: text, value: 1, threshold: 1, text }],
  dataQuality: [text],
  status: 'open',
});

export const HOSTILE_PAGE = reportPage({
  findings: TEXTS.map(findingWith),
  madeAt: 1_795_000_000,
  madeBy: TEXTS[0]!,
  options: TEXTS.map((text) => [text, text]),
  inputs: TEXTS.map((name) => ({ name, records: 1, trouble: name })),
  notes: TEXTS,
});
