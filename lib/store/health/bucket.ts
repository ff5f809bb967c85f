/** What the bucket of a deployment says: its Region, its notifications, its newest object, and whether that can be read. */
import {
  GetBucketNotificationConfigurationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import { ask, known } from './ask.ts';
import type { Answer, FlowLogFacts, NotificationFacts, ObjectFacts } from './facts.ts';

/** How far back files are looked for under the name of a flow log, in seconds. */
const LOOKED_BACK = 2700;
/** Flow logs whose files are looked for. */
const MOST_LOGS = 10;
/** Levels of folders to go down. */
const DEPTH = 14;
const PAGES = 5;
/** Folders of accounts and Regions that are followed side by side. */
const MOST_FOLDERS = 8;

/** The Region of a bucket, which S3 tells even a caller that may do nothing with it. */
export async function regionOf(client: S3Client, Bucket: string): Promise<string> {
  try {
    const { BucketRegion } = await client.send(new HeadBucketCommand({ Bucket }));
    return BucketRegion ?? '';
  } catch (error) {
    const { $response } = error as { $response?: { statusCode?: number; headers?: Record<string, string> } };
    const region = $response?.headers?.['x-amz-bucket-region'];
    if (region && $response?.statusCode !== 404) return region;
    throw error;
  }
}

/** How the bucket announces its objects. */
export async function notificationsOf(client: S3Client, Bucket: string): Promise<NotificationFacts> {
  const answer = await client.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
  return {
    eventBridge: answer.EventBridgeConfiguration !== undefined,
    queues: (answer.QueueConfigurations ?? []).map(({ QueueArn = '', Filter }) => {
      const rules = Filter?.Key?.FilterRules ?? [];
      const valueOfRule = (name: string) => rules.find((rule) => rule.Name?.toLowerCase() === name)?.Value ?? '';
      return { arn: QueueArn, prefix: valueOfRule('prefix'), suffix: valueOfRule('suffix') };
    }),
  };
}

/**
 * The newest object: that of the flow logs that deliver to the bucket, found by their names, or else the newest of
 * the last days of the last {@link MOST_FOLDERS} accounts and Regions. The owner of a foreign bucket lets readers list
 * one folder only.
 */
export async function newestOf(
  client: S3Client,
  bucket: string,
  logs: readonly FlowLogFacts[],
  place: { readonly account: string; readonly region: string; readonly now: number; readonly folder?: string },
): Promise<ObjectFacts | undefined> {
  const folders = logs.slice(0, MOST_LOGS).flatMap((log) => startsOf(log, bucket, place));
  const found: ObjectFacts[] = [];
  for (const { folder, after } of folders) found.push(...(await objectsIn(client, bucket, folder, after)).objects);
  return latest(found) ?? lastBelow(client, bucket, place.folder ?? '');
}

/** Where the files of a flow log are that ended lately: folders, and the key after which they come. */
function startsOf(
  log: FlowLogFacts,
  bucket: string,
  { account, region, now }: { readonly account: string; readonly region: string; readonly now: number },
): { folder: string; after: string }[] {
  const [, prefix = ''] = new RegExp(`:s3:::${bucket}/?(.*)$`).exec(log.destination) ?? [];
  const times = [now - LOOKED_BACK, now];
  const starts = times.map((time) => {
    const [day = '', hour = ''] = new Date(time * 1000).toISOString().split(/[T:]/);
    const [year, month, date] = day.split('-');
    const folder = log.isHive
      ? `AWSLogs/aws-account-id=${account}/aws-service=vpcflowlogs/aws-region=${region}/year=${year}/month=${month}/day=${date}/${log.isHourly ? `hour=${hour}/` : ''}`
      : `AWSLogs/${account}/vpcflowlogs/${region}/${year}/${month}/${date}/${log.isHourly ? `${hour}/` : ''}`;
    const stamp = new Date((now - LOOKED_BACK) * 1000).toISOString().replace(/[-:]/g, '').slice(0, 13);
    const whole = `${prefix}${prefix && !prefix.endsWith('/') ? '/' : ''}${folder}`;
    return { folder: whole, after: `${whole}${account}_vpcflowlogs_${region}_${log.id}_${stamp}Z` };
  });
  return starts.filter(({ folder }, at) => starts.findIndex((other) => other.folder === folder) === at);
}

async function objectsIn(
  client: S3Client,
  Bucket: string,
  Prefix: string,
  StartAfter?: string,
): Promise<{ objects: ObjectFacts[]; isWhole: boolean }> {
  const objects: ObjectFacts[] = [];
  let ContinuationToken: string | undefined;
  for (let page = 0; page < PAGES; page++) {
    const answer = await client.send(new ListObjectsV2Command({ Bucket, Prefix, StartAfter, ContinuationToken }));
    for (const { Key = '', LastModified } of answer.Contents ?? [])
      objects.push({ key: Key, at: (LastModified?.getTime() ?? 0) / 1000 });
    ContinuationToken = answer.NextContinuationToken;
    if (!ContinuationToken) break;
  }
  return { objects, isWhole: !ContinuationToken };
}

/** A folder of a year, month, day or hour. */
const DATE = /(?:^|\/|=)\d{2}(?:\d{2})?\/$/;
const LOGS = /(?:^|\/)AWSLogs\/$/;
const FLOW_LOGS = /vpcflowlogs\/$/;

/** Follows the folders of flow logs, of each account and Region the last day, down to the objects. */
async function lastBelow(client: S3Client, Bucket: string, start: string): Promise<ObjectFacts | undefined> {
  let isWhole = true;
  let folders = [start];
  const ends: string[] = [];
  for (let depth = 0; depth < DEPTH && folders.length; depth++) {
    const levels = await Promise.all(
      folders.map((Prefix) => client.send(new ListObjectsV2Command({ Bucket, Prefix, Delimiter: '/' }))),
    );
    const next: string[] = [];
    for (const [at, { CommonPrefixes = [], IsTruncated }] of levels.entries()) {
      const found = CommonPrefixes.map((each) => each.Prefix ?? '');
      const followed = followedOf(found);
      // Beside AWSLogs/ there may be a prefix with an AWSLogs/ of its own.
      if (found.length && (IsTruncated || (LOGS.test(followed[0]!) && found.length > 1))) isWhole = false;
      if (followed.length) next.push(...followed);
      else ends.push(folders[at]!);
    }
    if (next.length > MOST_FOLDERS) isWhole = false;
    folders = next.slice(-MOST_FOLDERS);
  }
  const lists = await Promise.all([...ends, ...folders].map((folder) => objectsIn(client, Bucket, folder)));
  const object = latest(lists.flatMap(({ objects }) => objects));
  return object && (isWhole && lists.every((list) => list.isWhole) ? object : { ...object, isSample: true });
}

/** The folders to follow among those of one level: flow logs before anything else, and of dates the last. */
function followedOf(folders: readonly string[]): readonly string[] {
  const logs = folders.filter((each) => LOGS.test(each) || FLOW_LOGS.test(each));
  if (logs.length) return logs;
  return folders.length && folders.every((each) => DATE.test(each)) ? folders.slice(-1) : folders;
}

const latest = (objects: readonly ObjectFacts[]): ObjectFacts | undefined =>
  objects.reduce<ObjectFacts | undefined>((best, each) => (best && best.at >= each.at ? best : each), undefined);

/**
 * Reads the first bytes of the newest object, as ingest would. A denial that comes from the bucket's policy or from the
 * key is a failure, because it may concern ingest as well. One that comes from the policies of the caller is not.
 */
export async function readNewest(
  client: S3Client,
  bucket: string,
  newest: Answer<ObjectFacts | undefined>,
): Promise<Answer<number>> {
  const object = known(newest);
  if (!object) return { failed: 'no object to read' };
  const answer = await ask('s3:GetObject', async () => {
    try {
      const { Body } = await client.send(
        new GetObjectCommand({ Bucket: bucket, Key: object.key, Range: 'bytes=0-1023' }),
      );
      return (await Body!.transformToByteArray()).length;
    } catch (error) {
      const { name, message } = error as Error;
      if (/KMS|kms:/.test(`${name} ${message}`) || /resource-based policy/.test(message))
        if (!/identity-based policy/.test(message)) throw Object.assign(new Error(message), { name: 'Unreadable' });
      throw error;
    }
  });
  return answer;
}
