/** Payloads of CloudWatch Logs and EventBridge: what is kept of them, and what is refused. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readPayload } from '../../../lib/signals/payload.ts';
import { ask, exec, lines } from './audit-events.ts';
import { controlMessage, subscription } from './payloads.ts';

const DATA = join(import.meta.dirname, '../../data/signals');
const at = '2026-11-21T19:18:55Z';
const messages = (text: string) => text.split('\n').filter(Boolean);

describe('a payload of CloudWatch Logs', () => {
  test('gives the facts of its audit events', () => {
    const read = readPayload(subscription(messages(lines(exec('web-1', ['nmap', '10.0.0.0/24'], { at })))));
    expect(read).toMatchObject({ kind: 'orchestrator', events: 1, unread: [] });
    expect(read.gathered.facts).toMatchObject([
      { type: 'exec', argv: ['nmap', '10.0.0.0/24'], where: { pod: 'web-1' } },
    ]);
  });

  test('has the same digest when it is delivered again, and another with other content', () => {
    const of = (pod: string) => subscription([JSON.stringify({ kind: 'Event', auditID: pod, objectRef: {} })]);
    expect(readPayload(of('a')).digest).toBe(readPayload(of('a')).digest);
    expect(readPayload(of('a')).digest).not.toBe(readPayload(of('b')).digest);
  });

  test('keeps one of many equal lists of a caller within a minute', () => {
    const lists = Array.from({ length: 40 }, () => ask('list', 'services', { at, user: 'system:serviceaccount:a:b' }));
    expect(readPayload(subscription(messages(lines(lists)))).gathered.facts).toHaveLength(1);
  });

  test('of a host keeps the events that may be signals', () => {
    const text = readFileSync(join(DATA, 'auditd-raw/tool-execution/nmap-syn-sudo.log'), 'utf8');
    const read = readPayload(subscription(messages(text), { group: '/hosts', stream: 'i-0ff2a0c6a833fe1a6' }));
    expect(read).toMatchObject({ kind: 'host', gathered: { facts: [], hosts: [{ log: 'i-0ff2a0c6a833fe1a6' }] } });
    expect(read.gathered.hosts[0]!.events.length).toBeGreaterThan(0);
    expect(read.gathered.hosts[0]!.events.length).toBeLessThan(read.events / 2);
  });

  test('from another component of the control plane is ignored', () => {
    const read = readPayload(subscription(['I1121 19:18:55 scheduler.go:1] bound'], { stream: 'kube-scheduler-0123' }));
    expect(read).toMatchObject({ kind: 'no audit', events: 0, gathered: { facts: [], hosts: [] } });
  });

  test('that only checks the destination gives nothing', () => {
    expect(readPayload(controlMessage())).toMatchObject({ kind: 'control message', events: 0 });
  });

  test('with one event that is cut off is used as far as it goes', () => {
    const [whole] = messages(lines(exec('web-1', ['nmap', '10.0.0.0/24'], { at })));
    const read = readPayload(subscription(['{"kind":"Event","aud', whole!]));
    expect(read).toMatchObject({ events: 1, unread: [{ count: 1 }] });
    expect(read.gathered.facts).toHaveLength(1);
  });

  test('that is cut off is refused with what was expected', () => {
    const { awslogs } = subscription(['x'.repeat(2000)]);
    const cut = { awslogs: { data: awslogs.data.slice(0, awslogs.data.length / 2) } };
    expect(() => readPayload(cut)).toThrow(/^awslogs\.data must be base64 of a whole gzip stream, got \d+ characters/);
  });
});

describe('an event of EventBridge', () => {
  test('about an exec into a task is a fact', () => {
    const event = {
      id: '1',
      source: 'aws.ecs',
      'detail-type': 'AWS API Call via CloudTrail',
      time: at,
      detail: {
        eventVersion: '1.08',
        eventSource: 'ecs.amazonaws.com',
        eventName: 'ExecuteCommand',
        eventID: 'e-1',
        eventTime: at,
        userIdentity: { type: 'IAMUser', userName: 'alice', arn: 'arn:aws:iam::123456789012:user/alice' },
        requestParameters: {
          cluster: 'shop',
          task: 'arn:aws:ecs:eu-central-1:123456789012:task/shop/0123456789abcdef',
          command: 'nmap -p 1-1024 10.0.12.30',
          interactive: true,
        },
      },
    };
    expect(readPayload(event)).toMatchObject({ name: 'AWS API Call via CloudTrail', kind: 'orchestrator' });
    expect(readPayload(event).gathered.facts).toMatchObject([{ type: 'exec', where: { platform: 'ecs' } }]);
  });
});

test.each([
  [undefined, 'got undefined'],
  ['text', 'got string'],
  [{ Records: [] }, 'got an object with Records'],
])('anything else is refused: %j', (event, got) => {
  expect(() => readPayload(event)).toThrow(got);
});
