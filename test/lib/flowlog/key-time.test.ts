/** The day of a flow log file, from its key alone. */
import { describe, expect, test } from '@jest/globals';
import { dayOfKey, isDay } from '../../../lib/flowlog/key-time.ts';

const NAME = '123456789012_vpcflowlogs_eu-west-1_fl-0a1b2c3d4e5f60718_20260831T2355Z_a1b2c3d4.log.gz';

describe('the day of a key', () => {
  test.each([
    ['plain', `AWSLogs/123456789012/vpcflowlogs/eu-west-1/2026/08/31/${NAME}`],
    ['hourly', `AWSLogs/123456789012/vpcflowlogs/eu-west-1/2026/08/31/23/${NAME}`],
    [
      'Hive-style',
      `p/AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=eu-west-1/year=2026/month=08/day=31/hour=23/${NAME}`,
    ],
    ['renamed, in its folders', 'copy/2026/08/31/part-0001.parquet'],
    ['renamed, in Hive-style folders', 'copy/year=2026/month=08/day=31/part-0001.parquet'],
    ['moved out of its folders', `copy/${NAME}`],
  ])('is found where it is %s', (_, key) => {
    expect(dayOfKey(key)).toBe('2026-08-31');
  });

  test('is that of the name where the folders say another', () => {
    expect(dayOfKey(`copied/2026/09/02/${NAME}`)).toBe('2026-08-31');
  });

  test.each(['flow.log.gz', 'logs/2026/13/45/x.log', 'logs/20260831/x.log'])('is unknown for %s', (key) => {
    expect(dayOfKey(key)).toBeUndefined();
  });
});

test('knows the days of the calendar', () => {
  expect(['2026-02-28', '2024-02-29'].every(isDay)).toBe(true);
  expect(['2026-02-29', '2026-2-3', '2026-08-01T00:00:00Z', '', 'today'].some(isDay)).toBe(false);
});
