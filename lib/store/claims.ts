/** Work of settle that must be done once, and how far unfinished work came: items of the findings table. */
import { type DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { queryAll } from './query.ts';
import { isConditionFailed } from './refused-writes.ts';

/** The duration of a claim. Times are epoch seconds. */
interface Claim {
  readonly now: number;
  /** Longer than the holder may run. */
  readonly leaseSeconds: number;
  /** When the claim may be forgotten. */
  readonly expiresAt: number;
}

/** How far a run of settle came with work that it could not finish in time. */
interface Progress {
  readonly position: number;
  /** Whether a source before the position could not be judged. */
  readonly hasFailed: boolean;
}

const PROGRESS = 'settle-progress';

export class Claims {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  /** @param table the findings table. */
  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /**
   * Claims work that must be done once, such as a day's digest, for a number of seconds. Returns false if it is done or
   * another process is doing it. If the process is killed, the work is not done and another process may claim it.
   */
  async claim(pk: string, sk: string, { now, leaseSeconds, expiresAt }: Claim): Promise<boolean> {
    try {
      await this.#client.send(
        new PutCommand({
          TableName: this.#table,
          Item: { pk, sk, leaseUntil: now + leaseSeconds, expiresAt },
          ConditionExpression: 'attribute_not_exists(pk) OR leaseUntil < :now',
          ExpressionAttributeValues: { ':now': now },
        }),
      );
      return true;
    } catch (error) {
      if (isConditionFailed(error)) return false;
      throw error;
    }
  }

  /** Releases a claim after its work failed, so that the next run need not wait for the lease to end. */
  async release(pk: string, sk: string): Promise<void> {
    await this.#client.send(
      new UpdateCommand({
        TableName: this.#table,
        Key: { pk, sk },
        UpdateExpression: 'SET leaseUntil = :past',
        ExpressionAttributeValues: { ':past': 0 },
      }),
    );
  }

  /** Records that claimed work is done, so that nothing claims it again. */
  async complete(pk: string, sk: string): Promise<void> {
    await this.#client.send(
      new UpdateCommand({ TableName: this.#table, Key: { pk, sk }, UpdateExpression: 'REMOVE leaseUntil' }),
    );
  }

  /** The work under a partition key that is done, from a sort key on. */
  async done(pk: string, from: string): Promise<ReadonlySet<string>> {
    const items = await queryAll(this.#client, this.#table, {
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk AND sk >= :from',
      ExpressionAttributeValues: { ':pk': pk, ':from': from },
    });
    return new Set(items.filter(({ leaseUntil }) => leaseUntil === undefined).map(({ sk }) => String(sk)));
  }

  /** How far unfinished work of an earlier run of settle came. Undefined if nothing was recorded about `state`. */
  async progressOf(name: string, state: string): Promise<Progress | undefined> {
    const [item] = await queryAll(this.#client, this.#table, {
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk AND sk = :sk',
      ExpressionAttributeValues: { ':pk': PROGRESS, ':sk': name },
    });
    if (item?.workState !== state) return undefined;
    return { position: Number(item.workPosition), hasFailed: item.hasFailed === true };
  }

  /**
   * Records how far work of settle came for the next run. `expiresAt` (epoch seconds) is when the record may be
   * forgotten.
   */
  async noteProgress(name: string, state: string, { position, hasFailed }: Progress, expiresAt: number): Promise<void> {
    await this.#client.send(
      new UpdateCommand({
        TableName: this.#table,
        Key: { pk: PROGRESS, sk: name },
        UpdateExpression: 'SET workState = :state, workPosition = :position, hasFailed = :failed, expiresAt = :expires',
        ExpressionAttributeValues: {
          ':state': state,
          ':position': position,
          ':failed': hasFailed,
          ':expires': expiresAt,
        },
      }),
    );
  }
}
