/** Watches: what is watched is judged more closely, and stays judged so after the end. */

import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Finding } from '../../../lib/finding/model.ts';
import { isoTime } from '../../../lib/finding/model.ts';
import type { Watch } from '../../../lib/notify/watch.ts';
import { WatchesStore } from '../../../lib/store/watches-store.ts';
import { interfere } from '../store/fixture/faults.ts';
import { type Database, startMemory } from '../store/fixture/tables.ts';
import { type Deployment, newDeployment } from './fixture/deployment.ts';
import { ACCOUNT, answer, file, line, probe, SCANNER, scan, TARGET } from './fixture/flow-logs.ts';

let embedded: Database;
let deployment: Deployment;
beforeAll(async () => {
  embedded = await startMemory();
});
afterAll(() => embedded.stop());
beforeEach(async () => {
  deployment = await newDeployment(embedded);
});

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const START = Date.UTC(2026, 10, 21, 10, 10) / 1000;
const NOW = START + 5 * MINUTE;
/** Enough for a finding at high sensitivity, and not at medium. */
const FEW = 6;
/** Enough at any. */
const MANY = 12;

const findings = async (): Promise<Finding[]> => (await deployment.stored()).map(({ finding }) => finding);
const watch = (rest: Partial<Watch> = {}): Watch => ({
  id: 'w1',
  owner: 'alice',
  reason: 'incident 4711',
  sensitivity: 'high',
  from: isoTime(START - HOUR),
  until: isoTime(START + 24 * HOUR),
  ...rest,
});
const add = (rest: Partial<Watch>) => new WatchesStore(deployment.client, deployment.names.findings).put(watch(rest));
const few = (rest: Parameters<typeof scan>[1] | object = {}) =>
  file(scan('rejected', { count: FEW, end: START, ...rest }));
/** A record by which the interface of the scanner makes itself known. */
const own = line({ from: SCANNER, to: TARGET, fromPort: 50_000, toPort: 1, flags: 2, end: START, direction: 'egress' });

describe('a source', () => {
  test('is judged as before without a watch, and no watch is read twice in a minute', async () => {
    const client = embedded.client();
    const queried: unknown[] = [];
    interfere(client, (operation, input) => {
      if (operation === 'Query') queried.push(Object.values(input.ExpressionAttributeValues as object)[0]);
      return undefined;
    });
    const process = deployment.sibling(client);
    await process.ingest('a', few(), NOW);
    await process.ingest('b', few({ first: 100 }), NOW + 30);
    expect(await findings()).toHaveLength(1);
    expect(queried.filter((pk) => pk === 'watches')).toHaveLength(1);
    await process.ingest('c', few({ first: 200 }), NOW + 90);
    expect(queried.filter((pk) => pk === 'watches')).toHaveLength(2);
  });

  test('with few failures is no finding without a watch', async () => {
    await deployment.ingest('a', few(), NOW);
    await deployment.settle(NOW + 2 * HOUR);
    expect(await findings()).toEqual([]);
  });

  test.each<[string, Partial<Watch>]>([
    ['its address', { source: `${SCANNER}/32` }],
    ['its network', { source: '10.0.7.0/24' }],
    ['its target', { target: '10.0.12.0/24' }],
    ['its instance', { instance: 'i-1007105' }],
    ['its account', { account: ACCOUNT }],
    ['its network and its target', { source: '10.0.7.0/24', target: `${TARGET}/32` }],
  ])('is judged more closely under a watch of %s, and its finding says so', async (_, scope) => {
    await add(scope);
    await deployment.ingest('a', file([...scan('rejected', { count: FEW, end: START }), own]), NOW);
    const [finding] = await findings();
    expect(finding).toMatchObject({ kind: 'vertical-scan', contacts: { failed: FEW }, watchedBy: 'w1' });
    expect(finding!.reasons.at(-1)).toEqual({
      test: 'watched',
      value: 1,
      threshold: 1,
      text: `watched by alice until ${isoTime(START + 24 * HOUR)} (watch w1): judged at high sensitivity, and no finding without the watch`,
    });
    expect(finding!.reasons[0]!.text).toContain('(threshold: 6)');
  });

  test.each<[string, Partial<Watch>]>([
    ['of another address', { source: '10.0.7.106/32' }],
    ['of another target', { target: '10.0.13.0/24' }],
    ['of another instance', { instance: 'i-1' }],
    ['of another account', { account: '210987654321' }],
    ['of its network and another target', { source: '10.0.7.0/24', target: '10.0.13.0/24' }],
    ['of a subnet that the log does not name', { subnet: 'subnet-0a' }],
    ['that was over before', { source: `${SCANNER}/32`, until: isoTime(START - 10) }],
    ['that began later', { source: `${SCANNER}/32`, from: isoTime(START + MINUTE) }],
    ['that is invalid', { source: 'everything' }],
  ])('is judged as before under a watch %s', async (_, scope) => {
    await add(scope);
    await deployment.ingest('a', file([...scan('rejected', { count: FEW, end: START }), own]), NOW);
    await deployment.settle(NOW + 2 * HOUR);
    expect(await findings()).toEqual([]);
  });

  test('whose answers are late is judged more closely when they are overdue', async () => {
    await add({ source: `${SCANNER}/32` });
    await deployment.ingest('a', file(scan('unanswered', { count: FEW, end: START })), NOW);
    expect(await findings()).toEqual([]);
    await deployment.settle(NOW + 2 * HOUR);
    expect(await findings()).toMatchObject([{ contacts: { unanswered: FEW }, watchedBy: 'w1' }]);
  });

  test('from outside with few contacts in a file is judged when they are overdue', async () => {
    const from = '203.0.113.9';
    await add({ source: `${from}/32` });
    const two = (first: number) => few({ from, count: 2, first });
    for (const first of [1, 3, 5]) await deployment.ingest(`a${first}`, two(first), NOW);
    // The hourly task asks for more failures.
    await deployment.settle(NOW + 2 * HOUR);
    expect(await findings()).toMatchObject([{ direction: 'inbound', watchedBy: 'w1' }]);
  });

  test('from outside that tries a watched target is judged by the hour', async () => {
    const from = '203.0.113.9';
    await add({ target: `${TARGET}/32` });
    const two = (first: number) => few({ from, count: 2, first });
    for (const first of [1, 3, 5]) await deployment.ingest(`a${first}`, two(first), NOW);
    await deployment.settle(NOW + 2 * HOUR);
    expect(await findings()).toMatchObject([{ direction: 'inbound', watchedBy: 'w1' }]);
  });

  test('that is another instance than the watched one is read as little as without the watch', async () => {
    // A little less than a finding at high sensitivity.
    await deployment.ingest('a', file([...scan('rejected', { count: FEW - 1, end: START }), own]), NOW);
    const source = { scope: ACCOUNT, address: SCANNER };
    const hours = { from: Math.floor(START / HOUR), to: Math.floor(START / HOUR) };
    const readBy = async (): Promise<number> => {
      const client = embedded.client();
      let queries = 0;
      interfere(client, (operation) => {
        if (operation === 'Query') queries++;
        return undefined;
      });
      await deployment.sibling(client).services.judge.judge(source, hours, { logTime: NOW, now: NOW });
      return queries;
    };
    const without = await readBy();
    await add({ instance: 'i-0a1' });
    expect(await readBy()).toBe(without);
    await add({ instance: 'i-1007105' });
    expect(await readBy()).toBeGreaterThan(without);
  });

  test('that scans beside the watched target is judged there as before', async () => {
    await add({ target: `${TARGET}/32` });
    const elsewhere = scan('rejected', { count: FEW, first: 1000, to: '10.0.12.99', end: START + 10 * MINUTE });
    await deployment.ingest('a', file([...scan('rejected', { count: FEW, end: START }), ...elsewhere]), NOW);
    expect((await findings()).map(({ targets }) => targets.sample)).toEqual([[TARGET]]);
  });

  test('whose earlier, smaller scan is found under the watch keeps the id of the one that was found before', async () => {
    const large = file(scan('rejected', { count: MANY, first: 500, to: '10.0.12.77', end: START + 30 * MINUTE }));
    await deployment.ingest('a', few(), NOW);
    await deployment.ingest('b', large, NOW + 30 * MINUTE);
    const [before, ...none] = await findings();
    expect(none).toEqual([]);
    await add({ source: `${SCANNER}/32` });
    await deployment.settle(NOW + 35 * MINUTE);
    await deployment.ingest('c', few({ first: 800, to: '10.0.12.77', end: START + 32 * MINUTE }), NOW + 35 * MINUTE);
    const [same, added] = (await findings()).toSorted(({ id }) => (id === before!.id ? -1 : 1));
    expect(same).toMatchObject({ id: before!.id, targets: { sample: ['10.0.12.77'] }, watchedBy: 'w1' });
    expect(added).toMatchObject({ targets: { sample: [TARGET] }, contacts: { failed: FEW } });
  });

  test('whose scan is a finding anyway keeps it, and it says that too', async () => {
    const body = file(scan('rejected', { count: MANY, end: START }));
    await deployment.ingest('a', body, NOW);
    const [before] = await findings();
    await add({ source: `${SCANNER}/32` });
    await deployment.ingest('b', few({ first: 100, end: START + 2 * MINUTE }), NOW + 2 * MINUTE);
    await deployment.settle(NOW + 30 * MINUTE);
    const after = await findings();
    expect(after).toMatchObject([{ id: before!.id, watchedBy: 'w1' }]);
    expect(after[0]!.reasons.at(-1)!.text).toContain('and a finding without the watch too');
  });
});

describe('what was found under a watch', () => {
  const found = async (): Promise<Finding> => {
    await add({ source: `${SCANNER}/32`, until: isoTime(START + HOUR) });
    await deployment.ingest('a', few(), NOW);
    return (await findings())[0]!;
  };

  test('keeps its id and is not refuted when the watch is over', async () => {
    const { id } = await found();
    await deployment.settle(NOW + 3 * HOUR);
    // A judgement long after the end.
    await deployment.ingest('b', file([probe({ port: 9, end: START + 5 * HOUR }, 'REJECT')]), NOW + 5 * HOUR);
    await deployment.settle(NOW + 30 * HOUR);
    expect(await findings()).toMatchObject([{ id, status: 'closed', closedBecause: 'ended', watchedBy: 'w1' }]);
  });

  test('is not refuted when the watch was ended by hand', async () => {
    const { id } = await found();
    await add({ source: `${SCANNER}/32`, until: isoTime(NOW) });
    await deployment.settle(NOW + 30 * HOUR);
    expect(await findings()).toMatchObject([{ id, closedBecause: 'ended' }]);
  });

  test('is not refuted when somebody deleted the watch from the table, and ends when it is silent', async () => {
    const { id } = await found();
    const Key = { pk: 'watches', sk: 'watch#w1' };
    await deployment.client.send(new DeleteCommand({ TableName: deployment.names.findings, Key }));
    await deployment.settle(NOW + 30 * MINUTE);
    expect(await findings()).toMatchObject([{ id, status: 'open' }]);
    await deployment.settle(NOW + 30 * HOUR);
    expect(await findings()).toMatchObject([{ id, closedBecause: 'ended' }]);
  });

  test('is not refuted by a process that has not heard of the watch', async () => {
    const other = deployment.sibling(embedded.client());
    await other.ingest('before', file([probe({ from: '10.0.1.1', port: 443, end: START })]), NOW);
    const { id } = await found();
    await other.ingest('b', few({ first: 3, end: START + 30 }), NOW + 30);
    expect(await findings()).toMatchObject([{ id, status: 'open', watchedBy: 'w1' }]);
  });

  test('by its instance is not refuted when another interface turns up with its address', async () => {
    await add({ instance: 'i-1007105' });
    await deployment.ingest('a', file([...scan('rejected', { count: FEW, end: START }), own]), NOW);
    const [{ id }] = (await findings()) as [Finding];
    const other = own.replace('eni-1007105', 'eni-0').replace('i-1007105', 'i-0');
    await deployment.ingest('b', file([other]), NOW + MINUTE);
    // Another process, as one that judged a source a moment ago waits.
    const more = file([probe({ port: 50, end: START + 30 }, 'REJECT'), probe({ port: 51, end: START + 30 }), own]);
    await deployment.sibling(embedded.client()).ingest('c', more, NOW + MINUTE);
    await deployment.settle(NOW + 2 * HOUR);
    expect(await findings()).toMatchObject([
      { id, closedBecause: 'ended', watchedBy: 'w1', source: { instanceId: 'i-0' }, contacts: { failed: FEW + 2 } },
    ]);
  });

  test('is refuted by answers, as anything else is', async () => {
    await add({ source: `${SCANNER}/32` });
    const contacts = Array.from({ length: FEW }, (_, at) => ({ port: at + 1, end: START + at }));
    await deployment.ingest('a', file(contacts.map((one) => probe(one))), NOW);
    await deployment.settle(NOW + 2 * HOUR);
    expect(await findings()).toHaveLength(1);
    await deployment.ingest('late', file(contacts.map((one) => answer({ ...one, packets: 14 }))), NOW + 2 * HOUR);
    await deployment.settle(NOW + 5 * HOUR);
    expect(await findings()).toMatchObject([{ closedBecause: 'refuted' }]);
  });

  test('does not share its id with a scan after the end, which has the same as without the watch', async () => {
    await found();
    await add({ source: `${SCANNER}/32`, until: isoTime(START + 10 * MINUTE) });
    const other = scan('rejected', { count: MANY, first: 500, to: '10.0.12.99', end: START + 30 * MINUTE });
    await deployment.ingest('b', file(other), NOW + 30 * MINUTE);
    await deployment.settle(NOW + 5 * HOUR);
    const all = await findings();
    expect(all).toHaveLength(2);
    const later = all.find(({ watchedBy }) => watchedBy === undefined)!;
    expect(later).toMatchObject({ targets: { sample: ['10.0.12.99'] } });
    expect(all.find(({ watchedBy }) => watchedBy === 'w1')).toMatchObject({ targets: { sample: [TARGET] } });
    deployment = await newDeployment(embedded);
    await deployment.ingest('b', file(other), NOW + 30 * MINUTE);
    expect((await findings()).map(({ id }) => id)).toEqual([later.id]);
  });
});

test('the same files under the same watches give the same findings in any order', async () => {
  const files = [
    ['a', few()],
    ['b', few({ first: 100, to: '10.0.12.99', end: START + 20 * MINUTE })],
    ['c', file(scan('unanswered', { count: FEW, first: 300, end: START + 50 * MINUTE }))],
    ['d', file(scan('rejected', { count: MANY, first: 500, to: '10.0.12.77', end: START + 3 * HOUR }))],
  ] as const;
  const ofOrder = async (order: readonly number[]) => {
    deployment = await newDeployment(embedded);
    await add({ source: `${SCANNER}/32`, until: isoTime(START + HOUR) });
    for (const at of order) await deployment.ingest(files[at]![0], files[at]![1], NOW + 3 * HOUR);
    await deployment.settle(NOW + 5 * HOUR);
    await deployment.settle(NOW + 10 * HOUR);
    return (await findings()).filter(({ closedBecause }) => closedBecause === 'ended');
  };
  const inOrder = await ofOrder([0, 1, 2, 3]);
  expect(inOrder.map(({ watchedBy }) => watchedBy)).toContain('w1');
  for (const order of [
    [3, 2, 1, 0],
    [2, 0, 3, 1],
    [1, 3, 0, 2],
  ])
    expect(await ofOrder(order)).toEqual(inOrder);
});
