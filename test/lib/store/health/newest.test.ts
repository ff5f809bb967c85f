/** The newest object of a bucket that flow logs of other accounts fill, and the stacks that share a bucket. */
import type { ListObjectsV2CommandInput, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, test } from '@jest/globals';
import { newestOf } from '../../../../lib/store/health/bucket.ts';
import { hasDetectorOf } from '../../../../lib/store/health/gather.ts';

/** A bucket with objects at epoch seconds. */
function bucketOf(objects: Readonly<Record<string, number>>) {
  let calls = 0;
  const send = async ({ input: { Prefix = '', Delimiter } }: { input: ListObjectsV2CommandInput }) => {
    calls++;
    const keys = Object.keys(objects)
      .filter((key) => key.startsWith(Prefix))
      .sort();
    if (!Delimiter)
      return {
        Contents: keys.map((Key) => ({ Key, LastModified: new Date(objects[Key]! * 1000) })),
        IsTruncated: false,
      };
    const folders = keys.flatMap((key) => /^[^/]*\//.exec(key.slice(Prefix.length)) ?? []);
    return { CommonPrefixes: [...new Set(folders)].map((each) => ({ Prefix: Prefix + each })), IsTruncated: false };
  };
  return { client: { send } as unknown as S3Client, calls: () => calls };
}

const PLACE = { account: '123456789012', region: 'eu-west-1', now: 1_795_000_000 };
const keyOf = (account: number, region: string, day: string) =>
  `AWSLogs/${account}/vpcflowlogs/${region}/2026/11/${day}/x.log.gz`;

describe('the newest object', () => {
  test('is found although the last Region delivers no longer', async () => {
    const live = keyOf(111111111111, 'eu-west-1', '30');
    const { client } = bucketOf({ [live]: 900, [keyOf(111111111111, 'us-east-1', '02')]: 100 });
    expect(await newestOf(client, 'b', [], PLACE)).toEqual({ key: live, at: 900 });
  });

  test('is found in the folders of Hive, of which the last day is read', async () => {
    const folder =
      'AWSLogs/aws-account-id=111111111111/aws-service=vpcflowlogs/aws-region=eu-west-1/year=2026/month=11/';
    const live = `${folder}day=30/hour=23/x.parquet`;
    const { client, calls } = bucketOf({
      [live]: 900,
      [`${folder}day=29/hour=23/x.parquet`]: 800,
      'AWSLogs/aws-account-id=222222222222/aws-service=vpcflowlogs/aws-region=eu-west-1/year=2025/month=01/day=01/x': 1,
    });
    expect(await newestOf(client, 'b', [], PLACE)).toEqual({ key: live, at: 900 });
    expect(calls()).toBeLessThan(20);
  });

  test('is one of some if there are more accounts than are followed', async () => {
    const keys = Array.from({ length: 40 }, (_, n) => [keyOf(111111111100 + n, 'eu-west-1', '30'), 900 - n] as const);
    const { client, calls } = bucketOf(Object.fromEntries(keys));
    expect(await newestOf(client, 'b', [], PLACE)).toMatchObject({ at: 900 - 32, isSample: true });
    expect(calls()).toBeLessThan(80);
  });

  test('is looked for only in the folder that the owner of the bucket lets readers list', async () => {
    const live = keyOf(111111111111, 'eu-west-1', '30');
    const { client } = bucketOf({ [live]: 100, 'AWSLogs-of-others/x.log.gz': 900 });
    expect(await newestOf(client, 'b', [], { ...PLACE, folder: 'AWSLogs/' })).toEqual({ key: live, at: 100 });
  });

  test('is one of some if another prefix is beside AWSLogs', async () => {
    const { client } = bucketOf({ [keyOf(111111111111, 'eu-west-1', '30')]: 100, 'network/AWSLogs/x.log.gz': 900 });
    expect(await newestOf(client, 'b', [], PLACE)).toMatchObject({ at: 100, isSample: true });
  });

  test('is missing from an empty bucket', async () => {
    expect(await newestOf(bucketOf({}).client, 'b', [], PLACE)).toBeUndefined();
  });
});

test.each([
  ['a detector', { LogBucket: 'logs', FindingsTable: 't' }, true],
  ['a detector in a larger app', { ScansLogBucket: 'logs', ScansFindingsTable: 't' }, true],
  ['the stack that created the bucket', { BucketName: 'logs' }, false],
  ['a stack that exports the bucket under the same name', { LogBucket: 'logs' }, false],
  ['a detector of another bucket', { LogBucket: 'others', FindingsTable: 't', Source: 'logs' }, false],
])('%s shares the bucket, or does not', (_, outputs, expected) => {
  expect(hasDetectorOf(new Map(Object.entries(outputs)), 'logs')).toBe(expected);
});
