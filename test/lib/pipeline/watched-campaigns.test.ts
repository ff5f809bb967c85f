/** Campaigns under watches: smaller ones are told, and the others stay as they are. */
import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Collector } from '../../../lib/evidence/builder.ts';
import { hashKey } from '../../../lib/evidence/keyed-hash.ts';
import { isoTime } from '../../../lib/finding/model.ts';
import { readFlowLog } from '../../../lib/flowlog/read.ts';
import { bufferSource } from '../../../lib/flowlog/source.ts';
import { Networks } from '../../../lib/net/networks.ts';
import { type Watch, Watches } from '../../../lib/notify/watch.ts';
import { judgeAll } from '../../../lib/pipeline/judge-all.ts';
import { WatchesStore } from '../../../lib/store/watches-store.ts';
import { type Database, startMemory } from '../store/fixture/tables.ts';
import {
  byId,
  campaignsOf,
  deployForCampaigns,
  HOST,
  HOUR,
  live,
  MINUTE,
  NOON,
  nothing,
  settleHourly,
  shares,
  vertically,
} from './fixture/crowds.ts';
import { type Deployment, SECRET } from './fixture/deployment.ts';
import { ACCOUNT, answer, file, probe } from './fixture/flow-logs.ts';

let embedded: Database;
let deployment: Deployment;
beforeAll(async () => {
  embedded = await startMemory();
});
afterAll(() => embedded.stop());
beforeEach(async () => {
  deployment = await deployForCampaigns(embedded, { settings: {} });
});

/** Enough sources and ports for a campaign at high sensitivity, and at no other. */
const SMALL = { sources: 9, each: 4 };
/** Enough at medium. */
const LARGE = { sources: 14, each: 4 };

const watch = (rest: Partial<Watch>): Watch => ({
  id: 'w1',
  owner: 'alice',
  reason: 'incident 4711',
  sensitivity: 'high',
  from: isoTime(NOON - HOUR),
  until: isoTime(NOON + 24 * HOUR),
  ...rest,
});
const store = () => new WatchesStore(deployment.client, deployment.names.findings);
const add = (rest: Partial<Watch>) => store().put(watch(rest));
const reasonOf = (campaign: Awaited<ReturnType<typeof campaignsOf>>[number] | undefined) =>
  campaign?.reasons.find((reason) => reason.test === 'watched');

describe('from outside', () => {
  test('a small one raises no finding without a watch', async () => {
    await live(deployment, [vertically(SMALL)]);
    expect(await campaignsOf(deployment)).toEqual([]);
  });

  test.each<[string, Partial<Watch>]>([
    ['target', { target: '10.0.12.0/24' }],
    ['source, one of its members', { source: '203.0.113.4/32' }],
    ['source and target', { source: '203.0.113.0/24', target: `${HOST}/32` }],
  ])('a small one is told under the watch of its %s', async (_, scope) => {
    await add(scope);
    await live(deployment, [vertically(SMALL)]);
    const [campaign, ...others] = await campaignsOf(deployment);
    expect(others).toEqual([]);
    expect(campaign).toMatchObject({ watchedBy: 'w1', status: 'open', sources: { count: SMALL.sources } });
    expect(reasonOf(campaign)?.text).toContain('and no finding without the watch');
    expect(deployment.told().map(({ event }) => event)).toEqual(['opened']);
  });

  test.each<[string, Partial<Watch>]>([
    ['another target', { target: '10.0.13.0/24' }],
    ['another source', { source: '192.0.2.0/24' }],
    ['its source and another target', { source: '203.0.113.0/24', target: '10.0.13.0/24' }],
    ['an account', { account: ACCOUNT }],
    ['another time', { target: '10.0.12.0/24', from: isoTime(NOON + 10 * HOUR) }],
  ])('a small one raises no finding under the watch of %s', async (_, scope) => {
    await add(scope);
    await live(deployment, [vertically(SMALL)]);
    expect(await campaignsOf(deployment)).toEqual([]);
  });

  test('a large one has the id that it has without the watch, and says that it would be one', async () => {
    await live(deployment, [vertically(LARGE)]);
    const [plain] = await campaignsOf(deployment);
    deployment = await deployForCampaigns(embedded, { settings: {} });
    await add({ target: '10.0.12.0/24' });
    await live(deployment, [vertically(LARGE)]);
    const [campaign, ...others] = await campaignsOf(deployment);
    expect(others).toEqual([]);
    expect(campaign).toMatchObject({ id: plain!.id, watchedBy: 'w1', severity: plain!.severity });
    expect(reasonOf(campaign)?.text).toContain('and a finding without the watch too');
  });

  test('one that is not watched is the same beside one that is', async () => {
    const other = vertically({ ...LARGE, to: '10.0.90.1', firstSource: 100 });
    await live(deployment, [[...vertically(SMALL), ...other]]);
    const plain = await campaignsOf(deployment);
    deployment = await deployForCampaigns(embedded, { settings: {} });
    await add({ target: '10.0.12.0/24' });
    await live(deployment, [[...vertically(SMALL), ...other]]);
    const campaigns = await campaignsOf(deployment);
    expect(campaigns).toHaveLength(2);
    expect(byId(campaigns.filter(({ watchedBy }) => !watchedBy))).toEqual(byId(plain));
  });

  test('ends when it is silent, after the watch too, and is not refuted', async () => {
    await add({ target: '10.0.12.0/24', until: isoTime(NOON + 70 * MINUTE) });
    await live(deployment, [vertically(SMALL), ...nothing(1)]);
    await settleHourly(deployment, 2, 4);
    expect(await campaignsOf(deployment)).toMatchObject([
      { status: 'closed', closedBecause: 'ended', watchedBy: 'w1' },
    ]);
  });

  test('is not refuted when somebody deleted the watch from the table', async () => {
    await add({ target: '10.0.12.0/24' });
    await live(deployment, [vertically(SMALL)]);
    const key = { pk: 'watches', sk: 'watch#w1' };
    await deployment.client.send(new DeleteCommand({ TableName: deployment.names.findings, Key: key }));
    await live(deployment, [vertically({ ...SMALL, firstPort: 900, at: NOON + HOUR, sources: 5 })], 1);
    expect((await campaignsOf(deployment))[0]?.closedBecause).not.toBe('refuted');
    await live(deployment, nothing(3), 2);
    expect(await campaignsOf(deployment)).toMatchObject([{ status: 'closed', closedBecause: 'ended' }]);
  });

  test('is refuted by answers', async () => {
    await add({ target: '10.0.12.0/24' });
    const contacts = shares(SMALL);
    await live(deployment, [contacts.map((of) => probe(of))]);
    expect(await campaignsOf(deployment)).toMatchObject([{ status: 'open' }]);
    await live(deployment, [contacts.slice(0, 20).map((of) => answer({ ...of, end: of.end + 1 }))], 1);
    expect(await campaignsOf(deployment)).toMatchObject([{ closedBecause: 'refuted' }]);
  });
});

describe('from inside', () => {
  /** Sources that take turns until each has tried its ports of one host. */
  const lines = Array.from({ length: 36 }, (_, n) =>
    probe({ from: `10.0.7.${1 + (n % 9)}`, to: '10.0.40.1', port: 2000 + n, end: NOON + 5 + n * 20 }, 'REJECT'),
  );

  /** Hours of inside sources are judged a quarter of an hour after their files. */
  async function seen(): Promise<void> {
    await live(deployment, [lines]);
    await settleHourly(deployment, 1, 1);
  }

  test('a small one raises no finding without a watch', async () => {
    await seen();
    expect(await campaignsOf(deployment)).toEqual([]);
  });

  test.each<[string, Partial<Watch>]>([
    ['target', { target: '10.0.40.0/24' }],
    ['source, one of its members', { source: '10.0.7.3/32' }],
    ['account', { account: ACCOUNT, target: '10.0.40.0/24' }],
  ])('a small one is told under the watch of its %s', async (_, scope) => {
    await add(scope);
    await seen();
    expect(await campaignsOf(deployment)).toMatchObject([{ direction: 'lateral', watchedBy: 'w1' }]);
  });

  test.each<[string, Partial<Watch>]>([
    ['another account', { account: '999988887777', target: '10.0.40.0/24' }],
    ['a subnet in which none of them is', { subnet: 'subnet-0f' }],
    ['a namespace', { namespace: 'shop' }],
  ])('a small one raises no finding under the watch of %s', async (_, scope) => {
    await add(scope);
    await seen();
    expect(await campaignsOf(deployment)).toEqual([]);
  });
});

test('a file on a laptop gives the campaigns of a deployment, ids included', async () => {
  await add({ target: '10.0.12.0/24' });
  const log = [...vertically(SMALL), ...vertically({ ...LARGE, to: '10.0.90.1', firstSource: 100 })];
  await live(deployment, [log]);
  const collector = new Collector({ key: hashKey(SECRET) });
  await readFlowLog(bufferSource('all', file(log)), collector);
  const logTime = NOON + HOUR + 16 * MINUTE;
  const { settings } = deployment;
  const overdueBefore = logTime - settings.settleSeconds;
  const context = { settings, secret: SECRET, networks: new Networks(), logTime, overdueBefore };
  const found = [...(await judgeAll(collector, context, new Watches([watch({ target: '10.0.12.0/24' })])))];
  const campaigns = found.filter(({ kind }) => kind === 'distributed-scan');
  expect(campaigns.map(({ watchedBy }) => watchedBy).sort()).toEqual(['w1', undefined]);
  expect(byId(campaigns)).toEqual(byId(await campaignsOf(deployment)));
});
