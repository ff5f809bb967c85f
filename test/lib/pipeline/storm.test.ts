/** An alert storm: some are told one by one, the rest in one message, none twice and none never, whatever breaks. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Finding } from '../../../lib/finding/model.ts';
import { interfere } from '../store/fixture/faults.ts';
import { detection, HOUR } from '../store/fixture/findings.ts';
import { type Database, startMemory } from '../store/fixture/tables.ts';
import { type Deployment, newDeployment } from './fixture/deployment.ts';

let embedded: Database;
let deployment: Deployment;
const LIMIT = 3;
/**
 * Long before an hour of silence by the clock, so that settle has nothing else to do. A slot of the clock begins here.
 */
const NOW = HOUR * 3600 + 900;
beforeAll(async () => {
  embedded = await startMemory();
});
afterAll(() => embedded.stop());
beforeEach(async () => {
  deployment = await newDeployment(embedded, { alertsIn5Minutes: LIMIT });
});

const idOf = (n: number) => n.toString(16).padStart(12, '0').padEnd(24, '0');
const addressOf = (n: number) => `198.51.${n >> 8}.${n & 255}`;
const medium = { severity: 'medium', direction: 'inbound' } as const;
let fragments = 0;
/** A judgement about the source of number `n`, marked and requested as the judge does. */
async function mark(n: number, parts: Partial<Finding> = medium, now = NOW): Promise<void> {
  const source = { scope: 'internet', address: addressOf(n) };
  const judged = detection({ id: idOf(n), source, ...parts }, []);
  await deployment.findings.upsert(judged, { fragments: ++fragments, judgedAt: now }, true, now);
  deployment.queue.push({ pk: `source#internet|${addressOf(n)}`, sk: `finding#2026-11-21T10#${idOf(n)}` });
}
async function markMany(count: number, parts: Partial<Finding> = medium): Promise<void> {
  for (let n = 1; n <= count; n++) await mark(n, parts);
}
const stored = async (n: number) => (await deployment.stored()).find(({ finding }) => finding.id === idOf(n))!;
const marked = async () => (await deployment.stored()).filter(({ announceSince }) => announceSince !== undefined);
const outcomes = async (now = NOW) => (await deployment.deliverAll(now)).map(({ outcome }) => outcome);

/** The id of a finding for each time that it was announced, alone or in a storm. */
const tellings = (of = [deployment]): string[] =>
  of.flatMap(({ published }) =>
    published.flatMap(({ bodies }) => {
      const { id, ids } = JSON.parse(bodies.default!) as { id?: string; ids?: string[] };
      return ids ?? [id!];
    }),
  );
const isOnceEach = (told: readonly string[], count: number) => {
  expect(told).toHaveLength(count);
  expect(new Set(told).size).toBe(count);
};
const storms = (of = deployment) => of.published.filter(({ attributes }) => attributes.event?.includes('storm'));

describe('over the limit', () => {
  test('announcements are held, told in one message by the next run of settle, and not again', async () => {
    await markMany(8);
    expect(await outcomes()).toEqual([...Array(3).fill('published'), ...Array(5).fill('held')]);
    expect(deployment.published).toHaveLength(LIMIT);
    expect(await deployment.settle(NOW + 60)).toMatchObject({ toldInStorm: 5, announcedAgain: 0, failures: [] });
    expect(storms()).toHaveLength(1);
    isOnceEach(tellings(), 8);
    expect(await marked()).toEqual([]);
    expect(await deployment.settle(NOW + 360)).toMatchObject({ toldInStorm: 0, announcedAgain: 0 });
    expect(deployment.published).toHaveLength(LIMIT + 1);
  });

  test('nothing is lost from the table, and each finding says that it was told in a storm', async () => {
    await markMany(6);
    await outcomes();
    await deployment.settle(NOW + 60);
    const all = await deployment.stored();
    expect(all).toHaveLength(6);
    expect(all.filter(({ announced }) => announced?.inStorm)).toHaveLength(3);
    expect(all.map(({ announced }) => announced?.severity)).toEqual(Array(6).fill('medium'));
  });

  test('a held one waits with its reason, and is not announced again by itself', async () => {
    await markMany(4);
    await outcomes();
    expect(await deployment.deliver(await stored(4), NOW + 5)).toEqual({ outcome: 'already handled' });
    const item = (await marked())[0]!;
    expect(item.finding).not.toHaveProperty('heldBecause');
    // The lost-and-found of the outbox leaves it alone: it is found among the held.
    expect(await deployment.outbox.markedBefore(NOW + 9999)).toEqual([]);
    expect(await deployment.outbox.held(10)).toHaveLength(1);
  });

  test('hundreds of findings in five minutes are one message after the allowed alerts', async () => {
    const many = 300;
    const numbers = Array.from({ length: many }, (_, n) => n + 1).values();
    const markNext = async () => {
      for (const n of numbers) await mark(n, medium);
    };
    await Promise.all(Array.from({ length: 8 }, markNext));
    await Promise.all(Array.from({ length: 8 }, () => deployment.deliverAll(NOW)));
    await deployment.settle(NOW + 60);
    expect(deployment.published).toHaveLength(LIMIT + 1);
    expect(JSON.parse(storms()[0]!.bodies.default!)).toMatchObject({ count: many - LIMIT, hasMore: false });
    isOnceEach(tellings(), many);
    expect(await marked()).toEqual([]);
  }, 60_000);

  test('the next five minutes have places of their own', async () => {
    await markMany(4);
    await outcomes();
    await mark(9);
    expect(await outcomes(NOW + 300)).toEqual(['published']);
  });
});

describe('what matters is not held back by noise', () => {
  test.each<[string, Partial<Finding>]>([
    ['a critical one', { severity: 'critical', direction: 'lateral' }],
    ['a high one from inside', { severity: 'high', direction: 'lateral' }],
    ['a high one from outside', { severity: 'high', direction: 'inbound' }],
  ])('%s is told at once in a storm of medium ones', async (_, parts) => {
    await markMany(6);
    await outcomes();
    await mark(9, parts);
    expect(await outcomes()).toEqual(['published']);
  });

  test('a critical one is told at once in a storm of high ones from inside', async () => {
    await markMany(6, { severity: 'high', direction: 'lateral' });
    await outcomes();
    await mark(9, { severity: 'critical', direction: 'lateral' });
    expect(await outcomes()).toEqual(['published']);
  });

  test('closings of an earlier storm hold back no openings', async () => {
    await markMany(3);
    await outcomes(NOW);
    for (let n = 1; n <= 3; n++) await mark(n, { ...medium, status: 'closed', closedBecause: 'ended' });
    await mark(9);
    expect(await outcomes(NOW + 300)).toEqual(Array(4).fill('published'));
  });
});

describe('what was told in a storm', () => {
  beforeEach(async () => {
    await markMany(4);
    await outcomes();
    await deployment.settle(NOW + 60);
  });

  test('is told alone when it escalates, and when it ends', async () => {
    await mark(4, { severity: 'high', direction: 'inbound' }, NOW + 400);
    expect(await outcomes(NOW + 400)).toEqual(['published']);
    await mark(4, { severity: 'high', direction: 'inbound', status: 'closed', closedBecause: 'ended' }, NOW + 800);
    expect(await outcomes(NOW + 800)).toEqual(['published']);
    expect(deployment.told().filter(({ id }) => id === idOf(4))).toMatchObject([
      { event: 'escalated' },
      { event: 'closed' },
    ]);
  });

  test('is not opened again', async () => {
    await mark(4, medium, NOW + 400);
    expect(await outcomes(NOW + 400)).toEqual(['nothing to tell']);
  });
});

describe('before it is told, a held one', () => {
  beforeEach(async () => {
    await markMany(4);
    await outcomes();
  });

  test('that becomes critical is told at once, alone', async () => {
    await mark(4, { severity: 'critical', direction: 'inbound' });
    expect(await outcomes()).toEqual(['published']);
    expect(await deployment.settle(NOW + 60)).toMatchObject({ toldInStorm: 0 });
    expect(storms()).toEqual([]);
  });

  test('that is refuted is not told', async () => {
    await mark(4, { ...medium, status: 'closed', closedBecause: 'refuted' });
    // Its own message got lost: settle finds the new mark.
    deployment.queue.length = 0;
    expect(await deployment.settle(NOW + 180)).toMatchObject({ toldInStorm: 0, announcedAgain: 1 });
    expect(await outcomes(NOW + 180)).toEqual(['nothing to tell']);
  });

  test('that a rule covers by then is suppressed, and names the rule', async () => {
    await deployment.suppressions.add({
      id: 'r1',
      source: `${addressOf(4)}/32`,
      owner: 'soc',
      reason: 'ours',
      expires: new Date((NOW + 3600) * 1000).toISOString(),
    });
    expect(await deployment.settle(NOW + 60)).toMatchObject({ toldInStorm: 0 });
    expect((await stored(4)).finding.suppressedBy).toBe('r1');
    expect(await marked()).toEqual([]);
  });
});

describe('when something breaks', () => {
  beforeEach(async () => {
    await markMany(6);
    await outcomes();
  });

  test('a message that SNS refuses is sent by the next run, and the run goes on and fails in the end', async () => {
    deployment.faults.publish.push(new Error('throttled'));
    const settled = await deployment.settle(NOW + 60);
    expect(settled.failures.map(({ message }) => message)).toEqual(['throttled']);
    expect(await deployment.settle(NOW + 90)).toMatchObject({ toldInStorm: 3, failures: [] });
    expect(storms()).toHaveLength(1);
  });

  test('a crash between message and record repeats the message at worst, and loses nothing', async () => {
    const client = embedded.client();
    let isPublished = false;
    const crashing = deployment.sibling(client);
    interfere(client, (operation) => {
      isPublished ||= crashing.published.length > 0;
      return operation === 'UpdateItem' && isPublished ? Promise.reject(new Error('the process is gone')) : undefined;
    });
    expect((await crashing.settle(NOW + 60)).failures).toContainEqual(new Error('the process is gone'));
    expect(storms(crashing)).toHaveLength(1);
    // Its leases last longer than a run may. Until then no other run sends the message.
    expect(await deployment.settle(NOW + 360)).toMatchObject({ toldInStorm: 0 });
    expect(await deployment.settle(NOW + 660)).toMatchObject({ toldInStorm: 3 });
    isOnceEach(tellings(), 6);
    expect(await marked()).toEqual([]);
  });

  test('two runs at once send it once', async () => {
    const other = deployment.sibling(embedded.client());
    const runs = await Promise.all([deployment.settle(NOW + 60), other.settle(NOW + 60)]);
    expect(runs.reduce((sum, { toldInStorm }) => sum + toldInStorm, 0)).toBe(3);
    isOnceEach(tellings([deployment, other]), 6);
  });

  test('an alert whose publish failed keeps its place', async () => {
    await mark(9, { severity: 'critical', direction: 'lateral' });
    deployment.faults.publish.push(new Error('throttled'));
    await expect(deployment.deliverAll(NOW)).rejects.toThrow('throttled');
    for (const n of [10, 11]) await mark(n, { severity: 'critical', direction: 'lateral' });
    expect(await outcomes()).toEqual(['published', 'published']);
    expect(await deployment.deliver(await stored(9), NOW + 61)).toMatchObject({ outcome: 'published' });
  });

  test('a finding that is marked again while the message is on its way is requested again', async () => {
    const client = embedded.client();
    const slow = deployment.sibling(client);
    let isFirst = true;
    interfere(client, async (operation, input) => {
      if (operation === 'UpdateItem' && slow.published.length && isFirst) {
        isFirst = false;
        const { pk } = (input as { Key: { pk: string } }).Key;
        await mark(Number(pk.split('.').at(-1)), { severity: 'critical', direction: 'inbound' }, NOW + 61);
        deployment.queue.length = 0;
      }
      return undefined;
    });
    expect(await slow.settle(NOW + 60)).toMatchObject({ toldInStorm: 3 });
    expect(slow.queue).toHaveLength(1);
    expect(await deployment.deliver(slow.queue[0]!, NOW + 62)).toMatchObject({ event: 'escalated' });
  });
});
