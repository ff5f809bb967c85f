/** How many announcements may be made in five minutes: a count for each lane and slot of the clock, in the findings table. */
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { ALLOWANCE, allowanceSort } from './keys.ts';
import { isConditionFailed } from './refused-writes.ts';

/** Slots of the clock, so that all who announce count in the same one. */
const SLOT_SECONDS = 300;
/** Days that a count is kept, for whoever asks why an alert was held. */
const KEPT_SECONDS = 7 * 86_400;

export class Allowance {
  #client: DynamoDBDocumentClient;
  #table: string;
  #limit: number;

  /** @param limit announcements of each lane in each slot. */
  constructor(client: DynamoDBDocumentClient, table: string, limit: number) {
    this.#client = client;
    this.#table = table;
    this.#limit = limit;
  }

  /** Announcements of each lane in five minutes. */
  get limit(): number {
    return this.#limit;
  }

  /**
   * Takes a place for an announcement; one that is tried again in the same slot has its place already.
   * @param announcement what stands for it, short: the names of all are kept in one item.
   * @returns false when the lane is full.
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
