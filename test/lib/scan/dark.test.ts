/** What the inventory of addresses changes in findings: the context of contacts with addresses that nobody had. */
import { describe, expect, test } from '@jest/globals';
import type { Inventory } from '../../../lib/evidence/inventory.ts';
import { HOUR, holding, inventoryOf, snapshotText, subnetOf, times } from '../evidence/snapshots.ts';
import { findingsIn, horizontal, NOON, probe, type Row, row, SCANNER } from './traffic.ts';

const retried = { packets: '4', bytes: '240', 'vpc-id': 'vpc-1' };
const inVpc = { 'vpc-id': 'vpc-1' };
/** A record long after the others, so that the log shows how they went on. */
const later = row({ srcaddr: '10.0.0.99', dstaddr: '10.0.0.98', start: NOON + 900, end: NOON + 900 });

const SUBNETS = ['10.0.3.0/24', '10.0.8.0/23'].map((block) => subnetOf(block));
/** Hourly snapshots of a network that has the scanner and these addresses. */
const network = (...addresses: readonly string[]): Inventory =>
  inventoryOf(
    times(NOON - 150 * HOUR, NOON + 3 * HOUR, HOUR).map((at) =>
      snapshotText(at, [holding([SCANNER]), ...addresses.map((address) => holding([address]))], SUBNETS),
    ),
  );

/** Every other host of a /24 in no order. */
const hosts = Array.from({ length: 40 }, (_, n) => `10.0.9.${10 + 2 * ((n * 37) % 101)}`);
const tries = (also: Row, changes: { readonly every?: number; readonly at?: number } = {}): Row[] => {
  const { every = 0.2, at = NOON } = changes;
  const silent = { port: 22, fate: 'unanswered', also } as const;
  return hosts.flatMap((to, n) => probe({ ...silent, to, at: at + Math.floor(n * every), sourcePort: 41_000 + n }));
};
const judged = async (rows: readonly Row[], inventory?: Inventory) =>
  (await findingsIn([...rows, later], inventory && { inventory })).map(({ severity, reasons }) => ({
    severity,
    text: reasons.find(({ test }) => test === 'contexts' || test === 'as-clients-do')!.text,
  }));

describe('contacts that are retried as clients do', () => {
  test('are of medium severity at addresses that nobody had, and the finding says so', async () => {
    expect(await judged(tries(retried))).toMatchObject([{ severity: 'low' }]);
    const [finding, ...others] = await judged(tries(retried), network());
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'medium' });
    expect(finding!.text).toContain('40 were tried three times or more at addresses that no interface has held');
  });

  test('are of low severity at hosts that exist', async () => {
    expect(await judged(tries(retried), network(...hosts))).toMatchObject([{ severity: 'low' }]);
  });

  test('are of low severity at pods and tasks that went away on the day before', async () => {
    const gone = inventoryOf(
      times(NOON - 150 * HOUR, NOON + 3 * HOUR, HOUR).map((at) =>
        snapshotText(
          at,
          [holding([SCANNER]), ...(at < NOON - 24 * HOUR ? hosts.map((host) => holding([host])) : [])],
          SUBNETS,
        ),
      ),
    );
    expect(await judged(tries(retried), gone)).toMatchObject([{ severity: 'low' }]);
  });

  test('over two days are a finding of medium severity, and without the inventory too doubtful to report', async () => {
    const slow = tries(retried, { every: 2 * HOUR * 0.6, at: NOON - 48 * HOUR });
    expect(await judged(slow)).toEqual([]);
    expect(await judged(slow, network())).toMatchObject([{ severity: 'medium' }]);
  });

  test('are of low severity where few of them are dark', async () => {
    expect(await judged(tries(retried), network(...hosts.slice(5)))).toMatchObject([{ severity: 'low' }]);
  });
});

describe('contacts that are tried once', () => {
  test('are a scan in any case, and with the inventory the finding says where they went', async () => {
    expect(await judged(tries(inVpc))).toMatchObject([{ severity: 'high' }]);
    const [finding] = await judged(tries(inVpc), network());
    expect(finding).toMatchObject({ severity: 'high' });
    expect(finding!.text).toContain('40 went to addresses that no interface has held for three days');
  });

  test('are no scan below the threshold', async () => {
    expect(await judged(tries(inVpc).slice(0, 7), network())).toEqual([]);
  });
});

describe('the log shows a host', () => {
  const textsWith = async (rows: readonly Row[]) => (await judged([...tries(retried), ...rows], network()))[0]!.text;

  test('that answered the source, so its address was not dark', async () => {
    const answer = probe({ to: hosts[0]!, port: 443, at: NOON + 1, fate: 'established', also: inVpc });
    const reset = probe({ to: hosts[1]!, port: 443, at: NOON + 1, fate: 'reset', also: inVpc });
    expect(await textsWith([...answer, ...reset])).toContain('38 were tried three times or more at addresses');
  });

  test('by records of its interface, which came and went between two snapshots', async () => {
    const own = { from: hosts[0]!, to: '10.0.9.254', port: 443, at: NOON + 1, also: inVpc } as const;
    expect(await textsWith(probe({ ...own, fate: 'unanswered' }))).toContain(
      '39 were tried three times or more at addresses',
    );
  });
});

test('an outage of servers that answered on the day before stays an outage', async () => {
  const exchange = { packets: '14', bytes: '5200', 'vpc-id': 'vpc-1' };
  const before = hosts.flatMap((to) =>
    probe({ to, port: 22, at: NOON - 24 * HOUR, fate: 'established', also: exchange }),
  );
  expect(await judged([...before, ...tries(inVpc)], network())).toMatchObject([{ severity: 'low' }]);
});

test('a source in another VPC is judged as without the inventory', async () => {
  const elsewhere = { ...retried, 'vpc-id': 'vpc-9' };
  expect(await judged(tries(elsewhere), network())).toEqual(await judged(tries(elsewhere)));
});

test('a sweep of hosts that exist is the same finding as without the inventory', async () => {
  const sweep = [...horizontal(60, { every: 0.2, also: inVpc }), later];
  expect(await findingsIn(sweep, { inventory: network() })).toEqual(await findingsIn(sweep));
});
