/** The windows table: fragments, quiet sources, due marks and log times, over the real wire protocol. */

import { randomBytes } from 'node:crypto';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { NOISE_BUCKETS } from '../../../lib/store/keys.ts';
import { WindowsStore } from '../../../lib/store/windows-store.ts';
import { CONTACTS_PER_PANE, type Fragment } from '../../../lib/window/evidence.ts';
import { interfere } from './fixture/faults.ts';
import { contact, fragment, HOUR, SOURCE } from './fixture/findings.ts';
import { type Embedded, itemsOf, startEmbedded } from './fixture/tables.ts';

let embedded: Embedded;
let client: DynamoDBDocumentClient;
let table: string;
let store: WindowsStore;
const NOW = HOUR * 3600 + 600;
const DAY = 86_400;

beforeAll(async () => {
  embedded = await startEmbedded();
  client = embedded.client();
});
afterAll(() => embedded.stop());
beforeEach(async () => {
  table = (await embedded.tables()).windows;
  store = storeWith(client);
});

const storeWith = (own: DynamoDBDocumentClient) =>
  new WindowsStore({ client: own, table, retentionDays: 8, settleSeconds: 600, openTargets: 10 });
const items = () => itemsOf(client, table);
const outside = (address: string, contacts = [contact()]): Fragment =>
  fragment({ scope: 'internet', address, inside: false, contacts });

describe('fragments', () => {
  test('written twice are the same items', async () => {
    const many = [
      fragment(),
      outside('198.51.100.1'),
      outside('198.51.100.2'),
      fragment({ hour: HOUR + 1, contacts: [at(HOUR + 1)] }),
    ];
    await store.writeFragments('object-a', many, NOW);
    const before = await items();
    await store.writeFragments('object-a', many, NOW);
    expect(await items()).toEqual(before);
  });

  test('come back as they were written, of one source and a range of hours, both ends included', async () => {
    const hours = [HOUR - 1, HOUR, HOUR + 1, HOUR + 2].map((hour) => fragment({ hour, contacts: [at(hour)] }));
    await store.writeFragments('object-a', [...hours, fragment({ address: '10.0.7.1' })], NOW);
    await store.writeFragments('object-b', [hours[1]!], NOW);
    expect(await store.readSource(SOURCE, HOUR, HOUR + 1)).toEqual([hours[1], hours[1], hours[2]]);
    expect(await store.readSource({ ...SOURCE, scope: 'other' }, HOUR, HOUR + 1)).toEqual([]);
  });

  test('of outside sources with a contact or two share items; each source reads its own', async () => {
    const sources = Array.from({ length: 3000 }, (_, n) =>
      outside(`198.51.${n >> 8}.${n & 255}`, [contact({ port: n + 1 })]),
    );
    await store.writeFragments('object-a', sources, NOW);
    const stored = await items();
    expect(stored.length).toBeLessThan(60);
    expect(stored.every(({ pk }) => String(pk).startsWith('noise#'))).toBe(true);
    expect(await store.readSource({ scope: 'internet', address: '198.51.4.7' }, HOUR, HOUR)).toEqual([
      sources[4 * 256 + 7],
    ]);
    const read: Fragment[] = [];
    for (let bucket = 0; bucket < NOISE_BUCKETS; bucket++) read.push(...(await store.quietSources(HOUR, bucket)));
    expect(read.map(({ address }) => address).sort()).toEqual(sources.map(({ address }) => address).sort());
  });

  test('of outside sources fill several items rather than a large one', async () => {
    const told = () => ({ interfaceId: `eni-${randomBytes(150).toString('hex')}`, fields: {} });
    const sources = Array.from({ length: 6000 }, (_, n) => ({
      ...outside(`198.51.${n >> 8}.${n & 255}`),
      identity: told(),
    }));
    await store.writeFragments('object-a', sources, NOW);
    const quiet = (await items()).filter(({ pk }) => String(pk).startsWith('noise#'));
    expect(quiet.length).toBeGreaterThan(16);
    expect(Math.max(...quiet.map(({ data }) => (data as Uint8Array).length))).toBeLessThanOrEqual(48 * 1024);
    expect(await store.readSource({ scope: 'internet', address: '198.51.20.7' }, HOUR, HOUR)).toEqual([
      sources[20 * 256 + 7],
    ]);
  });

  test('of a source that is quiet in one file and busy in another are read together', async () => {
    const ports = (...numbers: number[]) =>
      outside(
        '198.51.100.9',
        numbers.map((port) => contact({ port })),
      );
    await store.writeFragments('object-a', [ports(1)], NOW);
    await store.writeFragments('object-b', [ports(2, 3, 4)], NOW);
    const read = await store.readSource({ scope: 'internet', address: '198.51.100.9' }, HOUR, HOUR);
    expect(read.flatMap(({ contacts }) => contacts.map(({ port }) => port)).sort()).toEqual([1, 2, 3, 4]);
  });

  test('of IPv6 sources come back, quiet or not', async () => {
    const quiet = outside('2001:db8::1', [contact({ target: '2001:db8:ffff::2' })]);
    const busy = fragment({ address: 'fd00::5', contacts: [contact({ target: 'fd00::6' })] });
    await store.writeFragments('object-a', [quiet, busy], NOW);
    expect(await store.readSource({ scope: 'internet', address: '2001:db8::1' }, HOUR, HOUR)).toEqual([quiet]);
    expect(await store.readSource({ ...SOURCE, address: 'fd00::5' }, HOUR, HOUR)).toEqual([busy]);
  });

  test('stay far below the limit of an item, however many contacts there were', async () => {
    const word = () => randomBytes(4).readUInt32LE();
    const worst = Array.from({ length: CONTACTS_PER_PANE }, () =>
      contact({
        target: `fd00:${[1, 2, 3, 4].map(() => (word() >>> 16 || 1).toString(16)).join(':')}:1:1:1`,
        port: word() >>> 16,
        hash: word(),
        minutesLow: word() | 0,
        minutesHigh: word() | 0,
        sourcePort: word() & 0xffff,
        packetBytes: word() & 0xff,
        flows: word() | 0,
      }),
    );
    await store.writeFragments('object-a', [fragment({ contacts: worst })], NOW);
    const [stored] = (await items()).filter(({ data }) => data !== undefined);
    expect((stored!.data as Uint8Array).length).toBeLessThan(100 * 1024);
    expect((await store.readSource(SOURCE, HOUR, HOUR))[0]!.contacts).toHaveLength(CONTACTS_PER_PANE);
  });

  test('expire after the retention, counted from the later of record and writing', async () => {
    await store.writeFragments('object-a', [fragment(), outside('198.51.100.1')], NOW);
    for (const { expiresAt } of await items()) expect(expiresAt).toBe((HOUR + 1) * 3600 + 8 * DAY);
    await store.writeFragments('object-a', [fragment(), outside('198.51.100.1')], NOW + 30 * DAY);
    for (const { expiresAt } of await items()) expect(expiresAt).toBe(NOW + 38 * DAY);
  });
});

const at = (hour: number) => {
  const end = hour * 3600 + 60;
  return contact({ firstStart: end - 5, firstEnd: end, lastEnd: end });
};
const SYN_TCP_ACCEPT = 1 | 4 | 8192;

describe('a source with a failure', () => {
  const end = HOUR * 3600 + 60;

  test('falls due once its answers are overdue, and not before', async () => {
    await store.writeFragments('object-a', [fragment({ contacts: [contact({ seen: SYN_TCP_ACCEPT })] })], NOW);
    expect(await store.dueSources(end + 600)).toEqual([]);
    expect(await store.dueSources(end + 1200 + 1)).toEqual([
      { source: SOURCE, pk: expect.any(String), sk: expect.any(String), hour: HOUR, object: 'object-a', isLong: false },
    ]);
  });

  test('is marked once for its answers and once an hour for the horizons of days, whatever the number of files', async () => {
    for (const object of ['a', 'b', 'c']) await store.writeFragments(object, [fragment()], NOW);
    expect((await store.dueSources(NOW + DAY)).map(({ isLong }) => isLong)).toEqual([false, true]);
  });

  test('from outside is not marked for the horizons of days: its quiet hours are looked through together', async () => {
    await store.writeFragments(
      'a',
      [
        fragment({
          scope: 'internet',
          address: '203.0.113.9',
          inside: false,
          contacts: Array.from({ length: 8 }, (_, port) => contact({ port })),
        }),
      ],
      NOW,
    );
    expect((await store.dueSources(NOW + DAY)).map(({ isLong }) => isLong)).toEqual([false]);
  });

  test('is due no more when its mark was cleared', async () => {
    await store.writeFragments('object-a', [fragment()], NOW);
    for (const mark of await store.dueSources(NOW + DAY)) await store.clearDue(mark);
    expect(await store.dueSources(NOW + DAY)).toEqual([]);
  });

  test('stays due when another file renewed the mark after it was read', async () => {
    await store.writeFragments('object-a', [fragment()], NOW);
    const marks = await store.dueSources(NOW + DAY);
    await store.writeFragments('object-b', [fragment()], NOW);
    for (const mark of marks) await store.clearDue(mark);
    expect(await store.dueSources(NOW + DAY)).toMatchObject([
      { source: SOURCE, object: 'object-b' },
      { source: SOURCE, object: 'object-b' },
    ]);
  });

  test('is marked only when its fragments are there to be read', async () => {
    const order: string[] = [];
    const own = embedded.client();
    interfere(own, (_, input) => {
      const requests = Object.values(input.RequestItems as Record<string, { PutRequest: { Item: { pk: string } } }[]>);
      order.push(requests[0]!.some(({ PutRequest }) => PutRequest.Item.pk.startsWith('due#')) ? 'marks' : 'fragments');
      return undefined;
    });
    const many = Array.from({ length: 60 }, (_, n) => fragment({ address: `10.1.0.${n}` }));
    await storeWith(own).writeFragments('object-a', many, NOW);
    expect(order).toEqual(['fragments', 'fragments', 'fragments', ...Array.from({ length: 5 }, () => 'marks')]);
  });

  test('is not marked for what was answered in time', async () => {
    await store.writeFragments('object-a', [fragment({ contacts: [contact({ seen: SYN_TCP_ACCEPT | 16 })] })], NOW);
    expect(await store.dueSources(NOW + DAY)).toEqual([]);
  });

  test('is marked for answers that come when its finding may be closed', async () => {
    const late = [fragment({ contacts: [contact({ seen: 16 | 8192 })] })];
    await store.writeFragments('object-a', late, NOW);
    expect(await store.dueSources(NOW + DAY)).toEqual([]);
    await store.writeFragments('object-a', late, NOW + 2 * 3600);
    expect(await store.dueSources(NOW + DAY)).toHaveLength(2);
  });
});

describe('log time', () => {
  test('is the latest over all logs, and 0 before the first', async () => {
    expect(await store.logTime()).toBe(0);
    await store.advanceLogTime('log-a', 1000, NOW);
    await store.advanceLogTime('log-b', 900, NOW);
    expect(await store.logTime()).toBe(1000);
  });

  test('never goes back', async () => {
    await store.advanceLogTime('log-a', 1000, NOW);
    await store.advanceLogTime('log-a', 900, NOW);
    await Promise.all([1005, 1003, 1004].map((time) => store.advanceLogTime('log-a', time, NOW)));
    expect(await store.logTime()).toBe(1005);
  });
});

test('a refusal of another kind than "not newer" is an error', async () => {
  const own = embedded.client();
  interfere(own, () => Promise.reject(Object.assign(new Error('denied'), { name: 'AccessDeniedException' })));
  await expect(storeWith(own).advanceLogTime('log-a', 1000, NOW)).rejects.toThrow('denied');
  await expect(storeWith(own).clearDue({ pk: 'a', sk: 'b', object: 'c' })).rejects.toThrow('denied');
});
