/**
 * The ingest function: handles messages about new flow log files, and batches of old ones. Each file is read once, each
 * message and each file of a batch fails alone.
 */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { isFlowLogKey, whyIgnored } from '../lib/flowlog/object-key.ts';
import { selftestRunOf } from '../lib/flowlog/selftest-key.ts';
import { type Ingested, ingestObject, OutOfTimeError, PartlyReadError } from '../lib/pipeline/ingest.ts';
import { type ObjectCreated, objectsCreated } from '../lib/pipeline/object-events.ts';
import { publishMetrics, type Services } from '../lib/pipeline/services.ts';
import { createS3Client, createSqsClient, type S3Client } from '../lib/store/clients.ts';
import type { Batch, BatchResult } from '../lib/store/look-back-batch.ts';
import { ObjectError, objectSource } from '../lib/store/objects.ts';
import { hasTimeFor, type Invocation, onLambda } from './invocation.ts';
import { clientOf, lambdaServices } from './services.ts';

/** Of 300 seconds: enough for the source that is being judged, even if a table is at its ceiling. */
const RESERVED_SHARE = 0.1;
/** Characters of a reason. An answer for a whole batch stays far below the 256 KB that Step Functions takes. */
const LONGEST_REASON = 300;

/** Each kind of event has its own answer. */
interface IngestHandler {
  (event: Batch, invocation: Invocation): Promise<BatchResult>;
  (event: SQSEvent, invocation: Invocation): Promise<SQSBatchResponse>;
}

/**
 * Handles messages, or a batch of a look back. The result names the messages that failed, which return to the queue, or
 * the files that failed.
 * @param others clients for the buckets of other Regions and accounts, by their names.
 */
export function ingestHandler(services: Services, others: ReadonlyMap<string, S3Client> = new Map()): IngestHandler {
  const { runtime, clock, logger, metrics } = services;
  const s3 = clientOf(services.clients, 's3');

  /** The notifications of a bucket can name only one prefix, so other objects of the bucket are ignored here. */
  const whyNotRead = (object: ObjectCreated): string | undefined =>
    whyIgnored(object) ??
    (runtime.flowLogKeysOnly && !isFlowLogKey(object.key) ? 'outside the folders of flow logs' : undefined);

  /** Reads a file. @returns whether it was there. */
  const ingest = async (object: ObjectCreated, hasTime: () => boolean): Promise<boolean> => {
    const reason = whyNotRead(object);
    if (reason !== undefined) {
      logger.info('object ignored', { bucket: object.bucket, key: object.key, reason });
      metrics.addMetric('ObjectsIgnored', MetricUnit.Count, 1);
      return true;
    }
    if (!hasTime()) throw new OutOfTimeError(`no time left to read s3://${object.bucket}/${object.key}`);
    try {
      const source = objectSource(others.get(object.bucket) ?? s3, object.bucket, object.key, object.size);
      record(services, object, await ingestObject(object, source, services, clock(), hasTime));
      return true;
    } catch (error) {
      if (error instanceof PartlyReadError) record(services, object, error.ingested);
      const trouble = error instanceof ObjectError ? error.trouble : undefined;
      // It stays a failure. After it was restored, it is redriven from the dead letters, because S3 does not announce
      // restored objects.
      if (trouble === 'archived') metrics.addMetric('ObjectsArchived', MetricUnit.Count, 1);
      if (trouble === 'gone') {
        // Retrying cannot bring the object back, so the message must not block the queue.
        logger.warn('object is gone', { bucket: object.bucket, key: object.key });
        metrics.addMetric('ObjectsGone', MetricUnit.Count, 1);
        return false;
      }
      throw error;
    }
  };

  const readMessages = async ({ Records }: SQSEvent, hasTime: () => boolean): Promise<SQSBatchResponse> => {
    const batchItemFailures: SQSBatchResponse['batchItemFailures'] = [];
    for (const { messageId, body } of Records) {
      try {
        // All objects of a message are tried before it fails, so that a damaged one does not hold up the others.
        const failures: unknown[] = [];
        for (const object of objectsCreated(body)) await ingest(object, hasTime).catch((error) => failures.push(error));
        if (failures.length) throw failures[0];
      } catch (error) {
        logger.error('message failed', { messageId, error: error as Error });
        batchItemFailures.push({ itemIdentifier: messageId });
      }
    }
    return { batchItemFailures };
  };

  const readBatch = async ({ Items }: Batch, hasTime: () => boolean): Promise<BatchResult> => {
    const gone: string[] = [];
    const failed: { key: string; reason: string }[] = [];
    for (const object of Items) {
      const { bucket, key } = object;
      try {
        if (!(await ingest(object, hasTime))) gone.push(key);
      } catch (error) {
        logger.error('old file failed', { bucket, key, error: error as Error });
        failed.push({ key, reason: String((error as Error).message).slice(0, LONGEST_REASON) });
      }
    }
    return { gone, failed };
  };

  function handle(event: Batch, invocation: Invocation): Promise<BatchResult>;
  function handle(event: SQSEvent, invocation: Invocation): Promise<SQSBatchResponse>;
  async function handle(event: SQSEvent | Batch, invocation: Invocation): Promise<SQSBatchResponse | BatchResult> {
    const hasTime = hasTimeFor(invocation, RESERVED_SHARE);
    const result = 'Items' in event ? await readBatch(event, hasTime) : await readMessages(event, hasTime);
    publishMetrics(services);
    return result;
  }
  return handle;
}

function record(
  { logger, metrics }: Pick<Services, 'logger' | 'metrics'>,
  object: ObjectCreated,
  { report, fragments, sourcesDropped, contactsDropped, opened, updated }: Ingested,
): void {
  const { records, lines, bytes, noData, skipData, skipped } = report;
  const skippedLines = skipped.reduce((sum, { count }) => sum + count, 0);
  logger.info('object read', {
    bucket: object.bucket,
    key: object.key,
    records,
    lines,
    bytes,
    noData,
    skipData,
    skipped,
    fragments,
    sourcesDropped,
    contactsDropped,
    opened,
    updated,
  });
  // A test counts in no metric, so that it does not end the silence that an alarm is about.
  if (selftestRunOf(object.key) !== undefined) return;
  metrics.addMetric('ObjectsRead', MetricUnit.Count, 1);
  metrics.addMetric('RecordsRead', MetricUnit.Count, records);
  metrics.addMetric('BytesRead', MetricUnit.Bytes, bytes);
  metrics.addMetric('LinesSkipped', MetricUnit.Count, skippedLines);
  metrics.addMetric('SkippedDataRecords', MetricUnit.Count, skipData);
  metrics.addMetric('FindingsOpened', MetricUnit.Count, opened);
  metrics.addMetric('FindingsUpdated', MetricUnit.Count, updated);
  if (contactsDropped) metrics.addMetric('ContactsDropped', MetricUnit.Count, contactsDropped);
  if (sourcesDropped) metrics.addMetric('SourcesDropped', MetricUnit.Count, sourcesDropped);
}

export const handler = onLambda(() => {
  const s3 = createS3Client({}, process.env.LOG_BUCKET_OWNER);
  const { OTHER_BUCKETS = '[]' } = process.env;
  const others = (JSON.parse(OTHER_BUCKETS) as [bucket: string, region: string, owner: string][]).map(
    ([bucket, region, owner]) => [bucket, createS3Client({ region }, owner)] as const,
  );
  return ingestHandler(lambdaServices({ s3, sqs: createSqsClient() }), new Map(others));
});
