/** The agenda of settle in the windows table: the sources and hours to judge again, and how far the logs have come. */
import { DeleteCommand, type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { isoTime } from '../finding/model.ts';
import { putAll } from './batch-write.ts';
import { type DueMark, DueMarks, dueMarkOf } from './due-marks.ts';
import { DUE_SIGNALS, duePartition, expiresAt, HOURS, hourSort, type SourceName } from './keys.ts';
import { itemsUnder, queryAll, queryPages } from './query.ts';
import { isConditionFailed } from './refused-writes.ts';

/** Hours are marked in slots of the clock of this many seconds, so that late evidence is judged once per slot. */
const HOUR_SLOT = 600;
/** Hours of signals are marked in slots of this many seconds. */
const SIGNAL_SLOT = 300;
/** After this many seconds every read shows what was written. */
const CONSISTENT_AFTER = 60;
/** Log time may be ahead of the clock by this many seconds. An hour that ends later has not been judged yet. */
const SURELY_GOING_ON = 1200;
/** If no logs arrive for this many seconds, the clock replaces the log time. */
export const SILENCE = 3600;
/** Marks of due sources to read at a time. */
const MARKS_IN_A_PAGE = 250;
/** Of marked sources that are enough, so many times as many may be named again by other marks. */
const MOST_REPEATS = 10;
/** Seconds of log time. What fell due within them goes before a backlog. */
const JUST_DUE = 3600;
/** Number of written marks to remember. */
const MOST_REMEMBERED = 1000;

export interface AgendaOptions {
  readonly client: DynamoDBDocumentClient;
  readonly table: string;
  readonly retentionDays: number;
}

/** An hour whose outside sources, or the inside ones of a scope, are to be judged. `object` wrote the mark last. */
export interface DueHour {
  readonly pk: string;
  readonly sk: string;
  readonly hour: number;
  readonly object: string;
  readonly scope?: string;
}

/** The inside sources that a mark of an hour is about, and how many seconds after the others they are due. */
interface InsideHours {
  readonly scope: string;
  readonly after: number;
}

export class Agenda {
  #options: AgendaOptions;
  /** Hours that were marked before, by their sort key. */
  #marked = new Set<string>();

  constructor(options: AgendaOptions) {
    this.#options = options;
  }

  /** Marks sources to be judged by the next run of settle, each with an hour, at a log time. */
  async markAgain(
    sources: readonly (SourceName & { readonly hour: number })[],
    logTime: number,
    objectId: string,
    now: number,
  ): Promise<void> {
    const { client, table, retentionDays } = this.#options;
    // A time that is already due, in a second of the minute in which no other mark falls due.
    const dueAt = (Math.floor(logTime / 60) - 1) * 60 + 2;
    const marks = new DueMarks(objectId);
    const expires = expiresAt(logTime, now, retentionDays);
    for (const source of sources) marks.add({ ...source, dueAt, isLong: false, expires });
    await putAll(client, table, marks.items());
  }

  /**
   * Marks of sources whose answers are overdue at a log time, the oldest first, those of outside sources last. If there
   * are more than enough of a kind, such as after a look back, half as many of it that fell due just now come before all
   * others.
   * @param limit number of marked sources that are enough, of outside sources and of the others. May be exceeded.
   */
  async dueMarks(logTime: number, limit = Number.POSITIVE_INFINITY): Promise<DueMark[]> {
    const due: DueMark[] = [];
    const backlog: DueMark[] = [];
    for (const scope of ['', 'internet']) {
      const { marks, isFull } = await this.#firstDue(scope, 0, logTime, limit);
      if (!isFull) due.push(...marks);
      else {
        const justDue = (await this.#firstDue(scope, logTime - JUST_DUE, logTime, limit / 2)).marks;
        const known = new Set(justDue.map(({ sk }) => sk));
        due.push(...justDue);
        backlog.push(...marks.filter(({ sk }) => !known.has(sk)));
      }
    }
    return [...due, ...backlog];
  }

  async #firstDue(
    scope: string,
    from: number,
    to: number,
    limit: number,
  ): Promise<{ marks: DueMark[]; isFull: boolean }> {
    const marks: DueMark[] = [];
    const names = new Set<string>();
    let named = 0;
    for await (const mark of this.#marksDue(scope, from, to)) {
      marks.push(mark);
      named += mark.addresses.length;
      for (const address of mark.addresses) names.add(`${mark.scope} ${address}`);
      if (names.size >= limit || named >= limit * MOST_REPEATS) return { marks, isFull: true };
    }
    return { marks, isFull: false };
  }

  async *#marksDue(scope: string, from: number, to: number): AsyncGenerator<DueMark> {
    const { client, table } = this.#options;
    const pages = queryPages(client, table, {
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
      ExpressionAttributeValues: { ':pk': duePartition(scope), ':from': isoTime(from), ':to': isoTime(to) },
      limit: MARKS_IN_A_PAGE,
    });
    for await (const items of pages) yield* items.map(dueMarkOf);
  }

  /**
   * Removes a mark after all its sources were judged. It stays if its object was delivered again and has more sources.
   */
  async clearDue({ pk, sk, stored }: DueMark): Promise<void> {
    await this.#deleteIf({ pk, sk }, 'sources', stored);
  }

  /** Hours whose evidence was written some time before a second of the clock. */
  async dueHours(now: number): Promise<DueHour[]> {
    return this.#dueHoursOf(HOURS, now);
  }

  async #dueHoursOf(partition: string, now: number): Promise<DueHour[]> {
    const { client, table } = this.#options;
    const items = await queryAll(client, table, {
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk AND sk < :now',
      ExpressionAttributeValues: { ':pk': partition, ':now': isoTime(now) },
    });
    return items.map(({ pk, sk, hour, object, scope }) => ({
      pk: String(pk),
      sk: String(sk),
      hour: Number(hour),
      object: String(object),
      ...(scope !== undefined && { scope: String(scope) }),
    }));
  }

  /**
   * Marks the hours whose outside sources an object contains, or whose inside sources. Call it after the fragments are
   * written, so that a reader of a mark finds them.
   */
  async markHours(hours: Iterable<number>, object: string, now: number, inside?: InsideHours): Promise<number> {
    const { client, table, retentionDays } = this.#options;
    const marks: Record<string, unknown>[] = [];
    const scope = inside?.scope;
    const dueAt = Math.ceil((now + CONSISTENT_AFTER + (inside?.after ?? 0)) / HOUR_SLOT) * HOUR_SLOT;
    for (const hour of hours) {
      const sk = hourSort(dueAt, hour, scope);
      const end = (hour + 1) * 3600;
      // Outside sources are judged once their hour is over. A mark of inside sources is not due yet.
      if (this.#marked.has(sk) && (inside || end > now + SURELY_GOING_ON)) continue;
      const expires = expiresAt(end, now, retentionDays);
      marks.push({ pk: HOURS, sk, hour, object, expiresAt: expires, ...(inside && { scope }) });
    }
    await putAll(client, table, marks);
    if (this.#marked.size > MOST_REMEMBERED) this.#marked.clear();
    for (const { sk } of marks) this.#marked.add(String(sk));
    return marks.length;
  }

  /**
   * Marks hours whose signals, or scans near them, have changed or are about to: the next runs of settle judge them
   * together, once every read shows both.
   */
  async markSignals(hours: Iterable<number>, now: number): Promise<void> {
    const { client, table, retentionDays } = this.#options;
    const dueAt = Math.ceil((now + CONSISTENT_AFTER) / SIGNAL_SLOT) * SIGNAL_SLOT;
    const marks = [...hours].map((hour) => ({
      pk: DUE_SIGNALS,
      sk: hourSort(dueAt, hour),
      hour,
      object: DUE_SIGNALS,
      expiresAt: expiresAt((hour + 1) * 3600, now, retentionDays),
    }));
    const fresh = marks.filter(({ sk }) => !this.#marked.has(`${DUE_SIGNALS} ${sk}`));
    await putAll(client, table, fresh);
    if (this.#marked.size > MOST_REMEMBERED) this.#marked.clear();
    for (const { sk } of fresh) this.#marked.add(`${DUE_SIGNALS} ${sk}`);
  }

  /** Hours whose signals are to be judged at a second of the clock. */
  async dueSignals(now: number): Promise<DueHour[]> {
    return this.#dueHoursOf(DUE_SIGNALS, now);
  }

  /**
   * Removes a mark after the sources of its hour, or its signals, were judged. It stays if another object has renewed it.
   */
  async clearHour(mark: Pick<DueHour, 'pk' | 'sk' | 'object'>): Promise<void> {
    await this.#deleteIf({ pk: mark.pk, sk: mark.sk }, 'object', mark.object);
  }

  /** Records how far a log has come in epoch seconds. The value never decreases. */
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

  /** The latest record end of all logs in epoch seconds. 0 before the first object. */
  async logTime(): Promise<number> {
    const times = await logTimes(this.#options.client, this.#options.table);
    return times.reduce((latest, { at }) => Math.max(latest, at), 0);
  }

  /** Deletes an item if an attribute of it is as it was read. */
  async #deleteIf(Key: { readonly pk: string; readonly sk: string }, attribute: string, value: unknown): Promise<void> {
    try {
      await this.#options.client.send(
        new DeleteCommand({
          TableName: this.#options.table,
          Key,
          ConditionExpression: '#attribute = :value',
          ExpressionAttributeNames: { '#attribute': attribute },
          ExpressionAttributeValues: { ':value': value },
        }),
      );
    } catch (error) {
      if (!isConditionFailed(error)) throw error;
    }
  }
}

/** How far each log has come: its latest record end in epoch seconds. */
export async function logTimes(client: DynamoDBDocumentClient, table: string): Promise<{ log: string; at: number }[]> {
  const items = await itemsUnder(client, table, 'log');
  return items.map(({ sk, logTime }) => ({ log: String(sk), at: Number(logTime) }));
}
