/** The message about an alert storm: what matters first, within what SNS takes, however many were held. */
import { describe, expect, test } from '@jest/globals';
import type { Finding } from '../../../lib/finding/model.ts';
import { announcementOf, type HeldAnnouncement, laneOf, stormMessage } from '../../../lib/notify/storm.ts';
import { matchesPattern } from '../../../local/servers/pattern.ts';
import { findingOf, HOSTILE } from '../finding/samples.ts';
import { wordsOf, wordsOfEach } from './shell.ts';

const place = { deployment: 'sweepwatch', tables: { findings: 'Findings', region: 'eu-west-1' } };
const NOW = Date.UTC(2026, 8, 1, 12, 5) / 1000;
const idOf = (n: number) => n.toString(16).padStart(24, '0');
const held = (n: number, parts: Partial<Finding> = {}, event: HeldAnnouncement['event'] = 'opened') => ({
  event,
  finding: { ...findingOf(), id: idOf(n), ...parts },
});
const outside = { direction: 'inbound', severity: 'medium' } as const;
const bodyOf = (all: readonly HeldAnnouncement[], hasMore = false) =>
  JSON.parse(stormMessage(all, hasMore, place, NOW).bodies.default!);

/** What SNS counts: the message as published, and names, types and values of its attributes. */
function bytesOf({ bodies, attributes }: ReturnType<typeof stormMessage>): number {
  const texts = Object.entries(attributes).map(([name, value]) => `${name}String.Array${JSON.stringify(value)}`);
  return Buffer.byteLength(JSON.stringify(bodies) + texts.join(''));
}

describe('lanes', () => {
  test.each([
    ['critical', 'opened', { severity: 'critical' }],
    ['critical', 'escalated', { severity: 'critical', direction: 'inbound' }],
    ['high inside', 'opened', { severity: 'high', direction: 'lateral' }],
    ['high inside', 'opened', { severity: 'high', direction: 'outbound' }],
    ['high outside', 'opened', { severity: 'high', direction: 'inbound' }],
    ['other', 'opened', { severity: 'medium', direction: 'inbound' }],
    ['other', 'opened', { severity: 'medium', direction: 'lateral' }],
    ['ended', 'closed', { severity: 'critical' }],
  ] as const)('%s: %s %j', (lane, event, parts) => {
    expect(laneOf(event, findingOf(parts))).toBe(lane);
  });

  test('count an announcement once however often it is tried, and the news of one finding apart', () => {
    const [opened, again] = [announcementOf('opened', findingOf()), announcementOf('opened', findingOf())];
    expect(again).toBe(opened);
    const all = [
      opened,
      announcementOf('escalated', findingOf()),
      announcementOf('escalated', findingOf({ severity: 'critical' })),
      announcementOf('closed', findingOf()),
      announcementOf('opened', findingOf({ id: 'b'.repeat(24) })),
    ];
    expect(new Set(all).size).toBe(5);
  });
});

describe('the message', () => {
  const mixed = [
    held(1, outside),
    held(2, { severity: 'high' }),
    held(3, { severity: 'high', direction: 'inbound', contacts: { ...findingOf().contacts, failed: 9000 } }),
    held(4, { severity: 'critical' }, 'closed'),
    held(5, { severity: 'critical' }),
    held(6, outside),
  ];

  test('counts by severity, kind, direction and news, and names the worst first: inside before outside, news before ends', () => {
    expect(bodyOf(mixed)).toEqual({
      event: 'storm',
      deployment: 'sweepwatch',
      count: 6,
      hasMore: false,
      idEvents: 'ocoooo',
      bySeverity: { critical: 2, high: 2, medium: 2 },
      byKind: { 'vertical-scan': 6 },
      byDirection: { inbound: 3, lateral: 3 },
      byEvent: { opened: 5, closed: 1 },
      worst: [5, 4, 2, 3, 1, 6].map((n) => expect.objectContaining({ id: idOf(n) })),
      ids: [5, 4, 2, 3, 1, 6].map(idOf),
      idsLeftOut: 0,
    });
  });

  test('says in subject and text that it is a storm, how many were held, and which', () => {
    const { subject, bodies } = stormMessage(mixed, true, place, NOW);
    expect(subject).toBe('Sweepwatch alert storm: 6 alerts in one message, worst critical (sweepwatch)');
    expect(bodies.email).toContain('ALERT STORM: 6 alerts in one message, the worst is critical.');
    expect(bodies.email).toContain('More alerts are waiting: the next message follows in five minutes.');
    expect(bodies.email).toContain('by severity: 2 critical, 2 high, 2 medium');
    for (const { finding } of mixed) expect(bodies.email).toContain(finding.id);
    expect(stormMessage(mixed, false, place, NOW).bodies.email).not.toContain('held still');
  });

  test('prints commands that list what is held: all days it began on, from the least severity on', () => {
    const lines = stormMessage(
      [held(1, { ...outside, firstSeen: '2026-08-31T23:00:00Z', lastSeen: '2026-08-31T23:59:00Z' }), held(2)],
      false,
      place,
      NOW,
    ).bodies.email!.split('\n');
    const ours = wordsOf(lines.find((line) => line.includes('sweepwatch findings'))!);
    expect(ours.slice(0, 9)).toEqual(
      'npx --no-install sweepwatch findings list --since 2026-08-31T23:59:00Z --severity medium'.split(' '),
    );
    const values = wordsOfEach(lines.filter((line) => line.includes('aws dynamodb query'))).map((words) =>
      JSON.parse(words[words.indexOf('--expression-attribute-values') + 1]!),
    );
    expect(values).toEqual(
      ['2026-08-31', '2026-09-01'].flatMap((day) =>
        [0, 1, 2, 3].map((shard) => ({ ':day': { S: `${day}#${shard}` }, ':rank': { S: '2#' } })),
      ),
    );
  });

  test('reaches every subscription whose filter policy one of the held would have passed', () => {
    const { attributes } = stormMessage(mixed, false, place, NOW);
    expect(attributes).toEqual({
      event: ['storm', 'opened', 'closed'],
      severity: ['critical', 'high', 'medium'],
      kind: ['vertical-scan'],
      direction: ['lateral', 'inbound'],
      accountId: ['111122223333'],
      vpcId: ['vpc-1'],
    });
    const passes = (policy: Record<string, unknown>) => matchesPattern(policy, attributes);
    expect(passes({ severity: ['high', 'critical'], direction: ['lateral'], accountId: ['111122223333'] })).toBe(true);
    expect(passes({ severity: ['low'] })).toBe(false);
    expect(passes({ event: ['opened'] })).toBe(true);
    expect(passes({ event: ['storm'] })).toBe(true);
    expect(passes({ event: ['escalated'] })).toBe(false);
    expect(passes({ direction: ['outbound'] })).toBe(false);
  });

  test.each([1, 50, 2000, 10_000])('about %d findings fits into an SNS message', (count) => {
    const long = 'x'.repeat(600);
    const all = Array.from({ length: count }, (_, n) =>
      held(n, { source: { ...findingOf().source!, address: `2001:db8::${n.toString(16)}`, vpcId: `${long}${n}` } }),
    );
    const message = stormMessage(all, true, { ...place, deployment: 'd'.repeat(24) }, NOW);
    expect(message.subject).toMatch(/^[\x20-\x7e]{1,99}$/);
    expect(bytesOf(message)).toBeLessThan(256 * 1024);
    const { ids, idsLeftOut } = JSON.parse(message.bodies.default!);
    expect([new Set(ids).size, idsLeftOut]).toEqual(count <= 5000 ? [count, 0] : [5000, count - 5000]);
  });

  test('does not depend on the order in which they were read', () => {
    expect(stormMessage(mixed.toReversed(), false, place, NOW)).toEqual(stormMessage(mixed, false, place, NOW));
  });

  test.each(HOSTILE.map((text) => [text]))('%j breaks neither subject, text nor JSON', (text) => {
    const all = [held(1, { source: { ...findingOf().source!, address: text, scope: text, vpcId: text } })];
    const { subject, bodies } = stormMessage(all, false, place, NOW);
    expect(subject).toMatch(/^[\x20-\x7e]{1,99}$/);
    expect(bodies.email).toMatch(/^[\x20-\x7e\n]*$/);
    expect(bodies.email!.split('\n')).toHaveLength(
      stormMessage([held(1)], false, place, NOW).bodies.email!.split('\n').length,
    );
    expect(bodies.default).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(JSON.parse(bodies.default!).worst[0].source).toBe(text);
  });
});
