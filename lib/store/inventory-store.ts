/**
 * The inventory of addresses in the tables. The parts in the windows table are a whole state of it. The head in the findings
 * table names them, and holds what changed since, so that a snapshot is one small write. The settle function writes both,
 * and every judging function reads them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { Inventory } from '../evidence/inventory.ts';
import {
  addLines,
  changedInventory,
  type InventoryAt,
  linesOfChange,
  linesOfInventory,
} from '../evidence/inventory-text.ts';
import { putAll } from './batch-write.ts';
import type { DynamoDBDocumentClient } from './clients.ts';
import { INVENTORY, INVENTORY_HEAD, inventoryParts } from './keys.ts';
import { itemsUnder } from './query.ts';
import { isConditionFailed } from './refused-writes.ts';

/** The form of parts and changes. Those of another form are not read. */
const FORM = 1;
/** Text of a part before compression, which makes at most half of it. An item may have 400 KB. */
const PART_TEXT = 150_000;
/** Parts of whole states are written in turn under this many keys, so that one that is being read stays whole. */
const RING = 4;
/** Bytes of parts in a millisecond: 200 write units in a second, far below the limit of the table. */
const PACE = 200;
/** A whole state is written once the changes exceed this many bytes and this share of its size, or it is a day old. */
const CHANGE_BYTES = 8192;
const CHANGE_SHARE = 1 / 32;
/** Changes above this size do not fit into the head. */
const MOST_CHANGE = 300_000;
const DAY = 86_400;
/** A process looks for a later snapshot once in this many seconds. */
const CACHED_SECONDS = 60;

/** What the head says. Times are epoch seconds. */
export interface InventoryHead {
  /** The time of the newest snapshot. Undefined before the first one. */
  readonly at?: number;
  /** Since when snapshots are remembered. */
  readonly since?: number;
  /** Number of interfaces in the newest snapshot, and of VPCs that are remembered. */
  readonly interfaces?: number;
  readonly vpcs?: number;
  /** The first of the attempts that failed since the newest snapshot, and why the last one did. */
  readonly failedAt?: number;
  readonly failure?: string;
}

/** The item, which also says where the rest is. */
interface HeadItem extends InventoryHead {
  readonly form?: number;
  /** The whole state: its time, its place, the number of its parts, and their bytes. */
  readonly whole?: Whole;
  readonly changes?: Uint8Array;
}

interface Whole {
  readonly at: number;
  readonly ring: number;
  readonly parts: number;
  readonly bytes: number;
}

/** The inventory of the head, or why it cannot be used. */
interface InventoryRead {
  readonly head: InventoryHead;
  readonly inventory?: Inventory;
}

/** A state with a new snapshot. Times are epoch seconds. */
export interface InventoryToWrite extends InventoryAt {
  readonly since: number;
  /** Number of interfaces in the snapshot. */
  readonly interfaces: number;
  /** Whether changes do not say all, because much was forgotten. */
  readonly isWhole?: boolean;
}

export interface InventoryStoreOptions {
  readonly client: DynamoDBDocumentClient;
  readonly tables: { readonly windows: string; readonly findings: string };
  /** Days that the inventory is kept if no snapshot follows, at least two. */
  readonly keptDays: number;
  readonly routingDomains?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Hears once of each inventory that cannot be used. */
  readonly onTrouble?: (trouble: string) => void;
}

export class InventoryStore {
  readonly #options: InventoryStoreOptions;
  #known: InventoryAt | undefined;
  /** The whole state that was read or written last. */
  #whole: (InventoryAt & Pick<Whole, 'ring'>) | undefined;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #checking: Promise<Inventory | undefined> | undefined;
  #trouble: string | undefined;

  constructor(options: InventoryStoreOptions) {
    this.#options = options;
  }

  /**
   * The inventory, at most a minute behind the tables. Undefined before the first snapshot, or if it cannot be used and this
   * process has read no earlier one.
   * @param now the clock, epoch seconds.
   */
  async current(now: number): Promise<Inventory | undefined> {
    if (Math.abs(now - this.#checkedAt) >= CACHED_SECONDS) {
      this.#checkedAt = now;
      this.#checking = this.read().then(({ inventory }) => inventory ?? this.#known?.inventory);
      // A failure is not kept for a minute.
      this.#checking.catch(() => {
        this.#checkedAt = Number.NEGATIVE_INFINITY;
      });
    }
    return this.#checking;
  }

  /** The inventory as it is now, whole or not at all: without a part, held addresses would look dark. */
  async read(): Promise<InventoryRead> {
    const { client, tables, onTrouble } = this.#options;
    const head = await headItem(client, tables.findings);
    if (head.at === undefined) return { head };
    if (this.#known?.at === head.at) return { head, inventory: this.#known.inventory };
    const found = await this.#readAt(head.at, head);
    if (typeof found !== 'string') {
      this.#keep({ at: head.at, inventory: found });
      return { head, inventory: found };
    }
    if (this.#trouble !== found) onTrouble?.(found);
    this.#trouble = found;
    return { head };
  }

  /** The inventory of a head, or why it cannot be used. */
  async #readAt(at: number, { form, whole, changes }: HeadItem): Promise<Inventory | string> {
    const { client, tables, routingDomains } = this.#options;
    if (form !== FORM || !whole) return `it has form ${form}, expected ${FORM}`;
    try {
      if (this.#whole?.at !== whole.at || this.#whole.ring !== whole.ring) {
        const items = await itemsUnder(client, tables.windows, inventoryParts(whole.ring));
        const parts = items.filter((part) => part.at === whole.at);
        if (parts.length !== whole.parts) return `${parts.length} of its ${whole.parts} parts are there`;
        const inventory = new Inventory(routingDomains);
        for (const { data } of parts) addLines(inventory, linesIn(data as Uint8Array));
        this.#whole = { at: whole.at, ring: whole.ring, inventory };
      }
      return changes ? changedInventory(this.#whole, at, linesIn(changes)) : this.#whole.inventory;
    } catch (error) {
      // Damaged text stays damaged. A table that does not answer will do so later, and until then nothing is judged.
      if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code?.startsWith('Z_'))
        return `it is damaged: ${(error as Error).message}`;
      throw error;
    }
  }

  /** Stores a state with a new snapshot, unless a later one is stored. What is stored stays readable until then. */
  async write(state: InventoryToWrite): Promise<void> {
    const { client, tables } = this.#options;
    const { whole } = await headItem(client, tables.findings);
    const changes = this.#changesOf(state, whole);
    if (changes) await this.#writeHead(state, { whole: whole!, changes });
    else await this.#writeHead(state, { whole: await this.#writeWhole(state, whole) });
  }

  /** The changes since the stored whole state. Undefined if a new one should be written. */
  #changesOf({ at, inventory, isWhole }: InventoryToWrite, whole: Whole | undefined): Uint8Array | undefined {
    if (isWhole || !whole || this.#whole?.at !== whole.at || at - whole.at > DAY) return undefined;
    const changes = deflateRawSync(linesOfChange(this.#whole, { at, inventory }).join('\n'));
    const limit = Math.min(MOST_CHANGE, CHANGE_BYTES + whole.bytes * CHANGE_SHARE);
    return changes.length > limit ? undefined : changes;
  }

  async #writeWhole({ at, inventory }: InventoryToWrite, before: Whole | undefined): Promise<Whole> {
    const { client, tables } = this.#options;
    const ring = before ? (before.ring + 1) % RING : 0;
    const parts = partsOf(linesOfInventory(inventory)).map((text) => deflateRawSync(text));
    for (const [number, data] of parts.entries()) {
      const sk = String(number).padStart(5, '0');
      await putAll(client, tables.windows, [{ pk: inventoryParts(ring), sk, at, data, expiresAt: this.#expiry(at) }]);
      if (parts.length > 1) await sleep(data.length / PACE);
    }
    this.#whole = { at, ring, inventory };
    return { at, ring, parts: parts.length, bytes: parts.reduce((sum, { length }) => sum + length, 0) };
  }

  async #writeHead(
    { at, inventory, since, interfaces }: InventoryToWrite,
    place: { readonly whole: Whole; readonly changes?: Uint8Array },
  ): Promise<void> {
    const removed = ['failedAt', 'failure', ...(place.changes ? [] : ['changes'])];
    const isLatest = await this.#updateHead(
      { form: FORM, at, since, interfaces, vpcs: inventory.vpcs, ...place, expiresAt: this.#expiry(at) },
      { removed, condition: 'attribute_not_exists(#at) OR #at < :at' },
    );
    if (isLatest) this.#keep({ at, inventory });
  }

  /** Notes that no snapshot could be taken. @param now the clock, epoch seconds. */
  async noteFailure(now: number, failure: string, { failedAt = now }: InventoryHead): Promise<void> {
    await this.#updateHead({ failedAt, failure, expiresAt: this.#expiry(now) });
  }

  #expiry(at: number): number {
    return Math.floor(at + this.#options.keptDays * DAY);
  }

  #keep(known: InventoryAt): void {
    this.#known = known;
    this.#trouble = undefined;
    this.#checking = Promise.resolve(known.inventory);
  }

  /** @returns whether the condition held. */
  async #updateHead(
    values: Readonly<Record<string, unknown>>,
    { removed = [], condition }: { readonly removed?: readonly string[]; readonly condition?: string } = {},
  ): Promise<boolean> {
    const { client, tables } = this.#options;
    const names = Object.keys(values);
    const all = (list: readonly string[], text: (name: string) => string) => list.map(text).join(', ');
    const remove = removed.length ? ` REMOVE ${all(removed, (name) => `#${name}`)}` : '';
    try {
      await client.send(
        new UpdateCommand({
          TableName: tables.findings,
          Key: { pk: INVENTORY, sk: INVENTORY_HEAD },
          UpdateExpression: `SET ${all(names, (name) => `#${name} = :${name}`)}${remove}`,
          ...(condition && { ConditionExpression: condition }),
          ExpressionAttributeNames: Object.fromEntries([...names, ...removed].map((name) => [`#${name}`, name])),
          ExpressionAttributeValues: Object.fromEntries(names.map((name) => [`:${name}`, values[name]])),
        }),
      );
      return true;
    } catch (error) {
      if (isConditionFailed(error)) return false;
      throw error;
    }
  }
}

/** The head alone, empty before the first snapshot. @param table the findings table. */
export const inventoryHead = async (client: DynamoDBDocumentClient, table: string): Promise<InventoryHead> =>
  headItem(client, table);

const headItem = async (client: DynamoDBDocumentClient, table: string): Promise<HeadItem> =>
  ((await itemsUnder(client, table, INVENTORY)).find(({ sk }) => sk === INVENTORY_HEAD) ?? {}) as HeadItem;

const linesIn = (data: Uint8Array): string[] => inflateRawSync(data).toString('utf8').split('\n').filter(Boolean);

/** Lines as texts, as many as a part holds. */
function partsOf(lines: readonly string[]): string[] {
  const parts: string[] = [];
  let part: string[] = [];
  let length = 0;
  for (const line of lines) {
    if (part.length && length + line.length > PART_TEXT) {
      parts.push(part.join('\n'));
      part = [];
      length = 0;
    }
    part.push(line);
    length += line.length + 1;
  }
  if (part.length) parts.push(part.join('\n'));
  return parts;
}
