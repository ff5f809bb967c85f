/** Which findings a look back keeps quiet. */
import { describe, expect, test } from '@jest/globals';
import { isOld, lookBackOf } from '../../../lib/notify/look-back.ts';
import { findingOf } from '../finding/samples.ts';

const NOW = Date.parse('2026-09-10T12:00:00Z') / 1000;
const rule = { id: 'look-back-2026-08-01-to-2026-08-31', from: '2026-08-01', to: '2026-08-31', expires: '2026-10-01' };
const ended = (lastSeen: string) => findingOf({ firstSeen: lastSeen, lastSeen });

describe('a look back', () => {
  test.each([
    ['2026-07-31T22:59:59Z', false],
    ['2026-07-31T23:30:00Z', true],
    ['2026-08-31T23:59:59Z', true],
    ['2026-09-01T00:00:00Z', false],
  ])('covers a scan that ended at %s: %s', (time, isCovered) => {
    expect(lookBackOf(ended(time), [rule], NOW) !== undefined).toBe(isCovered);
  });

  test('covers nothing once it has expired', () => {
    expect(lookBackOf(ended('2026-08-15T12:00:00Z'), [{ ...rule, expires: '2026-09-10' }], NOW)).toBeUndefined();
  });

  test('is not asked about a scan of the last hour', () => {
    expect(isOld(ended('2026-09-10T11:30:00Z'), NOW)).toBe(false);
    expect(isOld(ended('2026-09-10T10:30:00Z'), NOW)).toBe(true);
  });
});
