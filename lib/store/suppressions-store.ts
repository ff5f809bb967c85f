/** Suppressions in the findings table: few items under one key, read by the alert function and the command line. */
import { DeleteCommand, type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Suppression } from '../notify/suppression.ts';
import { SCOPE_PARTS, type SuppressionScope } from '../notify/suppression-scope.ts';
import { itemsUnder } from './query.ts';

const PARTITION = 'suppressions';
/** Parts that every release reads, as attributes of the item. */
const FIRST_PARTS: readonly string[] = ['source', 'target', 'namespace', 'serviceAccount', 'image', 'user'];

type Item = Readonly<Record<string, unknown>>;

/** The scope of a stored rule, and a part in it that this release does not know. */
function scopeOf(item: Item): SuppressionScope & Pick<Suppression, 'unknownPart'> {
  const limits = (item.limits ?? {}) as Item;
  const unknownPart = Object.keys(limits).find((part) => !(SCOPE_PARTS as readonly string[]).includes(part));
  const parts = SCOPE_PARTS.flatMap((part) => {
    const text = limits[part] ?? item[part];
    return text === undefined ? [] : [[part, String(text)]];
  });
  return { ...Object.fromEntries(parts), ...(unknownPart !== undefined && { unknownPart }) };
}

/**
 * The attributes of a rule. A release that does not know a part would silence more than the rule says. A rule with such a
 * part has its whole scope in `limits`, and an earlier release takes it for one without a source, which is void.
 */
function attributesOf({
  id,
  owner,
  reason,
  expires,
  alertsOnChange,
  unknownPart: _unknownPart,
  ...scope
}: Suppression): Item {
  const isPlain = Object.keys(scope).every((part) => FIRST_PARTS.includes(part));
  const rest = { id, owner, reason, expires, ...(alertsOnChange && { alertsOnChange }) };
  return { ...rest, ...(isPlain ? scope : { limits: scope }) };
}

export class SuppressionsStore {
  #client: DynamoDBDocumentClient;
  #table: string;

  constructor(client: DynamoDBDocumentClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /** All suppressions, strongly consistent, including expired ones that are still in the table. */
  async list(): Promise<Suppression[]> {
    const items = await itemsUnder(this.#client, this.#table, PARTITION);
    return items.map((item) => ({
      id: String(item.id),
      ...scopeOf(item),
      owner: String(item.owner),
      reason: String(item.reason),
      expires: String(item.expires),
      ...(item.alertsOnChange === true && { alertsOnChange: true }),
    }));
  }

  /** Adds or replaces a suppression. */
  async add(suppression: Suppression): Promise<void> {
    const item = {
      pk: PARTITION,
      sk: `suppression#${suppression.id}`,
      ...attributesOf(suppression),
      expiresAt: Math.floor(Date.parse(suppression.expires) / 1000),
    };
    await this.#client.send(new PutCommand({ TableName: this.#table, Item: item }));
  }

  /** Removes a suppression. False if no suppression has that id. */
  async remove(id: string): Promise<boolean> {
    const { Attributes } = await this.#client.send(
      new DeleteCommand({
        TableName: this.#table,
        Key: { pk: PARTITION, sk: `suppression#${id}` },
        ReturnValues: 'ALL_OLD',
      }),
    );
    return Attributes !== undefined;
  }
}
