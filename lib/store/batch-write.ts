/** BatchWriteItem that retries unprocessed items with growing pauses until all are acknowledged or may be dropped. */
import { setTimeout as sleep } from 'node:timers/promises';
import { BatchWriteCommand, type BatchWriteCommandInput, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { inParallel } from './in-parallel.ts';
import { isThrottling } from './refused-writes.ts';

/** The limit of the call. */
const BATCH = 25;
const PARALLEL = 4;
const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 5_000;
const TRIES = 12;
/** Number of tries for items that may be dropped, about one second. */
const OFFERS = 5;

type Requests = NonNullable<BatchWriteCommandInput['RequestItems']>[string];

/** The table refused some items in many tries. The others stay written, and writing them again is harmless. */
class UnprocessedItemsError extends Error {
  override name = 'UnprocessedItemsError';
}

/** Puts all items and returns their number. @throws UnprocessedItemsError after about half a minute of refusals. */
export async function putAll(
  client: DynamoDBDocumentClient,
  table: string,
  items: Iterable<Record<string, unknown>>,
): Promise<number> {
  const written = await inParallel(PARALLEL, batchesOf(items), async (batch) => {
    await send(client, table, batch);
    return batch.length;
  });
  return written.reduce((sum, count) => sum + count, 0);
}

function* batchesOf(items: Iterable<Record<string, unknown>>): Generator<Requests> {
  let batch: Requests = [];
  for (const item of items) {
    batch.push({ PutRequest: { Item: item } });
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length) yield batch;
}

/**
 * Puts items that may be dropped, with few tries, and no more tries once the table has refused some. Returns those that
 * were not written. Unlike {@link putAll} it sends one batch after another, so that these items delay nothing else.
 */
export async function offerAll(
  client: DynamoDBDocumentClient,
  table: string,
  items: readonly Record<string, unknown>[],
): Promise<Record<string, unknown>[]> {
  for (let at = 0; at < items.length; at += BATCH) {
    const requests: Requests = items.slice(at, at + BATCH).map((item) => ({ PutRequest: { Item: item } }));
    const refused = await attempt(client, table, requests, OFFERS).catch((error) => {
      if (!isThrottling(error)) throw error;
      return requests;
    });
    if (refused.length) return [...refused.map(({ PutRequest }) => PutRequest!.Item!), ...items.slice(at + BATCH)];
  }
  return [];
}

async function send(client: DynamoDBDocumentClient, table: string, requests: Requests): Promise<void> {
  const refused = await attempt(client, table, requests, TRIES);
  if (refused.length)
    throw new UnprocessedItemsError(
      `${refused.length} items were not accepted by ${table} in ${TRIES} tries. Raise the table's write limit`,
    );
}

/** Sends requests until all are processed, up to a number of tries. Returns those that are not. */
async function attempt(
  client: DynamoDBDocumentClient,
  table: string,
  requests: Requests,
  tries: number,
): Promise<Requests> {
  let pending: Requests = requests;
  for (let tried = 0; tried < tries && pending.length; tried++) {
    if (tried) await sleep(Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tried) * (0.5 + Math.random() / 2));
    const { UnprocessedItems } = await client.send(new BatchWriteCommand({ RequestItems: { [table]: pending } }));
    pending = UnprocessedItems?.[table] ?? [];
  }
  return pending;
}
