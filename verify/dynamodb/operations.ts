/**
 * The answers of a DynamoDB in memory to the operations that the project calls. It refuses all others.
 * test/verify/dynamodb.test.ts compares it with an engine.
 */
import type { Item } from './expressions.ts';
import type { Condition, Query, Table } from './table.ts';

/** The input of any operation that names one table. */
export interface Input extends Condition, Query {
  readonly TableName: string;
  readonly Item: Item;
  readonly Key: Item;
  readonly UpdateExpression: string;
  readonly ReturnValues?: string;
  readonly ConsistentRead?: boolean;
}

/** The input of BatchWriteItem: one table, as the project writes. */
interface BatchInput {
  readonly RequestItems: Readonly<Record<string, readonly { readonly PutRequest: { readonly Item: Item } }[]>>;
}

/** Most items of one BatchWriteItem. */
const BATCH = 25;

type Operation = (table: Table, input: Input, at: number) => object;

/** DynamoDB's answer to an operation on one table. `at` is the time of a write in milliseconds. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  GetItem: (table, { Key }) => {
    const Item = table.get(Key);
    return Item ? { Item } : {};
  },
  PutItem: (table, input, at) => {
    const before = table.put(at, input.Item, input);
    return before && input.ReturnValues === 'ALL_OLD' ? { Attributes: before } : {};
  },
  DeleteItem: (table, input, at) => {
    const before = table.delete(at, input.Key, input);
    return before && input.ReturnValues === 'ALL_OLD' ? { Attributes: before } : {};
  },
  UpdateItem: (table, input, at) => {
    const after = table.update(at, input.Key, input.UpdateExpression, input);
    return input.ReturnValues === 'ALL_NEW' ? { Attributes: after } : {};
  },
  Query: (table, input) => {
    if (input.ConsistentRead && input.IndexName) throw invalid('an index cannot be read consistently');
    return table.query(input, () => Number.POSITIVE_INFINITY);
  },
  Scan: (table) => ({ Items: [...table.items()] }),
};

/** The items of a BatchWriteItem with the name of their table. @throws what DynamoDB says of a batch that it refuses. */
export function batchOf(input: unknown): { readonly name: string; readonly items: readonly Item[] } {
  const [[name, requests], ...others] = Object.entries((input as BatchInput).RequestItems) as [
    [string, BatchInput['RequestItems'][string]],
  ];
  if (others.length) throw invalid('this DynamoDB writes a batch to one table');
  if (requests.length > BATCH) throw invalid('Too many items requested for the BatchWriteItem call');
  const items = requests.map(({ PutRequest }) => PutRequest.Item);
  if (new Set(items.map(({ pk, sk }) => `${pk} ${sk}`)).size < items.length)
    throw invalid('Provided list of item keys contains duplicates');
  return { name, items };
}

const invalid = (message: string): Error => Object.assign(new Error(message), { name: 'ValidationException' });
