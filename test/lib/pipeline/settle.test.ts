/** Settle: what falls due with time, and what a run leaves for the next when something fails. */
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Finding } from '../../../lib/finding/model.ts';
import { interfere } from '../store/fixture/faults.ts';
import { detection, finding } from '../store/fixture/findings.ts';
import { type Database, startMemory } from '../store/fixture/tables.ts';
import { type Deployment, type DeploymentOptions, newDeployment } from './fixture/deployment.ts';
import { file, probe, scan } from './fixture/flow-logs.ts';

let embedded: Database;
let deployment: Deployment;
const MINUTE = 60;
const HOUR = 3600;
const START = Date.UTC(2026, 10, 21, 10, 10) / 1000;
const NOW = START + 5 * MINUTE;
const THROTTLED = { failures: [new Error('throttled')] };
beforeAll(async () => {
  embedded = await startMemory();
});
afterAll(() => embedded.stop());
const deploy = async (options: DeploymentOptions = {}) => {
  deployment = await newDeployment(embedded, options);
};
beforeEach(() => deploy());

const findings = async (): Promise<Finding[]> => (await deployment.stored()).map(({ finding }) => finding);
/** Another host's traffic, by which the log moves on. */
const logMovesTo = (end: number) =>
  deployment.ingest(`at-${end}`, file([probe({ from: '10.0.1.1', port: 443, end })]), end);

describe('silence', () => {
  const silent = file(scan('unanswered', { count: 20, end: START }));

  test('is no answer before the logs have moved on by ten minutes, and then it is one', async () => {
    await deployment.ingest('a', silent, NOW);
    await logMovesTo(START + 9 * MINUTE);
    await deployment.settle(START + 9 * MINUTE);
    expect(await findings()).toEqual([]);
    await logMovesTo(START + 25 * MINUTE);
    expect(await deployment.settle(START + 25 * MINUTE)).toMatchObject({ opened: 1, failures: [] });
    expect(await findings()).toMatchObject([{ contacts: { unanswered: 20 }, status: 'open' }]);
  });

  test('is one also when the logs stop coming, an hour later by the clock', async () => {
    await deployment.ingest('a', silent, NOW);
    await deployment.settle(START + HOUR);
    expect(await findings()).toEqual([]);
    await deployment.settle(START + HOUR + 25 * MINUTE);
    expect(await findings()).toHaveLength(1);
  });

  test('is judged once: a second run finds nothing due', async () => {
    await deployment.ingest('a', silent, NOW);
    await logMovesTo(START + 25 * MINUTE);
    expect((await deployment.settle(START + 25 * MINUTE)).judged).toBe(1);
    expect((await deployment.settle(START + 26 * MINUTE)).judged).toBe(0);
  });
});

test('a finding is closed once the log has moved an episode gap beyond its last probe, and not before', async () => {
  await deployment.ingest('a', file(scan('rejected', { count: 20, end: START })), NOW);
  await deployment.deliverAll(NOW);
  await logMovesTo(START + HOUR);
  await deployment.settle(START + HOUR);
  expect(await findings()).toMatchObject([{ status: 'open' }]);
  await logMovesTo(START + HOUR + MINUTE);
  await deployment.settle(START + HOUR + MINUTE);
  expect(await findings()).toMatchObject([{ status: 'closed', closedBecause: 'ended' }]);
  await deployment.deliverAll(START + HOUR + MINUTE);
  expect(deployment.told().map(({ event }) => event)).toEqual(['opened', 'closed']);
});

describe('an outside source that sends a probe or two a file', () => {
  const lines = Array.from({ length: 20 }, (_, n) =>
    probe({ from: '198.51.100.7', to: `10.0.12.${n}`, port: 23, end: START - 5 * MINUTE + n * 150 }, 'REJECT'),
  );
  const deliverFiles = async () => {
    for (let n = 0; n < 10; n++)
      await deployment.ingest(`f${n}`, file(lines.slice(n * 2, n * 2 + 2)), START + n * 5 * MINUTE);
  };

  test('adds up when its hour is over', async () => {
    await deliverFiles();
    await deployment.settle(START + HOUR);
    expect(await findings()).toEqual([]);
    await logMovesTo(START + HOUR + 10 * MINUTE);
    await deployment.settle(START + HOUR + 10 * MINUTE);
    expect(await findings()).toMatchObject([{ direction: 'inbound', severity: 'low', contacts: { failed: 20 } }]);
  });

  test('is looked at again by the next run when a run failed', async () => {
    await deliverFiles();
    await logMovesTo(START + HOUR + 10 * MINUTE);
    const client = embedded.client();
    interfere(client, (operation, input) =>
      operation === 'Query' && JSON.stringify(input).includes('"noise#2026-11-21T10#')
        ? Promise.reject(new Error('throttled'))
        : undefined,
    );
    expect(await deployment.sibling(client).settle(START + HOUR + 10 * MINUTE)).toMatchObject(THROTTLED);
    await deployment.settle(START + HOUR + 15 * MINUTE);
    expect(await findings()).toHaveLength(1);
  });
});

test('a source that cannot be judged keeps its mark for the next run, and the others are judged', async () => {
  for (const from of ['10.0.7.1', '10.0.7.2'])
    await deployment.ingest(from, file(scan('unanswered', { from, count: 20, end: START })), NOW);
  await logMovesTo(START + 25 * MINUTE);
  const client = embedded.client();
  interfere(client, (operation, input) =>
    operation === 'Query' && JSON.stringify(input).includes('|10.0.7.1"')
      ? Promise.reject(new Error('bad bytes'))
      : undefined,
  );
  const settled = await deployment.sibling(client).settle(START + 25 * MINUTE);
  expect(settled).toMatchObject({ judged: 1, opened: 1 });
  expect(settled.failures.map(({ message }) => message)).toEqual(['bad bytes']);
  expect(await deployment.settle(START + 26 * MINUTE)).toMatchObject({ judged: 1, opened: 1, failures: [] });
});

describe('an announcement that got lost', () => {
  const body = file(scan('rejected', { count: 20, end: START }));

  test('between the table and the queue is made again after two minutes, and told once', async () => {
    deployment.faults.queue.push(new Error('the queue is gone'));
    await expect(deployment.ingest('a', body, NOW)).rejects.toThrow('the queue is gone');
    expect(await deployment.ingest('a', body, NOW + 30)).toMatchObject({ opened: 0 });
    expect(deployment.queue).toEqual([]);
    expect(await deployment.settle(NOW + 90)).toMatchObject({ announcedAgain: 0 });
    expect(await deployment.settle(NOW + 150)).toMatchObject({ announcedAgain: 1 });
    await deployment.deliverAll(NOW + 151);
    expect(await deployment.settle(NOW + 400)).toMatchObject({ announcedAgain: 0 });
    expect(deployment.told().map(({ event }) => event)).toEqual(['opened']);
  });

  test('is made again also in a run whose other work fails', async () => {
    await deployment.ingest('a', body, NOW);
    const client = embedded.client();
    interfere(client, (operation, input) =>
      operation === 'Query' && JSON.stringify(input).includes('due#')
        ? Promise.reject(new Error('throttled'))
        : undefined,
    );
    const failing = deployment.sibling(client);
    expect(await failing.settle(NOW + 150)).toMatchObject(THROTTLED);
    expect(failing.queue).toHaveLength(1);
  });
});

describe('the digest', () => {
  const SIX = Date.UTC(2026, 10, 22, 6, 5) / 1000;
  const store = (parts: Partial<Finding>) =>
    deployment.findings.upsert(detection(parts), { fragments: 1, judgedAt: SIX }, false, SIX);
  const digests = () => deployment.published.filter(({ attributes }) => attributes.event === 'digest');

  test('goes out once, in its hour, about the findings of the day before that raised no alert', async () => {
    await deploy({ digestHourUtc: 6 });
    await store({ id: '1'.repeat(24), severity: 'low', status: 'closed', closedBecause: 'ended' });
    await store({ id: '2'.repeat(24), status: 'closed', closedBecause: 'merged', mergedInto: '1'.repeat(24) });
    await store({ id: '4'.repeat(24), test: true, severity: 'low', status: 'closed', closedBecause: 'ended' });
    await store({ id: '3'.repeat(24), firstSeen: '2026-11-20T10:00:00Z', status: 'closed', closedBecause: 'ended' });
    expect(await deployment.settle(SIX - HOUR)).toMatchObject({ digests: 0 });
    expect(await deployment.settle(SIX)).toMatchObject({ digests: 1 });
    expect(await deployment.settle(SIX + 5 * MINUTE)).toMatchObject({ digests: 0 });
    expect(digests().map(({ bodies }) => JSON.parse(bodies.default!))).toEqual([
      {
        event: 'digest',
        deployment: expect.any(String),
        day: '2026-11-21',
        since: '2026-11-21T00:00:00Z',
        count: 1,
        bySeverity: { low: 1 },
        largest: ['1'.repeat(24)],
        top: [
          {
            id: '1'.repeat(24),
            severity: 'low',
            title: 'lateral vertical scan',
            by: '10.0.7.105',
            failed: 12,
            answered: 0,
          },
        ],
        background: { scans: 0, sources: 0 },
        active: {
          // A finding of the day before had this source.
          sources: [{ name: '10.0.7.105', scans: 1, isNew: false }],
          targets: expect.any(Array),
          ports: expect.any(Array),
        },
      },
    ]);
  });

  /** Stores what was found at a time (`2026-11-22T04:30`), as the judge does. */
  const storeFound = (at: string, parts: Partial<Finding>) => {
    const foundAt = Date.parse(`${at}:00Z`) / 1000;
    const version = { fragments: 1, judgedAt: foundAt, foundAt };
    const ended = { severity: 'low', status: 'closed', closedBecause: 'ended' } as const;
    return deployment.findings.upsert(detection({ ...ended, ...parts }), version, false, foundAt);
  };
  const told = () => digests().map(({ bodies }) => JSON.parse(bodies.default!));

  test('names what was found after the digest of its first probe in that of the next day, once', async () => {
    await deploy({ digestHourUtc: 6 });
    await storeFound('2026-11-21T23:50', { id: '1'.repeat(24), firstSeen: '2026-11-21T10:00:00Z' });
    await deployment.settle(SIX);
    await storeFound('2026-11-22T06:10', { id: '2'.repeat(24), firstSeen: '2026-11-21T10:00:00Z' });
    await storeFound('2026-11-22T06:20', { id: '3'.repeat(24), firstSeen: '2026-11-01T10:00:00Z' });
    await storeFound('2026-11-22T06:30', { id: '4'.repeat(24), firstSeen: '2026-11-22T06:00:00Z' });
    for (const days of [1, 2]) await deployment.settle(SIX + days * 24 * HOUR);
    expect(told()).toMatchObject([
      { day: '2026-11-21', since: '2026-11-21T00:00:00Z', largest: ['1'.repeat(24)] },
      { day: '2026-11-22', since: '2026-11-01T10:00:00Z', largest: ['2', '3', '4'].map((id) => id.repeat(24)) },
    ]);
  });

  test('names a scan whose file came two days late, and one that goes on only in the first', async () => {
    await deploy({ digestHourUtc: 6, minSeverity: 'critical' });
    await deployment.ingest('late', file(scan('rejected', { count: 20, end: START })), SIX + 24 * HOUR);
    const [late] = await deployment.stored();
    await deployment.ingest('later', file(scan('rejected', { count: 60, end: START })), SIX + 48 * HOUR);
    for (const days of [0, 1, 2, 3]) await deployment.settle(SIX + days * 24 * HOUR);
    expect(await deployment.stored()).toMatchObject([{ foundAt: SIX + 24 * HOUR, finding: { id: late!.finding.id } }]);
    expect(told()).toMatchObject([{ day: '2026-11-23', since: late!.finding.firstSeen, count: 1 }]);
  });

  describe('leaves out what a look back', () => {
    const rule = { id: 'look-back', from: '2026-11-21', to: '2026-11-21', expires: '2027-03-01T00:00:00Z' };
    const late = () => deployment.ingest('late', file(scan('rejected', { count: 20, end: START })), SIX + 24 * HOUR);

    test('found, also below the severity of alerts', async () => {
      await deploy({ digestHourUtc: 6, minSeverity: 'critical' });
      await deployment.services.lookBacks.put(rule);
      await late();
      await storeFound('2026-11-23T05:00', { id: '1'.repeat(24), campaign: 'c'.repeat(24) });
      expect((await deployment.stored()).map(({ finding: { suppressedBy } }) => suppressedBy)).toEqual([
        undefined,
        undefined,
      ]);
      for (const days of [1, 2]) await deployment.settle(SIX + days * 24 * HOUR);
      expect(told()).toEqual([]);
    });

    test('found, and neither what was found live on its days nor what it keeps quiet no longer', async () => {
      await deploy({ digestHourUtc: 6, minSeverity: 'critical' });
      await storeFound('2026-11-21T10:30', { id: '1'.repeat(24) });
      await deployment.services.lookBacks.put(rule);
      await deployment.settle(SIX);
      expect(told()).toMatchObject([{ day: '2026-11-21', largest: ['1'.repeat(24)] }]);
      await late();
      await deployment.services.lookBacks.remove(rule.id);
      await deployment.settle(SIX + 48 * HOUR);
      expect(told()).toMatchObject([{}, { day: '2026-11-23', count: 1 }]);
    });
  });

  test('names a scan once whose beginning turns out to be on the day before', async () => {
    await deploy({ digestHourUtc: 6 });
    const id = '1'.repeat(24);
    await storeFound('2026-11-21T00:20', { id, firstSeen: '2026-11-21T00:10:00Z' });
    await storeFound('2026-11-21T00:20', { id, firstSeen: '2026-11-20T23:50:00Z' });
    for (const days of [-1, 0, 1]) await deployment.settle(SIX + days * 24 * HOUR);
    expect(told()).toMatchObject([{ day: '2026-11-21', largest: [id] }]);
  });

  test('waits at midnight until what was found before is stored', async () => {
    await deploy({ digestHourUtc: 0 });
    await storeFound('2026-11-21T23:59', { firstSeen: '2026-11-21T23:00:00Z' });
    const midnight = SIX - 6 * HOUR - 5 * MINUTE;
    expect(await deployment.settle(midnight + 5 * MINUTE)).toMatchObject({ digests: 0 });
    expect(await deployment.settle(midnight + 10 * MINUTE)).toMatchObject({ digests: 1 });
  });

  test('marks sources that no finding of the week before had', async () => {
    await deploy({ digestHourUtc: 6 });
    const source = (address: string) => ({ address, scope: '123456789012' });
    const ended = { severity: 'low', status: 'closed', closedBecause: 'ended' } as const;
    await store({ ...ended, id: '1'.repeat(24), source: source('10.0.0.1') });
    await store({ ...ended, id: '2'.repeat(24), source: source('10.0.0.2') });
    await store({ ...ended, id: '3'.repeat(24), source: source('10.0.0.1'), firstSeen: '2026-11-14T10:00:00Z' });
    await store({ ...ended, id: '4'.repeat(24), source: source('10.0.0.2'), firstSeen: '2026-11-13T10:00:00Z' });
    await deployment.settle(SIX);
    expect(JSON.parse(digests()[0]!.bodies.default!).active.sources).toEqual([
      { name: '10.0.0.1', scans: 1, isNew: false },
      { name: '10.0.0.2', scans: 1, isNew: true },
    ]);
  });

  describe('of each hour', () => {
    const hourly = { digestHourUtc: 'every' } as const;
    const ended = { severity: 'low', status: 'closed', closedBecause: 'ended' } as const;
    const source = (address: string) => ({ address, scope: '123456789012' });
    const bodies = () => digests().map((message) => JSON.parse(message.bodies.default!));

    test('goes out once, when the hour after it is over, about the scans that began in it', async () => {
      await deploy(hourly);
      await store({ ...ended, id: '1'.repeat(24), firstSeen: '2026-11-22T03:59:59Z' });
      await store({ ...ended, id: '2'.repeat(24), firstSeen: '2026-11-22T04:00:00Z' });
      await store({ ...ended, id: '3'.repeat(24), firstSeen: '2026-11-22T04:59:59Z' });
      await store({ ...ended, id: '4'.repeat(24), firstSeen: '2026-11-22T05:00:00Z' });
      expect(await deployment.settle(SIX - 10 * MINUTE)).toMatchObject({ digests: 1 });
      expect(await deployment.settle(SIX)).toMatchObject({ digests: 1 });
      expect(await deployment.settle(SIX + 5 * MINUTE)).toMatchObject({ digests: 0 });
      expect(await deployment.settle(SIX + 3 * HOUR)).toMatchObject({ digests: 1 });
      expect(bodies()).toMatchObject([
        { day: '2026-11-22', hour: '03', largest: ['1'.repeat(24)] },
        { day: '2026-11-22', hour: '04', largest: ['2'.repeat(24), '3'.repeat(24)] },
        { day: '2026-11-22', hour: '05', largest: ['4'.repeat(24)] },
      ]);
    });

    test('is that of the hour in which a scan was found, however long before it began', async () => {
      await deploy(hourly);
      const from = { source: source('10.0.0.9') };
      await storeFound('2026-11-22T03:30', { ...from, id: '1'.repeat(24), firstSeen: '2026-11-19T10:00:00Z' });
      await storeFound('2026-11-22T03:40', { id: '2'.repeat(24), firstSeen: '2026-11-22T01:00:00Z' });
      await storeFound('2026-11-22T04:00', { id: '3'.repeat(24), firstSeen: '2026-11-22T01:00:00Z' });
      for (const later of [0, HOUR, 24 * HOUR]) await deployment.settle(SIX + later);
      expect(bodies()).toMatchObject([
        { hour: '03', since: '2026-11-19T10:00:00Z', largest: ['1', '2'].map((id) => id.repeat(24)) },
        { hour: '04', since: '2026-11-22T01:00:00Z', largest: ['3'.repeat(24)] },
      ]);
      // A slow scan does not make itself known.
      expect(bodies()[0].active.sources).toContainEqual({ name: '10.0.0.9', scans: 1, isNew: true });
    });

    test('marks what no finding of the seven days before that hour had, to the second', async () => {
      await deploy(hourly);
      const marks: [string, string][] = [
        ['10.0.0.1', '2026-11-22T03:59:59Z'],
        ['10.0.0.2', '2026-11-15T04:00:00Z'],
        ['10.0.0.3', '2026-11-15T03:59:59Z'],
        ['10.0.0.4', '2026-11-22T05:00:00Z'],
      ];
      for (const [n, [address, firstSeen]] of marks.entries()) {
        const parts = { ...ended, source: source(address) };
        await store({ ...parts, id: `a${n}`.repeat(12), firstSeen });
        await store({ ...parts, id: `b${n}`.repeat(12), firstSeen: '2026-11-22T04:30:00Z' });
      }
      await deployment.settle(SIX);
      expect(bodies().at(-1).active.sources).toEqual([
        { name: '10.0.0.1', scans: 1, isNew: false },
        { name: '10.0.0.2', scans: 1, isNew: false },
        { name: '10.0.0.3', scans: 1, isNew: true },
        { name: '10.0.0.4', scans: 1, isNew: true },
      ]);
    });

    test('is caught up with, the earliest first, also when that fails in between', async () => {
      await deploy(hourly);
      for (const [n, hour] of ['02', '04'].entries())
        await store({ ...ended, id: `${n}`.repeat(24), firstSeen: `2026-11-22T${hour}:10:00Z` });
      deployment.faults.publish.push(new Error('throttled'));
      expect(await deployment.settle(SIX)).toMatchObject({ ...THROTTLED, digests: 0 });
      expect(await deployment.settle(SIX + 5 * MINUTE)).toMatchObject({ digests: 2 });
      expect(bodies().map(({ hour }) => hour)).toEqual(['02', '04']);
    });

    const claim = (sk: string, leaseUntil?: number) =>
      deployment.client.send(
        new PutCommand({
          TableName: deployment.names.findings,
          Item: { pk: 'digest', sk, ...(leaseUntil !== undefined && { leaseUntil }) },
        }),
      );
    const storeIn = async (...hours: readonly string[]) => {
      for (const [n, hour] of hours.entries())
        await store({ ...ended, id: `${n}`.repeat(24), firstSeen: `${hour}:10:00Z` });
    };

    test('passes over no hour that another process was sending when it was killed', async () => {
      await deploy(hourly);
      await storeIn('2026-11-22T02', '2026-11-22T04');
      await claim('2026-11-22T02', SIX + MINUTE);
      expect(await deployment.settle(SIX)).toMatchObject({ digests: 0 });
      expect(await deployment.settle(SIX + 5 * MINUTE)).toMatchObject({ digests: 2 });
      expect(bodies().map(({ hour }) => hour)).toEqual(['02', '04']);
    });

    test('is not about a day that was reported before the setting was changed', async () => {
      await deploy(hourly);
      await storeIn('2026-11-21T20', '2026-11-22T00');
      await claim('2026-11-21');
      expect(await deployment.settle(SIX)).toMatchObject({ digests: 1 });
      expect(bodies()).toMatchObject([{ day: '2026-11-22', hour: '00' }]);
    });

    test('is not repeated by that of the day, after the setting was changed', async () => {
      await deploy({ digestHourUtc: 6 });
      await storeIn('2026-11-21T02', '2026-11-21T04');
      await claim('2026-11-21T02');
      expect(await deployment.settle(SIX)).toMatchObject({ digests: 1 });
      expect(bodies()).toMatchObject([{ day: '2026-11-21', largest: ['1'.repeat(24)] }]);
    });
  });

  test('does not repeat what was told', async () => {
    await deploy({ digestHourUtc: 6 });
    await deployment.findings.upsert(
      detection({ status: 'closed', closedBecause: 'ended' }),
      { fragments: 1, judgedAt: SIX },
      true,
      SIX,
    );
    await deployment.deliver((await deployment.stored())[0]!, SIX);
    expect(deployment.told()).toEqual([{ event: 'opened', id: finding().id }]);
    expect(await deployment.settle(SIX)).toMatchObject({ digests: 0 });
  });

  test('is sent by the next run when its publish fails', async () => {
    await deploy({ digestHourUtc: 6 });
    await store({ severity: 'low', status: 'closed', closedBecause: 'ended' });
    deployment.faults.publish.push(new Error('throttled'));
    expect(await deployment.settle(SIX)).toMatchObject({ ...THROTTLED, digests: 0 });
    expect(await deployment.settle(SIX + 5 * MINUTE)).toMatchObject({ digests: 1 });
    expect(digests()).toHaveLength(1);
  });

  test('is sent in a run whose judging fails', async () => {
    await deploy({ digestHourUtc: 6 });
    await store({ severity: 'low', status: 'closed', closedBecause: 'ended' });
    const client = embedded.client();
    const isLogTime = (input: object) => JSON.stringify(input).includes('"log"');
    interfere(client, (operation, input) =>
      operation === 'Query' && isLogTime(input) ? Promise.reject(new Error('throttled')) : undefined,
    );
    const failing = deployment.sibling(client);
    const { failures, digests: sent } = await failing.settle(SIX);
    // Overdue outcomes, hours, days and closing need to know how far the log has come.
    expect([failures.length, sent]).toEqual([4, 1]);
  });

  test('is not sent where none is wanted', async () => {
    await store({ severity: 'low', status: 'closed', closedBecause: 'ended' });
    expect(await deployment.settle(SIX)).toMatchObject({ digests: 0 });
  });
});
