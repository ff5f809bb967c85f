/** The findings of two settings: which are gained, lost and changed, and which are the same under another id. */
import { describe, expect, test } from '@jest/globals';
import { compareFindings } from '../../../lib/finding/compare.ts';
import { campaignOf, findingOf } from './samples.ts';

const id = (digit: number) => String(digit).repeat(24);
const source = (address: string) => ({ address, scope: '111122223333' });

describe('a comparison', () => {
  test('names findings gained, lost and changed, the worst first', () => {
    const kept = findingOf({ id: id(1) });
    const lost = findingOf({ id: id(2), severity: 'low', source: source('10.0.3.23') });
    const before = findingOf({ id: id(3), severity: 'high', source: source('10.0.3.24') });
    const after = { ...before, severity: 'medium', kind: 'block-scan' } as const;
    const gained = findingOf({ id: id(4), severity: 'critical', source: source('10.0.3.25') });
    const { changes, counts, same } = compareFindings([kept, lost, before], [after, kept, gained]);
    expect(changes).toEqual([
      { change: 'gained', after: gained },
      { change: 'changed', differs: ['severity', 'kind'], before, after },
      { change: 'lost', before: lost },
    ]);
    expect(same).toBe(1);
    expect(counts.map(({ severity, ...row }) => [severity, ...Object.values(row)])).toEqual([
      ['critical', 0, 1, 1, 0, 0],
      ['high', 2, 1, 0, 0, 0],
      ['medium', 0, 1, 0, 0, 1],
      ['low', 1, 0, 0, 1, 0],
      ['informational', 0, 0, 0, 0, 0],
    ]);
  });

  test('takes a scan with another first hour for the same', () => {
    const before = findingOf({ id: id(1), firstSeen: '2026-09-01T12:00:00Z', lastSeen: '2026-09-01T14:00:00Z' });
    const after = findingOf({ id: id(2), firstSeen: '2026-09-01T13:10:00Z', lastSeen: '2026-09-01T14:00:00Z' });
    expect(compareFindings([before], [after])).toMatchObject({ changes: [], same: 1 });
  });

  test('tells apart scans at other times, in other directions and of other scopes', () => {
    const before = findingOf({ id: id(1) });
    const others = [
      findingOf({ id: id(2), firstSeen: '2026-09-01T15:00:00Z', lastSeen: '2026-09-01T15:01:00Z' }),
      findingOf({ id: id(3), direction: 'outbound' }),
      findingOf({ id: id(4), source: { address: '10.0.3.22', scope: '444455556666' } }),
    ];
    const { changes } = compareFindings([before], others);
    expect(changes.map(({ change }) => change)).toEqual(expect.arrayContaining(['gained', 'gained', 'gained', 'lost']));
    expect(changes).toHaveLength(4);
  });

  test('gives a finding that two replace to one of them', () => {
    const before = findingOf({ id: id(1) });
    const after = [findingOf({ id: id(2) }), findingOf({ id: id(3) })];
    expect(compareFindings([before], after)).toMatchObject({ same: 1, changes: [{ change: 'gained' }] });
  });

  test('compares campaigns by their targets', () => {
    const [before, after] = [campaignOf({ id: id(1) }), campaignOf({ id: id(2) })];
    expect(compareFindings([before], [after])).toMatchObject({ changes: [], same: 1 });
  });
});
