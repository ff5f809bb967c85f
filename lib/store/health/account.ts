/** Gathers what `doctor --pre` judges: the account and Region before a deployment. */
import { type Connection, createS3Client, createSqsClient } from '../clients.ts';
import { describeStack } from '../stack.ts';
import { ask, known } from './ask.ts';
import { newestOf, notificationsOf, readNewest, regionOf } from './bucket.ts';
import { accountConcurrency, flowLogsOf } from './calls.ts';
import type { AccountFacts } from './facts.ts';
import { delivers } from './gather.ts';
import { filtersOf } from './log-filters.ts';
import { vpcsOf } from './networks.ts';
import { SignedCalls } from './signed-calls.ts';

/** What the settings name. */
export interface Planned {
  readonly name: string;
  /** The bucket, if its name is known. */
  readonly bucket?: string | undefined;
  /** The account that owns the bucket, if it is not the account of the stack. */
  readonly owner?: string | undefined;
  /** The beginning of the keys that are read. The owner lets readers list only these. */
  readonly folder?: string | undefined;
  /** Log groups of orchestrators and hosts. */
  readonly logGroups: readonly string[];
  /** Epoch seconds. */
  readonly now: number;
}

/** Asks everything. @throws the error of a client if credentials are missing or not valid. */
export async function gatherAccount(
  { name, bucket, owner, folder, logGroups, now }: Planned,
  connection: Connection,
): Promise<AccountFacts> {
  const [s3, sqs] = [createS3Client(connection, owner), createSqsClient(connection)];
  const calls = new SignedCalls(sqs, connection);
  try {
    const region = await sqs.config.region();
    const [stack, vpcs, flowLogs, concurrency, filters] = await Promise.all([
      ask('cloudformation:DescribeStacks', async () => stackOf(name, connection)),
      ask('ec2:DescribeVpcs', () => vpcsOf(calls)),
      ask('ec2:DescribeFlowLogs', () => flowLogsOf(calls)),
      ask('lambda:GetAccountSettings', () => accountConcurrency(calls)),
      filtersOf(calls, logGroups),
    ]);
    const status = 'value' in stack ? { value: stack.value?.status } : stack;
    const outputs = known(stack)?.outputs ?? new Map<string, string>();
    const facts = { stack: { name, region }, status, outputs, vpcs, flowLogs, concurrency, filters };
    if (bucket === undefined) return facts;
    const logs = (known(flowLogs) ?? []).filter(({ destination }) => delivers(destination, bucket));
    // The account is in the keys. Without it, the newest object is found folder by folder.
    const newest = await ask('s3:ListBucket', () =>
      newestOf(s3, bucket, logs, { account: '', region, now, ...(folder && { folder }) }),
    );
    const [bucketRegion, notifications, read] = await Promise.all([
      ask('s3:ListBucket', () => regionOf(s3, bucket)),
      ask('s3:GetBucketNotification', () => notificationsOf(s3, bucket)),
      readNewest(s3, bucket, newest),
    ]);
    return { ...facts, bucket: { name: bucket, region: bucketRegion, notifications, newest, read } };
  } finally {
    for (const client of [s3, sqs]) client.destroy();
  }
}

async function stackOf(name: string, connection: Connection) {
  try {
    return await describeStack(name, connection);
  } catch (error) {
    if ((error as Error).name === 'StackError') return undefined;
    throw error;
  }
}
