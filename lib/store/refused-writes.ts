/** Why DynamoDB refuses a write: its condition, or a limit of a table, an index, a partition or the account. */
import type { BatchWriteItemCommandInput, BatchWriteItemCommandOutput } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from './clients.ts';

const WRITES = /^(BatchWriteItem|DeleteItem|PutItem|UpdateItem)Command$/;

/** Whether an error says that DynamoDB refused a request because of its limits. */
export const isThrottling = (error: unknown): boolean =>
  /Throttl|ThroughputExceeded|RequestLimitExceeded/.test((error as Error | undefined)?.name ?? '');

/** Whether an error says that the item did not meet the condition of a write. */
export const isConditionFailed = (error: unknown): boolean =>
  (error as Error | undefined)?.name === 'ConditionalCheckFailedException';

/**
 * Calls `count` with the number of writes refused for a limit in each try, including tries that the client repeats by
 * itself. CloudWatch has the same by table and index, but an alarm on that metric may never end, because the metric has
 * no data once throttling is over.
 */
export function countRefusedWrites(client: DynamoDBDocumentClient, count: (writes: number) => void): void {
  client.middlewareStack.add(
    (next, { commandName = '' }) => {
      if (!WRITES.test(commandName)) return next;
      return async (args) => {
        try {
          const result = await next(args);
          const refused = itemsIn((result.output as Partial<BatchWriteItemCommandOutput>).UnprocessedItems);
          if (refused) count(refused);
          return result;
        } catch (error) {
          if (isThrottling(error))
            count(itemsIn((args.input as Partial<BatchWriteItemCommandInput>).RequestItems) || 1);
          throw error;
        }
      };
    },
    // Inside the retries, which have a high priority in this step, so that each try is counted.
    { step: 'finalizeRequest', priority: 'low', name: 'countRefusedWrites' },
  );
}

const itemsIn = (requests: Readonly<Record<string, readonly unknown[]>> = {}): number =>
  Object.values(requests).reduce((sum, { length }) => sum + length, 0);
