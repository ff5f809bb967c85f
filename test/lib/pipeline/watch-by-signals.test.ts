/** Watches that signals start: an exec or a tool has its place judged more closely for a day. */
import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Finding, isoTime } from '../../../lib/finding/model.ts';
import type { Watch } from '../../../lib/notify/watch.ts';
import { WatchesStore } from '../../../lib/store/watches-store.ts';
import { exec, lines, podAddress } from '../signals/audit-events.ts';
import { subscription } from '../signals/payloads.ts';
import { interfere } from '../store/fixture/faults.ts';
import { type Database, itemsOf, startMemory } from '../store/fixture/tables.ts';
import { type Deployment, newDeployment } from './fixture/deployment.ts';
import { file, SCANNER, scan } from './fixture/flow-logs.ts';

let database: Database;
beforeAll(async () => {
  database = await startMemory();
});
afterAll(() => database.stop());

const MINUTE = 60;
const HOUR = 3600;
const START = Date.UTC(2026, 10, 21, 10, 10) / 1000;
const NODE = { node: 'node-1', instanceId: 'i-0a1', hostIp: '10.0.7.10' };
const place = lines([podAddress('web-1', { at: isoTime(START - HOUR), address: SCANNER, ...NODE })]);
const shell = lines(exec('web-1', ['nmap', '-sT', '10.0.12.30'], { at: isoTime(START) }));
const audit = (deployment: Deployment, text: string, now: number) =>
  deployment.takeSignals(subscription(text.split('\n').filter(Boolean)), now);
const watchesOf = ({ client, names }: Deployment) => new WatchesStore(client, names.findings).list();
const deploy = (watchBySignals = true) => newDeployment(database, { hasSignals: true, watchBySignals });
const findings = async (deployment: Deployment): Promise<Finding[]> =>
  (await deployment.stored()).map(({ finding }) => finding).filter(({ source }) => source !== null);

test('an exec of a tool watches the address of its pod for its half day and a day, and its small scan is found', async () => {
  const deployment = await deploy();
  await audit(deployment, place, START);
  await audit(deployment, shell, START + MINUTE);
  const [watch, ...others] = await watchesOf(deployment);
  expect(others).toEqual([]);
  expect(watch).toMatchObject({
    source: `${SCANNER}/32`,
    owner: 'signals',
    reason: expect.stringMatching(/^finding [0-9a-f]{24}$/),
    sensitivity: 'high',
    from: '2026-11-20T23:50:00Z',
    until: '2026-11-22T12:00:00Z',
  });
  // Evidence is kept for 8 days.
  const items = await itemsOf(deployment.client, deployment.names.findings);
  expect(items.find(({ pk }) => pk === 'watches')!.expiresAt).toBe(Date.UTC(2026, 11, 4, 12) / 1000);
  await deployment.ingest('a', file(scan('rejected', { count: 6, end: START + 5 * HOUR })), START + 5 * HOUR + MINUTE);
  expect(await findings(deployment)).toMatchObject([{ watchedBy: watch!.id, contacts: { failed: 6 } }]);
});

describe('a watch by signals', () => {
  test('is the same however often and in whatever order its events come', async () => {
    const ids = async (texts: readonly string[]): Promise<Watch[]> => {
      const deployment = await deploy();
      for (const [at, text] of texts.entries()) await audit(deployment, text, START + (at + 1) * MINUTE);
      await deployment.settle(START + 10 * MINUTE);
      return watchesOf(deployment);
    };
    const once = await ids([place, shell]);
    expect(once).toHaveLength(1);
    expect(await ids([place, shell, shell, place])).toEqual(once);
    expect(await ids([shell, place])).toEqual(once);
  });

  test.each<[string, number, number, number]>([
    ['far apart in a half day', 5, 11 * 60 + 55, 1],
    ['of one hour', 10 * 60 + 55, 11 * 60 + 20, 1],
    ['of two half days', 11 * 60 + 45, 12 * 60 + 10, 2],
  ])('is the same for two execs %s, together or one by one', async (_, first, second, count) => {
    const day = Date.UTC(2026, 10, 21) / 1000;
    const [early, late] = [first, second].map((minute, at) =>
      lines(exec('web-1', ['nmap', '-sT', `10.0.12.${30 + at}`], { at: isoTime(day + minute * MINUTE) })),
    ) as [string, string];
    const address = lines([podAddress('web-1', { at: isoTime(day), address: SCANNER, ...NODE })]);
    const started = async (texts: readonly string[]) => {
      const deployment = await deploy();
      for (const text of [address, ...texts]) await audit(deployment, text, day + 13 * HOUR);
      const watches = await watchesOf(deployment);
      return watches.map(({ reason: _reason, ...watch }) => watch);
    };
    const together = await started([`${early}\n${late}`]);
    expect(together).toHaveLength(count);
    expect(together.at(0)).toMatchObject({ source: `${SCANNER}/32` });
    expect(await started([early, late])).toEqual(together);
    expect(await started([late, early])).toEqual(together);
  });

  test('that was ended is not started again by the same events', async () => {
    const deployment = await deploy();
    await audit(deployment, place, START);
    await audit(deployment, shell, START + MINUTE);
    const [watch] = await watchesOf(deployment);
    const ended = { ...watch!, until: isoTime(START + 2 * MINUTE) };
    await new WatchesStore(deployment.client, deployment.names.findings).put(ended);
    await audit(deployment, shell, START + 5 * MINUTE);
    await deployment.settle(START + 10 * MINUTE);
    expect(await watchesOf(deployment)).toEqual([ended]);
  });

  test('is not started by an old event, nor if the setting is off', async () => {
    for (const [on, now] of [
      [true, START + 30 * HOUR],
      [false, START],
    ] as const) {
      const deployment = await deploy(on);
      await audit(deployment, place, now);
      await audit(deployment, shell, now + MINUTE);
      expect(await watchesOf(deployment)).toEqual([]);
    }
  });

  test('is not started beside 200 others, and the log says so', async () => {
    const deployment = await deploy();
    const store = new WatchesStore(deployment.client, deployment.names.findings);
    const watch = { owner: 'a', reason: 'b', sensitivity: 'high', source: '10.9.9.9/32' } as const;
    const times = { from: isoTime(START - HOUR), until: isoTime(START + HOUR) };
    for (let n = 0; n < 200; n++) await store.put({ id: `w${n}`, ...watch, ...times });
    const warned: unknown[] = [];
    Object.assign(deployment.services.logger, { warn: (...line: unknown[]) => warned.push(line) });
    await audit(deployment, place, START);
    await audit(deployment, shell, START + MINUTE);
    expect(await watchesOf(deployment)).toHaveLength(200);
    expect(warned).toEqual([['watches not started', { left: 1 }]]);
  });
});

describe('a watch of a namespace', () => {
  const add = ({ client, names }: Deployment, namespace: string) =>
    new WatchesStore(client, names.findings).put({
      id: 'w1',
      namespace,
      owner: 'alice',
      reason: 'incident 4711',
      sensitivity: 'high',
      from: isoTime(START - HOUR),
      until: isoTime(START + 24 * HOUR),
    });
  const few = file(scan('rejected', { count: 6, end: START + HOUR }));

  test.each<[string, string, number]>([
    ['covers a pod of it', 'shop', 1],
    ['covers no pod of another', 'bank', 0],
  ])('%s', async (_, namespace, found) => {
    const deployment = await deploy(false);
    await add(deployment, namespace);
    await audit(deployment, place, START);
    await deployment.ingest('a', few, START + HOUR + MINUTE);
    await deployment.settle(START + 4 * HOUR);
    expect(await findings(deployment)).toHaveLength(found);
  });

  test('still covers what was found under it when nothing tells any more whose address it was', async () => {
    const deployment = await deploy(false);
    await add(deployment, 'shop');
    await audit(deployment, place, START);
    await deployment.ingest('a', few, START + HOUR + MINUTE);
    const [{ id }] = (await findings(deployment)) as [Finding];
    for (const { pk, sk } of await itemsOf(deployment.client, deployment.names.windows))
      if (String(pk).startsWith('signals#'))
        await deployment.client.send(new DeleteCommand({ TableName: deployment.names.windows, Key: { pk, sk } }));
    const more = file(scan('rejected', { count: 2, first: 50, end: START + HOUR + MINUTE }));
    await deployment.sibling(database.client()).ingest('b', more, START + HOUR + 2 * MINUTE);
    await deployment.settle(START + 4 * HOUR);
    expect(await findings(deployment)).toMatchObject([{ id, watchedBy: 'w1', contacts: { failed: 8 } }]);
    await deployment.settle(START + 30 * HOUR);
    expect(await findings(deployment)).toMatchObject([{ id, closedBecause: 'ended' }]);
  });

  test('reads signals only for an inside source in which something was found', async () => {
    const deployment = await deploy(false);
    await add(deployment, 'shop');
    await audit(deployment, place, START);
    const client = database.client();
    const asked: string[] = [];
    interfere(client, (operation, input) => {
      if (operation === 'Query') asked.push(String(Object.values(input.ExpressionAttributeValues as object)[0]));
      return undefined;
    });
    const process = deployment.sibling(client);
    const signals = () => asked.splice(0).filter((pk) => pk.startsWith('signals#')).length;
    const outside = file(scan('rejected', { count: 60, from: '203.0.113.9', end: START + HOUR }));
    await process.ingest('a', outside, START + HOUR + MINUTE);
    const signalsOfOutside = signals();
    const unwatched = await deploy(false);
    await unwatched.sibling(client).ingest('a', outside, START + HOUR + MINUTE);
    expect(signalsOfOutside).toBe(signals());
    // Not yet overdue, and so no failures.
    await process.ingest('b', file(scan('unanswered', { count: 6, end: START + HOUR })), START + HOUR + MINUTE);
    expect(signals()).toBe(0);
    await process.ingest('c', few, START + HOUR + MINUTE);
    expect(signals()).toBeGreaterThan(0);
  });

  test('covers nothing whose pod is not known, and nothing from outside', async () => {
    const deployment = await deploy(false);
    await add(deployment, 'shop');
    await deployment.ingest('a', few, START + HOUR + MINUTE);
    const outside = scan('rejected', { count: 6, from: '203.0.113.9', end: START + HOUR });
    await deployment.ingest('b', file(outside), START + HOUR + MINUTE);
    await deployment.settle(START + 4 * HOUR);
    expect(await findings(deployment)).toEqual([]);
  });
});
