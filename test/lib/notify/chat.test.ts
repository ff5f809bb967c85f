/** Alerts in Slack and Teams: what Amazon Q shows, one thread for a finding, and no markup from a log. */
import { describe, expect, test } from '@jest/globals';
import type { Finding } from '../../../lib/finding/model.ts';
import { CHAT_LIMITS, chatDigest, chatMessage, chatStorm, type StormBody } from '../../../lib/notify/chat.ts';
import { type DigestBody, digestMessage } from '../../../lib/notify/digest.ts';
import { stormMessage } from '../../../lib/notify/storm.ts';
import { chatProblem } from '../../../local/servers/chats.ts';
import { campaignOf, findingOf, HOSTILE } from '../finding/samples.ts';

const place = { deployment: 'soc', tables: { findings: 'findings', region: 'eu-west-1', stack: 'soc' } };
const now = Date.parse('2026-09-01T12:05:00Z') / 1000;
const problemOf = (message: object) => chatProblem(JSON.stringify(message));

test('an alert says in a few lines who scanned what, what answered, and what to do', () => {
  const message = chatMessage('opened', findingOf(), place);
  expect(message).toEqual({
    version: '1.0',
    source: 'custom',
    id: `${findingOf().id}-opened-high`,
    content: {
      textType: 'client-markdown',
      title: '[high] lateral vertical scan by 10.0.3.22 on 10.0.9.9: 1 service answered (8587fc4b)',
      description: expect.stringContaining('10.0.3.22 scanned 3 TCP ports of 10.0.9.9. 1 service answered.'),
      nextSteps: [
        expect.stringMatching(/^Do first: /),
        `\`npx --no-install sweepwatch findings show ${findingOf().id} --stack soc --region eu-west-1\``,
      ],
      keywords: ['high', 'lateral', 'vertical-scan', 'soc'],
    },
    metadata: {
      threadId: findingOf().id,
      summary: message.content.title,
      eventType: 'opened',
      relatedResources: [
        'arn:aws:ec2:eu-west-1:111122223333:instance/i-1',
        'arn:aws:ec2:eu-west-1:111122223333:network-interface/eni-1',
      ],
      additionalContext: {
        deployment: 'soc',
        finding: findingOf().id,
        severity: 'high',
        account: '111122223333',
        vpc: 'vpc-1',
      },
    },
  });
  for (const fact of [
    '- source 10.0.3.22 (inside)',
    '- answered: 1 service: 10.0.9.9:22/tcp',
    '- 20 distinct tcp ports failed',
  ])
    expect(message.content.description).toContain(fact);
});

test('all alerts about a finding are one thread, and the last one has the totals', () => {
  const closed = findingOf({ status: 'closed', closedBecause: 'ended' });
  const messages = [
    chatMessage('opened', findingOf(), place),
    chatMessage('escalated', findingOf({ severity: 'critical' }), place),
    chatMessage('closed', closed, place),
  ];
  expect(new Set(messages.map(({ metadata }) => metadata.threadId))).toEqual(new Set([closed.id]));
  expect(new Set(messages.map(({ id }) => id)).size).toBe(3);
  const { description, nextSteps } = messages[2]!.content;
  expect(description).toContain('The scan ended');
  expect(description).toContain('20 contacts failed (12 rejected, 5 reset, 3 unanswered), 1 established');
  expect(nextSteps).toBeUndefined();
});

test('a campaign and a finding of signals alone are shown too', () => {
  expect(problemOf(chatMessage('opened', campaignOf(), place))).toBeUndefined();
  const { source: _, direction: __, ...rest } = findingOf({ kind: 'tool-execution' });
  const actor = { kind: 'pod', name: 'web-1', namespace: 'shop', at: '2026-09-01T12:00:00Z' } as const;
  const message = chatMessage('opened', { ...rest, source: null, actor }, place);
  expect(problemOf(message)).toBeUndefined();
  expect(message.content.description).toContain('web-1');
});

describe('texts of a log', () => {
  test.each([
    ...HOSTILE,
    '<!channel> <@U123> @here [x](https://evil.example) `rm` <https://evil.example|ok>',
    '[Click](mailto:soc) *ALL CLEAR*',
    '_a_ ~b~ __c__ [d][e]',
    '[f]: mailto:soc',
  ])('%j make no mention, no link and no markup', (name) => {
    const actor = { kind: 'pod', name, command: name, at: '2026-09-01T12:00:00Z' } as const;
    const reasons = [{ test: 'x', value: 1, threshold: 1, text: name || 'x' }];
    const tool = { name: name || 'x', confidence: 50 };
    const message = chatMessage('opened', findingOf({ actor, reasons, tool, kind: 'vertical-scan' }), place);
    expect(problemOf(message)).toBeUndefined();
    const { title, description, nextSteps = [] } = message.content;
    for (const text of [title, description, message.metadata.summary]) {
      expect(text).toMatch(/^[\n\x20-\x7e]*$/);
      expect(text.replace(/&(amp|lt|gt);/g, '')).not.toMatch(
        /[<>&@`*~]|:\/\/|\][([:]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/,
      );
    }
    for (const step of nextSteps) expect(step.replace(/^`(.*)`$/, '$1')).not.toContain('`');
  });
});

test('every text is cut to the limit of Amazon Q, and no entity is cut in two', () => {
  const reasons = [{ test: 'x', value: 1, threshold: 1, text: '<&>'.repeat(9000) }];
  const long = { ...place, deployment: '&'.repeat(100) };
  const message = chatMessage('opened', findingOf({ reasons }), long);
  expect(problemOf(message)).toBeUndefined();
  expect(message.content.description.length).toBeLessThanOrEqual(CHAT_LIMITS.description);
  expect(message.content.description).toMatch(/(&lt;|&amp;|&gt;) \.\.\.$/);
  for (const word of message.content.keywords) expect(word.length).toBeLessThanOrEqual(CHAT_LIMITS.keyword);
});

test('a command that is too long is left out, since half of one does something else', () => {
  const tables = { ...place.tables, stack: 'x'.repeat(400) };
  expect(chatMessage('opened', findingOf(), { ...place, tables }).content.nextSteps).toEqual([
    expect.stringMatching(/^Do first/),
  ]);
});

test('a storm is one message with counts and a command that lists it', () => {
  const held = (['critical', 'medium'] as const).map((severity, n) => ({
    event: 'opened' as const,
    finding: findingOf({ severity, id: `${n}`.repeat(24) }),
  }));
  const body = JSON.parse(stormMessage(held, true, place, now).bodies.default!) as StormBody;
  const message = chatStorm(body, place);
  expect(problemOf(message)).toBeUndefined();
  expect(message.content.title).toBe('Alert storm: 2 alerts in one message, worst critical');
  expect(message.content.description).toContain('- by severity: 1 critical, 1 medium');
  expect(message.content.description).toContain('More alerts are waiting');
  expect(message.content.nextSteps).toEqual([expect.stringContaining('findings list --since 2026-09-01T12:01:00Z')]);
});

describe('a digest', () => {
  const digestOf = (...findings: Finding[]) =>
    JSON.parse(digestMessage('2026-09-01', findings, place)!.bodies.default!) as DigestBody;

  test('is one message with counts, the largest scans and a command that lists all', () => {
    const findings = Array.from({ length: 12 }, (_, n) =>
      findingOf({ id: `${n}`.padStart(24, '0'), severity: n % 2 ? 'low' : 'informational' }),
    );
    const message = chatDigest(digestOf(...findings), place);
    expect(problemOf(message)).toBeUndefined();
    expect(message.content.title).toBe('Digest of 2026-09-01: 12 scans without an alert');
    expect(message.content.description).toContain('raised no alert: 6 low, 6 informational.');
    expect(message.content.description.match(/^- (low|informational): .* failed contacts?, /gm)).toHaveLength(10);
    expect(message.content.description).toContain('No scan among them came from outside.');
    expect(message.content.description).toMatch(/^- Sources: [^\n]* \(12 scans\)$/m);
    expect(message.content.nextSteps).toEqual([expect.stringContaining('findings list --since 2026-09-01T00:00:00Z')]);
    expect(message.metadata).toMatchObject({ threadId: 'digest-2026-09-01', eventType: 'digest' });
  });

  test('lists from the first probe of a scan on that began earlier', () => {
    const message = chatDigest(digestOf(findingOf({ firstSeen: '2026-08-30T04:05:06Z' })), place);
    expect(message.content.nextSteps).toEqual([expect.stringContaining('findings list --since 2026-08-30T04:05:06Z')]);
  });

  test('of an hour names the hour, in one thread with those of its day', () => {
    const body = digestMessage('2026-09-01T23', [findingOf({ firstSeen: '2026-09-01T23:10:00Z' })], place)!.bodies
      .default!;
    const message = chatDigest(JSON.parse(body), place);
    expect(problemOf(message)).toBeUndefined();
    expect(message.content.title).toBe('Digest of 2026-09-01 from 23:00 to 23:59: 1 scan without an alert');
    expect(message.content.nextSteps).toEqual([expect.stringContaining('findings list --since 2026-09-01T23:00:00Z')]);
    expect(message.metadata).toMatchObject({ threadId: 'digest-2026-09-01' });
    expect(message.id).not.toBe(chatDigest(digestOf(findingOf()), place).id);
  });

  test('has whole lines as far as they fit into 8,000 characters, and says how many it leaves out', () => {
    const long = { source: { address: '<&>'.repeat(300), scope: 'x' } };
    const findings = Array.from({ length: 10 }, (_, n) => findingOf({ id: `${n}`.padStart(24, '0'), ...long }));
    const { description } = chatDigest(digestOf(...findings), place).content;
    expect(description.length).toBeLessThanOrEqual(CHAT_LIMITS.description);
    const shown = description.match(/^- .*answered$/gm)?.length ?? 0;
    expect(shown).toBeGreaterThan(0);
    expect(description).toContain(`${10 - shown} further lines left out.`);
    expect(description).toMatch(/Deployment [^.]+\.$/);
  });

  test('of an earlier release has no lines', () => {
    const { top: _, background: __, active: ___, since: ____, ...earlier } = digestOf(findingOf());
    const message = chatDigest(earlier, place);
    expect(problemOf(message)).toBeUndefined();
    expect(message.content.description).not.toContain('- ');
  });
});
