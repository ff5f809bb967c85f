/** The agenda of settle, in the windows table: which sources and hours are to be judged again, and how far the logs have come. */
import { DeleteCommand, type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { isoTime } from '../finding/model.ts';
import { putAll } from './batch-write.ts';
import { duePartition, dueShard, dueSort, expiresAt, HOURS, hourSort, SHARDS, type SourceName } from './keys.ts';
import { queryAll } from './query.ts';
import { isConditionFailed } from './refused-writes.ts';

/** Hours are marked in slots of the clock of this length, in seconds: what comes late is looked at once a slot. */
const HOUR_SLOT = 600;
/** What was just written shows in every read after this, in seconds. */
const CONSISTENT_AFTER = 60;
/** Log time may be ahead of the clock by as much, in seconds: an hour that ends later is looked at by nobody yet. */
const SURELY_GOING_ON = 1200;
/** Where logs are silent, the clock takes over after as many seconds. */
export const SILENCE = 3600;
/** Marks that are remembered as written. */
const MOST_REMEMBERED = 1000;

export interface AgendaOptions {
  readonly client: DynamoDBDocumentClient;
  readonly table: string;
  readonly retentionDays: number;
}

/** A source that is to be decided again; `object` wrote the mark last. */
export interface DueMark {
  readonly source: SourceName;
  readonly pk: string;
  readonly sk: string;
  readonly hour: number;
  readonly object: string;
  /** The horizons of days are due as well. */
  readonly isLong: boolean;
}

/** An hour whose outside sources are to be looked at; `object` wrote the mark last. */
export interface DueHour {
  readonly pk: string;
  readonly sk: string;
  readonly hour: number;
  readonly object: string;
}

export class Agenda {
  #options: AgendaOptions;
  /** Hours that were marked before, by their sort key. */
  #marked = new Set<string>();

  constructor(options: AgendaOptions) {
    this.#options = options;
  }

  /** Marks a source to be decided again by the next run of settle, about an hour and a log time. */
  async markAgain(source: SourceName, hour: number, logTime: number, objectId: string, now: number): Promise<void> {
    const { client, table, retentionDays } = this.#options;
    // Due already, and in a second of the minute in which no other mark falls due.
    const dueAt = (Math.floor(logTime / 60) - 1) * 60 + 2;
    const mark = { ...source, hour, object: objectId, expiresAt: expiresAt(logTime, now, retentionDays) };
    await putAll(client, table, [{ pk: duePartition(source), sk: dueSort(dueAt, source), ...mark }]);
  }

  /**
   * Sources whose answers are overdue at a log time, with what `clearDue` takes: those of the internet last.
   * @param limit of each, those of the internet and the others.
   */
  async dueSources(logTime: number, limit = Number.POSITIVE_INFINITY): Promise<DueMark[]> {
    const { client, table } = this.#options;
    const due: DueMark[] = [];
    for (let at = 0; at < 2 * SHARDS; at++) {
      const items = await queryAll(client, table, {
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk AND sk < :now',
        ExpressionAttributeValues: { ':pk': dueShard(at % SHARDS, at >= SHARDS), ':now': isoTime(logTime) },
        limit: Math.ceil(limit / SHARDS),
      });
      for (const item of items) {
        due.push({
          source: { scope: String(item.scope), address: String(item.address) },
          pk: String(item.pk),
          sk: String(item.sk),
          hour: Number(item.hour),
          object: String(item.object),
          isLong: item.isLong === true,
        });
      }
    }
    return due;
  }

  /** Hours whose outside sources were written about some time before a second of the clock. */
  async dueHours(now: number): Promise<DueHour[]> {
    const { client, table } = this.#options;
    const items = await queryAll(client, table, {
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk AND sk < :now',
      ExpressionAttributeValues: { ':pk': HOURS, ':now': isoTime(now) },
    });
    return items.map(({ pk, sk, hour, object }) => ({
      pk: String(pk),
      sk: String(sk),
      hour: Number(hour),
      object: String(object),
    }));
  }

  /** Marks hours whose outside sources an object has written about; after the fragments, so that whoever finds a mark finds those. */
  async markHours(hours: Iterable<number>, object: string, now: number): Promise<number> {
    const { client, table, retentionDays } = this.#options;
    const marks: Record<string, unknown>[] = [];
    const dueAt = Math.ceil((now + CONSISTENT_AFTER) / HOUR_SLOT) * HOUR_SLOT;
    for (const hour of hours) {
      const sk = hourSort(dueAt, hour);
      const end = (hour + 1) * 3600;
      if (this.#marked.has(sk) && end > now + SURELY_GOING_ON) continue;
      marks.push({ pk: HOURS, sk, hour, object, expiresAt: expiresAt(end, now, retentionDays) });
    }
    await putAll(client, table, marks);
    if (this.#marked.size > MOST_REMEMBERED) this.#marked.clear();
    for (const { sk } of marks) this.#marked.add(String(sk));
    return marks.length;
  }

  /** Takes a mark back after its source, or the sources of its hour, were decided; it stays when another object renewed it meanwhile. */
  async clearDue(mark: Pick<DueMark, 'pk' | 'sk' | 'object'>): Promise<void> {
    try {
      await this.#options.client.send(
        new DeleteCommand({
          TableName: this.#options.table,
          Key: { pk: mark.pk, sk: mark.sk },
          ConditionExpression: '#object = :object',
          ExpressionAttributeNames: { '#object': 'object' },
          ExpressionAttributeValues: { ':object': mark.object },
        }),
      );
    } catch (error) {
      if (!isConditionFailed(error)) throw error;
    }
  }

  /** Notes how far a log has come, epoch seconds; never goes back. */
  async advanceLogTime(log: string, time: number, now: number): Promise<void> {
    const { client, table, retentionDays } = this.#options;
    try {
      await client.send(
        new UpdateCommand({
          TableName: table,
          Key: { pk: 'log', sk: log },
          UpdateExpression: 'SET logTime = :time, expiresAt = :expires',
          ConditionExpression: 'attribute_not_exists(logTime) OR logTime < :time',
          ExpressionAttributeValues: { ':time': time, ':expires': expiresAt(time, now, retentionDays) },
        }),
      );
    } catch (error) {
      if (!isConditionFailed(error)) throw error;
    }
  }

  /** The latest record end over all logs, epoch seconds; 0 before the first object. */
  async logTime(): Promise<number> {
    const { client, table } = this.#options;
    const items = await queryAll(client, table, {
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': 'log' },
    });
    return items.reduce((latest, item) => Math.max(latest, Number(item.logTime)), 0);
  }
}
