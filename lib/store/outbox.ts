/** The outbox of announcements: findings marked in the table, leased by one invocation at a time, cleared when told. */
import { type DynamoDBDocumentClient, paginateQuery, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { isoTime } from '../finding/model.ts';
import { type Announced, fromItem, type StoredFinding } from './finding-item.ts';
import type { FindingRef } from './findings-store.ts';
import { announceShard, SHARDS } from './keys.ts';

const isRefused = (error: unknown) => (error as Error).name === 'ConditionalCheckFailedException';

export class Outbox {
  #client: DynamoDBDocumentClient;
  #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /** Findings marked before an epoch second and still not told. */
  async markedBefore(time: number): Promise<StoredFinding[]> {
    const found: StoredFinding[] = [];
    for (let shard = 0; shard < SHARDS; shard++) {
      const query = {
        TableName: this.#table,
        IndexName: 'announce',
        KeyConditionExpression: 'announceShard = :shard AND announceSince < :time',
        ExpressionAttributeValues: { ':shard': announceShard(shard), ':time': isoTime(time) },
      };
      for await (const page of paginateQuery({ client: this.#client }, query))
        found.push(...(page.Items ?? []).map(fromItem));
    }
    return found;
  }

  /**
   * Takes the lease on an announcement, so that one invocation at a time publishes it.
   * @returns the finding as it stands, or undefined when it is not marked or someone else holds the lease.
   */
  async lease(ref: FindingRef, now: number, seconds: number): Promise<StoredFinding | undefined> {
    try {
      const { Attributes } = await this.#client.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: { pk: ref.pk, sk: ref.sk },
          UpdateExpression: 'SET leaseUntil = :until',
          ConditionExpression:
            'attribute_exists(announceShard) AND (attribute_not_exists(leaseUntil) OR leaseUntil < :now)',
          ExpressionAttributeValues: { ':until': now + seconds, ':now': now },
          ReturnValues: 'ALL_NEW',
        }),
      );
      return Attributes && fromItem(Attributes);
    } catch (error) {
      if (isRefused(error)) return undefined;
      throw error;
    }
  }

  /**
   * Records what was told and clears the mark. When the finding was marked anew meanwhile the mark stays.
   * @returns false when the mark stays: there may be more to tell.
   */
  async told(
    stored: StoredFinding,
    announced: Announced | undefined,
    suppressedBy: string | undefined,
  ): Promise<boolean> {
    const sets = [
      ...(announced ? ['announced = :announced'] : []),
      ...(suppressedBy ? ['suppressedBy = :suppressedBy'] : []),
    ];
    const update = async (clear: boolean) => {
      const removes = [
        'leaseUntil',
        ...(clear ? ['announceShard', 'announceSince'] : []),
        ...(suppressedBy ? [] : ['suppressedBy']),
      ];
      await this.#client.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: { pk: stored.pk, sk: stored.sk },
          UpdateExpression: `${sets.length ? `SET ${sets.join(', ')} ` : ''}REMOVE ${removes.join(', ')}`,
          // A lease that ran out may be someone else's by now: then what is told is theirs to record.
          ConditionExpression: `leaseUntil = :lease${clear ? ' AND announceSince = :since' : ''}`,
          ExpressionAttributeValues: {
            ':lease': stored.leaseUntil,
            ...(clear && { ':since': stored.announceSince }),
            ...(announced && { ':announced': announced }),
            ...(suppressedBy && { ':suppressedBy': suppressedBy }),
          },
        }),
      );
    };
    try {
      await update(true);
      return true;
    } catch (error) {
      if (!isRefused(error)) throw error;
      await update(false);
      return false;
    }
  }
}
