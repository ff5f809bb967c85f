/** Event patterns and filter policies. */
import { expect, test } from '@jest/globals';
import { checkWildcards, matchesPattern } from '../../../local/servers/pattern.ts';

const event = {
  source: 'aws.s3',
  count: 5,
  tags: ['a', 'b'],
  empty: null,
  address: '10.1.2.3',
  detail: { object: { key: 'AWSLogs/x.log.gz' } },
};

test.each<[Record<string, unknown>, boolean]>([
  [{}, true],
  [{ source: ['aws.ec2', 'aws.s3'] }, true],
  [{ source: ['aws.ec2'] }, false],
  [{ source: ['aws.s3'], count: [6] }, false],
  [{ tags: ['b'] }, true],
  [{ empty: [null] }, true],
  [{ missing: [null] }, false],
  [{ detail: { object: { key: [{ prefix: 'AWSLogs/' }] } } }, true],
  [{ detail: { object: { key: [{ suffix: '.log' }] } } }, false],
  [{ detail: { object: { key: [{ wildcard: 'AWSLogs/*.gz' }] } } }, true],
  [{ detail: { object: { key: [{ wildcard: '*/x.*' }] } } }, true],
  [{ detail: { object: { key: [{ wildcard: 'AWSLogs/*' }] } } }, true],
  [{ detail: { object: { key: [{ wildcard: 'AWSLogs/?.log.gz' }] } } }, false],
  [{ detail: { object: { key: [{ wildcard: 'AWSLogs/\\*' }] } } }, false],
  [{ detail: { object: { key: [{ 'anything-but': { wildcard: '*.gz' } }] } } }, false],
  [{ detail: { other: { key: ['x'] } } }, false],
  [{ source: [{ 'equals-ignore-case': 'AWS.S3' }] }, true],
  [{ source: [{ prefix: { 'equals-ignore-case': 'AWS' } }] }, true],
  [{ source: [{ 'anything-but': ['aws.ec2', 'aws.sqs'] }] }, true],
  [{ source: [{ 'anything-but': { prefix: 'aws.' } }] }, false],
  [{ missing: [{ 'anything-but': 'x' }] }, false],
  [{ missing: [{ exists: false }] }, true],
  [{ source: [{ exists: true }] }, true],
  [{ count: [{ numeric: ['>=', 5, '<', 10] }] }, true],
  [{ count: [{ numeric: ['>', 5] }] }, false],
  [{ source: [{ numeric: ['=', 5] }] }, false],
  [{ address: [{ cidr: '10.0.0.0/8' }] }, true],
  [{ address: [{ cidr: '10.2.0.0/16' }] }, false],
  [{ $or: [{ source: ['x'] }, { count: [5] }] }, true],
  [{ $or: [{ source: ['x'] }, { count: [6] }] }, false],
])('%j: %p', (pattern, expected) => {
  expect(matchesPattern(pattern, event)).toBe(expected);
});

test('an operator that is not simulated is an error', () => {
  expect(() => matchesPattern({ source: [{ sounds: 'like' }] }, event)).toThrow(
    'pattern operator "sounds" is not simulated',
  );
});

test('a star spans folders, and an escaped one is a star', () => {
  const key = (wildcard: string, value: string) => matchesPattern({ key: [{ wildcard }] }, { key: value });
  expect(key('AWSLogs/*vpcflowlogs/*', 'AWSLogs/o-1/123456789012/vpcflowlogs/eu-west-1/a.log.gz')).toBe(true);
  expect(key('AWSLogs/*vpcflowlogs/*', 'AWSLogs/aws-account-id=1/aws-service=vpcflowlogs/a.log.gz')).toBe(true);
  expect(key('AWSLogs/*vpcflowlogs/*', 'AWSLogs/123456789012/CloudTrail/a.json.gz')).toBe(false);
  expect(key('a\\*b\\\\c*', 'a*b\\c, and more')).toBe(true);
  expect(key('a\\*', 'ab')).toBe(false);
});

test.each([
  [{ detail: { object: { key: [{ wildcard: 'AWSLogs/**/x' }] } } }, 'Consecutive wildcard characters at pos 8'],
  [{ $or: [{ key: [{ 'anything-but': { wildcard: ['a', '**'] } }] }] }, 'Consecutive wildcard characters at pos 0'],
  [{ key: [{ wildcard: 'a\\b' }] }, 'Invalid escape character at pos 1'],
  [{ key: [{ wildcard: 'a\\' }] }, 'Invalid escape character at pos 1'],
])('a rule with %j is refused as by EventBridge', (pattern, problem) => {
  expect(() => checkWildcards(pattern)).toThrow(problem);
});
