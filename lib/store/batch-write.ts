/** BatchWriteItem until every item is acknowledged: unprocessed items are sent again, with growing pauses. */
import { setTimeout as sleep } from 'node:timers/promises';
import { BatchWriteCommand, type BatchWriteCommandInput, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/** The limit of the call. */
const BATCH = 25;
const PARALLEL = 4;
const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 5_000;
const TRIES = 12;

type Requests = NonNullable<BatchWriteCommandInput['RequestItems']>[string];

/** The table did not take all items in many tries; those written stay written, and writing them again is harmless. */
class UnprocessedItemsError extends Error {
  override name = 'UnprocessedItemsError';
}

/** Puts all items; returns how many. @throws UnprocessedItemsError after about half a minute of refusals. */
export async function putAll(
  client: DynamoDBDocumentClient,
  table: string,
  items: Iterable<Record<string, unknown>>,
): Promise<number> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let batch: Requests = [];
  let written = 0;
  const flush = async () => {
    const sending = batch;
    batch = [];
    if (running.size >= PARALLEL) await Promise.race(running);
    // Caught at once: a failure between two waits would end the process, or be taken for success.
    const task: Promise<void> = send(client, table, sending)
      .catch((error) => void failures.push(error))
      .finally(() => running.delete(task));
    running.add(task);
  };
  for (const item of items) {
    if (failures.length) break;
    written++;
    batch.push({ PutRequest: { Item: item } });
    if (batch.length === BATCH) await flush();
  }
  if (batch.length) await flush();
  await Promise.all(running);
  if (failures.length) throw failures[0];
  return written;
}

async function send(client: DynamoDBDocumentClient, table: string, requests: Requests): Promise<void> {
  let pending: Requests = requests;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if (attempt) await sleep(Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt) * (0.5 + Math.random() / 2));
    const { UnprocessedItems } = await client.send(new BatchWriteCommand({ RequestItems: { [table]: pending } }));
    pending = UnprocessedItems?.[table] ?? [];
    if (!pending.length) return;
  }
  throw new UnprocessedItemsError(
    `${pending.length} items were not accepted by ${table} in ${TRIES} tries; raise the table's write limit`,
  );
}
