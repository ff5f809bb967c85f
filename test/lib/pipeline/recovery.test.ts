/**
 * The promises of docs/operations.md about accidents: lost windows, windows of another version, lost findings, another
 * hash key, and that a replay of the files repairs them.
 */
import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Database, itemsOf, startMemory } from '../store/fixture/tables.ts';
import { type Deployment, newDeployment } from './fixture/deployment.ts';
import { file, scan } from './fixture/flow-logs.ts';

const START = Date.UTC(2026, 10, 21, 10, 10) / 1000;
const NOW = START + 300;
const HOUR = 3600;
/** One scan in three files. */
const FILES = ['a', 'b', 'c'].map((name, at) => ({
  name,
  body: file(scan('rejected', { count: 15, first: 1 + 100 * at, end: START + 300 * at })),
}));

let embedded: Database;
let deployment: Deployment;
beforeAll(async () => {
  embedded = await startMemory();
});
afterAll(() => embedded.stop());
beforeEach(async () => {
  deployment = await newDeployment(embedded);
  await replay(deployment, NOW);
});

/** Sends every file. Returns the reasons why some could not be read, as in the log of ingest. */
async function replay(to: Deployment, now: number, files = FILES): Promise<string[]> {
  const errors: string[] = [];
  for (const { name, body } of files) {
    await to.ingest(name, body, now).catch((error: Error) => errors.push(error.message));
    await to.deliverAll(now);
  }
  return errors;
}

async function empty(table: string): Promise<void> {
  for (const { pk, sk } of await itemsOf(deployment.client, table))
    await deployment.client.send(new DeleteCommand({ TableName: table, Key: { pk, sk } }));
}

const findings = async () => (await deployment.stored()).map(({ finding }) => finding);

test('lost windows lose no finding, and a replay of the files restores them', async () => {
  const [before, told] = [await findings(), deployment.told()];
  expect(before).toMatchObject([{ status: 'open', contacts: { failed: 30 } }]);
  await empty(deployment.names.windows);
  const settled = await deployment.settle(NOW + 3 * HOUR);
  expect(settled.failures.map(({ message }) => message)).toEqual([
    expect.stringContaining('other writers kept judging this source with more evidence in 8 tries'),
  ]);
  expect([await findings(), deployment.told()]).toEqual([before, told]);

  // A file that is read before the others may be refused. At the second try, half an hour later, all are there.
  await replay(deployment, NOW + 3 * HOUR);
  expect(await replay(deployment, NOW + 3.5 * HOUR)).toEqual([]);
  expect((await deployment.settle(NOW + 4 * HOUR)).failures).toEqual([]);
  await deployment.deliverAll(NOW + 4 * HOUR);
  expect(await findings()).toMatchObject([{ id: before[0]!.id, closedBecause: 'ended', contacts: { failed: 45 } }]);
  expect(deployment.told().map(({ event }) => event)).toEqual(['opened', 'closed']);
});

test('windows of another version fail the judgements that read them, and lose no finding', async () => {
  const before = await findings();
  const { windows } = deployment.names;
  for (const item of await itemsOf(deployment.client, windows)) {
    if (!(item.data instanceof Uint8Array)) continue;
    const data = Uint8Array.from([2, ...item.data.subarray(1)]);
    await deployment.client.send(new PutCommand({ TableName: windows, Item: { ...item, data } }));
  }
  const next = { name: 'd', body: file(scan('rejected', { count: 15, first: 401, end: START + 900 })) };
  expect(await replay(deployment, NOW + 900, [next])).toEqual(['fragment version must be 3 or 4 or 5 or 6, got 2']);
  const { failures } = await deployment.settle(NOW + 3 * HOUR);
  expect(new Set(failures.map(({ message }) => message))).toEqual(
    new Set(['fragment version must be 3 or 4 or 5 or 6, got 2']),
  );
  expect(await findings()).toEqual(before);

  // The old items have the keys of the new: whatever is read again is written over.
  expect(await replay(deployment, NOW + 3 * HOUR, [...FILES, next])).not.toEqual([]);
  expect(await replay(deployment, NOW + 3 * HOUR, [...FILES, next])).toEqual([]);
  expect((await deployment.settle(NOW + 4 * HOUR)).failures).toEqual([]);
  expect(await findings()).toMatchObject([{ id: before[0]!.id, contacts: { failed: 60 } }]);
});

test('lost findings are found again under the same id, and announced again', async () => {
  const before = await findings();
  await empty(deployment.names.findings);
  expect(await replay(deployment, NOW + 900)).toEqual([]);
  expect((await findings()).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  const id = before[0]!.id;
  expect(deployment.told()).toEqual([
    { event: 'opened', id },
    { event: 'opened', id },
  ]);
});

test('another hash key gives an open finding another id, into which the old one is merged', async () => {
  const id = (await findings())[0]!.id;
  const other = deployment.sibling(embedded.client(), { secret: 'another' });
  await replay(other, NOW + 900, FILES.slice(2));
  const after = await findings();
  const heir = after.find((finding) => finding.id !== id)!;
  expect(after).toHaveLength(2);
  expect(after.find((finding) => finding.id === id)).toMatchObject({ closedBecause: 'merged', mergedInto: heir.id });
  expect(other.told()).toEqual([
    { event: 'opened', id: heir.id },
    { event: 'closed', id },
  ]);
});
