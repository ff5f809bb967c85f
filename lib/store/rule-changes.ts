/** Who added and removed suppressions and watches, and when. Only the command line writes and reads this. */
import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { itemsUnder } from './query.ts';

/** Partitions of the changes. */
const PARTITIONS = { suppressions: 'suppression-changes', watches: 'watch-changes' } as const;
/** Years outlast the rules, which may be read again in an audit. */
const KEPT_SECONDS = 3 * 366 * 86_400;

export type ChangeKind = 'added' | 'removed';

/** A change of the rules. */
export interface RuleChange<Rule> {
  readonly change: ChangeKind;
  /** ISO 8601, to the millisecond. */
  readonly at: string;
  /** The name that the person gave, or that of the login. */
  readonly by: string;
  /** The access key that signed the change. CloudTrail tells whose it was. */
  readonly accessKey: string;
  readonly rule: Rule;
}

export class RuleChanges<Rule extends { readonly id: string }> {
  #client: DynamoDBDocumentClient;
  #table: string;
  #partition: string;

  constructor(client: DynamoDBDocumentClient, table: string, of: keyof typeof PARTITIONS) {
    this.#client = client;
    this.#table = table;
    this.#partition = PARTITIONS[of];
  }

  /** Keeps a change. Write it before the change itself: after a crash, a change too many is kept rather than one too few. */
  async keep(change: RuleChange<Rule>): Promise<void> {
    const { at, rule } = change;
    const expiresAt = Math.floor(Date.parse(at) / 1000) + KEPT_SECONDS;
    const item = { pk: this.#partition, sk: `${at}#${rule.id}#${change.change}`, ...change, expiresAt };
    await this.#client.send(new PutCommand({ TableName: this.#table, Item: item }));
  }

  /** All changes, strongly consistent, in order of time. */
  async list(): Promise<RuleChange<Rule>[]> {
    const items = await itemsUnder(this.#client, this.#table, this.#partition);
    return items.map((item) => ({
      change: item.change as ChangeKind,
      at: String(item.at),
      by: String(item.by),
      accessKey: String(item.accessKey),
      rule: item.rule as Rule,
    }));
  }
}
