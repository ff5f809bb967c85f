/** What judgements read, and what they leave unread: nothing twice in one run, and nothing that cannot matter. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Finding } from '../../../lib/finding/model.ts';
import { type Database, startMemory } from '../store/fixture/tables.ts';
import { HOUR, MINUTE, NOON, talking, users } from './fixture/crowds.ts';
import { type Deployment, newDeployment } from './fixture/deployment.ts';
import { answer, file, line, probe, SCANNER, scan } from './fixture/flow-logs.ts';
import { watched } from './fixture/queried.ts';

let embedded: Database;
let deployment: Deployment;
beforeAll(async () => {
  embedded = await startMemory();
});
afterAll(() => embedded.stop());
beforeEach(async () => {
  deployment = await newDeployment(embedded);
});

const findings = async (): Promise<Finding[]> => (await deployment.stored()).map(({ finding }) => finding);
const of = (queried: readonly string[], kind: string) => queried.filter((pk) => pk.startsWith(`${kind}#`));
/** A conversation of an inside source that goes well, both halves of it. */
const well = (port: number, end: number) => talking([probe({ port, end }), answer({ port, end })]);

describe('an inside source that fails now and then', () => {
  test('is settled without a look at what it shares items with', async () => {
    await deployment.ingest('a', file([...well(443, NOON), probe({ port: 9, end: NOON })]), NOON + MINUTE);
    await deployment.ingest('b', file(well(443, NOON + 300)), NOON + 360);
    const { process, queried } = watched(embedded, deployment);
    expect(await process.settle(NOON + 2 * HOUR)).toMatchObject({ judged: 1, opened: 0, failures: [] });
    expect(of(queried, 'source').length).toBeGreaterThan(0);
    expect(of(queried, 'calm')).toEqual([]);
  });

  /** Probes of five hosts on one port, so many seconds apart, that nothing came back for in this file. */
  const fiveProbes = (apart: number) =>
    Array.from({ length: 5 }, (_, n) => probe({ to: `10.0.12.${n}`, port: 9, end: NOON + n * apart }));
  const fiveOutside = Array.from({ length: 5 }, (_, n) =>
    line({
      from: SCANNER,
      to: `198.51.100.${n}`,
      fromPort: 50_000,
      toPort: 9,
      flags: 2,
      end: NOON + n,
      direction: 'egress',
    }),
  );

  test.each([
    ['took its time for many hosts on one port', fiveProbes(1000)],
    ['asked for many hosts outside', fiveOutside],
  ])('is settled so too where it %s', async (_, probes) => {
    await deployment.ingest('a', file([...well(443, NOON), ...probes]), NOON + MINUTE);
    await deployment.ingest('b', file(well(443, NOON + 300)), NOON + 360);
    const { process, queried } = watched(embedded, deployment);
    expect(await process.settle(NOON + 4 * HOUR)).toMatchObject({ judged: 1, opened: 0, failures: [] });
    expect(of(queried, 'calm')).toEqual([]);
  });

  test('is judged by all of it where it asked half as many hosts as make a sweep: answers may lie in another file', async () => {
    await deployment.ingest('a', file([...well(443, NOON), ...fiveProbes(1)]), NOON + MINUTE);
    const { process, queried } = watched(embedded, deployment);
    await process.settle(NOON + 2 * HOUR);
    expect(of(queried, 'calm').length).toBeGreaterThan(0);
  });

  test('is judged by all of it where it sent bare probes enough for a scan: their resets may lie in another file', async () => {
    const FIN = 1;
    const RST = 4;
    const scanOf = (n: number) => ({
      from: SCANNER,
      to: '10.0.12.30',
      fromPort: 40_000 + 7 * n,
      toPort: 1 + n,
      end: NOON + n,
    });
    const probes = Array.from({ length: 20 }, (_, n) => line({ ...scanOf(n), flags: FIN, direction: 'egress' }));
    const resets = Array.from({ length: 20 }, (_, n) => {
      const { from, to, fromPort, toPort, end } = scanOf(n);
      return line({ from: to, to: from, fromPort: toPort, toPort: fromPort, flags: RST, end, direction: 'egress' });
    });
    await deployment.ingest('a', file(probes), NOON + MINUTE);
    await deployment.ingest('b', file(resets), NOON + MINUTE);
    await deployment.settle(NOON + 2 * HOUR);
    expect(await findings()).toMatchObject([{ kind: 'vertical-scan', contacts: { reset: 20 } }]);
  });

  test('is judged by all that went well too once it fails often enough', async () => {
    const fails = scan('rejected', { count: 12, end: NOON });
    const successes = Array.from({ length: 12 }, (_, n) => well(500 + n, NOON + n)).flat();
    await deployment.ingest('a', file(successes), NOON + MINUTE);
    const { process, queried } = watched(embedded, deployment);
    expect(await process.ingest('b', file(fails), NOON + MINUTE)).toMatchObject({ opened: 0 });
    expect(of(queried, 'calm').length).toBeGreaterThan(0);
    expect(await findings()).toEqual([]);
  });
});

describe('a source with an open finding', () => {
  const first = file(scan('rejected', { count: 20, end: NOON }));
  const more = (n: number, parts: { to?: string; from?: string; end?: number } = {}) =>
    file(scan('rejected', { count: 20, first: 100 * n, end: NOON + n, ...parts }));
  const open = async () => {
    const one = watched(embedded, deployment);
    await one.process.ingest('a', first, NOON + MINUTE);
    expect(await findings()).toMatchObject([{ status: 'open', contacts: { failed: 20 } }]);
    one.queried.length = 0;
    return one;
  };

  test('is not read again for further files of the same minute, and settle sees what they add', async () => {
    const { process, queried } = await open();
    for (const n of [1, 2, 3])
      expect(await process.ingest(`f${n}`, more(n), NOON + MINUTE)).toMatchObject({ opened: 0, updated: 0 });
    // Its findings are queried, its windows are not.
    expect(of(queried, 'source')).toHaveLength(3);
    expect(of(queried, 'calm')).toEqual([]);
    await deployment.settle(NOON + 2 * MINUTE);
    expect(await findings()).toMatchObject([{ status: 'open', contacts: { failed: 80 } }]);
  });

  test('is not read again by another process either', async () => {
    await open();
    const other = watched(embedded, deployment);
    await other.process.ingest('b', more(1), NOON + MINUTE);
    expect(of(other.queried, 'calm')).toEqual([]);
  });

  test('is read again a minute later', async () => {
    const { process } = await open();
    await process.ingest('b', more(1, { end: NOON + 90 }), NOON + 2 * MINUTE);
    expect(await findings()).toMatchObject([{ contacts: { failed: 40 } }]);
  });

  test('is read at once for a scan in another direction: an opening never waits', async () => {
    const { process } = await open();
    const outbound = Array.from({ length: 20 }, (_, n) =>
      line({
        from: SCANNER,
        to: '198.51.100.9',
        fromPort: 50_000,
        toPort: 700 + n,
        flags: 2,
        end: NOON + n,
        action: 'REJECT',
        direction: 'egress',
      }),
    );
    expect(await process.ingest('b', file(outbound), NOON + MINUTE)).toMatchObject({ opened: 1 });
  });

  test('makes no other source wait', async () => {
    const { process } = await open();
    expect(await process.ingest('b', more(1, { from: '10.0.7.9' }), NOON + MINUTE)).toMatchObject({ opened: 1 });
  });

  test('is read at once for what came before', async () => {
    const { process } = await open();
    await process.ingest('b', more(1, { end: NOON - 20 * MINUTE }), NOON + MINUTE);
    expect((await findings()).filter(({ status }) => status === 'open')).toMatchObject([{ contacts: { failed: 40 } }]);
  });

  test('that another closed is read again', async () => {
    const { process } = await open();
    const [stored] = await deployment.stored();
    await deployment.findings.close(stored!, { closedBecause: 'merged', mergedInto: 'x' }, stored!, NOON);
    await process.ingest('b', more(1), NOON + MINUTE);
    expect((await findings()).some(({ status, contacts }) => status === 'open' && contacts.failed === 40)).toBe(true);
  });
});

describe('who else uses a service', () => {
  /** Two scanners that each find a port open that others do not use. */
  const finders = ['198.51.100.7', '198.51.100.8'].flatMap((from) => [
    ...scan('rejected', { from, to: '10.0.12.50', count: 20, first: 2000, end: NOON }),
    probe({ from, to: '10.0.12.50', port: 8443, end: NOON + 30 }),
    answer({ from, to: '10.0.12.50', port: 8443, end: NOON + 30 }),
  ]);

  test('is read once for all findings of a file', async () => {
    const { process, queried } = watched(embedded, deployment);
    expect(await process.ingest('a', file(finders), NOON + MINUTE)).toMatchObject({ opened: 2 });
    expect(of(queried, 'loud')).toHaveLength(3 * 16);
  });

  test('is read once for all that a run of settle judges', async () => {
    await deployment.ingest('a', file(finders), NOON + MINUTE);
    const { process, queried } = watched(embedded, deployment);
    expect(await process.settle(NOON + 3 * HOUR)).toMatchObject({ failures: [] });
    expect(new Set(of(queried, 'loud')).size).toBe(of(queried, 'loud').length);
  });

  test('is not forgotten over it', async () => {
    await deployment.ingest('a', file([...finders, ...users(40, NOON + 60)]), NOON + 2 * MINUTE);
    expect(await findings()).toMatchObject([{ severity: 'low' }, { severity: 'low' }]);
  });
});

describe('quiet sources of days', () => {
  test('are read for all at once, whatever their number', async () => {
    const slow = Array.from({ length: 3 }, (_, n) => `198.51.100.${n + 10}`);
    for (let hour = 0; hour < 14; hour++)
      await deployment.ingest(
        `h${hour}`,
        file(
          slow.flatMap((from, n) =>
            [0, 1].map((part) =>
              probe(
                { from, to: `10.0.12.${hour * 2 + part}`, port: 22, end: NOON + hour * HOUR + n + part * 900 },
                'REJECT',
              ),
            ),
          ),
        ),
        NOON + hour * HOUR + 1000,
      );
    const { process, queried } = watched(embedded, deployment);
    const now = NOON + 19 * HOUR + 16 * MINUTE;
    expect(await process.settle(now)).toMatchObject({ failures: [], opened: 3 });
    const noon = of(queried, 'noise').filter((pk) => pk.startsWith('noise#2026-11-21T12#'));
    // Once for the hour, which nobody has looked at before, and once for the days.
    expect(noon.length).toBeLessThanOrEqual(2 * 16 + slow.length);
    expect((await findings()).map(({ horizon }) => horizon)).toEqual(['24h', '24h', '24h']);
  });
});
