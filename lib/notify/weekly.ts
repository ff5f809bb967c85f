/** Weekly times of a rule, such as `Sat 02:00-06:00` or `Mon-Fri 22:00-04:00`, by the clock of a time zone. */

/** Longer texts, which only somebody who writes into the table can make, would hold up every alert. */
const LONGEST = 1000;
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const DAY = 24 * 60;
const WEEK = 7 * DAY;
const FORM = /^([a-z]{3})(?:-([a-z]{3}))? ([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$/;

/** Explains the mistake in a list of weekly times and their time zone. Undefined if they are valid. */
export function weeklyFault(weekly: string | undefined, timeZone: string | undefined): string | undefined {
  if (weekly === undefined)
    return timeZone === undefined ? undefined : `timeZone is only for a rule with weekly times, got "${timeZone}"`;
  const minutes = minutesOf(weekly);
  if (!minutes) return `weekly must be a time such as "Sat 02:00-06:00" or "Mon-Fri 22:00-04:00", got "${weekly}"`;
  if (minutes.every(Boolean)) return 'weekly must leave some time of the week out';
  if (timeZone === undefined || !clockOf(timeZone)) return 'timeZone must be a name such as Europe/Berlin or UTC';
  return undefined;
}

/**
 * Whether each minute between two epoch seconds is one of the weekly times. The clock on the wall decides: an hour that
 * it skips in spring is not there, one that it shows twice in autumn counts both times. False if the times are invalid.
 */
export function isWithinWeekly(weekly: string, timeZone: string | undefined, from: number, to: number): boolean {
  const minutes = minutesOf(weekly);
  const clock = clockOf(timeZone ?? '');
  // Valid times leave some minute of the week out, so the loop ends within a week.
  if (!minutes || !clock || !(from <= to)) return false;
  for (let time = Math.floor(from / 60) * 60; time <= to; time += 60) if (!minutes[clock(time)]) return false;
  return true;
}

/** Which minutes of the week, from Monday on, a list of times covers. Undefined if it is malformed. */
function minutesOf(weekly: string): readonly boolean[] | undefined {
  if (weekly.length > LONGEST) return undefined;
  const covered = Array<boolean>(WEEK).fill(false);
  for (const text of weekly.split(',')) {
    const [, first = '', last = first, hour, minute, endHour, endMinute] = FORM.exec(text.trim().toLowerCase()) ?? [];
    const [from, to] = [DAYS.indexOf(first), DAYS.indexOf(last)];
    const begin = Number(hour) * 60 + Number(minute);
    const end = Number(endHour) * 60 + Number(endMinute);
    if (from < 0 || to < 0 || end > DAY || begin === end) return undefined;
    const length = end > begin ? end - begin : end + DAY - begin;
    for (let day = from; day <= (to < from ? to + 7 : to); day++)
      for (let at = 0; at < length; at++) covered[(day * DAY + begin + at) % WEEK] = true;
  }
  return covered;
}

/** Tells the minute of the week of an epoch second. Undefined if there is no such time zone. */
function clockOf(timeZone: string): ((time: number) => number) | undefined {
  // Offsets such as +01:00 know no summer.
  if (!/^[a-z]/i.test(timeZone)) return undefined;
  let format: Intl.DateTimeFormat;
  try {
    const shape = { weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
    format = new Intl.DateTimeFormat('en-GB', { ...shape, timeZone });
  } catch {
    return undefined;
  }
  return (time) => {
    const parts = new Map(format.formatToParts(time * 1000).map(({ type, value }) => [type, value]));
    const day = DAYS.indexOf((parts.get('weekday') ?? '').toLowerCase());
    return day * DAY + Number(parts.get('hour')) * 60 + Number(parts.get('minute'));
  };
}
