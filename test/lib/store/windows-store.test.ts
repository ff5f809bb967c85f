/** The windows table: fragments and quiet sources, over the real wire protocol. */
import { randomBytes } from 'node:crypto';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { leastEvidenceOf } from '../../../lib/detections/least-evidence.ts';
import { detectionSettings } from '../../../lib/detections/settings.ts';
import { CONTACTS_PER_PANE, type Fragment } from '../../../lib/evidence/evidence.ts';
import { limitsOf } from '../../../lib/evidence/sample.ts';
import { OUTSIDE_BUCKETS, packedInsidePartition, packedOutsidePartition } from '../../../lib/store/keys.ts';
import { interfere } from './fixture/faults.ts';
import { contact, fragment, HOUR, SOURCE } from './fixture/findings.ts';
import { itemsOf } from './fixture/tables.ts';
import { useWindows, type Windows } from './fixture/windows.ts';

const use = useWindows();
let { client, table, store, storeWith, newClient } = {} as Windows;
beforeEach(() => {
  ({ client, table, store, storeWith, newClient } = use());
});

const NOW = HOUR * 3600 + 600;
const DAY = 86_400;
const SYN_TCP_ACCEPT = 1 | 4 | 8192;
const items = () => itemsOf(client, table);
const outside = (address: string, contacts = [contact()]): Fragment =>
  fragment({ scope: 'internet', address, inside: false, contacts });
const at = (hour: number) => {
  const end = hour * 3600 + 60;
  return contact({ firstStart: end - 5, firstEnd: end, lastEnd: end });
};
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

  test('of outside sources with a contact or two share items, and each source reads its own', async () => {
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
    for (let bucket = 0; bucket < OUTSIDE_BUCKETS; bucket++)
      for (const { address } of (await store.packedSources([HOUR], bucket)).sources()) read.push(address);
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
    const most = Object.values(limitsOf(CONTACTS_PER_PANE)).reduce((sum, limit) => sum + limit, 0);
    const worst = Array.from({ length: most }, () =>
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
    expect((stored!.data as Uint8Array).length).toBeLessThan(270 * 1024);
    expect((await store.readSource(SOURCE, HOUR, HOUR))[0]!.contacts).toHaveLength(most);
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
    expect(await store.readOwnItems(source, HOUR, HOUR + 1)).toEqual([]);
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
    const places = (await items()).map(({ pk }) => String(pk));
    expect(places.filter((pk) => !/^(due#|hours|shares#)/.test(pk))).toEqual(['source#123456789012|10.1.0.1']);
    expect(await store.readOwnItems({ scope: SOURCE.scope, address: '10.1.0.1' }, HOUR, HOUR)).toHaveLength(1);
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
  ])('only outside sources of few contacts are dropped, and counted, when they stay %s', async (_, refuse) => {
    const own = newClient();
    const calls = ceiling(own, refuse);
    const written = await storeWith(own).writeFragments('object-a', [fragment(), loud, ...quiet], NOW);
    expect(written.sourcesDropped).toBe(300);
    const kinds = new Set((await items()).map(({ pk }) => String(pk).split('#')[0]));
    expect([...kinds].sort()).toEqual(['due', 'hours', 'loud', 'shares', 'source']);
    expect(written.items).toBe((await items()).length);
    expect(calls.get('BatchWriteItem')).toBeLessThan(10);
  });

  test('no evidence of a watched source is dropped', async () => {
    const own = newClient();
    interfere(own, (_, input) => {
      const requests = (input.RequestItems as Record<string, { PutRequest: { Item: Record<string, string> } }[]>)?.[
        table
      ];
      const isNoise = requests?.some(
        ({ PutRequest: { Item } }) => /^noise#/.test(Item.pk!) && !/#watched#/.test(Item.sk!),
      );
      return isNoise ? { UnprocessedItems: { [table]: requests } } : undefined;
    });
    const watching = ({ address }: Fragment) =>
      address === '198.51.100.7' ? leastEvidenceOf(detectionSettings('high')) : undefined;
    const written = await storeWith(own).writeFragments('object-a', quiet, NOW, watching);
    expect(written.sourcesDropped).toBe(298);
    expect(await store.readSource({ scope: 'internet', address: '198.51.100.7' }, HOUR, HOUR)).toHaveLength(2);
    expect(await store.readSource({ scope: 'internet', address: '198.51.100.8' }, HOUR, HOUR)).toEqual([]);
    // A second delivery, of which all is taken, adds to it and takes nothing away.
    await store.writeFragments('object-a', quiet, NOW, watching);
    for (const n of [7, 8])
      expect(await store.readSource({ scope: 'internet', address: `198.51.100.${n}` }, HOUR, HOUR)).toHaveLength(2);
  });

  test('what the table takes after all is not counted', async () => {
    const own = newClient();
    let refusals = 2;
    ceiling(own, (requests) => (refusals-- > 0 ? { UnprocessedItems: { [table]: requests } } : (undefined as never)));
    expect((await storeWith(own).writeFragments('object-a', quiet, NOW)).sourcesDropped).toBe(0);
    expect(await store.readSource({ scope: 'internet', address: '198.51.100.7' }, HOUR, HOUR)).toHaveLength(2);
  });

  test('another refusal is an error', async () => {
    const own = newClient();
    ceiling(own, () => Promise.reject(new Error('denied')));
    await expect(storeWith(own).writeFragments('object-a', quiet, NOW)).rejects.toThrow('denied');
  });

  test('suspects are waited for', async () => {
    const own = newClient();
    let refusals = 6;
    interfere(own, (_, input) => (refusals-- > 0 ? { UnprocessedItems: input.RequestItems as object } : undefined));
    expect(await storeWith(own).writeFragments('object-a', [fragment()], NOW)).toMatchObject({ sourcesDropped: 0 });
    expect(await store.readSource(SOURCE, HOUR, HOUR)).toHaveLength(1);
  }, 60_000);
});

describe('a view that remembers', () => {
  test('reads the packs of an hour once, and those of other hours when they are asked for', async () => {
    await store.writeFragments('object-a', [outside('198.51.100.1')], NOW);
    const own = newClient();
    const calls = interfere(own);
    const view = storeWith(own).remembering();
    for (let n = 0; n < 3; n++)
      for (let bucket = 0; bucket < OUTSIDE_BUCKETS; bucket++) {
        await view.packedSources([HOUR], bucket);
        await view.outsideSources(HOUR, bucket);
      }
    expect(calls.get('Query')).toBe(2 * OUTSIDE_BUCKETS);
    await view.packedSources([HOUR + 1], 0);
    expect(calls.get('Query')).toBe(2 * OUTSIDE_BUCKETS + 1);
  });

  test('reads the past of many sources of a bucket once, and the present for each', async () => {
    const addresses = Array.from({ length: 4000 }, (_, n) => `198.51.${n >> 8}.${n & 255}`);
    const bucketOf = (address: string) => packedOutsidePartition(HOUR, { scope: 'internet', address });
    const neighbours = addresses.filter((address) => bucketOf(address) === bucketOf(addresses[0]!)).slice(0, 20);
    await store.writeFragments(
      'object-a',
      neighbours.map((address) => outside(address)),
      NOW,
    );
    const own = newClient();
    const calls = interfere(own);
    const view = storeWith(own).remembering();
    const read = async (isPast: boolean) => {
      const before = calls.get('Query') ?? 0;
      for (const address of neighbours) {
        const found = await view.readPackedItems({ scope: 'internet', address }, HOUR - 2, HOUR, { isPast });
        expect(found.map((one) => one.address)).toEqual([address]);
      }
      return calls.get('Query')! - before;
    };
    // Three hours of the bucket, and one query for each bucket of inside sources.
    const insideBuckets = new Set(neighbours.map((address) => packedInsidePartition({ scope: 'internet', address })))
      .size;
    expect(await read(true)).toBe(3 + insideBuckets);
    expect(await read(false)).toBe(4 * neighbours.length);
  });

  test('forgets a read that failed', async () => {
    const own = newClient();
    let failures = 1;
    interfere(own, () => {
      if (failures-- > 0) throw new Error('the connection broke');
      return undefined;
    });
    const view = storeWith(own).remembering();
    await expect(view.packedSources([HOUR], 0)).rejects.toThrow('the connection broke');
    await view.packedSources([HOUR], 0);
  });

  test('reads a source again each time', async () => {
    const view = store.remembering();
    const source = { scope: 'internet', address: '198.51.100.1' };
    expect(await view.readSource(source, HOUR, HOUR)).toEqual([]);
    await store.writeFragments('object-a', [outside('198.51.100.1')], NOW);
    expect(await view.readSource(source, HOUR, HOUR)).toHaveLength(1);
  });
});
