/** Watches in the findings table: few items under one key, read by each judging function and the command line. */
import { type DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { epochSeconds } from '../finding/model.ts';
import { WATCH_PARTS, type Watch, Watches } from '../notify/watch.ts';
import { itemsUnder } from './query.ts';

const PARTITION = 'watches';
/**
 * Days by which a watch outlasts the evidence of its time. Otherwise a later judgement of this evidence would lack the
 * watch, and take for refuted what was found under it.
 */
const BEYOND_DAYS = 4;
/** The longest time that evidence may be kept, for whoever does not know the settings of the deployment. */
const LONGEST_DAYS = 90;
const DAY = 86_400;
/** A process reads the watches once in this many seconds. */
const CACHED_SECONDS = 60;

export class WatchesStore {
  #client: DynamoDBDocumentClient;
  #table: string;
  #keptDays: number;
  #known: { readonly at: number; readonly watches: Promise<Watches> } | undefined;

  /** @param windowDays days that evidence is kept. Default: as long as a deployment may keep it. */
  constructor(client: DynamoDBDocumentClient, table: string, windowDays = LONGEST_DAYS) {
    this.#client = client;
    this.#table = table;
    this.#keptDays = windowDays + BEYOND_DAYS;
  }

  /** All watches, strongly consistent, including those that are over and still in the table. */
  async list(): Promise<Watch[]> {
    const items = await itemsUnder(this.#client, this.#table, PARTITION);
    return items.map((item) => ({
      id: String(item.id),
      ...Object.fromEntries(
        WATCH_PARTS.flatMap((part) => (item[part] === undefined ? [] : [[part, String(item[part])]])),
      ),
      owner: String(item.owner),
      reason: String(item.reason),
      sensitivity: String(item.sensitivity) as Watch['sensitivity'],
      from: String(item.from),
      until: String(item.until),
    }));
  }

  /** All watches, at most a minute old. @param now the clock, epoch seconds. */
  current(now: number): Promise<Watches> {
    const isFresh = this.#known && Math.abs(now - this.#known.at) < CACHED_SECONDS;
    return isFresh ? this.#known!.watches : this.fresh(now);
  }

  /** All watches as they are now. */
  fresh(now: number): Promise<Watches> {
    const watches = this.list().then((list) => new Watches(list));
    this.#known = { at: now, watches };
    // A failure is not kept for a minute.
    watches.catch(() => {
      this.#known = undefined;
    });
    return watches;
  }

  /** Adds or replaces a watch. */
  async put(watch: Watch): Promise<void> {
    await this.#client.send(new PutCommand({ TableName: this.#table, Item: this.#itemOf(watch) }));
  }

  /**
   * Adds a watch, unless one with its id exists, in force or ended. It is an update, since the function that takes signals
   * may put no items.
   */
  async start(watch: Watch): Promise<void> {
    const { pk, sk, ...attributes } = this.#itemOf(watch);
    const names = Object.keys(attributes);
    const update = {
      TableName: this.#table,
      Key: { pk, sk },
      UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}`,
      ConditionExpression: 'attribute_not_exists(pk)',
      ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
      ExpressionAttributeValues: Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [`:${name}`, value]),
      ),
    };
    try {
      await this.#client.send(new UpdateCommand(update));
    } catch (error) {
      if ((error as Error).name !== 'ConditionalCheckFailedException') throw error;
    }
  }

  #itemOf(watch: Watch) {
    const expiresAt = Math.floor(epochSeconds(watch.until)) + this.#keptDays * DAY;
    return { pk: PARTITION, sk: `watch#${watch.id}`, ...watch, expiresAt };
  }
}
