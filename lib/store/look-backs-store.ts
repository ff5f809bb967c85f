/** Look backs in the findings table: few items under one key, written by `backfill` and read by the alert function. */
import { DeleteCommand, type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { LookBack } from '../notify/look-back.ts';
import { itemsUnder } from './query.ts';

const PARTITION = 'look-backs';

export class LookBacksStore {
  #client: DynamoDBDocumentClient;
  #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /** All look backs, strongly consistent, including expired ones that are still in the table. */
  async list(): Promise<LookBack[]> {
    const items = await itemsUnder(this.#client, this.#table, PARTITION);
    return items.map(({ sk, from, to, expires }) => ({
      id: String(sk),
      from: String(from),
      to: String(to),
      expires: String(expires),
    }));
  }

  /** Adds or replaces one. */
  async put({ id, ...rest }: LookBack): Promise<void> {
    const expiresAt = Math.floor(Date.parse(rest.expires) / 1000);
    await this.#client.send(
      new PutCommand({ TableName: this.#table, Item: { pk: PARTITION, sk: id, ...rest, expiresAt } }),
    );
  }

  /** Removes one, if it is there. */
  async remove(id: string): Promise<void> {
    await this.#client.send(new DeleteCommand({ TableName: this.#table, Key: { pk: PARTITION, sk: id } }));
  }
}
