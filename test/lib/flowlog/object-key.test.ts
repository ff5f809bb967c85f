/** Which keys are flow logs, which belong to other services, and which follow no layout of AWS. */
import { describe, expect, test } from '@jest/globals';
import { isFlowLogKey, serviceOf, whyIgnored } from '../../../lib/flowlog/object-key.ts';

const ACCOUNT = '123456789012';
const FILE = `${ACCOUNT}_vpcflowlogs_eu-west-1_fl-0a1b2c3d_20261121T1000Z_ab12.log.gz`;

describe('The key of a flow log', () => {
  test.each<[layout: string, key: string]>([
    ['plain', `AWSLogs/${ACCOUNT}/vpcflowlogs/eu-west-1/2026/11/21/${FILE}`],
    ['hourly', `AWSLogs/${ACCOUNT}/vpcflowlogs/eu-west-1/2026/11/21/10/${FILE}`],
    ['below a prefix', `network/logs/AWSLogs/${ACCOUNT}/vpcflowlogs/eu-west-1/2026/11/21/${FILE}`],
    [
      'Hive-style',
      `AWSLogs/aws-account-id=${ACCOUNT}/aws-service=vpcflowlogs/aws-region=eu-west-1/year=2026/month=11/day=21/${FILE}`,
    ],
    [
      'Hive-style of Transit Gateway',
      `AWSLogs/aws-account-id=${ACCOUNT}/service=vpcflowlogs/region=eu-west-1/year=2026/month=11/day=21/hour=10/${FILE}`,
    ],
    ['of an organization', `AWSLogs/o-a1b2c3d4e5/${ACCOUNT}/vpcflowlogs/eu-west-1/2026/11/21/${FILE}`],
    ['of Control Tower', `o-a1b2c3d4e5/AWSLogs/${ACCOUNT}/vpcflowlogs/eu-west-1/2026/11/21/${FILE}`],
    ['in a copy of a bucket', `AWSLogs/${ACCOUNT}/backup/AWSLogs/${ACCOUNT}/vpcflowlogs/eu-west-1/${FILE}`],
  ])('%s is known', (_layout, key) => {
    expect(isFlowLogKey(key)).toBe(true);
    expect(whyIgnored({ key, size: 1 })).toBeUndefined();
  });
});

describe('The key of another service', () => {
  test.each<[service: string, key: string]>([
    ['CloudTrail', `AWSLogs/${ACCOUNT}/CloudTrail/eu-west-1/2026/11/21/${ACCOUNT}_CloudTrail_eu-west-1_x.json.gz`],
    ['CloudTrail-Digest', `trail/AWSLogs/${ACCOUNT}/CloudTrail-Digest/eu-west-1/2026/11/21/x.json.gz`],
    ['CloudTrail', `AWSLogs/o-a1b2c3d4e5/${ACCOUNT}/CloudTrail/eu-west-1/2026/11/21/x.json.gz`],
    ['Config', `o-a1b2c3d4e5/AWSLogs/${ACCOUNT}/Config/eu-west-1/2026/11/21/ConfigHistory/x.json.gz`],
    ['elasticloadbalancing', `AWSLogs/${ACCOUNT}/elasticloadbalancing/eu-west-1/2026/11/21/x.log.gz`],
    [
      'elasticloadbalancing',
      `AWSLogs/aws-account-id=${ACCOUNT}/aws-service=elasticloadbalancing/aws-region=eu-west-1/x.log.gz`,
    ],
    ['vpcdnsquerylogs', `AWSLogs/${ACCOUNT}/vpcdnsquerylogs/vpc-0a1b2c3d/2026/11/21/x.log.gz`],
    ['globalaccelerator', `AWSLogs/${ACCOUNT}/globalaccelerator/us-west-2/2026/11/21/x.log.gz`],
    ['WAFLogs', `AWSLogs/${ACCOUNT}/WAFLogs/eu-west-1/acl/2026/11/21/10/00/x.log.gz`],
    ['network-firewall', `AWSLogs/${ACCOUNT}/network-firewall/flow/eu-west-1/fw/2026/11/21/10/x.log.gz`],
    ['CloudTrail', `AWSLogs/${ACCOUNT}/CloudTrail/eu-west-1/vpcflowlogs/x.json.gz`],
  ])('%s is ignored by its folder', (service, key) => {
    expect(serviceOf(key)).toBe(service);
    expect(whyIgnored({ key, size: 1 })).toBe(`a log of ${service}`);
    expect(isFlowLogKey(key)).toBe(false);
  });
});

describe('A key without the layout of AWS', () => {
  test.each([
    'flow.log.gz',
    'copies/2026/11/21/flow.log.gz',
    `AWSLogs/${ACCOUNT}/flow.log.gz`,
    'AWSLogs/production/CloudTrail/flow.log.gz',
    'AWSLogs/1234/CloudTrail/flow.log.gz',
    `MyAWSLogs/${ACCOUNT}/CloudTrail/flow.log.gz`,
    `AWSLogs/o-short/${ACCOUNT}/CloudTrail/flow.log.gz`,
    `awslogs/${ACCOUNT}/CloudTrail/flow.log.gz`,
    `AWSLogs/${ACCOUNT}//flow.log.gz`,
    '',
  ])('is read: %s', (key) => {
    expect(serviceOf(key)).toBeUndefined();
    expect(whyIgnored({ key, size: 1 })).toBeUndefined();
    expect(whyIgnored({ key })).toBeUndefined();
  });
});

describe('What holds no log', () => {
  test.each<[why: string, key: string, size: number | undefined]>([
    ['a folder placeholder', 'AWSLogs/', 0],
    ['a folder placeholder', `AWSLogs/${ACCOUNT}/vpcflowlogs/`, undefined],
    ['an empty object', `AWSLogs/${ACCOUNT}/vpcflowlogs/eu-west-1/2026/11/21/${FILE}`, 0],
    ['an empty object', 'copies/flow.log.gz', 0],
    ['a file with which AWS tests its write access', `AWSLogs/${ACCOUNT}/ELBAccessLogTestFile`, 85],
    ['a file with which AWS tests its write access', `AWSLogs/${ACCOUNT}/ELBConnectionLogTestFile`, 85],
    ['a log of Config', `AWSLogs/${ACCOUNT}/Config/ConfigWritabilityCheckFile`, 0],
    ['a file with which AWS tests its write access', 'AWSLogs/aws-programmatic-access-test-object', undefined],
  ])('is %s: %s of %p bytes', (why, key, size) => {
    expect(whyIgnored({ key, size })).toBe(why);
  });
});

test('a key as long as S3 allows is judged at once', () => {
  const key = 'AWSLogs/'.repeat(128);
  const start = performance.now();
  whyIgnored({ key: key.slice(0, -1) });
  whyIgnored({ key: `${'ELB'.repeat(340)}` });
  expect(performance.now() - start).toBeLessThan(100);
});
