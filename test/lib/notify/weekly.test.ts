/** Weekly times of rules, over both changes of the clock. */
import { describe, expect, test } from '@jest/globals';
import { isWithinWeekly, weeklyFault } from '../../../lib/notify/weekly.ts';

const at = (iso: string) => Date.parse(iso) / 1000;
const isIn = (weekly: string, timeZone: string, from: string, to = from) =>
  isWithinWeekly(weekly, timeZone, at(from), at(to));

describe('a weekly time', () => {
  // 5 September 2026 is a Saturday.
  test.each<[string, string, boolean]>([
    ['Sat 02:00-06:00', '2026-09-05T02:00:00Z', true],
    ['Sat 02:00-06:00', '2026-09-05T05:59:59Z', true],
    ['Sat 02:00-06:00', '2026-09-05T06:00:00Z', false],
    ['Sat 02:00-06:00', '2026-09-05T01:59:59Z', false],
    ['Sat 02:00-06:00', '2026-09-06T03:00:00Z', false],
    ['sat 02:00-06:00', '2026-09-12T03:00:00Z', true],
    ['Sat 22:00-04:00', '2026-09-06T03:59:00Z', true],
    ['Sat 22:00-04:00', '2026-09-05T03:59:00Z', false],
    ['Sun 22:00-04:00', '2026-09-07T03:59:00Z', true],
    ['Sat 00:00-24:00', '2026-09-05T23:59:00Z', true],
    ['Sat 00:00-24:00', '2026-09-06T00:00:00Z', false],
    ['Fri-Mon 02:00-06:00', '2026-09-07T03:00:00Z', true],
    ['Fri-Mon 02:00-06:00', '2026-09-08T03:00:00Z', false],
    ['Mon 01:00-02:00, Sat 02:00-06:00', '2026-09-05T03:00:00Z', true],
  ])('%s at %s: %s', (weekly, time, expected) => {
    expect(isIn(weekly, 'UTC', time)).toBe(expected);
  });

  test('covers a scan only from its first to its last probe', () => {
    expect(isIn('Sat 02:00-06:00', 'UTC', '2026-09-05T02:00:00Z', '2026-09-05T05:59:00Z')).toBe(true);
    expect(isIn('Sat 02:00-06:00', 'UTC', '2026-09-05T05:00:00Z', '2026-09-05T06:10:00Z')).toBe(false);
    expect(isIn('Sat 02:00-06:00', 'UTC', '2026-09-05T05:00:00Z', '2026-09-12T05:00:00Z')).toBe(false);
    expect(isIn('Mon-Fri 00:00-24:00', 'UTC', '2026-09-07T23:00:00Z', '2026-09-08T03:00:00Z')).toBe(true);
    expect(isIn('Sat 02:00-06:00', 'UTC', 'never')).toBe(false);
  });

  test.each<[string, string, boolean]>([
    // Summer time, two hours ahead, and then winter time, one hour ahead.
    ['Sat 02:00-06:00', '2026-09-05T00:00:00Z', true],
    ['Sat 02:00-06:00', '2026-09-05T04:00:00Z', false],
    ['Sat 02:00-06:00', '2026-12-05T00:59:00Z', false],
    ['Sat 02:00-06:00', '2026-12-05T01:00:00Z', true],
    // On 29 March 2026 the clock goes from 02:00 to 03:00, which is 01:00 in UTC.
    ['Sun 02:30-04:00', '2026-03-29T00:59:00Z', false],
    ['Sun 02:30-04:00', '2026-03-29T01:00:00Z', true],
    ['Sun 02:30-04:00', '2026-03-29T01:59:00Z', true],
    ['Sun 02:30-04:00', '2026-03-29T02:00:00Z', false],
    ['Sun 02:00-03:00', '2026-03-29T01:00:00Z', false],
    // On 25 October 2026 the clock goes from 03:00 to 02:00, so 02:30 is at 00:30 and at 01:30 in UTC.
    ['Sun 02:30-04:00', '2026-10-25T00:29:00Z', false],
    ['Sun 02:30-04:00', '2026-10-25T00:30:00Z', true],
    ['Sun 02:30-04:00', '2026-10-25T01:00:00Z', false],
    ['Sun 02:30-04:00', '2026-10-25T01:30:00Z', true],
    ['Sun 02:30-04:00', '2026-10-25T02:59:00Z', true],
    ['Sun 02:30-04:00', '2026-10-25T03:00:00Z', false],
  ])('%s in Berlin at %s: %s', (weekly, time, expected) => {
    expect(isIn(weekly, 'Europe/Berlin', time)).toBe(expected);
  });

  test('has the real length of the night in which the clock changes', () => {
    expect(isIn('Sun 01:00-05:00', 'Europe/Berlin', '2026-03-29T00:00:00Z', '2026-03-29T02:59:00Z')).toBe(true);
    expect(isIn('Sun 01:00-05:00', 'Europe/Berlin', '2026-10-24T23:00:00Z', '2026-10-25T03:59:00Z')).toBe(true);
    expect(isIn('Sun 01:00-05:00', 'Europe/Berlin', '2026-10-24T23:00:00Z', '2026-10-25T04:00:00Z')).toBe(false);
    // The clock shows 02:00 to 02:29 again in between.
    expect(isIn('Sun 02:30-04:00', 'Europe/Berlin', '2026-10-25T00:40:00Z', '2026-10-25T01:40:00Z')).toBe(false);
  });

  test('knows zones that change by half an hour, on other days, or never', () => {
    expect(isIn('Sun 01:30-03:00', 'America/New_York', '2026-11-01T05:30:00Z')).toBe(true);
    expect(isIn('Sun 01:30-03:00', 'America/New_York', '2026-11-01T06:00:00Z')).toBe(false);
    expect(isIn('Sun 01:30-03:00', 'America/New_York', '2026-11-01T07:59:00Z')).toBe(true);
    expect(isIn('Sun 01:30-02:00', 'Australia/Lord_Howe', '2026-04-04T14:45:00Z')).toBe(true);
    expect(isIn('Sun 01:30-02:00', 'Australia/Lord_Howe', '2026-04-04T15:15:00Z')).toBe(true);
    expect(isIn('Sat 02:00-06:00', 'Asia/Kolkata', '2026-09-04T20:30:00Z')).toBe(true);
  });
});

describe('refused are', () => {
  test.each([
    '',
    'Sat',
    'Sat 2:00-6:00',
    'Sat 02:00',
    'Sat 02:00-02:00',
    'Sat 02:00-24:01',
    'Sat 24:00-02:00',
    'Sam 02:00-06:00',
    'Sat 02:60-06:00',
    'Sat 02:00-06:00,',
  ])('the time "%s"', (weekly) => {
    expect(weeklyFault(weekly, 'UTC')).toBe(
      `weekly must be a time such as "Sat 02:00-06:00" or "Mon-Fri 22:00-04:00", got "${weekly}"`,
    );
    expect(isWithinWeekly(weekly, 'UTC', at('2026-09-05T03:00:00Z'), at('2026-09-05T03:00:00Z'))).toBe(false);
  });

  test('a list that would hold up every alert', () => {
    expect(weeklyFault('Mon-Sat 00:00-24:00, '.repeat(20_000), 'UTC')).toMatch(/^weekly must be a time/);
  });

  test('a time that is the whole week', () => {
    expect(weeklyFault('Mon-Sun 00:00-24:00', 'UTC')).toMatch(/^weekly must leave some time of the week out/);
  });

  test.each(['Mars/Olympus', '+01:00', '', undefined])('the time zone %s', (timeZone) => {
    expect(weeklyFault('Sat 02:00-06:00', timeZone)).toMatch(/^timeZone must be a name such as Europe\/Berlin or UTC/);
  });

  test('a time zone without a time', () => {
    expect(weeklyFault(undefined, 'UTC')).toBe('timeZone is only for a rule with weekly times, got "UTC"');
    expect(weeklyFault(undefined, undefined)).toBeUndefined();
    expect(weeklyFault('Sat 02:00-06:00', 'Europe/Berlin')).toBeUndefined();
  });
});
