/** What an analyst says of a finding while judgements go on: neither overwrites the other. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Finding, Verdict } from '../../../lib/finding/model.ts';
import { reviewOf } from '../../../lib/finding/review.ts';
import { noteReviewOf, takenOverBy } from '../../../lib/pipeline/recorder.ts';
import type { StoredFinding } from '../../../lib/store/finding-item.ts';
import { interfere } from '../store/fixture/faults.ts';
import { finding } from '../store/fixture/findings.ts';
import { type Database, startMemory } from '../store/fixture/tables.ts';
import { type Deployment, newDeployment } from './fixture/deployment.ts';
import { answer, file, probe, scan } from './fixture/flow-logs.ts';

let database: Database;
let deployment: Deployment;
beforeAll(async () => {
  database = await startMemory();
});
afterAll(() => database.stop());
beforeEach(async () => {
  deployment = await newDeployment(database);
});

const MINUTE = 60;
const START = Date.UTC(2026, 10, 21, 10, 10) / 1000;
const NOW = START + 5 * MINUTE;
const AT = '2026-11-21T10:15:00Z';
const findings = async (): Promise<Finding[]> => (await deployment.stored()).map(({ finding }) => finding);
const burst = (minutes: number, first: number, count = 15) =>
  file(scan('rejected', { count, first, end: START + minutes * MINUTE }));
const events = () => deployment.told().map(({ event }) => event);

/** Closes a finding as an analyst does. */
async function close(of: Finding, verdict: Verdict = 'benign', now = NOW): Promise<void> {
  const stored = (await deployment.stored()).find(({ finding }) => finding.id === of.id)!;
  const { severity } = stored.finding;
  const review = {
    ...reviewOf(stored.finding),
    verdict,
    verdictGiven: { by: 'alice', at: AT, severity },
    notes: [{ by: 'alice', at: AT, text: 'inventory' }],
  };
  expect(await deployment.findings.review(stored, review, now)).toBe(true);
}

describe('a scan that an analyst closed', () => {
  beforeEach(async () => {
    await deployment.ingest('first', burst(0, 1), NOW);
    await deployment.deliverAll(NOW);
    await close((await findings())[0]!);
  });

  test('is announced as closed, and stays quiet and counted while it goes on', async () => {
    expect((await deployment.settle(NOW + 5 * MINUTE)).failures).toEqual([]);
    await deployment.deliverAll(NOW + 5 * MINUTE);
    expect(events()).toEqual(['opened', 'closed']);
    await deployment.ingest('more', burst(20, 100, 40), NOW + 20 * MINUTE);
    await deployment.deliverAll(NOW + 20 * MINUTE);
    await deployment.settle(NOW + 300 * MINUTE);
    await deployment.deliverAll(NOW + 300 * MINUTE);
    expect(await findings()).toMatchObject([
      {
        status: 'closed',
        closedBecause: 'analyst',
        verdict: 'benign',
        notes: [{ text: 'inventory' }],
        contacts: { failed: 55 },
      },
    ]);
    expect(events()).toEqual(['opened', 'closed']);
  });

  test('opens again and alerts when its severity rises', async () => {
    const [before] = await findings();
    const end = START + 20 * MINUTE;
    // A conversation that many files report.
    const stays = Array.from({ length: 8 }, (_, n) => [
      probe({ port: 22, end: end + n * MINUTE }, 'ACCEPT'),
      answer({ port: 22, end: end + n * MINUTE, packets: 400 }),
    ]).flat();
    await deployment.ingest(
      'more',
      file([...scan('rejected', { count: 15, first: 100, end }), ...stays]),
      NOW + 20 * MINUTE,
    );
    await deployment.deliverAll(NOW + 20 * MINUTE);
    const [after] = await findings();
    expect(after).toMatchObject({ status: 'open', verdict: 'benign', verdictGiven: { severity: before!.severity } });
    expect(after!.severity).not.toBe(before!.severity);
    expect(events()).toEqual(['opened', 'escalated']);
    expect(deployment.published.at(-1)!.bodies.email).toContain(
      `alice closed it at ${AT} as benign. It is open again, because its severity rose from ${before!.severity} to ${after!.severity}.`,
    );
  });

  test('alerts as usual when the same source scans again later', async () => {
    await deployment.ingest('again', burst(600, 1), NOW + 600 * MINUTE);
    await deployment.deliverAll(NOW + 600 * MINUTE);
    expect((await findings()).map(({ status }) => status).sort()).toEqual(['closed', 'open']);
    expect(events().filter((event) => event === 'opened')).toHaveLength(2);
  });

  test('is not refuted by later evidence', async () => {
    const answers = Array.from({ length: 15 }, (_, n) => answer({ port: n + 1, end: START + n, packets: 14 }));
    await deployment.ingest('answers', file(answers), NOW + MINUTE);
    await deployment.settle(NOW + 120 * MINUTE);
    expect(await findings()).toMatchObject([{ closedBecause: 'analyst', verdict: 'benign' }]);
  });
});

describe('a verdict that is given while a judgement is under way', () => {
  test('is kept by the judgement, which is made again', async () => {
    await deployment.ingest('first', burst(0, 1), NOW);
    const [finding] = await findings();
    const slow = database.client();
    let isGiven = false;
    interfere(slow, async (operation, { ConditionExpression }) => {
      if (isGiven || operation !== 'UpdateItem' || !String(ConditionExpression).includes(':fragments'))
        return undefined;
      isGiven = true;
      await close(finding!);
      return undefined;
    });
    await deployment.sibling(slow).ingest('more', burst(20, 100, 40), NOW + 20 * MINUTE);
    expect(isGiven).toBe(true);
    expect(await findings()).toMatchObject([{ closedBecause: 'analyst', verdict: 'benign', contacts: { failed: 55 } }]);
  });

  test('given while the first alert is on its way is announced after it', async () => {
    const slow = database.client();
    let isGiven = false;
    interfere(slow, async (operation, { ConditionExpression }) => {
      if (isGiven || operation !== 'UpdateItem' || !String(ConditionExpression).startsWith('leaseUntil = :lease'))
        return undefined;
      isGiven = true;
      await close((await findings())[0]!);
      return undefined;
    });
    const other = deployment.sibling(slow);
    await other.ingest('first', burst(0, 1), NOW);
    await other.deliverAll(NOW);
    expect(isGiven).toBe(true);
    await deployment.settle(NOW + 5 * MINUTE);
    await deployment.deliverAll(NOW + 5 * MINUTE);
    expect([...other.told(), ...deployment.told()].map(({ event }) => event)).toEqual(['opened', 'closed']);
  });

  test('is refused if the finding became more severe or was merged since it was read', async () => {
    await deployment.ingest('first', burst(0, 1), NOW);
    const [stored] = await deployment.stored();
    for (const finding of [
      { ...stored!.finding, severity: 'low' as const },
      { ...stored!.finding, status: 'closed' as const, closedBecause: 'merged' as const },
    ])
      expect(await deployment.findings.review({ ...stored!, finding }, { verdict: 'true' }, NOW)).toBe(false);
    expect(await findings()).toEqual([stored!.finding]);
  });
});

test('reviews of several findings that merge into one are united, and those of others are left out', () => {
  const merging = (digit: string, mergedInto: string | undefined, notes: Finding['notes']) => ({
    orphan: { finding: { ...finding({ id: digit.repeat(24) }), ...(notes && { notes }) } } as StoredFinding,
    closing: mergedInto ? ({ closedBecause: 'merged', mergedInto } as const) : ({ closedBecause: 'refuted' } as const),
  });
  const note = (text: string) => [{ by: 'a', at: AT, text }];
  const reviews = takenOverBy([
    merging('1', 'x', note('one')),
    merging('2', 'x', note('two')),
    merging('3', 'y', undefined),
    merging('4', undefined, note('four')),
  ]);
  expect([...reviews]).toEqual([['x', { notes: [...note('one'), ...note('two')] }]]);
});

describe('findings that merge', () => {
  test('hand verdict and notes to the surviving id', async () => {
    await deployment.ingest('first', burst(0, 1), NOW);
    await deployment.ingest('second', burst(80, 101), NOW + 80 * MINUTE);
    const [older, younger] = (await findings()).toSorted((a, b) => (a.firstSeen < b.firstSeen ? -1 : 1));
    await close(younger!, 'true');
    await deployment.ingest('between', burst(40, 201), NOW + 82 * MINUTE);
    const after = await findings();
    expect(after.find(({ id }) => id === younger!.id)).toMatchObject({
      closedBecause: 'merged',
      mergedInto: older!.id,
    });
    expect(after.find(({ id }) => id === older!.id)).toMatchObject({
      closedBecause: 'analyst',
      verdict: 'true',
      verdictGiven: { by: 'alice' },
      notes: [{ text: 'inventory' }],
      contacts: { failed: 45 },
    });
  });

  test('stay quiet when late evidence gives the closed one an earlier beginning', async () => {
    await deployment.ingest('first', burst(0, 1), NOW);
    await deployment.deliverAll(NOW);
    await close((await findings())[0]!);
    await deployment.ingest('earlier', burst(-40, 101), NOW + MINUTE);
    await deployment.settle(NOW + 2 * MINUTE);
    await deployment.deliverAll(NOW + 2 * MINUTE);
    expect((await findings()).map(({ closedBecause }) => closedBecause).sort()).toEqual(['analyst', 'merged']);
    expect(events().filter((event) => event === 'opened')).toHaveLength(1);
  });

  test('of different kinds hand on a note instead, once', async () => {
    await deployment.ingest('first', burst(0, 1), NOW);
    await deployment.ingest('again', burst(600, 1), NOW + 600 * MINUTE);
    const [one, other] = (await findings()).toSorted((a, b) => (a.firstSeen < b.firstSeen ? -1 : 1));
    await close(one!);
    const storedAs = async (of: Finding) => (await deployment.stored()).find(({ finding }) => finding.id === of.id)!;
    const [signals, scanned] = [await storedAs(one!), await storedAs(other!)];
    for (let n = 0; n < 2; n++) expect(await noteReviewOf(deployment, signals, scanned, NOW)).toBe(true);
    const after = (await findings()).find(({ id }) => id === scanned.finding.id);
    expect(after).toMatchObject({
      status: 'open',
      notes: [{ text: `closed ${one!.kind} ${one!.id} as benign` }, { text: 'inventory' }],
    });
    expect(after!.verdict).toBeUndefined();
  });
});
