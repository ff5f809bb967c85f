/** What a contact's context does to a finding: doubt lowers its severity, and enough contacts without doubt restore it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { CONTEXTS } from '../../../lib/scan/contexts.ts';
import { DEFAULT_FORMAT, findingsIn, horizontal, NOON, probe, type Row, row, SCANNER, vertical } from './traffic.ts';

const HOUR = 3600;
const retried = { packets: '4', bytes: '240' };
const exchange = { packets: '14', bytes: '5200' };
/** A record long after the others, so that the log shows how they went on. */
const later = row({ srcaddr: '10.0.0.99', dstaddr: '10.0.0.98', start: NOON + 900, end: NOON + 900 });
const severitiesIn = async (rows: readonly Row[]) =>
  (await findingsIn([...rows, later]))
    .filter(({ source }) => source?.address !== '10.0.0.99')
    .map(({ severity }) => severity);
const inARow = (count: number, also: Row = {}) => horizontal(count, { fate: 'unanswered', every: 0.2, also });
/** The same hosts in no order. */
const scattered = (rows: readonly Row[]) => {
  const moved = (address: unknown) =>
    String(address).replace(/^10\.0\.9\.(\d+)$/, (_, host) => `10.0.9.${(Number(host) * 101) % 251}`);
  return rows.map((each) => ({ ...each, srcaddr: moved(each.srcaddr), dstaddr: moved(each.dstaddr) }));
};
/** Each from a source port of its own, as a kernel chooses them. */
const byKernel = (rows: readonly Row[]) => rows.map((each, at) => ({ ...each, srcport: String(41_000 + 7 * at) }));
const dead = (count: number, also: Row = {}) => byKernel(scattered(inARow(count, also)));

describe('targets that never answered', () => {
  test('are a scan when each is tried once', async () => {
    expect(await severitiesIn(dead(40))).toEqual(['high']);
  });

  test('are of low severity when each is tried again, as clients do', async () => {
    const [finding] = await findingsIn([...dead(40, retried), later]);
    expect(finding).toMatchObject({ severity: 'low', contacts: { failed: 40 } });
    expect(finding!.reasons.find(({ test }) => test === 'as-clients-do')).toMatchObject({ value: 40, threshold: 40 });
  });

  test('are of low severity when each is tried from several source ports within seconds', async () => {
    const ports = [41_001, 43_102, 47_203, 52_304];
    const asked = ports.flatMap((sourcePort, at) =>
      horizontal(24, { port: 123, protocol: 17, fate: 'unanswered', every: 0, at: NOON + at * 3, sourcePort }),
    );
    expect(await severitiesIn(asked)).toEqual(['low']);
  });

  test('are a scan when enough of them are tried once, whatever clients on the same host do', async () => {
    const scan = horizontal(12, { fate: 'unanswered', network: '10.0.20', port: 22 });
    expect(await severitiesIn([...dead(40, retried), ...scan])).toEqual(['high']);
  });

  test('and pings are a scan, although every ping is repeated', async () => {
    expect(
      await severitiesIn(horizontal(40, { protocol: 1, port: 0, fate: 'unanswered', every: 0.2, also: retried })),
    ).toEqual(['high']);
  });
});

describe('what a log without flags shows as refused', () => {
  const HOSTS = Array.from({ length: 40 }, (_, n) => n);
  const refused = (bytes: number, [from, network, answer]: [string, string, number] = [SCANNER, '10.0.9.', 40]) =>
    HOSTS.flatMap((n) => {
      const [request, reply] = probe({
        ...{ from, to: `${network}${n}`, port: 1433, at: NOON + n * 2, sourcePort: 41_000 + 7 * n },
      });
      return [
        { ...request, bytes },
        { ...reply, bytes: answer },
      ];
    });
  const severities = async (rows: readonly Row[]) =>
    (await findingsIn(rows, { format: DEFAULT_FORMAT })).map(({ severity }) => severity);

  test('is a scan with SYNs of any size that a system sends', async () => {
    for (const bytes of [40, 44, 52, 60]) expect(await severities(refused(bytes))).toEqual(['high']);
  });

  test('is of low severity with the 41 bytes of a keep-alive, over IPv6 too', async () => {
    const [finding] = await findingsIn(refused(41), { format: DEFAULT_FORMAT });
    expect(finding).toMatchObject({ severity: 'low', contacts: { failed: 40 } });
    expect(finding!.reasons.find(({ test }) => test === 'as-clients-do')).toMatchObject({
      value: 40,
      text: expect.stringContaining('have the size of a keep-alive'),
    });
    expect(await severities(refused(61, ['fd00::ffff', 'fd00::', 60]))).toEqual(['low']);
  });

  test('is a scan with 41 bytes in a log with flags, which shows that they are SYNs', async () => {
    expect(await severitiesIn(refused(41))).toEqual(['high']);
  });
});

test('an outage of servers that had answered is of low severity', async () => {
  const before = scattered(horizontal(40, { fate: 'established', at: NOON - 3 * HOUR, every: 0.2, also: exchange }));
  expect(await severitiesIn([...before, ...dead(40)])).toEqual(['low']);
});

test('refused servers are of low severity where the source keeps talking to as many others on their port', async () => {
  const kept = Array.from({ length: 30 }, (_, minute) => minute).flatMap((minute) =>
    horizontal(20, {
      network: '10.0.8',
      port: 8080,
      fate: 'established',
      every: 0,
      at: NOON + minute * 60,
      also: exchange,
    }),
  );
  const refused = horizontal(20, { port: 8080, every: 20, at: NOON + 15 * 60 });
  expect(await severitiesIn([...kept, ...refused])).toEqual(['low']);
  expect(await severitiesIn(refused)).toEqual(['high']);
});

test('streams that need no answer are of low severity', async () => {
  const stream = { packets: '3000', bytes: '516000' };
  const media = vertical(60, { protocol: 17, firstPort: 20_000, fate: 'unanswered', every: 0.5, also: stream });
  expect(await severitiesIn(media)).toEqual(['low']);
});

test('datagrams that wake sleeping hosts are of low severity, and of another size or to another port a scan', async () => {
  const sent = (bytes: number, port = 9) =>
    horizontal(60, { port, protocol: 17, fate: 'unanswered', every: 0.2, also: { packets: '1', bytes } });
  expect(await severitiesIn(sent(130))).toEqual(['low']);
  expect(await severitiesIn(sent(129))).toEqual(['high']);
  expect(await severitiesIn(sent(130, 8))).toEqual(['high']);
});

/** The same record without FIN and RST. */
const withoutEnd = (each: Row): Row => ({ ...each, 'tcp-flags': Number(each['tcp-flags']) & ~5 });

describe('a scan that finds every third port open', () => {
  const answered = (also: Row = {}) => [
    ...vertical(200, { firstPort: 1, fate: 'rejected', every: 0.5 }),
    ...vertical(100, { firstPort: 1001, fate: 'established', every: 0.5, also }),
  ];

  test('is a scan, since a port that is found and left is worth half a success', async () => {
    expect(await severitiesIn(answered())).toEqual(['high']);
  });

  test('is a scan, since a conversation of seconds is worth half a success', async () => {
    expect(await severitiesIn(answered(exchange))).toEqual(['high']);
  });

  test('is not a scan where conversations go on', async () => {
    const open = answered(exchange).map((each) => (each.bytes === exchange.bytes ? withoutEnd(each) : each));
    expect(await severitiesIn(open)).toEqual([]);
  });
});

test('a sweep whose connections stay open is of medium severity', async () => {
  const open = (flags: Row) => horizontal(30, { fate: 'established', every: 0.2, also: flags });
  const pool = open({}).map((each) => (each['tcp-flags'] === 6 ? { ...each, 'tcp-flags': 2 } : each));
  expect(await severitiesIn(pool)).toEqual(['medium']);
  expect(await severitiesIn(open({}))).toEqual(['high']);
});

describe('several ways into a few hosts', () => {
  const tried = (port: number, also: Row = {}) =>
    horizontal(4, { port, at: NOON + (port % 200), every: 600, fate: 'unanswered', also });
  const other = row({ srcaddr: '10.0.0.99', dstaddr: '10.0.0.98', start: NOON + 3000, end: NOON + 3000 });
  const severities = async (rows: readonly Row[]) =>
    (await findingsIn([...rows, other])).map(({ severity }) => severity);

  test('are a scan', async () => {
    expect(await severities([...tried(22), ...tried(3389), ...tried(445)])).toEqual(['high']);
  });

  test('are of low severity when only a client with retries makes one of the ways', async () => {
    expect(await severities([...tried(22), ...tried(3389), ...tried(445, retried)])).toEqual(['low']);
  });
});

test('the page of detections explains every context', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/detections/README.md'), 'utf8');
  for (const [name, { failure, success, atMost }] of Object.entries(CONTEXTS))
    expect(page).toContain(`| ${name} | ${failure} | ${success} | ${atMost ?? '-'} |`);
});

test('a sweep of open ports is at most medium where the log does not show whether its connections were closed', async () => {
  const sweep = horizontal(40, { fate: 'established' });
  const withoutFlags = sweep.map(({ 'tcp-flags': _, ...others }) => others);
  expect(await severitiesIn(sweep)).toEqual(['high']);
  expect(await severitiesIn(withoutFlags)).toEqual(['medium']);
});
