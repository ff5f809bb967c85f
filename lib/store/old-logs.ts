/** Old flow logs in a bucket, and the ingest queue that reads them again: what `backfill` calls. */
import { paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { isHidden } from '../flowlog/file-names.ts';
import { dayOfKey } from '../flowlog/key-time.ts';
import { whyIgnored } from '../flowlog/object-key.ts';
import { selftestRunOf } from '../flowlog/selftest-key.ts';

/** An object by key, with its size in bytes. */
export interface OldLog {
  readonly key: string;
  readonly size: number;
}

/** What a prefix holds of some days. */
export interface OldLogs {
  /** In order of their keys. */
  readonly logs: readonly OldLog[];
  /** How many cannot be read before they are restored, by storage class, and one of them. */
  readonly archived: ReadonlyMap<string, number>;
  readonly firstArchived?: string;
  /** Files that may be flow logs, whose keys have no time. */
  readonly withoutDay: number;
  /** Requests that listing took. */
  readonly requests: number;
}

/** Storage classes whose objects must be restored before they can be read. */
const ARCHIVES: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE']);

/** Lists the flow logs of some days, both included. Days are texts such as `2026-08-01`. */
export async function listOldLogs(
  client: S3Client,
  { bucket, prefix, from, to }: { bucket: string; prefix: string; from: string; to: string },
): Promise<OldLogs> {
  const logs: OldLog[] = [];
  const archived = new Map<string, number>();
  let firstArchived: string | undefined;
  let withoutDay = 0;
  let requests = 0;
  const pages = paginateListObjectsV2(
    { client },
    { Bucket: bucket, Prefix: prefix, OptionalObjectAttributes: ['RestoreStatus'] },
  );
  for await (const { Contents = [] } of pages) {
    requests++;
    for (const { Key: key = '', Size: size = 0, StorageClass: storage = '', RestoreStatus: restored } of Contents) {
      if (whyIgnored({ key, size }) || isHidden(key.slice(prefix.lastIndexOf('/') + 1)) || selftestRunOf(key)) continue;
      const day = dayOfKey(key);
      if (day === undefined) withoutDay++;
      if (day === undefined || day < from || day > to) continue;
      if (ARCHIVES.has(storage) && !restored?.RestoreExpiryDate) {
        archived.set(storage, (archived.get(storage) ?? 0) + 1);
        firstArchived ??= key;
      } else logs.push({ key, size });
    }
  }
  return { logs, archived, ...(firstArchived !== undefined && { firstArchived }), withoutDay, requests };
}

/** How many messages a queue has, waiting and in flight. SQS only estimates both. */
export async function depthOf(client: SQSClient, queueUrl: string): Promise<number> {
  const { Attributes = {} } = await client.send(
    new GetQueueAttributesCommand({
      QueueUrl: queueUrl,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return (
    Number(Attributes.ApproximateNumberOfMessages ?? 0) + Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0)
  );
}

/** The limit of a call. */
export const MOST_AT_ONCE = 10;
const TRIES = 4;

/**
 * Announces objects to the ingest queue as EventBridge does, one message for each, at most {@link MOST_AT_ONCE}.
 * @throws Error if SQS keeps refusing some of them. Those that it took stay announced, which does no harm.
 */
export async function announceLogs(
  client: SQSClient,
  queueUrl: string,
  bucket: string,
  logs: readonly OldLog[],
): Promise<void> {
  let entries = logs.map(({ key, size }, at) => ({
    Id: String(at),
    MessageBody: JSON.stringify({
      'detail-type': 'Object Created',
      detail: { bucket: { name: bucket }, object: { key, size } },
    }),
  }));
  for (let tries = 1; ; tries++) {
    const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }));
    if (!Failed.length) return;
    if (tries === TRIES)
      throw new Error(`the queue refused ${Failed.length} messages: ${Failed[0]?.Message ?? Failed[0]?.Code}`);
    const failed = new Set(Failed.map(({ Id }) => Id));
    entries = entries.filter(({ Id }) => failed.has(Id));
  }
}
