/** A query of a table, page by page. */
import { type DynamoDBDocumentClient, paginateQuery } from '@aws-sdk/lib-dynamodb';

export interface Query {
  readonly IndexName?: string;
  readonly KeyConditionExpression: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues: Record<string, unknown>;
  readonly ConsistentRead?: boolean;
  /** False returns the last ones first. */
  readonly ScanIndexForward?: boolean;
  /**
   * Number of items that are enough. Pages are no longer than this, and no further page is read once there are as many.
   */
  readonly limit?: number;
}

/**
 * All items that a query finds, in the order of the sort key. With a limit only the first ones, possibly a few more.
 */
export async function queryAll(
  client: DynamoDBDocumentClient,
  table: string,
  query: Query,
): Promise<Record<string, unknown>[]> {
  const { limit = Number.POSITIVE_INFINITY } = query;
  const items: Record<string, unknown>[] = [];
  for await (const page of queryPages(client, table, query)) {
    items.push(...page);
    if (items.length >= limit) break;
  }
  return items;
}

/** All items of a partition, strongly consistent, in the order of the sort key. */
export const itemsUnder = (
  client: DynamoDBDocumentClient,
  table: string,
  pk: string,
): Promise<Record<string, unknown>[]> =>
  queryAll(client, table, {
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': pk },
    ConsistentRead: true,
  });

/** What a query finds, page by page. The limit is that of a page, and the next page is read only when it is asked for. */
export async function* queryPages(
  client: DynamoDBDocumentClient,
  table: string,
  { limit = Number.POSITIVE_INFINITY, ...query }: Query,
): AsyncGenerator<Record<string, unknown>[]> {
  const input = { TableName: table, ...query, ...(Number.isFinite(limit) && { Limit: limit }) };
  for await (const page of paginateQuery({ client }, input)) yield page.Items ?? [];
}
