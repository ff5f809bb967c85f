/** When a finding is rewritten, and what of it a person hears. */
import { describe, expect, test } from '@jest/globals';
import { isWorthWriting, newsOf, type Told } from '../../../lib/finding/lifecycle.ts';
import { type Finding, SEVERITIES, severityRank } from '../../../lib/finding/model.ts';
import { findingOf } from './samples.ts';

const openPorts = (count: number): Partial<Finding> => ({ openPorts: { count, sample: [] } });
const contacts = (failed: number): Partial<Finding> => ({
  contacts: { failed, established: failed ? 0 : 20, rejected: failed, unanswered: 0, reset: 0 },
});
const closed = { status: 'closed', closedBecause: 'ended' } as const;

describe('rewriting', () => {
  const cases: readonly (readonly [string, Partial<Finding>, Partial<Finding>, boolean])[] = [
    ['the same', {}, {}, false],
    ['a few more failures', contacts(20), contacts(39), false],
    ['twice the failures', contacts(20), contacts(40), true],
    ['the same of a sweep in which nothing failed', contacts(0), contacts(0), false],
    ['a campaign to belong to', {}, { campaign: 'c'.repeat(24) }, true],
    ['a later last probe', {}, { lastSeen: '2026-09-01T12:09:00Z' }, false],
    ['more confidence', {}, { confidence: 84 }, false],
    ['another severity, up', { severity: 'medium' }, {}, true],
    ['another severity, down', {}, { severity: 'medium' }, true],
    ['another kind', {}, { kind: 'block-scan' }, true],
    ['a first open port', openPorts(0), openPorts(1), true],
    ['an open port less', openPorts(2), openPorts(1), true],
    ['its close', {}, closed, true],
    ['its close with nothing new', closed, closed, false],
    ['late evidence after its close, however small', closed, { ...closed, ...contacts(21) }, true],
    ['its return from the closed', closed, {}, true],
    ['its close, silenced by a person since', { ...closed, suppressedBy: 's-1', verdict: 'benign' }, closed, false],
  ];
  test.each(cases)('%s', (_, stored, next, expected) => {
    expect(isWorthWriting(findingOf(stored), findingOf(next))).toBe(expected);
  });

  test('does not depend on the order of keys in what was stored', () => {
    const stored = Object.fromEntries(Object.entries(findingOf(closed)).reverse()) as unknown as Finding;
    expect(isWorthWriting(stored, findingOf(closed))).toBe(false);
  });

  test('follows doubling: a scan of a hundred thousand contacts is rewritten seventeen times at most', () => {
    let stored = findingOf(contacts(1));
    let written = 0;
    for (let failed = 1; failed <= 100_000; failed += 1) {
      const next = { ...stored, contacts: { ...stored.contacts, failed } };
      if (!isWorthWriting(stored, next)) continue;
      stored = next;
      written++;
    }
    expect(written).toBeLessThanOrEqual(17);
  });
});

describe('news', () => {
  const told: Told = { severity: 'medium', openPorts: 0, status: 'open' };
  const toldMedium: Told = { severity: 'medium', openPorts: 0, status: 'closed', closedBecause: 'ended' };
  const toldClosed: Told = { severity: 'high', openPorts: 1, status: 'closed' };
  const cases: readonly (readonly [string, Partial<Finding>, Told | null, string | undefined])[] = [
    ['of a new finding', {}, null, 'opened'],
    ['of one at the minimum severity', { severity: 'medium' }, null, 'opened'],
    ['of one below it: none', { severity: 'low' }, null, undefined],
    ['of one that ended before anyone was told', closed, null, 'opened'],
    ['of one refuted before anyone was told: none', { status: 'closed', closedBecause: 'refuted' }, null, undefined],
    ['of one merged before anyone was told: none', { status: 'closed', closedBecause: 'merged' }, null, undefined],
    ['of one closed by an analyst: none', { status: 'closed', closedBecause: 'analyst' }, null, undefined],
    ['of a member of a campaign: none', { campaign: 'a'.repeat(24), severity: 'medium' }, null, undefined],
    ['of a member that got in', { campaign: 'a'.repeat(24), severity: 'high', direction: 'inbound' }, null, 'opened'],
    [
      'of an inside member: none',
      { campaign: 'a'.repeat(24), severity: 'high', direction: 'lateral' },
      null,
      undefined,
    ],
    [
      'of an inside member that stayed connected',
      { campaign: 'a'.repeat(24), severity: 'critical', direction: 'lateral' },
      null,
      'opened',
    ],
    ['of more severity', openPorts(0), told, 'escalated'],
    ['of the same: none', { severity: 'medium', ...openPorts(0) }, told, undefined],
    ['of less severity: none', { severity: 'low', ...openPorts(0) }, told, undefined],
    ['of a first answer', { severity: 'medium', ...openPorts(1) }, told, 'escalated'],
    ['of a further answer: none', { ...openPorts(2) }, { severity: 'high', openPorts: 1, status: 'open' }, undefined],
    ['of its end', closed, told, 'closed'],
    ['of its refutation', { status: 'closed', closedBecause: 'refuted' }, told, 'closed'],
    ['of its end, told already: none', closed, toldClosed, undefined],
    ['of late evidence after its end: none', { ...closed, ...contacts(99) }, toldClosed, undefined],
    ['of late evidence after its end that somebody got in', { ...closed, ...openPorts(1) }, toldMedium, 'escalated'],
    ['of its refutation after its end', { status: 'closed', closedBecause: 'refuted' }, toldClosed, 'closed'],
    ['of being part of another after its end', { status: 'closed', closedBecause: 'merged' }, toldClosed, 'closed'],
    [
      'of what an analyst did after its end: none',
      { status: 'closed', closedBecause: 'analyst' },
      toldClosed,
      undefined,
    ],
    ['of its return at the same severity: none', {}, toldClosed, undefined],
  ];
  test.each(cases)('%s', (_, finding, before, expected) => {
    expect(newsOf(findingOf(finding), before ?? undefined, 'medium')).toBe(expected);
  });

  test('is the same twice: what was told is told once', () => {
    for (const values of [{}, closed]) {
      const finding = findingOf(values);
      const after: Told = { severity: finding.severity, openPorts: finding.openPorts.count, status: finding.status };
      expect(newsOf(finding, after, 'low')).toBeUndefined();
    }
  });

  test('of any severity is there from that severity on', () => {
    for (const severity of SEVERITIES)
      for (const minimum of SEVERITIES)
        expect(newsOf(findingOf({ severity }), undefined, minimum) === 'opened').toBe(
          severityRank(severity) >= severityRank(minimum),
        );
  });
});
