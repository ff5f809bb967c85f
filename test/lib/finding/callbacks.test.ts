/** What becomes of a scan whose targets had contacted its source first: callbacks, and errors that look like pings. */
import { describe, expect, test } from '@jest/globals';
import { randomOf } from '../../../bench/random.ts';
import { SEEN_REJECT, SEEN_SYN, SEEN_SYN_ACK } from '../../../lib/evidence/seen.ts';
import { judgeCalls } from '../../../lib/finding/callbacks.ts';
import type { Finding } from '../../../lib/finding/model.ts';
import {
  DEFAULT_FORMAT,
  findingsIn,
  horizontal,
  NOON,
  type Probe,
  probe,
  type Row,
  row,
  vertical,
} from '../scan/traffic.ts';

const MINUTE = 60;
const HOUR = 3600;

describe('callbacks', () => {
  const SERVER = '10.0.0.25';
  const client = (n: number) => `10.0.1.${n}`;
  const range = (count: number) => Array.from({ length: count }, (_, n) => n);
  /** A client delivers mail, as the server's interface logs it. */
  const delivers = (n: number, also: Partial<Probe> = {}): Row[] =>
    probe({
      from: client(n),
      to: SERVER,
      port: 25,
      at: NOON + n * 4,
      seconds: 2,
      fate: 'established',
      seenBy: 'target',
      also: { packets: 9, bytes: 2600 },
      ...also,
    });
  /** The server asks for the user at the other end of the connection (RFC 1413), and the client resets. */
  const isAsked = (n: number, also: Partial<Probe> = {}): Row[] =>
    probe({ from: SERVER, to: client(n), port: 113, at: NOON + n * 4 + 1, ...also });
  const severitiesOf = async (rows: readonly Row[]) => {
    const found = (await findingsIn(rows)).filter(({ source }) => source?.address === SERVER);
    return found.map(({ severity }) => severity);
  };
  const reasonOf = ({ reasons }: Finding) => reasons.find(({ test: name }) => name === 'targets-called-first');

  test('of a server to its clients are low, with that reason', async () => {
    const [finding, ...others] = await findingsIn(range(60).flatMap((n) => [...delivers(n), ...isAsked(n)]));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ kind: 'horizontal-scan', severity: 'low', targets: { count: 60 } });
    expect(reasonOf(finding!)).toEqual({
      test: 'targets-called-first',
      value: 20,
      threshold: 18,
      text: `20 of 20 targets checked had contacted ${SERVER} shortly before it contacted them, so these may be callbacks: the severity is at most low`,
    });
  });

  test('are low to clients outside too', async () => {
    const outside = (n: number) => `203.0.113.${n}`;
    const rows = range(60).flatMap((n) => [
      ...delivers(n, { from: outside(n) }),
      ...isAsked(n, { to: outside(n), fate: 'rejected' }),
    ]);
    expect(await findingsIn(rows)).toMatchObject([{ direction: 'outbound', severity: 'low' }]);
  });

  test('are low for hours: each client counts at its own time', async () => {
    const at = (n: number) => NOON + n * 4 * MINUTE;
    const rows = range(150).flatMap((n) => [...delivers(n, { at: at(n) }), ...isAsked(n, { at: at(n) + 1 })]);
    expect(await severitiesOf(rows)).toEqual(['low']);
  });

  test('are low across a full hour, after which the record of the call may end', async () => {
    const rows = range(60).flatMap((n) => [
      ...delivers(n, { at: NOON - 61 + (n % 2), seconds: 90 }),
      ...isAsked(n, { at: NOON - 50 + Math.floor(n / 2) }),
    ]);
    expect(await severitiesOf(rows)).toEqual(['low']);
  });

  test('of a server that scans only its clients of the last minutes, on one port or two, look the same: a known limit', async () => {
    const rows = range(60).flatMap((n) => [
      ...delivers(n),
      ...isAsked(n, { port: 3389 }),
      ...isAsked(n, { port: 445 }),
    ]);
    expect(await severitiesOf(rows)).toEqual(['low']);
  });

  test('do not explain a sweep of hosts of which nobody had called', async () => {
    expect(await severitiesOf(range(60).flatMap((n) => isAsked(n)))).toEqual(['high']);
  });

  test.each([20, 48])('do not explain a sweep of sixty hosts of which %i had called', async (called) => {
    const rows = [...range(60).flatMap((n) => isAsked(n)), ...range(called).flatMap((n) => delivers(n))];
    expect(await severitiesOf(rows)).toEqual(['high']);
  });

  test('do not explain a sweep of clients whose contacts were not answered', async () => {
    const rows = range(60).flatMap((n) => [...delivers(n, { fate: 'rejected' }), ...isAsked(n)]);
    expect(await severitiesOf(rows)).toEqual(['high']);
  });

  test('do not explain a sweep whose targets connect to its source afterwards, as exploited ones do', async () => {
    const rows = range(60).flatMap((n) => [...isAsked(n), ...delivers(n, { at: NOON + n * 4 + 5 })]);
    expect(await severitiesOf(rows)).toEqual(['high']);
  });

  test('do not explain a sweep of hosts that had called an hour or some minutes before, as clients of any busy server', async () => {
    const calledBefore = (seconds: number) =>
      severitiesOf(range(60).flatMap((n) => [...delivers(n, { at: NOON + n * 4 - seconds }), ...isAsked(n)]));
    expect(await calledBefore(HOUR)).toEqual(['high']);
    expect(await calledBefore(7 * MINUTE)).toEqual(['high']);
    expect(await calledBefore(3 * MINUTE)).toEqual(['low']);
  });

  test('do not explain a sweep of hosts that had called the day before', async () => {
    const rows = range(60).flatMap((n) => [...delivers(n, { at: NOON - 20 * HOUR }), ...isAsked(n)]);
    expect(await severitiesOf(rows)).toEqual(['high']);
  });

  test('do not explain a scan of more than two ports of each client', async () => {
    const scan = (ports: number) =>
      range(60).flatMap((n) => [
        ...delivers(n),
        ...vertical(ports, { from: SERVER, to: client(n), firstPort: 113, at: NOON + n * 4 + 1, every: 0 }),
      ]);
    expect(await severitiesOf(scan(2))).toEqual(['low']);
    expect(await severitiesOf(scan(3))).toEqual(['high']);
  });

  test('do not explain a scanner that stays connected to what it found', async () => {
    const stays = range(8).flatMap((n) =>
      probe({
        from: SERVER,
        to: client(70),
        port: 113,
        at: NOON + 20 + n * MINUTE,
        seconds: 50,
        fate: 'established',
        also: { packets: 40, bytes: 9000 },
      }),
    );
    const rows = [
      ...range(60).flatMap((n) => [...delivers(n), ...isAsked(n)]),
      ...delivers(70, { at: NOON }),
      ...stays,
    ];
    expect(await severitiesOf(rows)).toEqual(['critical']);
  });

  test('do not explain a ping sweep of hosts whose closed ports answered, in a log without flags', async () => {
    const closed = (n: number) =>
      probe({ from: SERVER, to: client(n), port: 40_000, sourcePort: 50_000, at: NOON + n, fate: 'reset' });
    const pings = range(60).flatMap((n) =>
      probe({ from: SERVER, to: client(n), port: 0, protocol: 1, at: NOON + 70 + n, fate: 'unanswered' }),
    );
    const found = await findingsIn([...range(60).flatMap(closed), ...pings], { format: DEFAULT_FORMAT });
    expect(found.filter(({ protocols }) => protocols.includes('icmp'))).toMatchObject([{ severity: 'high' }]);
  });
});

describe('ICMP errors', () => {
  const SERVER = '10.0.0.14';
  const client = (n: number) => `10.0.1.${n}`;
  const common = { 'interface-id': 'eni-server', 'tcp-flags': '-' };
  /** A client asks the server for a service over UDP. */
  const asks = (n: number, also: Row = {}): Row =>
    row({
      ...common,
      srcaddr: client(n),
      dstaddr: SERVER,
      srcport: 45_000,
      dstport: 514,
      protocol: 17,
      'flow-direction': 'ingress',
      start: NOON + n,
      end: NOON + n,
      ...also,
    });
  const answers = (n: number): Row =>
    row({
      ...common,
      srcaddr: SERVER,
      dstaddr: client(n),
      srcport: 514,
      dstport: 45_000,
      protocol: 17,
      start: NOON + n,
      end: NOON + n,
    });
  /** A packet that the server sends, a ping or an error. The log does not show which. */
  const sends = (n: number, also: Row = {}): Row =>
    row({
      ...common,
      srcaddr: SERVER,
      dstaddr: client(n),
      srcport: 0,
      dstport: 0,
      protocol: 1,
      start: NOON + n,
      end: NOON + n,
      ...also,
    });
  const range = (count: number) => Array.from({ length: count }, (_, n) => n);

  test('of a dead service to all its clients are not a sweep', async () => {
    expect(await findingsIn(range(60).flatMap((n) => [asks(n), sends(n)]))).toEqual([]);
  });

  test('are not a sweep over IPv6 either', async () => {
    const six = (n: number) => ({ srcaddr: `fd00::${n + 100}`, dstaddr: 'fd00::14' });
    const rows = range(60).flatMap((n) => [
      asks(n, six(n)),
      sends(n, { srcaddr: 'fd00::14', dstaddr: `fd00::${n + 100}`, protocol: 58 }),
    ]);
    expect(await findingsIn(rows)).toEqual([]);
    expect(await findingsIn(rows.filter(({ protocol }) => protocol === 58))).toHaveLength(1);
  });

  test('are not a sweep for clients outside either', async () => {
    const outside = (n: number) => `203.0.113.${n}`;
    const rows = range(60).flatMap((n) => [asks(n, { srcaddr: outside(n) }), sends(n, { dstaddr: outside(n) })]);
    expect(await findingsIn(rows)).toEqual([]);
  });

  test('nobody asked for are a sweep, also where some others had asked', async () => {
    expect(await findingsIn(range(60).map((n) => sends(n)))).toMatchObject([
      { kind: 'horizontal-scan', protocols: ['icmp'] },
    ]);
    const rows = [...range(60).map((n) => sends(n)), ...range(5).map((n) => asks(n))];
    expect(await findingsIn(rows)).toHaveLength(1);
  });

  test('are told from a sweep at half', async () => {
    const mixed = (asked: number) => [...range(20).map((n) => sends(n)), ...range(asked).map((n) => asks(n))];
    expect(await findingsIn(mixed(10))).toEqual([]);
    expect(await findingsIn(mixed(9))).toHaveLength(1);
  });

  test('are told from a sweep over all of its targets, not the first twenty', async () => {
    const rows = [...range(250).map((n) => sends(n)), ...range(15).map((n) => asks(n))];
    expect(await findingsIn(rows)).toMatchObject([{ targets: { count: 250 } }]);
  });

  test('may come from a service that was dead for a moment: low, with that reason', async () => {
    const [finding, ...others] = await findingsIn(range(60).flatMap((n) => [asks(n), answers(n), sends(n)]));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ kind: 'horizontal-scan', protocols: ['icmp'], severity: 'low' });
    expect(finding!.reasons.at(-1)).toEqual({
      test: 'targets-called-first',
      value: 20,
      threshold: 18,
      text: `20 of 20 targets checked had contacted ${SERVER} before it contacted them, so these may be ICMP errors or callbacks: the severity is at most low`,
    });
  });

  test('are not what a server sends that pings more hosts than its clients', async () => {
    const severityOf = async (clients: number) => {
      const rows = [...range(60).map((n) => sends(n)), ...range(clients).flatMap((n) => [asks(n), answers(n)])];
      return (await findingsIn(rows)).map(({ severity }) => severity);
    };
    expect(await severityOf(60)).toEqual(['low']);
    expect(await severityOf(48)).toEqual(['high']);
    expect(await severityOf(20)).toEqual(['high']);
  });

  test('may come from a member of a cluster, whose datagrams have the same port at both ends', async () => {
    const gossip = { srcport: 8301, dstport: 8301 };
    const rows = range(60).flatMap((n) => [
      asks(n, gossip),
      row({ ...asks(n, gossip), srcaddr: SERVER, dstaddr: client(n), 'flow-direction': 'egress' }),
      sends(n),
    ]);
    expect(await findingsIn(rows)).toMatchObject([{ protocols: ['icmp'], severity: 'low' }]);
  });

  test('come to those who asked at about the time, not the day before', async () => {
    const rows = range(60).flatMap((n) => [asks(n, { start: NOON - 20 * HOUR, end: NOON - 20 * HOUR }), sends(n)]);
    expect(await findingsIn(rows)).toHaveLength(1);
  });

  test('do not excuse probes of ports beside them', async () => {
    const rows = [
      ...range(60).flatMap((n) => [asks(n), sends(n)]),
      ...vertical(30, { from: SERVER, to: client(3), at: NOON + 60 }),
    ];
    expect((await findingsIn(rows)).length).toBeGreaterThan(0);
  });

  test('do not excuse a sweep over TCP, whoever had asked', async () => {
    const rows = [...range(60).map((n) => asks(n)), ...horizontal(60, { from: SERVER, network: '10.0.1' })];
    expect(await findingsIn(rows)).toMatchObject([{ severity: 'high' }]);
  });
});

describe('ICMP errors of a router', () => {
  const ROUTER = '10.0.0.1';
  const host = (n: number) => `10.0.1.${n}`;
  const range = (count: number) => Array.from({ length: count }, (_, n) => n);
  /** A host sends packets through the router to a server that answers, or does not. */
  const sends = (n: number, also: Partial<Probe> = {}): Row[] =>
    probe({
      from: host(n),
      to: '192.168.40.9',
      port: 445,
      at: NOON + n * 4,
      fate: 'unanswered',
      also: { bytes: 60 },
      ...also,
    });
  const uploads = (n: number, also: Partial<Probe> = {}): Row[] =>
    sends(n, { fate: 'established', also: { packets: 12, bytes: 16_000 }, ...also });
  /** An ICMP message of the router to a host. */
  const hears = (n: number, bytes: number, also: Partial<Probe> = {}): Row[] =>
    probe({
      from: ROUTER,
      to: host(n),
      port: 0,
      protocol: 1,
      at: NOON + n * 4 + 1,
      fate: 'unanswered',
      also: { bytes },
      ...also,
    });
  const severitiesOf = async (rowsOf: (n: number) => readonly Row[], also: readonly Row[] = []) => {
    const found = await findingsIn([...range(60).flatMap(rowsOf), ...also]);
    return found.filter(({ source }) => source?.address === ROUTER).map(({ severity }) => severity);
  };

  test('about packets that are too long are low, with that reason', async () => {
    const [finding, ...others] = await findingsIn(range(60).flatMap((n) => [...uploads(n), ...hears(n, 576)]));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ kind: 'horizontal-scan', protocols: ['icmp'], severity: 'low' });
    expect(finding!.reasons.at(-1)).toEqual({
      test: 'sizes-of-icmp-errors',
      value: 20,
      threshold: 18,
      text: '20 of 20 targets checked had just sent packets about which ICMP errors have this size: the severity is at most low',
    });
  });

  test('about SYNs to a dead host are low if each has the size of a SYN and the headers of an error', async () => {
    expect(await severitiesOf((n) => [...sends(n), ...hears(n, 88)])).toEqual(['low']);
    expect(await severitiesOf((n) => [...sends(n), ...hears(n, 92)])).toEqual(['high']);
    expect(await severitiesOf((n) => [...sends(n, { also: { bytes: 52 } }), ...hears(n, 80)])).toEqual(['low']);
  });

  test('are low for clients of a service that worked until then', async () => {
    const works = (n: number) => sends(n, { fate: 'established', at: NOON + n * 4 - 100, sourcePort: 50_000 });
    expect(await severitiesOf((n) => [...works(n), ...sends(n), ...hears(n, 88)])).toEqual(['low']);
  });

  test('do not have the size of an acknowledgement in an idle connection', async () => {
    const isIdle = (n: number) => sends(n, { fate: 'established', also: { packets: 4, bytes: 208 } });
    expect(await severitiesOf((n) => [...isIdle(n), ...hears(n, 80)])).toEqual(['high']);
  });

  test.each([28, 60, 84])('do not have the size of a usual ping, %i bytes', async (bytes) => {
    const query = (n: number) => sends(n, { protocol: 17, port: 53, also: { bytes: bytes - 28 } });
    expect(await severitiesOf((n) => [...uploads(n), ...query(n), ...hears(n, bytes)])).toEqual(['high']);
  });

  test('get no answer: a sweep by long pings that one host answers is high', async () => {
    const answered = hears(70, 576, { fate: 'established', at: NOON + 20 });
    expect(await severitiesOf((n) => [...uploads(n), ...hears(n, 576)], answered)).toEqual(['high']);
  });

  test('pass security groups: a sweep by long pings that one refuses is high', async () => {
    const refused = hears(70, 576, { fate: 'rejected', at: NOON + 20 });
    expect(await severitiesOf((n) => [...uploads(n), ...hears(n, 576)], refused)).toEqual(['high']);
  });

  test('go to hosts that had just sent packets, not to any others', async () => {
    expect(await severitiesOf((n) => hears(n, 576))).toEqual(['high']);
    expect(await severitiesOf((n) => [...(n % 5 ? uploads(n) : []), ...hears(n, 576)])).toEqual(['high']);
    expect(await severitiesOf((n) => [...sends(n), ...hears(n, 576)])).toEqual(['high']);
    const uploadsAt = (seconds: number) =>
      severitiesOf((n) => [...uploads(n, { at: NOON + n * 4 + seconds }), ...hears(n, 576)]);
    expect(await uploadsAt(-420)).toEqual(['high']);
    expect(await uploadsAt(10)).toEqual(['high']);
  });

  test('are counted by packets of their size, not by what targets had sent to the router before', async () => {
    const asked = (n: number) => sends(n, { to: ROUTER, protocol: 17, port: 53, fate: 'established', at: NOON - 3000 });
    expect(await severitiesOf((n) => [...(n % 5 ? asked(n) : uploads(n)), ...hears(n, 576)])).toEqual(['high']);
  });

  test('go to outside hosts that had sent packets to any account', async () => {
    const other = { 'account-id': '999988887777', 'interface-id': 'eni-other', bytes: 16_000, packets: 12 };
    const outside = (n: number) => `198.51.100.${n}`;
    const rows = range(60).flatMap((n) => [
      ...uploads(n, { from: outside(n), to: '10.50.0.9', seenBy: 'target', also: other }),
      ...hears(n, 576, { to: outside(n) }),
    ]);
    const found = (await findingsIn(rows)).filter(({ source }) => source?.address === ROUTER);
    expect(found.map(({ severity }) => severity)).toEqual(['low']);
  });

  test('look like a sweep by long pings of busy hosts that all keep silent: a known limit', async () => {
    expect(await severitiesOf((n) => [...uploads(n), ...hears(n, 1028)])).toEqual(['low']);
  });

  test('excuse no probes of ports that called targets explain', async () => {
    const rows = range(60).flatMap((n) => [
      ...uploads(n, { to: ROUTER, at: NOON + n * 4 - 420 }),
      ...probe({ from: ROUTER, to: host(n), port: 22, at: NOON + n * 4 }),
    ]);
    expect((await findingsIn(rows)).map(({ severity }) => severity)).toEqual(['high']);
  });
});

test('a verdict on the first targets is undefined only if it is on all of them', async () => {
  const random = randomOf('callbacks');
  const [tcp] = await findingsIn(horizontal(60, { from: '10.0.0.25', network: '10.0.1' }));
  const counts = { undefined: 0, errors: 0, reason: 0 };
  for (let trial = 0; trial < 2000; trial++) {
    const finding: Finding = { ...tcp!, protocols: [random.whole(0, 1) ? 'icmp' : 'tcp'] };
    const checked = Array.from({ length: random.whole(1, 20) }, (_, n) => ({
      target: `10.0.1.${n}`,
      end: NOON,
      packetBytes: 44,
    }));
    const likely = random.whole(0, 20);
    const calls = new Map(
      checked.map(({ target }) => {
        const seen = SEEN_SYN | (random.whole(0, 1) ? SEEN_REJECT : SEEN_SYN_ACK);
        return [
          target,
          random.whole(1, 20) <= likely
            ? [{ protocol: 6, seen, isRecent: true, isOther: false, isQuoted: random.whole(0, 1) === 1 }]
            : [],
        ];
      }),
    );
    const whole = judgeCalls(finding, checked, calls);
    counts[typeof whole === 'object' ? 'reason' : (whole ?? 'undefined')]++;
    const read = random.whole(0, checked.length);
    const first = judgeCalls(finding, checked, new Map([...calls].slice(0, read)), read);
    if (whole) expect(first).toBeDefined();
    if (read === checked.length) expect(first).toEqual(whole);
  }
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(50);
});
