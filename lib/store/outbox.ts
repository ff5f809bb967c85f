/** The outbox of announcements: findings marked in the table, leased by one invocation at a time, cleared when told. */
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { isoTime, SEVERITIES, severityRank } from '../finding/model.ts';
import { type Announced, fromItem, type StoredFinding } from './finding-item.ts';
import type { FindingRef } from './findings-store.ts';
import { announceShard, heldShard, SHARDS } from './keys.ts';
import { queryAll } from './query.ts';
import { isConditionFailed } from './refused-writes.ts';

/** How the partitions begin that an announcement may be in. */
const KEPT = { waiting: 'announce#', held: 'held#' } as const;

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
      const marked = await queryAll(this.#client, this.#table, {
        IndexName: 'announce',
        KeyConditionExpression: 'announceShard = :shard AND announceSince < :time',
        ExpressionAttributeValues: { ':shard': announceShard(shard), ':time': isoTime(time) },
      });
      found.push(...marked.map(fromItem));
    }
    return found;
  }

  /** Announcements that were held in a storm, the worst first; at most `limit`. */
  async held(limit: number): Promise<StoredFinding[]> {
    const found: StoredFinding[] = [];
    for (let rank = SEVERITIES.length - 1; rank >= 0 && found.length < limit; rank--) {
      const held = await queryAll(this.#client, this.#table, {
        IndexName: 'announce',
        KeyConditionExpression: 'announceShard = :shard',
        ExpressionAttributeValues: { ':shard': heldShard(rank) },
        limit: limit - found.length,
      });
      found.push(...held.map(fromItem));
    }
    return found.slice(0, limit);
  }

  /**
   * Takes the lease on an announcement, so that one invocation at a time publishes it.
   * @param of those that wait to be announced, or those that were held and are for the message about the storm: a marking
   * anew makes a held one wait again.
   * @returns the finding as it stands, or undefined when it is not marked so or someone else holds the lease.
   */
  async lease(
    ref: FindingRef,
    now: number,
    seconds: number,
    of: 'waiting' | 'held' = 'waiting',
  ): Promise<StoredFinding | undefined> {
    try {
      const { Attributes } = await this.#client.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: { pk: ref.pk, sk: ref.sk },
          UpdateExpression: 'SET leaseUntil = :until',
          ConditionExpression:
            'begins_with(announceShard, :of) AND (attribute_not_exists(leaseUntil) OR leaseUntil < :now)',
          ExpressionAttributeValues: { ':until': now + seconds, ':now': now, ':of': KEPT[of] },
          ReturnValues: 'ALL_NEW',
        }),
      );
      return Attributes && fromItem(Attributes);
    } catch (error) {
      if (isConditionFailed(error)) return undefined;
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
    const sets = { ...(announced && { announced }), ...(suppressedBy && { suppressedBy }) };
    const removes = ['leaseUntil', 'heldBecause', ...(suppressedBy ? [] : ['suppressedBy'])];
    const isCleared = await this.#end(stored, sets, [...removes, 'announceShard', 'announceSince'], true);
    if (!isCleared) await this.#end(stored, sets, removes, false);
    return isCleared;
  }

  /**
   * Puts an announcement aside for the message about the storm, with the reason: it stays marked until that has told it.
   * @returns false when it was marked anew meanwhile: decide again.
   */
  async hold(stored: StoredFinding, because: string): Promise<boolean> {
    const sets = { announceShard: heldShard(severityRank(stored.finding.severity)), heldBecause: because };
    const isHeld = await this.#end(stored, sets, ['leaseUntil'], true);
    if (!isHeld) await this.#end(stored, {}, ['leaseUntil'], false);
    return isHeld;
  }

  /** Gives a lease back that came to nothing. */
  async giveBack(stored: StoredFinding): Promise<void> {
    await this.#end(stored, {}, ['leaseUntil'], false);
  }

  /**
   * Ends a lease.
   * @param ifUnchanged only as long as the finding was not marked anew; false says that it was.
   */
  async #end(
    stored: StoredFinding,
    sets: Readonly<Record<string, unknown>>,
    removes: readonly string[],
    ifUnchanged: boolean,
  ): Promise<boolean> {
    const names = Object.keys(sets);
    try {
      await this.#client.send(
        new UpdateCommand({
          TableName: this.#table,
          Key: { pk: stored.pk, sk: stored.sk },
          UpdateExpression: `${names.length ? `SET ${names.map((name) => `${name} = :${name}`).join(', ')} ` : ''}REMOVE ${removes.join(', ')}`,
          // A lease that ran out may be someone else's by now: then what is told is theirs to record.
          ConditionExpression: `leaseUntil = :lease${ifUnchanged ? ' AND announceSince = :since' : ''}`,
          ExpressionAttributeValues: {
            ':lease': stored.leaseUntil,
            ...(ifUnchanged && { ':since': stored.announceSince }),
            ...Object.fromEntries(names.map((name) => [`:${name}`, sets[name]])),
          },
        }),
      );
      return true;
    } catch (error) {
      if (ifUnchanged && isConditionFailed(error)) return false;
      throw error;
    }
  }
}
