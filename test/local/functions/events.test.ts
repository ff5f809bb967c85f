/** Batch answers and schedules. */
import { afterEach, expect, jest, test } from '@jest/globals';
import { findFailedMessages } from '../../../local/functions/batch-response.ts';
import { periodOf, startSchedule } from '../../../local/functions/schedule.ts';

const item = (itemIdentifier: unknown) => ({ batchItemFailures: [{ itemIdentifier }] });

test.each<[string, unknown, string[]]>([
  ['nothing', undefined, []],
  ['null', null, []],
  ['an empty object', {}, []],
  ['a null list', { batchItemFailures: null }, []],
  ['an empty list', { batchItemFailures: [] }, []],
  ['a known id', item('b'), ['b']],
  ['an unknown id', item('z'), ['a', 'b', 'c']],
  ['an empty id', item(''), ['a', 'b', 'c']],
  ['a null id', item(null), ['a', 'b', 'c']],
  ['a wrong key', { batchItemFailures: [{ id: 'a' }] }, ['a', 'b', 'c']],
  ['no list', { batchItemFailures: 'a' }, ['a', 'b', 'c']],
  ['a string', 'done', ['a', 'b', 'c']],
])('after the answer "%s" these fail', (_, answer, failed) => {
  expect([...findFailedMessages(answer, ['a', 'b', 'c'])]).toEqual(failed);
});

test('rates have a period, cron has none, anything else is an error', () => {
  expect(periodOf('rate(1 minute)')).toBe(60_000);
  expect(periodOf('rate(5 minutes)')).toBe(300_000);
  expect(periodOf('rate(2 days)')).toBe(172_800_000);
  expect(periodOf('cron(0 6 * * ? *)')).toBeUndefined();
  for (const bad of ['rate(0 minutes)', 'rate(5 seconds)', 'every day'])
    expect(() => periodOf(bad)).toThrow('a schedule is');
});

afterEach(() => {
  jest.useRealTimers();
});

test('a schedule fires after each period until it is ended, and never when disabled', () => {
  jest.useFakeTimers();
  const invoke = jest.fn(async () => undefined);
  const schedule = { logicalId: 'S', expression: 'rate(5 minutes)', isEnabled: true, invoke };
  const end = startSchedule(schedule);
  startSchedule({ ...schedule, isEnabled: false });
  jest.advanceTimersByTime(299_999);
  expect(invoke).toHaveBeenCalledTimes(0);
  jest.advanceTimersByTime(300_001);
  expect(invoke).toHaveBeenCalledTimes(2);
  end();
  jest.advanceTimersByTime(600_000);
  expect(invoke).toHaveBeenCalledTimes(2);
});
