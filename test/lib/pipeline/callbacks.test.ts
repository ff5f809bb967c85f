/** Callbacks through the tables: the findings of one pass, in any order of arrival. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Database, startMemory } from '../store/fixture/tables.ts';
import {
  byId,
  deployForCampaigns,
  findingsOf,
  HOUR,
  MINUTE,
  mixed,
  NOON,
  onePass,
  quiet,
  settleHourly,
  standingOf,
  talking,
} from './fixture/crowds.ts';
import type { Deployment } from './fixture/deployment.ts';
import { answer, file, line, probe, scan } from './fixture/flow-logs.ts';
import { watched } from './fixture/queried.ts';

let embedded: Database;
let deployment: Deployment;
beforeAll(async () => {
  embedded = await startMemory();
});
afterAll(() => embedded.stop());
beforeEach(async () => {
  deployment = await deployForCampaigns(embedded);
});

const SERVER = '10.0.7.25';
const clients = Array.from({ length: 40 }, (_, n) => ({ address: `10.0.8.${n}`, at: NOON + 600 + n * 4 }));
const calls = clients.map(({ address: from, at }) => {
  const contact = { from, to: SERVER, port: 25, end: at };
  return talking([probe(contact), answer(contact)]);
});
/** Each is reset, as the server's interface logs it. */
const callbacks = clients.flatMap(({ address, at }) => [
  line({ from: SERVER, to: address, fromPort: 50_000, toPort: 113, flags: 2, end: at + 2, direction: 'egress' }),
  line({ from: address, to: SERVER, fromPort: 113, toPort: 50_000, flags: 20, end: at + 2 }),
]);

describe('callbacks to hosts that had contacted the source', () => {
  const halves = [0, 1].map((part) => mixed([...calls.flat(), ...callbacks]).filter((_, at) => at % 2 === part));

  test.each([
    ['in one file', [[...calls.flat(), ...callbacks]]],
    ['after the contacts', [calls.flat(), callbacks]],
    ['before the contacts', [callbacks, calls.flat()]],
    ['in files that each have one half', halves],
  ])('are low if they arrive %s', async (_, files) => {
    const now = NOON + HOUR;
    for (const [at, lines] of files.entries()) await deployment.ingest(`part-${at}`, file(lines), now);
    await settleHourly(deployment, 0, 2);
    const standing = await standingOf(deployment);
    expect(standing).toMatchObject([{ severity: 'low', source: { address: SERVER }, targets: { count: 40 } }]);
    expect(byId(standing)).toEqual(byId(await onePass(deployment, files.flat(), NOON + 3 * HOUR + 20 * MINUTE)));
  });

  test('are never announced as high if the contacts are in the same file', async () => {
    const lines = [...calls.flat(), ...callbacks, ...quiet(NOON + 900)];
    expect(await deployment.ingest('all', file(lines), NOON + 900)).toMatchObject({ opened: 1 });
    expect(await findingsOf(deployment)).toMatchObject([{ severity: 'low' }]);
  });

  test('stay high if only a third of the hosts had contacted it', async () => {
    await deployment.ingest('all', file([...calls.slice(0, 13).flat(), ...callbacks]), NOON + HOUR);
    await settleHourly(deployment, 0, 2);
    expect(await standingOf(deployment)).toMatchObject([{ severity: 'high', source: { address: SERVER } }]);
  });
});

describe("a router's ICMP errors about what hosts send through it", () => {
  const ROUTER = '10.0.7.1';
  const uploads = clients.map(({ address: from, at }) => {
    const contact = { from, to: '192.168.40.9', port: 445, end: at };
    return talking([probe(contact), answer(contact)]);
  });
  const errors = clients.map(({ address: to, at }) =>
    line({ from: ROUTER, to, fromPort: 0, toPort: 0, flags: 0, end: at + 2, direction: 'egress' }).replace(
      ' 6 1 40 ',
      ' 1 1 576 ',
    ),
  );

  test.each([
    ['in one file', [[...uploads.flat(), ...errors]]],
    ['after the packets', [uploads.flat(), errors]],
    ['before the packets', [errors, uploads.flat()]],
  ])('are low if they arrive %s', async (_, files) => {
    for (const [at, lines] of files.entries()) await deployment.ingest(`part-${at}`, file(lines), NOON + HOUR);
    await settleHourly(deployment, 0, 2);
    const standing = await standingOf(deployment);
    expect(standing).toMatchObject([{ severity: 'low', source: { address: ROUTER }, targets: { count: 40 } }]);
    expect(byId(standing)).toEqual(byId(await onePass(deployment, files.flat(), NOON + 3 * HOUR + 20 * MINUTE)));
  });

  test('are a sweep by ping if only a third of the hosts had sent packets', async () => {
    await deployment.ingest('all', file([...uploads.slice(0, 13).flat(), ...errors]), NOON + HOUR);
    await settleHourly(deployment, 0, 2);
    expect(await standingOf(deployment)).toMatchObject([{ severity: 'high', source: { address: ROUTER } }]);
  });
});

describe('what a finding costs', () => {
  /** The targets of which a file with a scan makes ingest read anything, with what it opened. */
  async function targetsRead(lines: readonly string[]): Promise<ReadonlySet<string>> {
    const { process, queried } = watched(embedded, deployment);
    expect(await process.ingest('all', file(lines), NOON + HOUR)).toMatchObject({ opened: 1 });
    expect(queried.length).toBeGreaterThan(0);
    return new Set(queried.flatMap((pk) => /10\.0\.8\.\d+/.exec(pk) ?? []));
  }

  test('for more than two ports, nothing is read of its targets', async () => {
    const targets = await targetsRead(scan('reset', { from: SERVER, to: '10.0.8.1', count: 20, end: NOON }));
    expect([...targets]).toEqual([]);
  });

  test('if its targets never called, three of them are read', async () => {
    expect((await targetsRead(callbacks)).size).toBe(3);
  });

  test('if they did, the whole sample is', async () => {
    expect((await targetsRead([...calls.flat(), ...callbacks])).size).toBe(20);
  });
});
