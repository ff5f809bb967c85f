/** Pods that told their address long ago are carried from day to day, so that a scan today names them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { carryPlaces } from '../../../lib/pipeline/tasks/places.ts';
import { Directory } from '../../../lib/signals/orchestrator/directory.ts';
import { Ends } from '../../../lib/signals/orchestrator/ends.ts';
import type { Fact, PlaceFact } from '../../../lib/signals/orchestrator/facts.ts';
import fc from '../../properties.ts';
import { type AuditEvent, createPod, deletePod, exec, lines, podAddress } from '../signals/audit-events.ts';
import { subscription } from '../signals/payloads.ts';
import { interfere } from '../store/fixture/faults.ts';
import { type Database, itemsOf, startMemory } from '../store/fixture/tables.ts';
import { type Deployment, newDeployment } from './fixture/deployment.ts';

let memory: Database;
beforeAll(async () => {
  memory = await startMemory();
});
afterAll(() => memory.stop());

/** A real nmap of 1,024 ports from a pod behind its node's interface, at 2026-11-21T19:19:35Z. */
const FLOW_LOG = readFileSync(join(import.meta.dirname, '../../data/lab/pod-nmap-1024.log.gz'));
const FIRST_PROBE = 1795288775;
const HOUR = 3600;
const DAY = 24 * HOUR;
const POD = '10.0.7.105';
const NODE = { node: 'ip-10-0-7-10.ec2.internal', instanceId: 'i-0ff2a0c6a833fe1a6', hostIp: '10.0.7.10' };
const COMMAND = ['nmap', '-sT', '-p', '1-1024', '10.0.12.30'];
const at = (second: number) => new Date(second * 1000).toISOString().replace('.000Z', 'Z');

const tell = (deployment: Deployment, events: readonly AuditEvent[], now: number) =>
  deployment.takeSignals(subscription(lines(events).trim().split('\n'), { at: now * 1000 }), now);

/** DynamoDB deletes what has expired. */
async function expire({ client, names }: Deployment, now: number): Promise<void> {
  for (const { pk, sk, expiresAt } of await itemsOf(client, names.windows))
    if (Number(expiresAt) < now) await client.send(new DeleteCommand({ TableName: names.windows, Key: { pk, sk } }));
}

/** The task of settle, without the others. */
async function carry({ services }: Deployment, now: number): Promise<void> {
  const run = {
    now,
    timeLeft: () => 300,
    hasTime: () => true,
    failures: [],
    judging: () => Promise.reject(new Error()),
  };
  expect(await carryPlaces(services, run)).toEqual({ postponed: 0 });
}

/** Carries once a day until the day of the scan, with other things told in between. */
async function live(
  from: number,
  until: number,
  deployment: Deployment,
  told: (day: number, now: number) => readonly AuditEvent[] = () => [],
): Promise<void> {
  for (let day = 0, now = from; now < until; day++, now += DAY) {
    const events = told(day, now);
    if (events.length) await tell(deployment, events, now);
    await carry(deployment, now + 600);
    await expire(deployment, now + 600);
  }
}

async function scanAfter(days: number, prepare: (deployment: Deployment, told: number) => Promise<void>) {
  const deployment = await newDeployment(memory, { hasSignals: true });
  await prepare(deployment, FIRST_PROBE - days * DAY);
  let now = FIRST_PROBE + 600;
  await tell(deployment, exec('web-1', COMMAND, { at: at(FIRST_PROBE - 40) }), now);
  await deployment.ingest('pod', FLOW_LOG, now);
  for (let run = 0; run < 4; run++, now += 300) expect((await deployment.settle(now)).failures).toEqual([]);
  return (await deployment.stored())
    .map(({ finding }) => finding)
    .filter(({ closedBecause }) => closedBecause === undefined || closedBecause === 'ended');
}

const NAMES_THE_POD = [
  {
    kind: 'vertical-scan',
    source: { address: POD },
    actor: { kind: 'pod', namespace: 'shop', name: 'web-1', user: 'alice', command: COMMAND.join(' ') },
  },
];

describe('a pod that was created 20 days ago', () => {
  const told = (second: number) => [
    createPod('web-1', { image: 'shop/web' }, { at: at(second - 5) }),
    podAddress('web-1', { at: at(second), address: POD, ...NODE }),
  ];

  test('is named with the user by a scan of today', async () => {
    const found = await scanAfter(20, async (deployment, second) => {
      await tell(deployment, told(second), second + 60);
      await live(second + 60, FIRST_PROBE - HOUR, deployment);
    });
    expect(found).toMatchObject(NAMES_THE_POD);
    expect(found).toHaveLength(1);
  });

  test('is named although settle did not run for two days, and one event came three days late', async () => {
    const found = await scanAfter(20, async (deployment, second) => {
      await live(second, second + 3 * DAY, deployment, (day) => (day === 2 ? told(second) : []));
      await live(second + 5 * DAY, FIRST_PROBE - HOUR, deployment);
    });
    expect(found).toMatchObject(NAMES_THE_POD);
  });

  test('is not named once it was deleted and its address belongs to another', async () => {
    const found = await scanAfter(20, async (deployment, second) => {
      await tell(deployment, told(second), second + 60);
      await live(second + 60, FIRST_PROBE - HOUR, deployment, (day, now) =>
        day === 8
          ? [deletePod('web-1', { at: at(now) }), podAddress('db-1', { at: at(now + 60), address: POD, ...NODE })]
          : [],
      );
    });
    const scan = found.find(({ source }) => source?.address === POD);
    expect(scan?.actor).toMatchObject({ name: 'db-1' });
  });

  test('is not carried further once another pod of its instance has its address, if its deletion was lost', async () => {
    const deployment = await newDeployment(memory, { hasSignals: true });
    const second = FIRST_PROBE - 20 * DAY;
    await tell(deployment, told(second), second + 60);
    await live(second + 60, FIRST_PROBE, deployment, (day, now) =>
      day === 6 ? [podAddress('db-1', { at: at(now), address: POD, ...NODE })] : [],
    );
    const day = Math.floor((FIRST_PROBE - DAY) / DAY) * 24;
    const carried = await deployment.services.signals!.readPlaces(day);
    expect(carried?.map((fact) => (fact as PlaceFact).name)).toEqual(['db-1']);
  });
});

test('nothing is written twice, and a day without pods is noted', async () => {
  const deployment = await newDeployment(memory, { hasSignals: true });
  const now = FIRST_PROBE;
  await deployment.settle(now);
  const first = await itemsOf(deployment.client, deployment.names.windows);
  expect(first.map(({ pk }) => pk)).toEqual(['places#2026-11-21']);
  await deployment.settle(now + 300);
  expect(await itemsOf(deployment.client, deployment.names.windows)).toEqual(first);
});

describe('a list of pods that is written again', () => {
  const day = Math.floor(FIRST_PROBE / DAY) * 24;
  const podsNamed = (prefix: string, count: number): PlaceFact[] =>
    Array.from({ length: count }, (_, n) => ({
      ...{
        type: 'place',
        platform: 'kubernetes',
        id: `shop/${prefix}-${n}`,
        name: `${prefix}-${n}`,
        namespace: 'shop',
      },
      ...{ uid: `${prefix}-${n}`, key: `${prefix}-${n}`, at: 0, from: 0, addresses: [`10.0.${n >> 8}.${n & 255}`] },
    }));
  const few = podsNamed('few', 2);
  const many = podsNamed('many', 2000);
  const start = async () => {
    const deployment = await newDeployment(memory, { hasSignals: true });
    return { deployment, store: deployment.services.signals! };
  };
  const namesIn = (facts: readonly Fact[] | undefined) => facts?.map((fact) => (fact as PlaceFact).name);
  const names = (places: readonly PlaceFact[]) => places.map(({ name }) => name);

  test('replaces the one before, whichever is longer', async () => {
    const { store } = await start();
    for (const places of [many, few, [], many]) {
      await store.writePlaces(day, places, FIRST_PROBE);
      expect(namesIn(await store.readPlaces(day))).toEqual(names(places));
    }
  });

  test('does not count until it is whole', async () => {
    const { deployment, store } = await start();
    const client = memory.client();
    let writes = 0;
    interfere(client, (operation) =>
      operation === 'BatchWriteItem' && ++writes > 2 ? Promise.reject(new Error('killed')) : undefined,
    );
    const killed = deployment.sibling(client).services.signals!;
    await expect(killed.writePlaces(day, many, FIRST_PROBE)).rejects.toThrow('killed');
    expect(await store.readPlaces(day)).toBeUndefined();
    await store.writePlaces(day, few, FIRST_PROBE);
    writes = 0;
    await expect(killed.writePlaces(day, many, FIRST_PROBE)).rejects.toThrow('killed');
    expect(namesIn(await store.readPlaces(day))).toEqual(names(few));
  });

  test('counts as nothing once parts of it have expired', async () => {
    const { deployment, store } = await start();
    await store.writePlaces(day, many, FIRST_PROBE);
    const items = await itemsOf(deployment.client, deployment.names.windows);
    const { pk, sk } = items.find(({ data }) => data !== undefined)!;
    await deployment.client.send(new DeleteCommand({ TableName: deployment.names.windows, Key: { pk, sk } }));
    expect(await store.readPlaces(day)).toBeUndefined();
  });
});

/** When a pod started, how late that was told, and when it ended, in hours. */
const pods = fc.array(
  fc.record({
    start: fc.integer({ min: 0, max: 300 }),
    late: fc.integer({ min: 0, max: 100 }),
    length: fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined }),
    endLate: fc.integer({ min: 0, max: 40 }),
    address: fc.integer({ min: 1, max: 4 }),
  }),
  { minLength: 1, maxLength: 6 },
);

test('what is carried is what all events together say, whenever they arrive', async () => {
  await fc.assert(
    fc.asyncProperty(pods, async (all) => {
      const deployment = await newDeployment(memory, { hasSignals: true });
      const store = deployment.services.signals!;
      const begin = Math.floor(FIRST_PROBE / DAY) * DAY - 20 * DAY;
      const last = 16;
      const deliveries: { readonly hour: number; readonly fact: Fact }[] = all.flatMap((pod, n) => {
        const from = (begin + pod.start * HOUR) * 1000;
        const id = `shop/pod-${n}`;
        const place: Fact = {
          ...{ type: 'place', platform: 'kubernetes', id, name: `pod-${n}`, namespace: 'shop', uid: `uid-${n}` },
          ...{ key: `place-${n}`, at: from, from, addresses: [`10.0.0.${pod.address}`] },
        };
        const end = pod.length === undefined ? undefined : pod.start + pod.length;
        const told = { hour: pod.start + pod.late, fact: place };
        if (end === undefined) return [told];
        const fact: Fact = { type: 'end', id, key: `end-${n}`, at: (begin + end * HOUR) * 1000 };
        return [told, { hour: end + pod.endLate, fact }];
      });
      for (let day = 0; day <= last; day++) {
        const now = begin + day * DAY + 4 * HOUR;
        const arrived = deliveries.filter(({ hour }) => Math.floor((hour + 20) / 24) === day);
        for (const { fact } of arrived)
          await store.write({ facts: [fact], hosts: [] }, { digest: fact.key, received: fact.at }, now);
        await carry(deployment, now);
        await expire(deployment, now);
      }
      const time = (begin + last * DAY) * 1000;
      const directory = new Directory();
      const ends = new Ends();
      for (const { hour, fact } of deliveries) {
        if (Math.floor((hour + 20) / 24) > last) continue;
        if (fact.type === 'place') directory.add(fact);
        else if (fact.type === 'end') ends.add(fact.id, fact.at);
      }
      directory.close(ends);
      const expected = directory.standing(time).filter(({ from }) => from < time - DAY * 1000);
      const carried = (await store.readPlaces((begin + last * DAY) / HOUR)) as PlaceFact[];
      const names = (places: readonly PlaceFact[]) => places.map(({ name }) => name).sort();
      expect(names(carried)).toEqual(names(expected));
    }),
    { numRuns: 10 },
  );
});
