/** The findings table: which judgement wins, what an upsert leaves alone, and the ways to look a finding up. */
import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Finding } from '../../../lib/finding/model.ts';
import { FindingsStore } from '../../../lib/store/findings-store.ts';
import { Outbox } from '../../../lib/store/outbox.ts';
import { expectValidFinding } from '../../finding-schema.ts';
import { interfere } from './fixture/faults.ts';
import { detection, finding, HOUR, SOURCE } from './fixture/findings.ts';
import { type Embedded, itemsOf, startEmbedded } from './fixture/tables.ts';

let embedded: Embedded;
let client: DynamoDBDocumentClient;
let table: string;
let store: FindingsStore;
const NOW = HOUR * 3600 + 900;
const ID = 'a'.repeat(24);
const version = (fragments: number, judgedAt = NOW) => ({ fragments, judgedAt });

beforeAll(async () => {
  embedded = await startEmbedded();
  client = embedded.client();
});
afterAll(() => embedded.stop());
beforeEach(async () => {
  table = (await embedded.tables()).findings;
  store = new FindingsStore({ client, table, retentionDays: 365 });
});

const upsert = (parts: Partial<Finding>, fragments: number, judgedAt = NOW, announce = false) =>
  store.upsert(detection(parts), version(fragments, judgedAt), announce, NOW);
const only = async () => (await store.ofSource(SOURCE))[0]!;

describe('an upsert', () => {
  test('stores the finding as it is published', async () => {
    expect(await upsert({}, 1)).toBe(true);
    const stored = await only();
    expect(stored.finding).toEqual(finding());
    expectValidFinding(stored.finding);
    expect(stored).toMatchObject({ fragments: 1, judgedAt: NOW });
  });

  test('that rests on fewer fragments is refused, and changes nothing', async () => {
    await upsert({ severity: 'high' }, 3);
    expect(await upsert({ severity: 'low' }, 2, NOW + 999)).toBe(false);
    expect(await only()).toMatchObject({ finding: { severity: 'high' }, fragments: 3 });
  });

  test('that rests on more is taken, though it was judged at an earlier log time', async () => {
    await upsert({ severity: 'high' }, 3);
    expect(await upsert({ severity: 'low' }, 4, NOW - 999)).toBe(true);
    expect(await only()).toMatchObject({ finding: { severity: 'low' }, fragments: 4 });
  });

  test('that rests on as many is taken when it was judged no earlier', async () => {
    await upsert({ confidence: 50 }, 3);
    expect(await upsert({ confidence: 51 }, 3, NOW - 1)).toBe(false);
    expect(await upsert({ confidence: 52 }, 3, NOW)).toBe(true);
    expect(await upsert({ confidence: 53 }, 3, NOW + 1)).toBe(true);
    expect(await only()).toMatchObject({ finding: { confidence: 53 }, judgedAt: NOW + 1 });
  });

  test('of many at once, in any order, leaves the one that rests on the most', async () => {
    await Promise.all([4, 9, 1, 7, 3, 8, 2].map((count) => upsert({ confidence: count }, count)));
    expect(await only()).toMatchObject({ finding: { confidence: 9 }, fragments: 9 });
  });

  test('removes what a finding no longer has', async () => {
    const closed = {
      status: 'closed',
      closedBecause: 'merged',
      mergedInto: 'b'.repeat(24),
      campaign: 'c'.repeat(24),
    } as const;
    await upsert(closed, 1);
    expect((await only()).finding).toMatchObject(closed);
    await upsert({}, 2);
    expect((await only()).finding).toEqual(finding());
  });

  test('leaves alone what people and the alert function wrote', async () => {
    await upsert({}, 1, NOW, true);
    const outbox = new Outbox(client, table);
    const leased = await outbox.lease((await only()) as never, NOW, 60);
    const announced = { severity: 'high', kind: 'vertical-scan', openPorts: 0, status: 'open', at: NOW } as const;
    await outbox.told(leased!, announced, 'rule-1');
    await upsert({ confidence: 99 }, 2);
    expect(await only()).toMatchObject({ announced, finding: { confidence: 99, suppressedBy: 'rule-1' } });
  });

  test('leaves the mark of an earlier one', async () => {
    await upsert({}, 1, NOW, true);
    const { announceSince } = await only();
    await upsert({ confidence: 99 }, 2);
    expect((await only()).announceSince).toBe(announceSince);
  });

  test('sets a new mark each time, also within the same instant', async () => {
    await upsert({}, 1, NOW, true);
    const { announceSince } = await only();
    await upsert({}, 1, NOW, true);
    expect((await only()).announceSince).not.toBe(announceSince);
  });

  test('expires a year after the later of last probe and writing', async () => {
    await upsert({}, 1);
    await store.upsert(detection({ id: 'b'.repeat(24), lastSeen: '2027-01-01T00:00:00Z' }), version(1), false, NOW);
    const expiries = (await itemsOf(client, table)).map(({ expiresAt }) => Number(expiresAt) - 365 * 86_400);
    expect(new Set(expiries)).toEqual(new Set([NOW, Date.UTC(2027, 0) / 1000]));
  });

  test('that fails for another reason than its condition is an error', async () => {
    const own = embedded.client();
    interfere(own, () => Promise.reject(Object.assign(new Error('denied'), { name: 'AccessDeniedException' })));
    const denied = new FindingsStore({ client: own, table, retentionDays: 1 });
    await expect(denied.upsert(detection({}, []), version(1), false, NOW)).rejects.toThrow('denied');
  });
});

describe('closing', () => {
  test('takes the finding off the open ones and says why', async () => {
    await upsert({}, 1);
    expect(await store.openBefore(NOW)).toHaveLength(1);
    expect(await store.close(await only(), { closedBecause: 'refuted' }, version(2), NOW)).toBe(true);
    expect((await only()).finding).toEqual(finding({ status: 'closed', closedBecause: 'refuted' }));
    expect(await store.openBefore(NOW)).toEqual([]);
  });

  test('obeys the same condition as an upsert', async () => {
    await upsert({}, 3);
    expect(await store.close(await only(), { closedBecause: 'refuted' }, version(2), NOW)).toBe(false);
    expect((await only()).finding.status).toBe('open');
  });

  test('marks findings that were announced, or are about to be, and no others', async () => {
    await upsert({}, 1);
    await store.close(await only(), { closedBecause: 'refuted' }, version(2), NOW);
    expect((await only()).announceSince).toBeUndefined();
    await upsert({}, 3, NOW, true);
    const { announceSince } = await only();
    await store.close(await only(), { closedBecause: 'refuted' }, version(4), NOW);
    expect((await only()).announceSince).not.toBe(announceSince);
  });
});

describe('a finding is found', () => {
  test('by its source, in order of time, from an hour on', async () => {
    for (const [n, hour] of [HOUR + 2, HOUR, HOUR + 1].entries())
      await store.upsert({ ...detection({ id: `${n}`.repeat(24) }), anchorHour: hour }, version(1), false, NOW);
    const ids = (stored: { finding: Finding }[]) => stored.map(({ finding: { id } }) => id[0]);
    expect(ids(await store.ofSource(SOURCE))).toEqual(['1', '2', '0']);
    expect(ids(await store.ofSource(SOURCE, HOUR + 1))).toEqual(['2', '0']);
    expect(await store.ofSource({ ...SOURCE, scope: 'internet' })).toEqual([]);
  });

  test('by its id, and not by an unknown id', async () => {
    await upsert({}, 1);
    expect((await store.byId(ID))?.finding).toEqual(finding());
    expect(await store.byId('b'.repeat(24))).toBeUndefined();
  });

  test('by day and severity', async () => {
    const severities = ['informational', 'low', 'medium', 'high', 'critical'] as const;
    for (const [n, severity] of severities.entries()) await upsert({ id: `${n}`.repeat(24), severity }, 1);
    const found = async (day: string, rank?: number) =>
      (await store.ofDay(day, rank)).map(({ finding: { severity } }) => severity).sort();
    expect(await found('2026-11-21')).toEqual([...severities].sort());
    expect(await found('2026-11-21', 3)).toEqual(['critical', 'high']);
    expect(await found('2026-11-22')).toEqual([]);
  });

  test('by the day and hour in which it was found, also if it began on another day', async () => {
    const found = async (at: string, parts: Partial<Finding>) =>
      store.upsert(detection(parts), { ...version(1), foundAt: Date.parse(at) / 1000 }, false, NOW);
    await found('2026-11-23T00:00:00Z', { id: '1'.repeat(24) });
    await found('2026-11-23T01:00:00Z', { id: '2'.repeat(24) });
    await found('2026-11-21T10:05:00Z', { id: '3'.repeat(24) });
    // As earlier releases stored it.
    await upsert({ id: '4'.repeat(24) }, 1);
    const idsIn = async (period: string) =>
      (await store.foundIn(period)).found.map(({ finding: { id } }) => id[0]).sort();
    expect(await idsIn('2026-11-23')).toEqual(['1', '2']);
    expect(await idsIn('2026-11-23T01')).toEqual(['2']);
    expect(await idsIn('2026-11-22')).toEqual([]);
    expect(await idsIn('2026-11-21T10')).toEqual(['3', '4']);
    const rows = (await itemsOf(client, table)).filter(({ pk }) => String(pk).startsWith('found#'));
    expect(rows.map(({ expiresAt }) => expiresAt).sort()).toEqual(
      ['2026-11-30T00:00:00Z', '2026-11-30T01:00:00Z'].map((at) => Date.parse(at) / 1000),
    );
  });

  test('by the day on which it was found, unless too many began on another day or it ended days before', async () => {
    const found = (n: number, at: string) =>
      store.upsert(detection({ id: `${n}`.repeat(24) }), { ...version(1), foundAt: Date.parse(at) / 1000 }, false, NOW);
    for (let n = 0; n < 8; n++) await found(n, '2026-11-26T10:03:00Z');
    await found(8, '2026-11-26T10:05:00Z');
    await found(9, '2026-11-27T00:00:00Z');
    expect((await store.foundIn('2026-11-27')).found).toEqual([]);
    const { found: all, unread: none } = await store.foundIn('2026-11-26');
    expect([all.length, none]).toEqual([8, 0]);
    const { found: some, unread } = await store.foundIn('2026-11-26', 3);
    expect([some.length, unread]).toEqual([3, 5]);
  });

  test('by its target, by hundreds also by the network of its target', async () => {
    const targets = Array.from({ length: 1000 }, (_, n) => `10.0.${n >> 8}.${n & 255}`);
    await store.upsert(detection({}, targets), version(1), false, NOW);
    expect(await store.idsOfTarget('10.0.0.7')).toEqual([ID]);
    expect(await store.idsOfTarget('10.0.3.7')).toEqual([]);
    expect(await store.idsOfTarget('10.0.3.0/24')).toEqual([ID]);
  });

  test('among the open ones whose last probe lies before a time', async () => {
    for (let n = 0; n < 10; n++) await upsert({ id: `${n}`.repeat(24), lastSeen: `2026-11-21T10:0${n}:00Z` }, 1);
    expect(await store.openBefore(HOUR * 3600 + 5 * 60)).toHaveLength(5);
    const few = await store.openBefore(NOW + 3600, 4);
    expect(few.length).toBeLessThanOrEqual(4);
    expect(few.map(({ finding: { id } }) => id)).toContain('0'.repeat(24));
  });
});

test('rows by target are a hundred, and one for each further network, even for a scan of 65,536 targets', async () => {
  const targets = Array.from({ length: 65_536 }, (_, n) => `10.7.${n >> 8}.${n & 255}`);
  await store.upsert(detection({}, targets), version(1), false, NOW);
  const rows = (await itemsOf(client, table)).filter(({ targetOf }) => targetOf);
  expect(rows.length).toBe(200);
  expect(Math.max(...(await itemsOf(client, table)).map((item) => JSON.stringify(item).length))).toBeLessThan(
    100 * 1024,
  );
});

test('an item that lacks what later versions added is still a finding', async () => {
  await client.send(
    new PutCommand({
      TableName: table,
      Item: { pk: `source#${SOURCE.scope}|${SOURCE.address}`, sk: `finding#2026-11-21T10#${ID}`, ...finding() },
    }),
  );
  expect(await only()).toMatchObject({ finding: finding(), fragments: 0, judgedAt: 0 });
});
