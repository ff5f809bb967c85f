/** The generator of ordinary network life: its flows obey what clients were measured to do, and its records are those of AWS. */
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { SKIP_REASONS } from '../../lib/flowlog/skipped.ts';
import { Clock } from '../../verify/life/clock.ts';
import { detect, removeFolder, writeFiles } from '../../verify/life/detect.ts';
import { Dice } from '../../verify/life/dice.ts';
import { generate } from '../../verify/life/generate.ts';
import { poll } from '../../verify/life/habits.ts';
import { change, type Host, makeHost, type Nic, type Service, serve, TCP, UDP } from '../../verify/life/hosts.ts';
import { Ledger } from '../../verify/life/ledger.ts';
import { Net } from '../../verify/life/net.ts';
import { poissonInterval } from '../../verify/life/poisson.ts';
import { COLUMNS, HEADER, Recorder } from '../../verify/life/records.ts';
import { LINUX, OLDER_LINUX, type Stack, WINDOWS } from '../../verify/life/stacks.ts';
import { alarmsOf, tableOf } from '../../verify/life/tally.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const START = 1_767_225_600;
const HOUR = 3600;

type Row = Readonly<Record<string, string>>;

const rowOf = (line: string): Row =>
  Object.fromEntries(line.split(' ').map((value, index) => [COLUMNS[index]!, value]));

const nicOf = (index: number, address: string, type = '-'): Nic => ({
  index,
  id: `eni-${index}`,
  address,
  subnet: 'subnet-1',
  instance: `i-${index}`,
  type,
});

/** Two hosts and what their interfaces log. */
function bench(stack: Stack = LINUX, gateway?: Nic) {
  const clock = new Clock(START);
  const dice = new Dice('bench');
  const recorder = new Recorder(START, 'bench');
  const net = new Net(clock, dice, recorder, new Ledger());
  const client = makeHost({
    address: '10.0.0.1',
    nic: nicOf(0, '10.0.0.1'),
    dice: dice.of('client'),
    stack,
    ...(gateway && { gateway }),
  });
  const target = makeHost({ address: '10.0.0.2', nic: nicOf(1, '10.0.0.2'), dice: dice.of('target') });
  const rows = (seconds = HOUR): Row[] => {
    clock.run(START + seconds);
    return [0, 1, 2].flatMap((hour) => recorder.take(hour)).map(rowOf);
  };
  return { net, client, target, rows };
}

const sum = (rows: readonly Row[], column: string): number =>
  rows.reduce((total, row) => total + Number(row[column]), 0);

const call = (client: Host, target: Host, patience?: number) => ({
  actor: 'test',
  client,
  target,
  port: 443,
  ...(patience && { patience }),
});

describe('a connection attempt', () => {
  test.each([
    { stack: LINUX, patience: 4, syns: 4 },
    { stack: LINUX, patience: 10, syns: 7 },
    { stack: LINUX, patience: 30, syns: 9 },
    { stack: LINUX, patience: 600, syns: 11 },
    { stack: OLDER_LINUX, patience: 4, syns: 3 },
    { stack: OLDER_LINUX, patience: 10, syns: 4 },
    { stack: OLDER_LINUX, patience: 600, syns: 7 },
    { stack: WINDOWS, patience: 600, syns: 5 },
  ])(
    'of $stack.name that may take $patience s sends $syns SYNs to a host that is gone, all from one port',
    ({ stack, patience, syns }) => {
      const { net, client, target, rows } = bench(stack);
      target.isUp = false;
      net.tcp(call(client, target, patience));
      const sent = rows();
      expect(sum(sent, 'packets')).toBe(syns);
      expect(sum(sent, 'bytes')).toBe(syns * stack.synBytes);
      expect(new Set(sent.map((row) => row.srcport)).size).toBe(1);
      expect(new Set(sent.map((row) => `${row['interface-id']} ${row.action} ${row['tcp-flags']}`))).toEqual(
        new Set(['eni-0 ACCEPT 2']),
      );
    },
  );

  test('takes an even port, and an odd one where the program has bound its address', () => {
    const { net, client, target, rows } = bench();
    target.isUp = false;
    for (let n = 0; n < 50; n++) net.tcp({ ...call(client, target, 0.5), isBound: n >= 25 });
    const parities = rows().map((row) => Number(row.srcport) % 2);
    expect(parities.filter((parity) => parity === 1)).toHaveLength(25);
  });

  test('that is refused is one SYN and one RST, at both interfaces', () => {
    const { net, client, target, rows } = bench();
    serve(target, TCP, 443, 'closed');
    net.tcp(call(client, target));
    expect(
      rows()
        .map((row) => `${row['interface-id']} ${row['flow-direction']} ${row['tcp-flags']} ${row.packets}`)
        .sort(),
    ).toEqual(['eni-0 egress 2 1', 'eni-0 ingress 4 1', 'eni-1 egress 4 1', 'eni-1 ingress 2 1']);
  });

  test('that a security group blocks is REJECT at the target, and ACCEPT at its sender', () => {
    const { net, client, target, rows } = bench();
    net.tcp(call(client, target, 1));
    expect(rows().map((row) => `${row['interface-id']} ${row.action} ${row['tcp-flags']}`)).toEqual([
      'eni-1 REJECT 2',
      'eni-0 ACCEPT 2',
    ]);
  });

  test('that may not leave is REJECT at its sender alone', () => {
    const { net, client, target, rows } = bench();
    client.mayLeave = () => false;
    net.tcp(call(client, target, 1));
    expect(rows().map((row) => `${row['interface-id']} ${row.action}`)).toEqual(['eni-0 REJECT']);
  });

  test('that is answered during its retries ends in a connection', () => {
    const { net, client, target, rows } = bench();
    serve(target, TCP, 443);
    target.isUp = false;
    net.clock.at(START + 2.5, () => {
      target.isUp = true;
    });
    let outcome = '';
    net.tcp(call(client, target, 10), (how) => {
      outcome = how;
    });
    expect(
      rows()
        .map((row) => row['tcp-flags'])
        .sort(),
    ).toEqual(['19', '19', '3', '3']);
    expect(outcome).toBe('answered');
  });

  test('through a NAT gateway is logged four times on its way, with the port of the gateway outside', () => {
    const { net, client, rows } = bench(LINUX, nicOf(2, '10.0.9.9', 'nat_gateway'));
    const site = makeHost({ address: '93.184.216.34', isOutside: true, dice: new Dice('site') });
    serve(site, TCP, 443);
    net.tcp(call(client, site));
    const all = rows();
    expect(all.filter((row) => row['interface-type'] === 'nat_gateway')).toHaveLength(4);
    expect(all).toContainEqual(
      expect.objectContaining({
        srcaddr: '10.0.0.1',
        dstaddr: '10.0.9.9',
        'pkt-dstaddr': '93.184.216.34',
        'tcp-flags': '3',
      }),
    );
    const outer = all.filter((row) => row['pkt-srcaddr'] === '10.0.9.9').map((row) => row.srcport);
    const back = all.filter((row) => row['pkt-dstaddr'] === '10.0.9.9').map((row) => row.dstport);
    expect(outer).toEqual(back);
    expect(outer).not.toEqual([all.find((row) => row['interface-id'] === 'eni-0')!.srcport]);
  });
});

test('a datagram to a closed port is repeated, and answered by ICMP', () => {
  const { net, client, target, rows } = bench();
  serve(target, UDP, 161, 'closed');
  net.udp({ actor: 'test', client, target, port: 161, bytes: 71, reply: 90, repeats: [1, 2, 3, 4, 5] });
  const own = rows().filter((row) => row['interface-id'] === 'eni-0');
  expect(
    sum(
      own.filter((row) => row.protocol === '17'),
      'packets',
    ),
  ).toBe(6);
  expect(own.filter((row) => row.protocol === '1')).toMatchObject([
    { 'flow-direction': 'ingress', srcport: '0', packets: '6' },
  ]);
});

test.each<[Service, number]>([
  ['open', 3],
  ['closed', 240],
])('a poller of a service that is %s is logged %p times in an hour', (state, times) => {
  const { net, client, target, rows } = bench();
  serve(target, TCP, 443, state);
  poll(net, { client, target, every: 15, phase: 0, ask: (done) => net.tcp(call(client, target, 10), done) });
  const own = rows().filter((row) => row['interface-id'] === 'eni-0' && row['flow-direction'] === 'egress');
  expect(own).toHaveLength(times);
});

test('a poller notices at its next turn that a target has gone', () => {
  const { net, client, target, rows } = bench();
  serve(target, TCP, 443);
  poll(net, { client, target, every: 15, phase: 0, ask: (done) => net.tcp(call(client, target, 10), done) });
  net.clock.at(START + 601, () =>
    change(target, () => {
      target.isUp = false;
    }),
  );
  // From 615 s on a poll each 15 s, of seven SYNs each.
  expect(
    sum(
      rows(900).filter((row) => row['tcp-flags'] === '2'),
      'packets',
    ),
  ).toBe(19 * 7);
});

test('actions happen in order of time, and in order of planning at the same time', () => {
  const clock = new Clock(0);
  const done: string[] = [];
  for (const [time, name] of [
    [3, 'c'],
    [1, 'a'],
    [3, 'd'],
    [2, 'b'],
  ] as const)
    clock.at(time, () => done.push(name));
  clock.run(3);
  expect(done).toEqual(['a', 'b']);
  clock.run(10);
  expect(done).toEqual(['a', 'b', 'c', 'd']);
});

test.each([
  [0, 0, 3.689],
  [1, 0.0253, 5.572],
  [10, 4.795, 18.39],
  [100, 81.36, 121.6],
])('the exact interval of a count of %p is that of the tables', (count, low, high) => {
  const interval = poissonInterval(count);
  expect(interval.low).toBeCloseTo(low, low > 50 ? 1 : 2);
  expect(interval.high).toBeCloseTo(high, high > 50 ? 0 : 2);
});

test('some intervals arrive in the file of a later hour, and a few are lost as SKIPDATA', () => {
  const recorder = new Recorder(START, 'late');
  const hours = 2000;
  const nic = nicOf(0, '10.0.0.1');
  const packet = { source: '10.0.0.1', target: '10.0.0.2', packetSource: '10.0.0.1', packetTarget: '10.0.0.2' };
  const sizes = { sourcePort: 40_000, targetPort: 443, protocol: TCP, packets: 1, bytes: 60, flags: 2 };
  for (let minute = 0; minute < hours * 60; minute++)
    recorder.see({ nic, isIngress: false, isAccepted: true, time: START + minute * 60, ...packet, ...sizes });
  const files = Array.from({ length: hours + 2 }, (_, hour) => recorder.take(hour).map(rowOf));
  const late = files.flatMap((rows, hour) => rows.filter(({ end }) => Number(end) < START + hour * HOUR - 60));
  // Four of a thousand are late by up to 40 minutes, and a third of these cross an hour.
  expect(late.length / (hours * 60)).toBeGreaterThan(0.0008);
  expect(late.length / (hours * 60)).toBeLessThan(0.002);
  const lost = files.flat().filter((row) => row['log-status'] === 'SKIPDATA');
  expect(lost.length).toBeGreaterThan(0);
  expect(lost.length).toBeLessThan(10);
  expect(lost[0]).toMatchObject({ srcaddr: '-', bytes: '-', action: '-', 'interface-id': 'eni-0' });
});

describe('a composed network', () => {
  const life = () => generate({ seed: 'test', interfaces: 60, hours: 4 });
  let files: (readonly string[])[];
  let rows: Row[];

  beforeAll(() => {
    files = [...life().files];
    rows = files.flatMap((lines) => lines.slice(1)).map(rowOf);
  });

  test('is the same for the same seed, and another for another seed', () => {
    expect([...life().files]).toEqual(files);
    expect([...generate({ seed: 'other', interfaces: 60, hours: 4 }).files]).not.toEqual(files);
  });

  test('has the interfaces that were asked for, and at most twenty more for visitors', () => {
    expect(life().interfaces).toBeGreaterThan(50);
    expect(life().interfaces).toBeLessThanOrEqual(85);
  });

  test('is read without a skipped line', async () => {
    const { folder, records } = writeFiles(files);
    const { said } = await detect(folder);
    removeFolder(folder);
    for (const reason of Object.values(SKIP_REASONS)) expect(said).not.toContain(reason);
    const skipped = rows.filter((row) => row['log-status'] === 'SKIPDATA').length;
    expect(said).toContain(`${(records - skipped).toLocaleString('en')} records in ${files.length} files`);
  });

  test('begins each file with the columns of a deployment', () => {
    expect(new Set(files.map(([header]) => header))).toEqual(new Set([HEADER]));
  });

  test('shares start and end among the records of an interval, which never overlap', () => {
    const ends = new Map<string, string>();
    let unequal = 0;
    for (const row of rows) {
      const key = `${row['interface-id']} ${row.start}`;
      if ((ends.get(key) ?? row.end) !== row.end) unequal++;
      ends.set(key, row.end!);
    }
    expect(unequal).toBe(0);
    const starts = Map.groupBy(
      [...ends.keys()].map((key) => key.split(' ')),
      ([nic]) => nic,
    );
    for (const of of starts.values()) {
      const sorted = of.map(([, start]) => Number(start)).sort((a, b) => a - b);
      expect(sorted.every((start, index) => index === 0 || start - sorted[index - 1]! >= 60)).toBe(true);
    }
    const longest = [...ends].map(([key, end]) => Number(end) - Number(key.split(' ')[1]));
    expect(new Set(longest)).toEqual(new Set([58]));
  });

  test('logs an inside flow at both of its interfaces', () => {
    const flowOf = (row: Row) => [row['pkt-srcaddr'], row.srcport, row['pkt-dstaddr'], row.dstport].join(' ');
    const hosts = rows.filter((row) => row['interface-type'] === '-');
    const addresses = new Set(hosts.flatMap((row) => (row['flow-direction'] === 'egress' ? [row['pkt-srcaddr']] : [])));
    const open = hosts.filter((row) => row.protocol === '6' && row['tcp-flags'] === '19');
    const inside = open.filter((row) => addresses.has(row['pkt-srcaddr']) && addresses.has(row['pkt-dstaddr']));
    expect(inside.length).toBeGreaterThan(100);
    const seen = [...Map.groupBy(inside, flowOf).values()];
    const single = seen.filter((of) => new Set(of.map((row) => row['flow-direction'])).size === 1);
    // A lost interval leaves one side alone.
    expect(single.length).toBeLessThan(seen.length / 200);
  });
});

describe('the tally', () => {
  const finding = {
    kind: 'horizontal-scan',
    severity: 'high',
    direction: 'lateral',
    source: { address: '10.0.0.1' },
    targets: { count: 2, sample: ['10.0.0.2', '10.0.0.3'] },
    ports: { count: 1, sample: [9100] },
    contacts: { failed: 2 },
    firstSeen: '2026-01-01T00:00:00Z',
    lastSeen: '2026-01-01T00:01:00Z',
    reasons: [],
  };
  const ledger = new Ledger();
  for (let host = 10; host < 100; host++) ledger.note('10.0.0.1', `10.0.1.${host}`, 22, 'backup');
  ledger.note('10.0.0.1', '10.0.0.2', 9100, 'prometheus');
  ledger.note('10.0.0.1', '10.0.0.3', 9100, 'prometheus');

  test('counts a false alarm for the situation whose contacts it names', () => {
    expect(alarmsOf([finding], ledger)).toMatchObject([{ actor: 'prometheus', finding }]);
  });

  test('counts low severity apart, and states the rate with its interval', () => {
    const alarms = alarmsOf([finding, { ...finding, severity: 'low' }], ledger);
    const { rows } = tableOf(alarms, new Map([['prometheus', 3]]), 0.5);
    expect(rows).toEqual([
      ['prometheus', '3', '1', '2.0', '0.1 to 11.1', '1'],
      ['all', '3', '1', '2.0', '0.1 to 11.1', '1'],
    ]);
  });
});

test('refuses a situation that does not exist, and names those that do', () => {
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'verify/life/main.ts'), '--only', 'none'], {
    encoding: 'utf8',
  });
  expect(status).toBe(2);
  expect(stderr).toContain('--only takes one of web application, ecs service');
});
