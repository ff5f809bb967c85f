/** Suppressed scanners that behave as before, and ones that do not. */
import { describe, expect, test } from '@jest/globals';
import { type Finding, isoTime } from '../../../lib/finding/model.ts';
import { changeOf } from '../../../lib/notify/changed-scanner.ts';
import { findingOf } from '../finding/samples.ts';

const spread = <T>(...sample: T[]) => ({ count: sample.length, exact: true, sample });
const many = (count: number, exact = true) => ({
  count,
  exact,
  sample: Array.from({ length: 20 }, (_, at) => at * 3 + 1),
});
const hosts = (count: number, network = '10.0.9') => ({
  count,
  exact: true,
  sample: Array.from({ length: Math.min(20, count) }, (_, at) => `${network}.${at + 1}`),
});
const contacts = (failed: number) => ({ failed, established: 0, rejected: failed, unanswered: 0, reset: 0 });
const change = (now: Partial<Finding>, ...before: Partial<Finding>[]) =>
  changeOf(findingOf(now), before.map(findingOf))?.text;

test('a source without earlier scans has nothing to be compared with', () => {
  expect(change({ ports: spread(1, 2, 3) })).toBeUndefined();
});

describe('ports', () => {
  test.each<[string, Partial<Finding>, Partial<Finding>[]]>([
    ['the same', { ports: spread(22, 80) }, [{ ports: spread(22, 80) }]],
    ['fewer', { ports: spread(22) }, [{ ports: spread(22, 80) }]],
    ['those of two scans together', { ports: spread(22, 80) }, [{ ports: spread(22) }, { ports: spread(80) }]],
    ['the same number of many', { ports: many(1000) }, [{ ports: many(1000) }]],
    ['some beside many, of which not all are named', { ports: spread(4444) }, [{ ports: many(1000) }]],
    ['many, by an estimate', { ports: many(1200, false) }, [{ ports: many(1000) }]],
  ])('%s are no change', (_, now, before) => {
    expect(change(now, ...before)).toBeUndefined();
  });

  test('that were not tried before are named, up to five', () => {
    expect(change({ ports: spread(22, 4444) }, { ports: spread(22, 80) })).toBe(
      'a suppression covers this source, but it scans ports that it had not tried in the 35 days before: 4444',
    );
    expect(change({ ports: spread(1, 2, 3, 4, 5, 6) }, { ports: spread(22) })).toMatch(/: 1, 2, 3, 4, 5 and others$/);
  });

  test('that are more than all before had together are new, though nobody can say which', () => {
    expect(change({ ports: many(2001) }, { ports: many(1000) }, { ports: many(1000) })).toMatch(
      /in the 35 days before$/,
    );
    expect(change({ ports: many(2000) }, { ports: many(1000) }, { ports: many(1000) })).toBeUndefined();
  });
});

describe('targets', () => {
  test('of the same networks are no change', () => {
    expect(change({ targets: hosts(254) }, { targets: hosts(250) })).toBeUndefined();
    expect(change({ targets: spread('10.0.9.200') }, { targets: hosts(20) })).toBeUndefined();
  });

  test('of another network are', () => {
    expect(change({ targets: spread('10.0.99.9') }, { targets: hosts(254) })).toMatch(
      /scans targets that it had not tried in the 35 days before: 10\.0\.99\.0\/24$/,
    );
    expect(change({ targets: spread('fd00:1:2:4::9') }, { targets: spread('fd00:1:2:3::9') })).toMatch(
      /: fd00:1:2:4::\/64$/,
    );
  });

  test('that are more than the networks before hold are, though nobody can say which', () => {
    expect(change({ targets: hosts(257) }, { targets: hosts(254) })).toMatch(/in the 35 days before$/);
    expect(change({ targets: hosts(256) }, { targets: hosts(254) })).toBeUndefined();
  });

  test('beside so many that not all of their networks are named are no change', () => {
    expect(change({ targets: spread('10.0.99.9') }, { targets: hosts(65_536) })).toBeUndefined();
  });
});

describe('the rate', () => {
  const over = (failed: number, minutes: number): Partial<Finding> => ({
    contacts: contacts(failed),
    firstSeen: '2026-09-01T12:00:00Z',
    lastSeen: isoTime(Date.UTC(2026, 8, 1, 12, minutes) / 1000),
  });

  test.each<[Partial<Finding>, Partial<Finding>, boolean]>([
    [over(1000, 60), over(1000, 60), false],
    [over(9900, 60), over(1000, 60), false],
    [over(10_000, 60), over(1000, 60), true],
    [over(1000, 6), over(1000, 60), true],
    // The first minute of a scan tells nothing about its rate.
    [over(200, 0), over(1000, 60), false],
    [over(90, 60), over(5, 60), false],
  ])('of %j after %j: %s', (now, before, isChange) => {
    expect(change(now, before) !== undefined).toBe(isChange);
  });

  test('is compared with the fastest scan before', () => {
    expect(change(over(10_000, 60), over(1000, 60), over(2000, 60))).toBeUndefined();
    expect(change(over(10_000, 60), over(500, 60), over(1000, 60))).toMatch(
      /10 times as fast as in the 35 days before$/,
    );
  });
});
