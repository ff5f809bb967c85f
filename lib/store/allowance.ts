/** Limits the announcements in five minutes by a count for each lane and slot of the clock, in the findings table. */
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { ALLOWANCE, allowanceSort } from './keys.ts';
import { isConditionFailed } from './refused-writes.ts';

/** Slots of the clock, so that all senders count in the same one. */
const SLOT_SECONDS = 300;
/** Seconds that a count is kept, to explain later why an alert was held. */
const KEPT_SECONDS = 7 * 86_400;

export class Allowance {
  #client: DynamoDBDocumentClient;
  #table: string;
  #limit: number;

  /** @param limit announcements per lane and slot. */
  constructor(client: DynamoDBDocumentClient, table: string, limit: number) {
    this.#client = client;
    this.#table = table;
    this.#limit = limit;
  }

  /** Announcements per lane in five minutes. */
  get limit(): number {
    return this.#limit;
  }

  /**
   * Takes a place for an announcement. A retry in the same slot already has its place.
   * @param announcement a short name, since the names of all announcements are kept in one item.
   * @returns false if the lane is full.
   */
  async take(lane: string, announcement: string, now: number): Promise<boolean> {
    const slot = Math.floor(now / SLOT_SECONDS) * SLOT_SECONDS;
    try {
      await this.#client.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: { pk: ALLOWANCE, sk: allowanceSort(slot, lane) },
          UpdateExpression: 'ADD announcements :announcement SET expiresAt = :expires',
          ConditionExpression:
            'attribute_not_exists(announcements) OR size(announcements) < :limit OR contains(announcements, :name)',
          ExpressionAttributeValues: {
            ':announcement': new Set([announcement]),
            ':name': announcement,
            ':limit': this.#limit,
            ':expires': slot + KEPT_SECONDS,
          },
        }),
      );
      return true;
    } catch (error) {
      if (isConditionFailed(error)) return false;
      throw error;
    }
  }
}
