/**
 * The outbox of announcements: findings marked in the table, leased by one invocation at a time, cleared when
 * announced.
 */
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { isoTime, SEVERITIES, severityRank } from '../finding/model.ts';
import { type Announced, fromItem, type StoredFinding } from './finding-item.ts';
import type { FindingRef } from './findings-store.ts';
import { announceShard, heldShard, SHARDS } from './keys.ts';
import { queryAll } from './query.ts';
import { isConditionFailed } from './refused-writes.ts';

/** The prefixes of the partitions in which an announcement may be. */
const KEPT = { waiting: 'announce#', held: 'held#' } as const;

export class Outbox {
  #client: DynamoDBDocumentClient;
  #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /** Findings that were marked before an epoch second and are not announced yet. */
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

  /** Announcements that were held in a storm, the worst first, at most `limit`. */
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
   * @param of `waiting` for those to be announced one by one, `held` for those that the storm message is about. Marking
   * a held one again makes it wait again.
   * @returns the current finding, or undefined if it is not marked this way or another invocation holds the lease.
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
   * Records what was announced and clears the mark. If the finding was marked again in the meantime, the mark stays.
   * @returns false if the mark stays, because there may be more to announce.
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
   * Holds an announcement for the storm message, with the reason. It stays marked until that message was sent.
   * @returns false if it was marked again in the meantime. The caller must decide again.
   */
  async hold(stored: StoredFinding, because: string): Promise<boolean> {
    const sets = { announceShard: heldShard(severityRank(stored.finding.severity)), heldBecause: because };
    const isHeld = await this.#end(stored, sets, ['leaseUntil'], true);
    if (!isHeld) await this.#end(stored, {}, ['leaseUntil'], false);
    return isHeld;
  }

  /** Returns a lease without an announcement. */
  async giveBack(stored: StoredFinding): Promise<void> {
    await this.#end(stored, {}, ['leaseUntil'], false);
  }

  /**
   * Ends a lease.
   * @param ifUnchanged only if the finding was not marked again. The result false says that it was.
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
          // Another invocation may own an expired lease by now, and it records the announcement.
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
