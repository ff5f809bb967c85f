/** The search for the slowest scan, and the scans that it is done with. */
import { describe, expect, test } from '@jest/globals';
import { duration, parseDuration } from '../../verify/coverage/duration.ts';
import { slowestInterval } from '../../verify/coverage/slowest.ts';
import { ORIGINS, SCAN_KINDS, syntheticScan } from '../../verify/coverage/synthetic.ts';
import { readRecords } from '../../verify/peers/record.ts';

const HOUR = 3600;

describe('the slowest interval', () => {
  test.each([0.05, 0.3, 12, 119, 360, 2 * HOUR + 120, 12 * HOUR])('is found: %d s', async (limit) => {
    expect(await slowestInterval(async (interval) => interval <= limit)).toBe(limit);
  });

  test('is undefined if nothing is found', async () => {
    expect(await slowestInterval(async () => false)).toBeUndefined();
  });
});

describe('a duration', () => {
  test.each([
    [0.2, '0.2 s'],
    [90, '90 s'],
    [360, '6 min'],
    [3 * HOUR, '3 h'],
    [2 * HOUR + 54 * 60, '2 h 54 min'],
  ])('%d s is %s, and back', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
    expect(parseDuration(text)).toBe(seconds);
  });

  test('is undefined if it never comes', () => {
    expect(parseDuration('never')).toBe(0);
  });
});

describe('a synthetic scan', () => {
  const all = ORIGINS.flatMap((from) => SCAN_KINDS.map((kind) => ({ from, kind })));

  test.each(all)('$kind from $from: no contact twice, 1,000 of them, no longer than 72 h', ({ from, kind }) => {
    for (const interval of [0.01, 60, 3 * HOUR]) {
      const { log, label } = syntheticScan({ kind, from, interval });
      const refused = readRecords(log).filter(({ rejected }) => rejected);
      const contacts = new Set(refused.map(({ target, targetPort }) => `${target} ${targetPort}`));
      expect(contacts.size).toBe(refused.length);
      expect(refused).toHaveLength(interval === 3 * HOUR ? 25 : 1000);
      expect(label.last - label.first).toBeLessThanOrEqual(72 * HOUR);
    }
  });

  test('a block scan stays with no host and no port', () => {
    const refused = readRecords(syntheticScan({ kind: 'block', from: 'outside', interval: 1 }).log).slice(0, 25);
    expect(new Set(refused.map(({ target }) => target)).size).toBe(25);
    expect(new Set(refused.map(({ targetPort }) => targetPort)).size).toBe(25);
  });
});
