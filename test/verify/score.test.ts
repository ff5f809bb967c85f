/** What counts as found, and what as a false alarm. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { epochSeconds, type Finding, isoTime } from '../../lib/finding/model.ts';
import { findingsOf } from '../../verify/coverage/detector.ts';
import { isAsked, score } from '../../verify/coverage/score.ts';
import { allShapes, type Label } from '../../verify/coverage/shapes.ts';

const shape = allShapes().find(({ name, format }) => name === 'v1-fast-vertical' && format === 'v5')!;
const [label] = shape.labels as [Label];

describe('the score', () => {
  let finding: Finding;
  beforeAll(async () => {
    [finding] = (await findingsOf([readFileSync(shape.path)])) as [Finding];
  });
  const judge = (changes: Partial<Finding>, changedLabel: Partial<Label> = {}) =>
    score([{ ...finding, ...changes }], { labels: [{ ...label, ...changedLabel }], benign: [] }, 'v5');
  const isFound = (changes: Partial<Finding>, changedLabel: Partial<Label> = {}) =>
    judge(changes, changedLabel).verdicts[0]!.finding !== undefined;
  const later = (iso: string, seconds: number) => isoTime(epochSeconds(iso) + seconds);

  test('finds the scan and nothing else', () => {
    expect(judge({})).toMatchObject({ verdicts: [{ kindIsRight: true }], falseAlarms: [], chatter: [] });
    expect(isFound({})).toBe(true);
  });

  test('wants medium severity where the source is inside, and none from outside', () => {
    expect(isFound({ severity: 'low' })).toBe(false);
    const outside = { source: { address: '203.0.113.7', scope: 'internet' }, severity: 'low' } as const;
    expect(isFound(outside, { sources: ['203.0.113.7'] })).toBe(true);
  });

  test('wants the time to be right', () => {
    expect(isFound({ detectedAt: later(finding.detectedAt, 3600 + 400) })).toBe(false);
    expect(isFound({ lastSeen: later(finding.lastSeen, 3600 + 400) })).toBe(false);
    expect(isFound({ firstSeen: later(finding.firstSeen, 600), lastSeen: later(finding.lastSeen, 600) })).toBe(false);
  });

  test('tells a wrong kind', () => {
    expect(judge({ kind: 'horizontal-scan' }).verdicts[0]).toMatchObject({ kindIsRight: false });
  });

  test('calls a finding about anyone else a false alarm, or chatter where it is low', () => {
    const other = { source: { address: '10.9.9.9', scope: 'a' } };
    expect(judge(other)).toMatchObject({ falseAlarms: [{}], chatter: [] });
    expect(judge({ ...other, severity: 'low' })).toMatchObject({ falseAlarms: [], chatter: [{}] });
  });

  test('takes a campaign whose members are the label’s, on its target', () => {
    const campaign = { kind: 'distributed-scan', source: null } as const;
    const distributed = { kind: 'distributed-vertical', sources: ['203.0.113.7', '203.0.113.8'] };
    const sources = { count: 2, sample: distributed.sources };
    expect(judge({ ...campaign, sources }, distributed).verdicts[0]).toMatchObject({ kindIsRight: true });
    expect(isFound({ ...campaign, sources: { count: 2, sample: ['203.0.113.7', '10.9.9.9'] } }, distributed)).toBe(
      false,
    );
    expect(isFound({ ...campaign, sources }, { ...distributed, targets: '10.99.0.0/24' })).toBe(false);
  });

  test('does not ask for what a log cannot show', () => {
    expect(isAsked({ ...label, detectable: 'no' }, 'v5')).toBe(false);
    expect(isAsked({ ...label, detectable: 'v5 only' }, 'v5')).toBe(true);
    expect(isAsked({ ...label, detectable: 'v5 only' }, 'v2')).toBe(false);
    expect(isAsked({ ...label, detectable: 'with a long window', contacts: 24 }, 'v5')).toBe(false);
    expect(isAsked({ ...label, detectable: 'with a long window', contacts: 25 }, 'v5')).toBe(true);
  });
});
