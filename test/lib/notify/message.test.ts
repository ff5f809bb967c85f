/** The message: a subject that SNS takes, bodies for people and programs, attributes that filter. */
import { describe, expect, test } from '@jest/globals';
import { KINDS } from '../../../lib/detections/index.ts';
import { SEVERITIES } from '../../../lib/finding/model.ts';
import { alertMessage, alertSubject } from '../../../lib/notify/message.ts';
import { nameOf } from '../../../lib/notify/name.ts';
import { expectValidFinding } from '../../finding-schema.ts';
import { findingOf, HOSTILE } from '../finding/samples.ts';

/** When the alert is sent, epoch seconds. */
const NOW = Date.UTC(2026, 11, 1) / 1000;
const place = { deployment: 'Sweepwatch', tables: { findings: 'Findings', region: 'eu-west-1' } };
const LONGEST_IPV6 = '2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff';

const EVENTS = ['opened', 'escalated', 'closed'] as const;
const source = { address: LONGEST_IPV6, scope: 'internet' };

describe('the subject', () => {
  test('says what, who, on what, whether anything answered, and the identifier', () => {
    expect(alertSubject('opened', findingOf())).toBe(
      '[high] lateral vertical scan by 10.0.3.22 on 10.0.9.9: 1 service answered (8587fc4b)',
    );
    expect(alertSubject('opened', findingOf({ openPorts: { count: 0, sample: [] } }))).toContain(
      ': nothing answered (',
    );
    const sample = [{ target: '10.0.9.9', port: 22, protocol: 'tcp', connected: true }];
    expect(alertSubject('opened', findingOf({ openPorts: { count: 1, sample } }))).toContain(
      ': scanner stayed connected (',
    );
    expect(alertSubject('escalated', findingOf())).toMatch(/^\[escalated, high\] /);
    expect(alertSubject('closed', findingOf())).toMatch(/^\[closed, high\] /);
  });

  test('says of a finding that was withdrawn or merged that it was', () => {
    expect(alertSubject('closed', findingOf({ status: 'closed', closedBecause: 'refuted' }))).toContain(
      ': not a scan, withdrawn (',
    );
    const merged = findingOf({ status: 'closed', closedBecause: 'merged', mergedInto: 'a'.repeat(24) });
    expect(alertSubject('closed', merged)).toContain(': part of aaaaaaaa (');
  });

  test('leaves out the target first and the outcome second where it would be too long', () => {
    const targets = { count: 1, exact: true, sample: [LONGEST_IPV6] };
    expect(alertSubject('opened', findingOf({ targets }))).toBe(
      '[high] lateral vertical scan by 10.0.3.22: 1 service answered (8587fc4b)',
    );
    expect(alertSubject('opened', findingOf({ source, direction: 'inbound', targets }))).toBe(
      `[high] inbound vertical scan by ${LONGEST_IPV6} (8587fc4b)`,
    );
  });

  test('is below 100 printable characters and ends in the identifier, for the longest of everything', () => {
    for (const event of EVENTS)
      for (const severity of SEVERITIES)
        for (const kind of KINDS)
          for (const direction of ['lateral', 'inbound', 'outbound'] as const) {
            const subject = alertSubject(event, findingOf({ severity, kind, direction, source }));
            expect(subject.length).toBeLessThan(100);
            expect(subject).toMatch(/^[\x20-\x7e]+$/);
            expect(subject).toMatch(/\(8587fc4b\)$/);
          }
  });

  test('of a campaign counts its sources', () => {
    const campaign = findingOf({
      source: null,
      kind: 'distributed-scan',
      sources: { count: 40, sample: ['203.0.113.1'] },
    });
    expect(alertSubject('opened', campaign)).toContain('distributed scan by 40 sources');
  });

  test('names an open-port sweep by its kind', () => {
    expect(alertSubject('opened', findingOf({ kind: 'open-port-sweep' }))).toContain('open-port sweep by 10.0.3.22');
  });

  test('names a kind of another version by its id', () => {
    expect(nameOf({ kind: 'odd-new-scan' })).toBe('odd new scan');
  });

  test.each(HOSTILE.map((text) => [text]))('survives %j for an address', (text) => {
    const subject = alertSubject('opened', { ...findingOf(), source: { ...source, address: text.repeat(5) } });
    expect(subject).toMatch(/^[\x20-\x7e]{1,99}$/);
    expect(subject).toMatch(/\(8587fc4b\)$/);
  });
});

describe('the default body', () => {
  test('is the finding as JSON, with the event', () => {
    const body = JSON.parse(alertMessage('opened', findingOf(), place, NOW).bodies.default!);
    expectValidFinding(body);
    expect(body).toEqual({
      ...findingOf(),
      event: 'opened',
      deployment: expect.any(String),
      publishedAt: '2026-12-01T00:00:00.000Z',
    });
  });

  test.each(HOSTILE.map((text) => [text]))('carries %j unharmed', (text) => {
    const finding = findingOf({ source: { ...source, ecs: { cluster: text } } });
    expect(JSON.parse(alertMessage('opened', finding, place, NOW).bodies.default!).source.ecs.cluster).toBe(text);
  });
});

describe('the attributes', () => {
  test('are those that filter policies know', () => {
    expect(alertMessage('opened', findingOf(), place, NOW).attributes).toEqual({
      severity: 'high',
      kind: 'vertical-scan',
      direction: 'lateral',
      event: 'opened',
      accountId: '111122223333',
      vpcId: 'vpc-1',
    });
  });

  test('leave out what is unknown or empty', () => {
    const unknown = alertMessage('closed', findingOf({ source: { ...source, vpcId: '' } }), place, NOW).attributes;
    expect(Object.keys(unknown).sort()).toEqual(['direction', 'event', 'kind', 'severity']);
    expect(alertMessage('opened', findingOf({ source: null }), place, NOW).attributes).not.toHaveProperty('vpcId');
  });
});

test('the text stays far below the limit of SNS', () => {
  const huge = findingOf({ dataQuality: Array.from({ length: 20 }, () => 'x'.repeat(50_000)) });
  expect(alertMessage('opened', huge, place, NOW).bodies.email!.length).toBeLessThanOrEqual(65_536);
});
