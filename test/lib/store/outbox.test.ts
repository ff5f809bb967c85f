/** The outbox: one holder at a time, nothing marked is lost, nothing told is told twice. */
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { StoredFinding } from '../../../lib/store/finding-item.ts';
import { FindingsStore } from '../../../lib/store/findings-store.ts';
import { Outbox } from '../../../lib/store/outbox.ts';
import { detection, HOUR, SOURCE } from './fixture/findings.ts';
import { type Embedded, startEmbedded } from './fixture/tables.ts';

let embedded: Embedded;
let client: DynamoDBDocumentClient;
let findings: FindingsStore;
let outbox: Outbox;
const NOW = HOUR * 3600 + 900.25;
const announced = { severity: 'high', kind: 'vertical-scan', openPorts: 0, status: 'open', at: 1 } as const;

beforeAll(async () => {
  embedded = await startEmbedded();
  client = embedded.client();
});
afterAll(() => embedded.stop());
beforeEach(async () => {
  const { findings: table } = await embedded.tables();
  findings = new FindingsStore({ client, table, retentionDays: 365 });
  outbox = new Outbox(client, table);
});

const mark = (now = NOW, fragments = 1) =>
  findings.upsert(detection(), { fragments, judgedAt: HOUR * 3600 }, true, now);
const only = async () => (await findings.ofSource(SOURCE))[0]!;

test('one of many invocations at once holds the lease and gets the current finding', async () => {
  await mark();
  const leases = await Promise.all(Array.from({ length: 6 }, async () => outbox.lease(await only(), NOW, 60)));
  const held = leases.filter((lease): lease is StoredFinding => lease !== undefined);
  expect(held).toHaveLength(1);
  expect(held[0]).toMatchObject({ finding: detection().finding, leaseUntil: NOW + 60 });
});

test('a lease runs out, and then somebody else may take it', async () => {
  await mark();
  await outbox.lease(await only(), NOW, 60);
  expect(await outbox.lease(await only(), NOW + 59.9, 60)).toBeUndefined();
  expect(await outbox.lease(await only(), NOW + 60.1, 60)).toBeDefined();
});

test('a finding that is not marked, or does not exist, is not leased and not created', async () => {
  expect(await outbox.lease({ pk: 'source#x', sk: 'finding#y' }, NOW, 60)).toBeUndefined();
  await findings.upsert(detection(), { fragments: 1, judgedAt: 1 }, false, NOW);
  expect(await outbox.lease(await only(), NOW, 60)).toBeUndefined();
  expect(await findings.ofSource(SOURCE)).toHaveLength(1);
});

test('a finding that was announced is recorded and no longer marked', async () => {
  await mark();
  const lease = await outbox.lease(await only(), NOW, 60);
  expect(await outbox.told(lease!, announced, undefined)).toBe(true);
  const stored = await only();
  expect(stored).toMatchObject({ announced });
  expect([stored.announceSince, stored.leaseUntil]).toEqual([undefined, undefined]);
  expect(await outbox.markedBefore(NOW + 999)).toEqual([]);
});

test('a finding that is marked again during the announcement stays marked, also within the same instant', async () => {
  await mark();
  const lease = await outbox.lease(await only(), NOW, 60);
  await mark(NOW, 2);
  expect(await outbox.told(lease!, announced, undefined)).toBe(false);
  expect(await only()).toMatchObject({ announced, announceSince: expect.any(String) });
  expect(await outbox.lease(await only(), NOW, 60)).toBeDefined();
});

test('an invocation that lost the lease records nothing', async () => {
  await mark();
  const lost = await outbox.lease(await only(), NOW, 60);
  const held = await outbox.lease(await only(), NOW + 61, 60);
  await expect(outbox.told(lost!, announced, undefined)).rejects.toThrow('conditional request failed');
  expect((await only()).leaseUntil).toBe(held!.leaseUntil);
  expect(await outbox.told(held!, announced, undefined)).toBe(true);
});

test('a suppression is noted, and its end as well', async () => {
  await mark();
  await outbox.told((await outbox.lease(await only(), NOW, 60))!, undefined, 'rule-1');
  expect((await only()).finding.suppressedBy).toBe('rule-1');
  await mark(NOW, 2);
  await outbox.told((await outbox.lease(await only(), NOW, 60))!, announced, undefined);
  expect((await only()).finding.suppressedBy).toBeUndefined();
});

test('findings that were marked some time ago are listed over all shards, fresh ones are not', async () => {
  for (let n = 0; n < 20; n++)
    await findings.upsert(
      detection({ id: `${n}`.padStart(24, '0') }),
      { fragments: 1, judgedAt: 1 },
      true,
      n % 2 ? NOW : NOW - 300,
    );
  expect(await outbox.markedBefore(NOW - 120)).toHaveLength(10);
});
