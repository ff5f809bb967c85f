/** What ingest and settle do when their time runs out: they stop, lose nothing, and the next run goes on from there. */
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { OutOfTimeError } from '../../../lib/pipeline/ingest.ts';
import { TableEvidence } from '../../../lib/pipeline/table-evidence.ts';
import { interfere } from '../store/fixture/faults.ts';
import { detection } from '../store/fixture/findings.ts';
import { type Embedded, startEmbedded } from '../store/fixture/tables.ts';
import { deployForCampaigns, HOUR, MINUTE, NOON, vertically } from './fixture/crowds.ts';
import type { Deployment } from './fixture/deployment.ts';
import { file, probe, scan } from './fixture/flow-logs.ts';

let embedded: Embedded;
let deployment: Deployment;
beforeAll(async () => {
  embedded = await startEmbedded();
});
afterAll(() => embedded.stop());
beforeEach(async () => {
  deployment = await deployForCampaigns(embedded, { digestHourUtc: 6 });
});

const sources = async () => (await deployment.stored()).map(({ finding }) => finding.source?.address).sort();
const logMovesTo = (end: number) =>
  deployment.ingest(`at-${end}`, file([probe({ from: '10.0.1.1', port: 443, end })]), end);

describe('an hour of quiet outside sources', () => {
  const SCANNERS = ['198.51.100.7', '198.51.100.8', '203.0.113.9', '203.0.113.77', '192.0.2.33'];
  const AFTER = NOON + HOUR + 20 * MINUTE;
  beforeEach(async () => {
    for (let n = 0; n < 10; n++) {
      const lines = SCANNERS.flatMap((from) =>
        [0, 1].map((each) =>
          probe({ from, to: `10.0.12.${2 * n + each}`, port: 23, end: NOON + n * 5 * MINUTE + each }, 'REJECT'),
        ),
      );
      await deployment.ingest(`f${n}`, file(lines), NOON + n * 5 * MINUTE);
    }
    await logMovesTo(AFTER);
  });

  /** A process with time for a few reads of noise a run. */
  function hurried(): { settle: (now: number) => ReturnType<Deployment['settle']>; reads: () => number } {
    const client = embedded.client();
    let left = 0;
    let reads = 0;
    interfere(client, (operation, input) => {
      if (operation !== 'Query' || !JSON.stringify(input).includes('"noise#')) return undefined;
      left -= 40;
      reads++;
      return undefined;
    });
    const process = deployment.sibling(client);
    return {
      reads: () => reads,
      settle: (now) => {
        left = 300;
        return process.settle(now, () => left);
      },
    };
  }

  test('is judged in as many runs as it takes, each beginning where the last one stopped', async () => {
    const { settle, reads } = hurried();
    let runs = 1;
    for (; (await settle(AFTER + runs * 5 * MINUTE)).postponed > 0; runs++) expect(runs).toBeLessThan(30);
    expect(runs).toBeGreaterThan(2);
    expect(await sources()).toEqual([...SCANNERS].sort());
    const before = reads();
    await settle(AFTER + (runs + 1) * 5 * MINUTE);
    // Nothing is due any more. The remaining reads are about open findings.
    expect(reads() - before).toBeLessThan(16);
  }, 60_000);

  test('is judged from its beginning when more was written about it meanwhile', async () => {
    const { settle } = hurried();
    expect(await settle(AFTER + 5 * MINUTE)).toMatchObject({ postponed: 1 });
    const late = '192.0.2.200';
    const lines = Array.from({ length: 20 }, (_, n) =>
      probe({ from: late, to: `10.0.12.${n}`, port: 23, end: NOON + 30 * MINUTE + n }, 'REJECT'),
    );
    for (let n = 0; n < 10; n++)
      await deployment.ingest(`late${n}`, file(lines.slice(2 * n, 2 * n + 2)), AFTER + 6 * MINUTE);
    for (let run = 4; (await settle(AFTER + run * 5 * MINUTE)).postponed > 0; run++) expect(run).toBeLessThan(30);
    expect(await sources()).toEqual([...SCANNERS, late].sort());
  }, 60_000);
});

test('a campaign of a day that a late hour shows is judged in several runs, and the later tasks go on', async () => {
  const hours = 24;
  const lines = Array.from({ length: hours }, (_, hour) =>
    vertically({ at: NOON + hour * HOUR, minutes: 59, firstPort: 1 + hour * 24 }),
  ).flat();
  const morning = NOON + 42.5 * HOUR;
  const low = detection({ severity: 'low', firstSeen: '2026-11-22T10:00:00Z' });
  await deployment.findings.upsert(low, { fragments: 1, judgedAt: NOON }, false, NOON);
  await deployment.ingest('late', file(lines), morning - 20 * MINUTE);
  await logMovesTo(morning);
  const { agenda } = deployment.windows;
  for (const mark of await agenda.dueHours(morning)) if (mark.hour > NOON / HOUR) await agenda.clearHour(mark);
  let left = 0;
  const read = TableEvidence.prototype.outside;
  const spy = jest.spyOn(TableEvidence.prototype, 'outside').mockImplementation(function (this: TableEvidence, ...of) {
    left -= 40;
    return read.apply(this, of);
  });
  let runs = 0;
  let digests = 0;
  for (let postponed = 1; postponed > 0; runs++) {
    expect(runs).toBeLessThan(10);
    left = 300;
    const settled = await deployment.settle(morning + runs * 5 * MINUTE, () => left);
    expect(left).toBeGreaterThan(0);
    digests += settled.digests;
    postponed = settled.postponed;
  }
  spy.mockRestore();
  expect([runs > 1, digests]).toEqual([true, 1]);
  const campaigns = (await deployment.stored()).filter(({ finding }) => finding.kind === 'distributed-scan');
  expect(campaigns.map(({ finding }) => [finding.contacts.failed, finding.status])).toEqual([[hours * 24, 'closed']]);
}, 120_000);

test('outside sources of today are judged before inside sources of a look back', async () => {
  const today = NOON + 120 * HOUR;
  const sweep = (from: string, end: number) =>
    file(Array.from({ length: 12 }, (_, n) => probe({ from, to: `10.0.12.${n}`, port: 23, end: end + n }, 'REJECT')));
  await deployment.ingest('old', sweep('10.0.7.105', NOON), today);
  await deployment.ingest('new', sweep('198.51.100.7', today - 2 * HOUR), today);
  await logMovesTo(today);
  const judged: string[] = [];
  const spies = (['inside', 'outside'] as const).map((side) => {
    const read = TableEvidence.prototype[side] as (...of: unknown[]) => unknown;
    return jest.spyOn(TableEvidence.prototype, side).mockImplementation(function (
      this: TableEvidence,
      ...of: unknown[]
    ) {
      const { from } = of.find((each): each is { from: number } => typeof each === 'object')!;
      judged.push(from < today / HOUR - 24 ? `${side}, old` : side);
      return read.apply(this, of) as never;
    });
  });
  await deployment.settle(today + HOUR);
  for (const spy of spies) spy.mockRestore();
  expect(judged).toContain('outside');
  expect(judged.indexOf('inside, old')).toBeGreaterThan(judged.indexOf('outside'));
}, 60_000);

describe('without time for judging', () => {
  const body = file(scan('rejected', { count: 20, end: NOON }));
  const later = NOON + 20 * HOUR;

  test('settle still closes what is over, and keeps the marks of what it did not judge', async () => {
    await deployment.ingest('a', body, NOON + 5 * MINUTE);
    await deployment.ingest(
      'b',
      file(scan('unanswered', { from: '10.0.7.9', count: 20, end: later - 30 * MINUTE })),
      later - 20 * MINUTE,
    );
    await logMovesTo(later);
    const settled = await deployment.settle(later, () => 50);
    expect(settled.postponed).toBeGreaterThan(0);
    expect(await sources()).toEqual(['10.0.7.105']);
    expect((await deployment.stored())[0]!.finding.status).toBe('closed');
    expect(await deployment.settle(later + 5 * MINUTE)).toMatchObject({ opened: 1, postponed: 0 });
  }, 60_000);

  test('settle still sends the digest, and closes in the next run', async () => {
    await deployment.findings.upsert(detection({ severity: 'low' }), { fragments: 1, judgedAt: NOON }, false, NOON);
    const morning = NOON + 18.5 * HOUR;
    await logMovesTo(morning);
    expect(await deployment.settle(morning, () => 10)).toMatchObject({ digests: 1 });
    expect((await deployment.stored())[0]!.finding.status).toBe('open');
  });

  test('a storm is told by the next run', async () => {
    deployment = await deployForCampaigns(embedded, { alertsIn5Minutes: 1 });
    for (const from of ['10.0.7.1', '10.0.7.2', '10.0.7.3'])
      await deployment.ingest(from, file(scan('rejected', { from, count: 20, end: NOON })), NOON + 5 * MINUTE);
    const now = NOON + 6 * MINUTE;
    await deployment.deliverAll(now);
    expect(await deployment.settle(now, () => 200)).toMatchObject({ toldInStorm: 0 });
    expect(await deployment.settle(now + 5 * MINUTE)).toMatchObject({ toldInStorm: 2 });
  });

  test('ingest fails with what it has written, and reading again finds the scan', async () => {
    await expect(deployment.ingest('a', body, NOON + 5 * MINUTE, () => false)).rejects.toThrow(OutOfTimeError);
    expect(await sources()).toEqual([]);
    await deployment.ingest('a', body, NOON + 35 * MINUTE);
    expect(await sources()).toEqual(['10.0.7.105']);
  });
});
