/** Events for EventBridge: what rules match, what pagers need, and what is left out of one that is too large. */
import { describe, expect, test } from '@jest/globals';
import { busEvent, EVENT_LIMIT } from '../../../lib/notify/bus-event.ts';
import { matchesPattern } from '../../../local/servers/pattern.ts';
import { delivered } from '../../body-schemas.ts';
import { pagerDutyExample, patternExamples, transform } from '../../input-transformer.ts';
import { campaignOf, findingOf, HOSTILE } from '../finding/samples.ts';

// biome-ignore lint/suspicious/noExplicitAny: JSON of the event, read by path
const detailOf = (...given: Parameters<typeof busEvent>): any => JSON.parse(busEvent(...given).detail);

describe('an event', () => {
  test('is the finding with event and deployment', () => {
    const finding = findingOf();
    expect(detailOf('opened', finding, 'soc')).toEqual({
      ...finding,
      event: 'opened',
      deployment: 'soc',
      incident: expect.any(Object),
    });
    expect(busEvent('opened', finding, 'soc').detailType).toBe('Scan Finding Opened');
    expect(busEvent('escalated', finding, 'soc').detailType).toBe('Scan Finding Escalated');
    expect(busEvent('closed', finding, 'soc').detailType).toBe('Scan Finding Closed');
  });

  test('has the time of its alert, so that a late one is not taken for news', () => {
    const at = '2026-11-30T12:00:00.123Z';
    expect(detailOf('opened', findingOf(), 'soc', 'finding', at).publishedAt).toBe(at);
    for (const format of ['ocsf-1.3', 'ocsf-1.6', 'ocsf-1.8'] as const)
      expect(detailOf('opened', findingOf(), 'soc', format, at)).toMatchObject({
        finding_info: { modified_time: Date.parse(at) },
        unmapped: { sweepwatch: { publishedAt: at } },
      });
  });

  test('names instance and interface of the source by their ARNs', () => {
    const source = { ...findingOf().source!, instanceId: 'i-0123456789abcdef0', interfaceId: 'eni-0123456789abcdef0' };
    expect(busEvent('opened', findingOf({ source }), 'soc').resources).toEqual([
      'arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0',
      'arn:aws:ec2:eu-west-1:111122223333:network-interface/eni-0123456789abcdef0',
    ]);
    const china = { ...source, region: 'cn-north-1' };
    expect(busEvent('opened', findingOf({ source: china }), 'soc').resources[0]).toMatch(/^arn:aws-cn:ec2:cn-north-1:/);
  });

  test.each(HOSTILE)('makes no ARN of %j', (text) => {
    const source = { ...findingOf().source!, instanceId: text, interfaceId: text, ecs: { taskArn: text } };
    expect(busEvent('opened', findingOf({ source }), 'soc').resources).toEqual([]);
  });

  test('about a campaign names no resource', () => {
    expect(busEvent('opened', campaignOf(), 'soc').resources).toEqual([]);
  });
});

test('an event in OCSF has the finding, the incident and the activity', () => {
  const detail = JSON.parse(busEvent('escalated', findingOf(), 'soc', 'ocsf-1.3').detail);
  expect(detail).toMatchObject({
    class_uid: 2004,
    activity_id: 2,
    metadata: { version: '1.3.0' },
    unmapped: {
      sweepwatch: { id: findingOf().id, event: 'escalated', deployment: 'soc', incident: { action: 'trigger' } },
    },
  });
});

describe('an event that is too large', () => {
  const reason = (length: number) => ({ test: 'x', value: 1, threshold: 1, text: 'x'.repeat(length) });
  const large = findingOf({ reasons: [reason(EVENT_LIMIT)], targets: { count: 9, exact: true, sample: ['10.0.9.9'] } });

  test('is trimmed until it fits, says what was left out, and keeps the counts', () => {
    const detail = detailOf('opened', large, 'soc');
    expect(detail.trimmed).toEqual([
      'signals.sample',
      'openPorts.sample',
      'targets.sample',
      'sources.sample',
      'reasons',
    ]);
    expect(detail.targets).toEqual({ count: 9, exact: true, sample: [] });
    expect(busEvent('opened', large, 'soc').detail.length).toBeLessThan(EVENT_LIMIT);
  });

  test('beyond all trimming is refused with its size', () => {
    const source = { ...findingOf().source!, address: 'x'.repeat(EVENT_LIMIT) };
    expect(() => busEvent('opened', findingOf({ source }), 'soc')).toThrow(/is \d+ bytes, expected 262144/);
  });
});

describe('an incident for PagerDuty', () => {
  const incident = (...given: Parameters<typeof busEvent>) => detailOf(...given).incident;

  test('is opened and updated under the id of the finding, and resolved at the end', () => {
    const finding = findingOf();
    expect(incident('opened', finding, 'soc')).toEqual({
      action: 'trigger',
      key: finding.id,
      severity: 'error',
      summary: '[high] lateral vertical scan by 10.0.3.22 on 10.0.9.9: 1 service answered (8587fc4b)',
      source: '10.0.3.22',
    });
    expect(incident('escalated', finding, 'soc')).toMatchObject({ action: 'trigger', key: finding.id });
    expect(incident('closed', findingOf({ status: 'closed', closedBecause: 'ended' }), 'soc')).toMatchObject({
      action: 'resolve',
      key: finding.id,
    });
  });

  test('has the severities of pagers', () => {
    const severities = (['critical', 'high', 'medium', 'low', 'informational'] as const).map(
      (severity) => incident('opened', findingOf({ severity }), 'soc').severity,
    );
    expect(severities).toEqual(['critical', 'error', 'warning', 'info', 'info']);
  });

  test('does not exist for a test, which no later alert would resolve', () => {
    expect(incident('opened', findingOf({ test: true }), 'soc')).toBeUndefined();
    const matched = (test?: true) =>
      patternExamples().map((pattern) =>
        matchesPattern(pattern, { ...delivered(busEvent('opened', findingOf(test && { test }), 'soc')) }),
      );
    expect([matched(), matched(true)]).toEqual([
      [true, true],
      [false, false],
    ]);
  });

  test.each(['opened', 'escalated'] as const)('is opened for a scan that was over when it was %s', (event) => {
    const over = findingOf({ status: 'closed', closedBecause: 'ended' });
    const detail = detailOf(event, over, 'soc');
    expect(detail).toMatchObject({ status: 'closed', incident: { action: 'trigger', key: over.id } });
  });

  test('becomes a body of the Events API by the documented input transformer', () => {
    const event = delivered(busEvent('opened', findingOf(), 'soc'));
    expect(transform(pagerDutyExample(), event)).toEqual({
      routing_key: expect.stringMatching(/^[A-Z_]+$/),
      event_action: 'trigger',
      dedup_key: findingOf().id,
      payload: {
        summary: '[high] lateral vertical scan by 10.0.3.22 on 10.0.9.9: 1 service answered (8587fc4b)',
        source: '10.0.3.22',
        severity: 'error',
        component: 'soc',
        class: 'vertical-scan',
      },
    });
  });

  test.each(HOSTILE)('stays JSON with %j in the name of an actor', (name) => {
    const actor = { kind: 'pod', name, at: '2026-09-01T12:00:00Z' } as const;
    const { source: _, direction: __, ...rest } = findingOf({ kind: 'tool-execution' });
    const event = delivered(busEvent('opened', { ...rest, source: null, actor }, 'soc'));
    expect(transform(pagerDutyExample(), event)).toMatchObject({ payload: { severity: 'error' } });
  });
});
