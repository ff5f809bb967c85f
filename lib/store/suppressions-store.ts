/** Suppressions in the findings table: few items under one key, read by the alert function and the command line. */
import { DeleteCommand, type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { ACTOR_FIELDS, type Suppression, type SuppressionScope } from '../notify/suppression.ts';
import { queryAll } from './query.ts';

const PARTITION = 'suppressions';
/** Parts of a rule of which each may be missing. */
const SCOPE = ['source', 'target', ...ACTOR_FIELDS] as const;

const scopeOf = (item: Readonly<Record<string, unknown>>): SuppressionScope =>
  Object.fromEntries(SCOPE.flatMap((part) => (item[part] === undefined ? [] : [[part, String(item[part])]])));

export class SuppressionsStore {
  #client: DynamoDBDocumentClient;
  #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /** All suppressions, strongly consistent, including expired ones that are still in the table. */
  async list(): Promise<Suppression[]> {
    const items = await queryAll(this.#client, this.#table, {
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': PARTITION },
      ConsistentRead: true,
    });
    return items.map((item) => ({
      id: String(item.id),
      ...scopeOf(item),
      owner: String(item.owner),
      reason: String(item.reason),
      expires: String(item.expires),
    }));
  }

  /** Adds or replaces a suppression. */
  async add(suppression: Suppression): Promise<void> {
    const item = {
      pk: PARTITION,
      sk: `suppression#${suppression.id}`,
      ...suppression,
      expiresAt: Math.floor(Date.parse(suppression.expires) / 1000),
    };
    await this.#client.send(new PutCommand({ TableName: this.#table, Item: item }));
  }

  /** Removes a suppression. False if no suppression has that id. */
  async remove(id: string): Promise<boolean> {
    const { Attributes } = await this.#client.send(
      new DeleteCommand({
        TableName: this.#table,
        Key: { pk: PARTITION, sk: `suppression#${id}` },
        ReturnValues: 'ALL_OLD',
      }),
    );
    return Attributes !== undefined;
  }
}
