/** The inventory of addresses in the tables: small writes, whole reads, and nothing lost by what goes wrong. */
import type { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type HeldInterface, Inventory } from '../../../lib/evidence/inventory.ts';
import type { DynamoDBDocumentClient } from '../../../lib/store/clients.ts';
import { InventoryStore } from '../../../lib/store/inventory-store.ts';
import { interfere } from './fixture/faults.ts';
import { type Database, itemsOf, startMemory } from './fixture/tables.ts';

const NOW = Date.UTC(2026, 10, 21, 12) / 1000;
const interfaceOf = (n: number): HeldInterface => ({
  id: `eni-${(n * 2_654_435_761).toString(16).padStart(17, '0')}`,
  ...{ vpcId: `vpc-${n % 5}`, owner: '111122223333', prefixes: [] },
  addresses: [`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`],
});
const interfacesOf = (count: number, first = 0) => Array.from({ length: count }, (_, n) => interfaceOf(first + n));

let database: Database;
let tables: { windows: string; findings: string };
let client: DynamoDBDocumentClient;
let troubles: string[];
/** A process of its own. */
const opened = () =>
  new InventoryStore({ client, tables, keptDays: 9, onTrouble: (trouble) => void troubles.push(trouble) });

/** Adds a snapshot as settle does. */
async function snapshot(store: InventoryStore, at: number, interfaces: readonly HeldInterface[]): Promise<void> {
  const { inventory = new Inventory(), head } = await store.read();
  const since = head.since ?? at;
  const next = inventory.since(since);
  next.addInterfaces(at, interfaces);
  await store.write({ at, inventory: next, since, interfaces: interfaces.length });
}
const namesIn = (inventory: Inventory | undefined) => inventory?.size;
const parts = async () =>
  (await itemsOf(client, tables.windows)).filter(({ pk }) => String(pk).startsWith('inventory#'));

beforeAll(async () => {
  database = await startMemory();
});
afterAll(() => database.stop());
beforeEach(async () => {
  tables = await database.tables();
  client = database.client();
  troubles = [];
});

test('before the first snapshot nothing is known, and that is no trouble', async () => {
  expect(await opened().current(NOW)).toBeUndefined();
  expect(troubles).toEqual([]);
});

test('20,000 interfaces fit into items far below the limit, and a snapshot without much news is one small write', async () => {
  const store = opened();
  await snapshot(store, NOW, interfacesOf(20_000));
  const whole = await parts();
  expect(whole.length).toBeLessThan(20);
  expect(Math.max(...whole.map(({ data }) => (data as Uint8Array).length))).toBeLessThan(200_000);
  await snapshot(store, NOW + 300, [...interfacesOf(19_990), ...interfacesOf(10, 50_000)]);
  expect(await parts()).toEqual(whole);
  const [head] = await itemsOf(client, tables.findings);
  expect((head!.changes as Uint8Array).length).toBeLessThan(1500);
  const { inventory } = await opened().read();
  expect(namesIn(inventory)).toBe(2 * 20_010);
}, 60_000);

test('a whole state is written again once much has changed, or it is a day old', async () => {
  const store = opened();
  await snapshot(store, NOW, interfacesOf(100));
  await snapshot(store, NOW + 300, interfacesOf(2000));
  expect(new Set((await parts()).map(({ pk }) => pk)).size).toBe(2);
  await snapshot(store, NOW + 600, interfacesOf(2000));
  expect(new Set((await parts()).map(({ pk }) => pk)).size).toBe(2);
  await snapshot(store, NOW + 90_000, interfacesOf(2000));
  expect(new Set((await parts()).map(({ pk }) => pk)).size).toBe(3);
  expect(namesIn((await opened().read()).inventory)).toBe(4000);
});

test('a process asks for the head once in a minute, and for the rest only if it changed', async () => {
  await snapshot(opened(), NOW, interfacesOf(10));
  const asked: unknown[] = [];
  interfere(client, (operation, input) => {
    if (operation === 'Query')
      asked.push((input as unknown as QueryCommand['input']).ExpressionAttributeValues![':pk']);
    return undefined;
  });
  const store = opened();
  for (const later of [0, 20, 59, 60, 119]) expect(namesIn(await store.current(NOW + later))).toBe(20);
  expect(asked).toEqual(['inventory', 'inventory#0', 'inventory']);
});

test('a snapshot that comes late replaces no later one', async () => {
  const [one, other] = [opened(), opened()];
  await snapshot(one, NOW, interfacesOf(10));
  await other.read();
  const late = (await other.read()).inventory!.since(0);
  await snapshot(one, NOW + 600, interfacesOf(12));
  late.addInterfaces(NOW + 300, interfacesOf(11));
  await other.write({ at: NOW + 300, inventory: late, since: NOW, interfaces: 11 });
  const { head, inventory } = await opened().read();
  expect(head.at).toBe(NOW + 600);
  expect(namesIn(inventory)).toBe(24);
});

describe('an inventory that is partly readable', () => {
  const breakIt = async (change: (part: Record<string, unknown>) => Record<string, unknown>) => {
    const { PutCommand } = await import('@aws-sdk/lib-dynamodb');
    for (const part of await parts())
      await client.send(new PutCommand({ TableName: tables.windows, Item: change(part) }));
  };

  test.each<[string, (part: Record<string, unknown>) => Record<string, unknown>, RegExp]>([
    ['parts of another time', (part) => ({ ...part, at: NOW - 300 }), /^0 of its 1 parts are there$/],
    ['bytes that are no parts', (part) => ({ ...part, data: Buffer.from('hello') }), /^it is damaged: /],
  ])('is not used, and said once: %s', async (_name, change, trouble) => {
    await snapshot(opened(), NOW, interfacesOf(10));
    await breakIt(change);
    const store = opened();
    for (const later of [0, 60, 120]) expect(await store.current(NOW + later)).toBeUndefined();
    expect(troubles).toEqual([expect.stringMatching(trouble)]);
  });

  test('leaves a process what it has read before', async () => {
    const writer = opened();
    await snapshot(writer, NOW, interfacesOf(10));
    const store = opened();
    expect(namesIn(await store.current(NOW))).toBe(20);
    await snapshot(writer, NOW + 90_000, interfacesOf(12));
    await breakIt((part) => ({ ...part, at: 1 }));
    expect(namesIn(await store.current(NOW + 90_000))).toBe(20);
    expect(troubles).toEqual(['0 of its 1 parts are there']);
  });

  test('of another form is not used', async () => {
    const { UpdateCommand } = await import('@aws-sdk/lib-dynamodb');
    await snapshot(opened(), NOW, interfacesOf(10));
    await client.send(
      new UpdateCommand({
        TableName: tables.findings,
        Key: { pk: 'inventory', sk: 'head' },
        UpdateExpression: 'SET form = :form',
        ExpressionAttributeValues: { ':form': 2 },
      }),
    );
    expect(await opened().current(NOW)).toBeUndefined();
    expect(troubles).toEqual(['it has form 2, expected 1']);
  });
});

test('a table that does not answer is an error for the judgement, and is asked again at once', async () => {
  await snapshot(opened(), NOW, interfacesOf(10));
  let isDown = true;
  interfere(client, (operation) => {
    if (operation === 'Query' && isDown) throw new Error('down');
    return undefined;
  });
  const store = opened();
  await expect(store.current(NOW)).rejects.toThrow('down');
  isDown = false;
  expect(namesIn(await store.current(NOW))).toBe(20);
});

test('a failure is noted since its beginning, and forgotten with the next snapshot', async () => {
  const store = opened();
  await store.noteFailure(NOW, 'UnauthorizedOperation: no', {});
  const { head } = await store.read();
  await store.noteFailure(NOW + 300, 'RequestLimitExceeded: later', head);
  expect((await store.read()).head).toMatchObject({ failedAt: NOW, failure: 'RequestLimitExceeded: later' });
  await snapshot(store, NOW + 600, interfacesOf(3));
  expect(Object.keys((await store.read()).head)).not.toContain('failure');
});
