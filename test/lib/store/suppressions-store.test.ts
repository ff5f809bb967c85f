/** Suppressions in the findings table. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SuppressionsStore } from '../../../lib/store/suppressions-store.ts';
import { type Embedded, itemsOf, startEmbedded } from './fixture/tables.ts';

let embedded: Embedded;
beforeAll(async () => {
  embedded = await startEmbedded();
});
afterAll(() => embedded.stop());

test('what was added is listed at once, until it is removed', async () => {
  const { findings } = await embedded.tables();
  const store = new SuppressionsStore(embedded.client(), findings);
  const rule = { id: 'r1', source: '10.0.3.0/24', owner: 'soc', reason: 'ours', expires: '2027-01-31' };
  await store.add(rule);
  await store.add({ ...rule, id: 'r2' });
  expect(await store.list()).toEqual([rule, { ...rule, id: 'r2' }]);
  expect(await store.remove('r1')).toBe(true);
  expect(await store.remove('r1')).toBe(false);
  expect(await store.list()).toEqual([{ ...rule, id: 'r2' }]);
});

test('a rule keeps the target that it has, and gets none that it has not', async () => {
  const { findings } = await embedded.tables();
  const store = new SuppressionsStore(embedded.client(), findings);
  const rule = {
    id: 'a',
    source: '0.0.0.0/0',
    target: '10.0.9.0/24',
    owner: 'soc',
    reason: 'test',
    expires: '2027-01-31',
  };
  const { target: _target, ...everywhere } = { ...rule, id: 'b' };
  await store.add(rule);
  await store.add(everywhere);
  expect(await store.list()).toEqual([rule, everywhere]);
  expect((await store.list())[1]).not.toHaveProperty('target');
});

test('the table forgets a rule once it is void', async () => {
  const { findings } = await embedded.tables();
  const client = embedded.client();
  const expires = '2027-01-31T18:00:00Z';
  await new SuppressionsStore(client, findings).add({
    id: 'r',
    source: '10.0.0.0/8',
    owner: 'o',
    reason: 'r',
    expires,
  });
  expect((await itemsOf(client, findings))[0]!.expiresAt).toBe(Date.parse(expires) / 1000);
});

test('a rule about an actor is kept whole, without a source', async () => {
  const { findings } = await embedded.tables();
  const store = new SuppressionsStore(embedded.client(), findings);
  const rule = {
    id: 'a',
    namespace: 'ci',
    serviceAccount: 'ci/runner',
    image: 'scanner:*',
    user: 'alice',
    owner: 'soc',
    reason: 'test',
    expires: '2027-01-31',
  };
  await store.add(rule);
  expect(await store.list()).toEqual([rule]);
});

test('a rule that an earlier release would understand as a wider one is void to it', async () => {
  const { findings } = await embedded.tables();
  const client = embedded.client();
  const store = new SuppressionsStore(client, findings);
  const rule = {
    id: 'a',
    source: '10.0.3.22/32',
    namespace: 'ci',
    instance: 'i-1',
    interface: 'eni-1',
    ecsService: 'prod/scanner',
    ports: '22,443',
    kind: 'vertical-scan',
    weekly: 'Sat 02:00-06:00',
    timeZone: 'Europe/Berlin',
    alertsOnChange: true,
    owner: 'soc',
    reason: 'test',
    expires: '2027-01-31',
  };
  await store.add(rule);
  expect(await store.list()).toEqual([rule]);
  // Earlier releases read the scope from these attributes alone, and refuse a rule without any.
  const [item] = await itemsOf(client, findings);
  for (const part of ['source', 'target', 'namespace', 'serviceAccount', 'image', 'user'])
    expect(item).not.toHaveProperty(part);
});

test('a part that only a later release knows is named, so that the rule is void', async () => {
  const { findings } = await embedded.tables();
  const store = new SuppressionsStore(embedded.client(), findings);
  const rule = { id: 'a', source: '10.0.3.22/32', owner: 'soc', reason: 'test', expires: '2027-01-31' };
  await store.add({ ...rule, ...{ moon: 'full' } });
  expect(await store.list()).toEqual([{ ...rule, unknownPart: 'moon' }]);
});
