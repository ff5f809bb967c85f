/** Ways to keep an alert from being sent, or a slow scan from being looked at: what works, and what does not. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { packedOutsidePartition } from '../../../lib/store/keys.ts';
import { type Database, startMemory } from '../store/fixture/tables.ts';
import { type Deployment, newDeployment } from './fixture/deployment.ts';
import { file, probe, SCANNER, scan, TARGET } from './fixture/flow-logs.ts';

let embedded: Database;
let deployment: Deployment;
const HOUR = 3600;
/** Six hours into a day: the quiet sources of days are looked through. */
const SIX = Date.UTC(2026, 10, 21, 6) / 1000;
beforeAll(async () => {
  embedded = await startMemory();
});
afterAll(() => embedded.stop());
beforeEach(async () => {
  deployment = await newDeployment(embedded);
});

const suppress = (source: string, target?: string, limits: object = {}) =>
  deployment.suppressions.add({
    ...limits,
    id: 'approved',
    source,
    ...(target && { target }),
    owner: 'soc',
    reason: 'approved scanner',
    expires: new Date((SIX + 7 * 24 * HOUR) * 1000).toISOString(),
  });
const scanned = async (of: Parameters<typeof scan>[1]) => {
  await deployment.ingest(JSON.stringify(of), file(scan('rejected', of)), of.end + 60);
  return (await deployment.deliverAll(of.end + 60)).map(({ outcome }) => outcome);
};

describe('a suppressed address', () => {
  test('silences nobody beside it, however near', async () => {
    await suppress(`${SCANNER}/32`);
    expect(await scanned({ from: '10.0.7.104', count: 20, end: SIX })).toEqual(['published']);
  });

  test('that is suppressed for some targets raises an alert when it scans others', async () => {
    await suppress(`${SCANNER}/32`, '10.0.12.0/24');
    expect(await scanned({ to: TARGET, count: 20, end: SIX })).toEqual(['suppressed']);
    expect(await scanned({ to: '10.0.99.9', count: 20, end: SIX + 2 * HOUR })).toContain('published');
  });

  test('hides a host that sends under it, where the network lets such packets through: a known limit', async () => {
    await suppress(`${SCANNER}/32`);
    // As the interface of the target sees it. No record shows who sent it.
    expect(await scanned({ from: SCANNER, count: 20, end: SIX })).toEqual(['suppressed']);
    expect(await deployment.stored()).toMatchObject([{ finding: { suppressedBy: 'approved', status: 'open' } }]);
  });

  test('alerts once when its scanner turns to another network, and then counts that as usual', async () => {
    await suppress(`${SCANNER}/32`, undefined, { alertsOnChange: true });
    await scanned({ to: TARGET, count: 20, end: SIX });
    await scanned({ to: TARGET, count: 20, end: SIX + 24 * HOUR });
    expect(deployment.published).toEqual([]);
    await scanned({ to: '10.0.99.9', count: 20, end: SIX + 48 * HOUR });
    expect(deployment.told()).toMatchObject([{ event: 'opened' }]);
    const { reasons } = JSON.parse(deployment.published[0]!.bodies.default!) as { reasons: object[] };
    expect(reasons.at(-1)).toMatchObject({
      test: 'suppressed-source-changed',
      text: expect.stringContaining('targets that it had not tried in the 35 days before: 10.0.99.0/24'),
    });
    await scanned({ to: '10.0.99.9', count: 20, end: SIX + 72 * HOUR });
    expect(deployment.told().map(({ event }) => event)).toEqual(['opened', 'closed']);
    expect((await deployment.stored()).filter(({ finding }) => finding.suppressedBy)).toHaveLength(3);
  });

  test('may change if the rule does not ask, as those of earlier releases do not', async () => {
    await suppress(`${SCANNER}/32`);
    await scanned({ to: TARGET, count: 20, end: SIX });
    await scanned({ to: '10.0.99.9', count: 20, end: SIX + 24 * HOUR });
    expect(deployment.published).toEqual([]);
  });

  test('that may scan at a time of the week is silent then, however late the file comes, and not at another time', async () => {
    // 21 November 2026 is a Saturday, and Berlin is an hour ahead of UTC.
    const limits = { weekly: 'Sat 06:00-07:01', timeZone: 'Europe/Berlin' };
    await suppress(`${SCANNER}/32`, undefined, limits);
    await deployment.ingest('late', file(scan('rejected', { count: 20, end: SIX })), SIX + 60);
    expect((await deployment.deliverAll(SIX + 40 * HOUR)).map(({ outcome }) => outcome)).toEqual(['suppressed']);
    expect(await scanned({ to: '10.0.99.9', count: 20, end: SIX + 2 * HOUR })).toContain('published');
  });

  test('raises alerts again when the rule has expired', async () => {
    await suppress(`${SCANNER}/32`);
    expect(await scanned({ count: 20, end: SIX + 8 * 24 * HOUR })).toEqual(['published']);
  });
});

describe('a slow scanner from outside', () => {
  /** Some addresses in the same bucket, which whoever knows the program can tell. */
  const bucketOf = (address: string) => packedOutsidePartition(0, { scope: 'internet', address });
  const slow = '198.51.100.7';
  const inItsBucket = Array.from({ length: 2000 }, (_, n) => `203.0.${n >> 8}.${n & 255}`).filter(
    (address) => bucketOf(address) === bucketOf(slow),
  );
  /** Seven contacts in each of so many hours: too quiet for an item of its own. */
  const quietly = (from: string, ports: number) =>
    Array.from({ length: ports }, (_, n) =>
      probe({ from, port: 1000 + n, end: SIX - Math.floor(n / 6) * HOUR - 30 * 60 + (n % 6) * 60 }, 'REJECT'),
    );
  const settledWith = async (strangers: number) => {
    const lines = [...inItsBucket.slice(0, strangers).flatMap((from) => quietly(from, 36)), ...quietly(slow, 30)];
    const byHour = Map.groupBy(lines, (text) => Math.floor(Number(text.split(' ')[11]) / HOUR));
    for (const [hour, group] of byHour) await deployment.ingest(`h${hour}`, file(group), (hour + 1) * HOUR);
    const now = SIX + HOUR + 20 * 60;
    await deployment.ingest('later', file([probe({ from: '10.0.1.1', port: 443, end: now })]), now);
    const { dropped, failures } = await deployment.settle(now);
    expect(failures).toEqual([]);
    const found = (await deployment.stored()).map(({ finding }) => finding.source?.address);
    return { dropped, isFound: found.includes(slow) };
  };

  test('is found among nineteen busier ones in its bucket', async () => {
    expect(await settledWith(19)).toEqual({ dropped: 0, isFound: true });
  });

  test('is dropped and counted behind twenty busier ones: a known limit', async () => {
    expect(await settledWith(20)).toEqual({ dropped: 1, isFound: false });
  });
});
