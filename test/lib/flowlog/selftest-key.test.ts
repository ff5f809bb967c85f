/** The keys of the files of `selftest` are covered by the notification, and are recognised as those of tests. */
import { expect, test } from '@jest/globals';
import { isFlowLogKey } from '../../../lib/flowlog/object-key.ts';
import { selftestKey, selftestPrefix, selftestRunOf } from '../../../lib/flowlog/selftest-key.ts';

test.each([
  ['', ''],
  ['AWSLogs/', ''],
  ['AWSLogs', ''],
  ['network/', 'network/'],
  ['network', 'network'],
  ['network/AWSLogs/', 'network/'],
  ['AWSLogs/o-abcdefghij/', 'AWSLogs/o-abcdefghij/'],
  ['AWSLogs/123456789012/', 'AWSLogs/123456789012/'],
  ['AWSLogs/123456789012/vpcflow', 'AWSLogs/123456789012/vpcflow'],
  ['AWSLogs/0000', ''],
])('a notification for keys that begin with "%s" covers the test', (filter, prefix) => {
  expect(selftestPrefix(filter)).toBe(prefix);
  const key = selftestKey(prefix, 'eu-west-1', '0a1b2c3d', 1_795_000_000);
  expect(key.startsWith(filter)).toBe(true);
  expect(isFlowLogKey(key)).toBe(true);
  expect(selftestRunOf(key)).toBe('0a1b2c3d');
});
