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
const SYN_TCP_ACCEPT = 1 | 4 | 8192;

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
  new WindowsStore({ client: own, table, retentionDays: 8, settleSeconds: 600, openTargets: 10, key: [1, 2] });
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
    expect(new Set(stored.map(({ pk }) => String(pk).split('#')[0]))).toEqual(new Set(['noise', 'hours']));
    expect(await store.readSource({ scope: 'internet', address: '198.51.4.7' }, HOUR, HOUR)).toEqual([
      sources[4 * 256 + 7],
    ]);
    const read: string[] = [];
    for (let bucket = 0; bucket < NOISE_BUCKETS; bucket++)
      for (const { address } of (await store.quietSources([HOUR], bucket)).sources()) read.push(address);
    expect(read.sort()).toEqual(sources.map(({ address }) => address).sort());
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
    await storeWith(client).writeFragments('object-a', [fragment(), outside('198.51.100.1')], NOW + 30 * DAY);
    const again = (await items()).filter(({ pk }) => pk !== 'hours');
    for (const { expiresAt } of again) expect(expiresAt).toBe(NOW + 38 * DAY);
  });
});

describe('inside sources in whose files all is well', () => {
  const OPEN = SYN_TCP_ACCEPT | 16 | 16_384;
  const well = (n: number, parts: Partial<Fragment> = {}) =>
    fragment({ address: `10.1.${n >> 8}.${n & 255}`, contacts: [contact({ seen: OPEN, port: n + 1 })], ...parts });

  test('share items, and come back one by one, by hour', async () => {
    const many = Array.from({ length: 600 }, (_, n) => well(n));
    await store.writeFragments('object-a', many, NOW);
    const later = well(7, { hour: HOUR + 1, contacts: [{ ...at(HOUR + 1), seen: OPEN }] });
    await store.writeFragments('object-b', [later], NOW);
    const stored = await items();
    expect(stored.length).toBeLessThanOrEqual(33);
    expect(stored.every(({ pk }) => String(pk).startsWith('calm#123456789012#'))).toBe(true);
    const source = { scope: SOURCE.scope, address: '10.1.0.7' };
    expect(await store.readSource(source, HOUR, HOUR + 1)).toEqual([many[7], later]);
    expect(await store.readSource(source, HOUR + 1, HOUR + 2)).toEqual([later]);
    expect(await store.readSuspect(source, HOUR, HOUR + 1)).toEqual([]);
  });

  test.each([
    ['a failure', [contact({ seen: SYN_TCP_ACCEPT })]],
    ['a stealth probe', [contact({ seen: 2 | 4 | 8192 })]],
    ['a half that nobody can tell', [contact({ seen: 256 | 4, protocol: 17 })]],
    [
      'half a sweep of open ports',
      Array.from({ length: 5 }, (_, n) => contact({ target: `10.0.9.${n}`, seen: SYN_TCP_ACCEPT | 16 })),
    ],
    ['more contacts than fit', Array.from({ length: 65 }, (_, n) => contact({ seen: OPEN, port: n + 1 }))],
  ])('have an item of their own with %s', async (_, contacts) => {
    await store.writeFragments('object-a', [well(1, { contacts })], NOW);
    expect((await items()).map(({ pk }) => String(pk)).filter((pk) => !pk.startsWith('due#'))).toEqual([
      'source#123456789012|10.1.0.1',
    ]);
    expect(await store.readSuspect({ scope: SOURCE.scope, address: '10.1.0.1' }, HOUR, HOUR)).toHaveLength(1);
  });

  test('stay where they are, however late they are written again', async () => {
    await store.writeFragments('object-a', [well(1)], NOW);
    const before = (await items()).map(({ pk, sk }) => [pk, sk]);
    await store.writeFragments('object-a', [well(1)], NOW + DAY);
    const after = (await items()).map(({ pk, sk }) => [pk, sk]).filter(([pk]) => !String(pk).startsWith('due#'));
    expect(after).toEqual(before);
  });
});

describe('at the write ceiling', () => {
  /** Takes everything but packs of quiet outside sources. */
  const ceiling = (own: DynamoDBDocumentClient, refuse: (requests: Put[]) => object | Promise<never>) =>
    interfere(own, (_, input) => {
      const requests = (input.RequestItems as Record<string, Put[]> | undefined)?.[table];
      return requests?.some(({ PutRequest }) => PutRequest.Item.pk.startsWith('noise#')) ? refuse(requests) : undefined;
    });
  type Put = { PutRequest: { Item: { pk: string } } };
  const quiet = Array.from({ length: 300 }, (_, n) => outside(`198.51.100.${n & 255}`, [contact({ port: n + 1 })]));
  const loud = outside(
    '203.0.113.9',
    Array.from({ length: 8 }, (_, port) => contact({ port })),
  );

  test.each([
    ['unprocessed', (requests: Put[]) => ({ UnprocessedItems: { [table]: requests } })],
    ['refused', () => Promise.reject(Object.assign(new Error('too much'), { name: 'ThrottlingException' }))],
  ])('quiet outside sources are given up and counted when they stay %s, and nothing else is', async (_, refuse) => {
    const own = embedded.client();
    const calls = ceiling(own, refuse);
    const written = await storeWith(own).writeFragments('object-a', [fragment(), loud, ...quiet], NOW);
    expect(written.givenUp).toBe(300);
    const kinds = new Set((await items()).map(({ pk }) => String(pk).split('#')[0]));
    expect([...kinds].sort()).toEqual(['due', 'hours', 'loud', 'source']);
    expect(written.items).toBe((await items()).length);
    expect(calls.get('BatchWriteItem')).toBeLessThan(10);
  });

  test('what the table takes after all is not counted', async () => {
    const own = embedded.client();
    let refusals = 2;
    ceiling(own, (requests) => (refusals-- > 0 ? { UnprocessedItems: { [table]: requests } } : (undefined as never)));
    expect((await storeWith(own).writeFragments('object-a', quiet, NOW)).givenUp).toBe(0);
    expect(await store.readSource({ scope: 'internet', address: '198.51.100.7' }, HOUR, HOUR)).toHaveLength(2);
  });

  test('another refusal is an error', async () => {
    const own = embedded.client();
    ceiling(own, () => Promise.reject(new Error('denied')));
    await expect(storeWith(own).writeFragments('object-a', quiet, NOW)).rejects.toThrow('denied');
  });

  test('suspects are waited for', async () => {
    const own = embedded.client();
    let refusals = 6;
    interfere(own, (_, input) => (refusals-- > 0 ? { UnprocessedItems: input.RequestItems as object } : undefined));
    expect(await storeWith(own).writeFragments('object-a', [fragment()], NOW)).toMatchObject({ givenUp: 0 });
    expect(await store.readSource(SOURCE, HOUR, HOUR)).toHaveLength(1);
  }, 60_000);
});

describe('a view that remembers', () => {
  test('reads the packs of an hour once, and those of other hours when they are asked for', async () => {
    await store.writeFragments('object-a', [outside('198.51.100.1')], NOW);
    const own = embedded.client();
    const calls = interfere(own);
    const view = storeWith(own).remembering();
    for (let n = 0; n < 3; n++)
      for (let bucket = 0; bucket < NOISE_BUCKETS; bucket++) {
        await view.quietSources([HOUR], bucket);
        await view.outsideSources(HOUR, bucket);
      }
    expect(calls.get('Query')).toBe(2 * NOISE_BUCKETS);
    await view.quietSources([HOUR + 1], 0);
    expect(calls.get('Query')).toBe(2 * NOISE_BUCKETS + 1);
  });

  test('reads a source anew each time', async () => {
    const view = store.remembering();
    const source = { scope: 'internet', address: '198.51.100.1' };
    expect(await view.readSource(source, HOUR, HOUR)).toEqual([]);
    await store.writeFragments('object-a', [outside('198.51.100.1')], NOW);
    expect(await view.readSource(source, HOUR, HOUR)).toHaveLength(1);
  });
});

test('a source that is marked again is due at once, once a minute, whatever else is marked', async () => {
  const logTime = HOUR * 3600 + 60;
  await store.writeFragments('object-a', [fragment()], NOW);
  for (const object of ['b', 'c']) await store.markAgain(SOURCE, HOUR, logTime, object, NOW);
  expect(await store.dueSources(logTime)).toMatchObject([{ source: SOURCE, hour: HOUR, object: 'c', isLong: false }]);
  expect(await store.dueSources(NOW + DAY)).toHaveLength(3);
});

const at = (hour: number) => {
  const end = hour * 3600 + 60;
  return contact({ firstStart: end - 5, firstEnd: end, lastEnd: end });
};
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

  test('is due before any flood from the internet, however old that is', async () => {
    const flood = Array.from({ length: 60 }, (_, n) =>
      outside(
        `203.0.113.${n}`,
        Array.from({ length: 8 }, (_, port) => contact({ port, firstEnd: HOUR * 3600, lastEnd: HOUR * 3600 })),
      ),
    );
    await store.writeFragments('object-a', [...flood, fragment({ contacts: [contact({ lastEnd: NOW })] })], NOW);
    const due = await store.dueSources(NOW + DAY, 8);
    expect(due[0]!.source).toEqual(SOURCE);
    // Two of each shard, as long as there are any.
    expect(due.filter(({ source }) => source.scope === 'internet')).toHaveLength(8);
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
    interfere(own, (command, input) => {
      if (command !== 'BatchWriteItem') return undefined;
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

describe('hours of outside sources', () => {
  const outsider = outside('198.51.100.7', [contact()]);
  const hoursDue = async (time: number) => (await store.dueHours(time)).map(({ hour, object }) => [hour, object]);
  const END = (HOUR + 1) * 3600;

  test('are due at the end of a slot of ten minutes, no sooner than every read shows what was written', async () => {
    await store.writeFragments('object-a', [outsider], END + 1);
    expect(await hoursDue(END + 600)).toEqual([]);
    expect(await hoursDue(END + 601)).toEqual([[HOUR, 'object-a']]);
    await storeWith(client).writeFragments('object-b', [outsider], END + 590);
    expect(await hoursDue(END + 1200)).toEqual([[HOUR, 'object-a']]);
    expect(await hoursDue(END + 1201)).toHaveLength(2);
  });

  test('that more is written about later are due again', async () => {
    await store.writeFragments('object-a', [outsider], END - 1800);
    for (const mark of await store.dueHours(END + 901)) await store.clearDue(mark);
    await store.writeFragments('object-b', [outsider], END + 1200);
    expect(await hoursDue(END + 1801)).toEqual([[HOUR, 'object-b']]);
  });

  test('stay due when more is written about them while they are looked at', async () => {
    await store.writeFragments('object-a', [outsider], END);
    const marks = await store.dueHours(END + 901);
    await storeWith(embedded.client()).writeFragments('object-b', [outsider], END + 10);
    for (const mark of marks) await store.clearDue(mark);
    expect(await hoursDue(END + 901)).toEqual([[HOUR, 'object-b']]);
  });

  test('are marked once for many files, as long as nobody looks at them', async () => {
    const own = embedded.client();
    const calls = interfere(own);
    const other = storeWith(own);
    for (let n = 0; n < 20; n++) await other.writeFragments(`object-${n}`, [outsider], END - 2400);
    expect(calls.get('BatchWriteItem')).toBe(20 + 1);
  });

  test('of inside sources are not marked', async () => {
    await store.writeFragments('object-a', [fragment()], NOW);
    expect(await hoursDue(NOW + 30 * DAY)).toEqual([]);
  });
});
