/** What the traffic of others makes of a scan: severity by what answered, gateways. */
import { describe, expect, test } from '@jest/globals';
import { detectionSettings } from '../../../lib/detections/settings.ts';
import type { Finding } from '../../../lib/finding/model.ts';
import {
  findingsIn,
  horizontal,
  judge,
  merged,
  NOON,
  type Probe,
  probe,
  type Row,
  row,
  SCANNER,
  vertical,
} from '../scan/traffic.ts';

const MINUTE = 60;
const HOUR = 3600;
const HOST = '10.0.9.9';
const OUTSIDER = '203.0.113.9';
const settings = detectionSettings();
const USERS = settings.publicServiceSources;
const flat = (count: number, make: (n: number) => Row[]) => Array.from({ length: count }, (_, n) => make(n)).flat();
const testsOf = ({ reasons }: Finding) => reasons.map(({ test: name }) => name);

/** A scan from outside of twenty ports that are all closed. */
const inbound = (also: Partial<Probe> = {}): Row[] =>
  vertical(20, { from: OUTSIDER, to: HOST, seenBy: 'target', fate: 'rejected', firstPort: 1000, ...also });

/** The port that the scanner finds open, and leaves. */
const answered = (port: number, also: Partial<Probe> = {}): Row[] =>
  probe({ from: OUTSIDER, to: HOST, port, at: NOON + 5, seenBy: 'target', fate: 'established', ...also });

/** A connection that goes on, seen once a minute. */
const connected = (port: number, minutes: number, also: Partial<Probe> = {}): Row[] =>
  flat(minutes, (n) =>
    answered(port, { at: NOON + 5 + n * MINUTE, seconds: 50, also: { packets: 40, bytes: 9000 }, ...also }),
  );

/** Others who use a service: a conversation each. */
const used = (port: number, users: number, also: Partial<Probe> = {}, from = (n: number) => `198.51.100.${n}`): Row[] =>
  flat(users, (n) => answered(port, { from: from(n), at: NOON + 20 + n, also: { packets: 30, bytes: 6000 }, ...also }));

describe('an inbound scan', () => {
  const severityOf = async (...rows: Row[][]) => {
    const found = (await findingsIn(rows.flat())).filter(({ source }) => source?.address === OUTSIDER);
    expect(found).toHaveLength(1);
    return found[0]!.severity;
  };

  test('that nothing answered is background noise', async () => {
    const [finding, ...others] = await findingsIn(inbound());
    expect(finding).toMatchObject({ severity: 'low', openPorts: { count: 0 } });
    expect(testsOf(finding!)).not.toContain('answered-not-public');
    expect(others).toEqual([]);
  });

  test('that reached a service nobody else uses is medium, with that reason', async () => {
    const [finding] = await findingsIn([...inbound(), ...answered(8443)]);
    expect(finding).toMatchObject({
      severity: 'medium',
      openPorts: { count: 1, sample: [{ target: HOST, port: 8443 }] },
    });
    expect(finding!.reasons.find(({ test: name }) => name === 'answered-not-public')).toMatchObject({
      value: 1,
      threshold: 1,
      text: expect.stringContaining(`${HOST}:8443`),
    });
  });

  test('that reached a service other outside sources use is background noise', async () => {
    expect(await severityOf(inbound(), answered(8443), used(8443, USERS))).toBe('low');
    expect(await severityOf(inbound(), answered(8443), used(8443, USERS - 1))).toBe('medium');
  });

  test.each([80, 443])(
    'that port %i answered is background noise, whoever uses it and however long the scanner stays',
    async (port) => {
      expect(await severityOf(inbound(), answered(port))).toBe('low');
      expect(await severityOf(inbound(), connected(port, 8))).toBe('low');
    },
  );

  test('that stays connected to what it found is high, and says so', async () => {
    const [finding] = await findingsIn([...inbound(), ...connected(5432, 8)]);
    expect(finding).toMatchObject({
      severity: 'high',
      openPorts: { count: 1, sample: [{ target: HOST, port: 5432, connected: true }] },
    });
    expect(testsOf(finding!)).toEqual(expect.arrayContaining(['answered-not-public', 'stayed-connected']));
  });

  test('that looks at what it found for a minute does not stay', async () => {
    expect(await severityOf(inbound(), connected(5432, 1))).toBe('medium');
  });

  test('that stays connected to a public service is background noise', async () => {
    expect(await severityOf(inbound(), connected(5432, 8), used(5432, USERS))).toBe('low');
  });

  test('of several services is as severe as the worst', async () => {
    const hidden = [answered(8443), answered(9000), used(8443, USERS)];
    expect(await severityOf(inbound(), ...hidden)).toBe('medium');
    const [finding] = await findingsIn([inbound(), ...hidden].flat());
    expect(finding!.reasons.find(({ test: name }) => name === 'answered-not-public')!.value).toBe(1);
  });

  test('of few hosts or few ports is background noise, one of many hosts and many ports is medium', async () => {
    const hosts = settings.broadTargets;
    const scan = (targets: number, ports: number) =>
      flat(targets, (n) =>
        vertical(ports, {
          from: OUTSIDER,
          to: `10.0.9.${n}`,
          seenBy: 'target',
          fate: 'rejected',
          at: NOON + n,
          every: 0,
        }),
      );
    expect(await severityOf(scan(hosts, 10))).toBe('medium');
    expect(await severityOf(scan(hosts - 1, 10))).toBe('low');
    expect(await severityOf(scan(hosts, 9))).toBe('low');
    expect(testsOf((await findingsIn(scan(hosts, 10)))[0]!)).toContain('covers-many-targets');
  });

  describe('who counts as a user of a service', () => {
    test('not our own hosts', async () => {
      expect(
        await severityOf(
          inbound(),
          answered(8443),
          used(8443, 10, {}, (n) => `10.0.1.${n}`),
        ),
      ).toBe('medium');
    });

    test('not those of another port, host or protocol', async () => {
      expect(await severityOf(inbound(), answered(8443), used(8444, 10))).toBe('medium');
      expect(await severityOf(inbound(), answered(8443), used(8443, 10, { to: '10.0.9.10' }))).toBe('medium');
      expect(await severityOf(inbound(), answered(8443), used(8443, 10, { protocol: 17 }))).toBe('medium');
    });

    test('not the scanner, however often', async () => {
      expect(
        await severityOf(
          inbound(),
          answered(8443),
          used(8443, 10, {}, () => OUTSIDER),
        ),
      ).toBe('medium');
    });

    test('not those who were refused', async () => {
      expect(await severityOf(inbound(), answered(8443), used(8443, 10, { fate: 'rejected' }))).toBe('medium');
    });

    test('those of the hours around, not those of another day', async () => {
      expect(await severityOf(inbound(), answered(8443), used(8443, USERS, { at: NOON - HOUR + 60 }))).toBe('low');
      expect(await severityOf(inbound(), answered(8443), used(8443, USERS, { at: NOON + 40 * 60 }))).toBe('low');
      // Whoever judges the scan when it is over does not know of later hours.
      expect(await severityOf(inbound(), answered(8443), used(8443, USERS, { at: NOON + 4 * HOUR }))).toBe('medium');
      expect(await severityOf(inbound(), answered(8443), used(8443, USERS, { at: NOON - 20 * HOUR }))).toBe('medium');
      expect(await severityOf(inbound(), answered(8443), used(8443, USERS, { at: NOON + 20 * HOUR }))).toBe('medium');
    });

    test('not a source with only a SYN and its SYN-ACK, because anyone can forge the SYN', async () => {
      const knocks = used(8443, 10, { also: { packets: 1, bytes: 60 } });
      expect(await severityOf(inbound(), answered(8443), knocks)).toBe('medium');
      expect(await severityOf(inbound(), connected(6379, 8), used(6379, 10, { also: { packets: 1, bytes: 60 } }))).toBe(
        'high',
      );
    });
  });

  test('is the same whatever the order of records and files', async () => {
    const rows = [...inbound(), ...connected(5432, 8), ...answered(8443), ...used(8443, USERS)];
    const logTime = NOON + HOUR;
    expect(await findingsIn(rows.toReversed(), { logTime })).toEqual(await findingsIn(rows, { logTime }));
  });
});

describe('a lateral scan', () => {
  const scan = vertical(20, { fate: 'reset', firstPort: 1000, at: NOON + 10 * MINUTE });
  const ssh = (minutes: number, at: number, port = 22) =>
    flat(minutes, (n) =>
      probe({
        to: HOST,
        port,
        at: at + n * MINUTE,
        seconds: 50,
        fate: 'established',
        also: { packets: 40, bytes: 9000 },
      }),
    );

  test('is high, also where something answered', async () => {
    expect(await findingsIn(scan)).toMatchObject([{ severity: 'high', direction: 'lateral' }]);
    const [finding] = await findingsIn([...scan, ...ssh(1, NOON + 10 * MINUTE + 12)]);
    expect(finding).toMatchObject({ severity: 'high', openPorts: { count: 1 } });
  });

  test('that stays connected to what it found is critical, and says so', async () => {
    const [finding, ...others] = await findingsIn([...scan, ...ssh(8, NOON + 10 * MINUTE + 12)]);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ severity: 'critical', openPorts: { sample: [{ port: 22, connected: true }] } });
    expect(testsOf(finding!)).toContain('stayed-connected');
  });

  test.each([
    ['minutes before, in the same hour', NOON],
    ['a minute before', NOON + 9 * MINUTE],
    ['in the hour before', NOON - 20 * MINUTE],
  ])('whose conversation began %s, is high: it has nothing to do with the scan', async (_, at) => {
    expect(await findingsIn([...scan, ...ssh(40, at)])).toMatchObject([{ severity: 'high' }]);
  });

  test('is high where its source used other services of the same host before it', async () => {
    const sweep = flat(20, (n) => probe({ to: `10.0.8.${n}`, port: 22, at: NOON + 10 * MINUTE + n }));
    const found = [...sweep, ...ssh(8, NOON + 10 * MINUTE + 12)];
    const talks = (ports: number[], at: number) => ports.flatMap((port, n) => ssh(8, at + n, port));
    expect(await findingsIn([...talks([88], NOON), ...found])).toMatchObject([{ severity: 'critical' }]);
    expect(await findingsIn([...talks([88, 389], NOON), ...found])).toMatchObject([{ severity: 'high' }]);
    const afterwards = talks([88, 389], NOON + 10 * MINUTE + 14);
    expect(await findingsIn([...found, ...afterwards])).toMatchObject([{ severity: 'critical' }]);
  });

  test('is not weighed by what others use', async () => {
    const others = flat(10, (n) =>
      probe({
        from: `198.51.100.${n}`,
        to: HOST,
        port: 22,
        at: NOON,
        seenBy: 'target',
        fate: 'established',
        also: { packets: 30 },
      }),
    );
    expect(await findingsIn([...scan, ...ssh(8, NOON + 10 * MINUTE + 12), ...others])).toMatchObject([
      { severity: 'critical' },
    ]);
  });
});

describe('a NAT gateway', () => {
  const GATEWAY = '10.0.0.2';
  const common = (n: number): Row => ({ start: NOON + n, end: NOON + n, 'interface-id': 'eni-nat', dstport: 22 });
  /** What a gateway's interface logs of a host behind it, as it comes in and as it goes out. */
  const comesIn = (n: number, also: Row = {}) =>
    row({
      ...common(n),
      srcaddr: SCANNER,
      'pkt-srcaddr': SCANNER,
      dstaddr: GATEWAY,
      'pkt-dstaddr': `203.0.113.${n}`,
      'flow-direction': 'ingress',
      ...also,
    });
  const goesOut = (n: number, also: Row = {}) =>
    row({
      ...common(n),
      srcaddr: GATEWAY,
      'pkt-srcaddr': GATEWAY,
      dstaddr: `203.0.113.${n}`,
      'pkt-dstaddr': `203.0.113.${n}`,
      ...also,
    });
  const sourcesOf = (findings: readonly Finding[]) => findings.map(({ source }) => source!.address).sort();

  test('is not found for what a host behind it scans, which is, once, with both interfaces logged', async () => {
    const own = horizontal(40, { network: '203.0.113', fate: 'unanswered', also: {} });
    const rows = [...own, ...flat(40, (n) => [comesIn(n + 1), goesOut(n + 1)])];
    expect(sourcesOf(await findingsIn(rows))).toEqual([SCANNER]);
  });

  test('is told by the type of its interface where the log has that', async () => {
    const rows = flat(40, (n) => [goesOut(n, { 'interface-type': 'nat_gateway' })]);
    expect(await findingsIn(rows)).toEqual([]);
    expect(sourcesOf(await findingsIn(flat(40, (n) => [goesOut(n, { 'interface-type': 'interface' })])))).toEqual([
      GATEWAY,
    ]);
  });

  test('is found where it would scan inside: nobody behind it is translated there', async () => {
    const lateral = flat(40, (n) => [
      goesOut(n, { dstaddr: `10.0.9.${n}`, 'pkt-dstaddr': `10.0.9.${n}`, 'interface-type': 'nat_gateway' }),
    ]);
    expect(sourcesOf(await findingsIn(lateral))).toEqual([GATEWAY]);
  });

  test('is known once any file shows it forwarding, whichever file its own records are in', async () => {
    const ins = flat(40, (n) => [comesIn(n)]);
    const outs = flat(40, (n) => [goesOut(n)]);
    const found = async (files: Row[][]) => sourcesOf(judge(await merged(files), { logTime: NOON + 60 }));
    expect(await found([[...ins, ...outs]])).toEqual([SCANNER]);
    expect(await found([[...ins, ...outs.slice(0, 10)], outs.slice(10)])).toEqual([SCANNER]);
    expect(await found([outs.slice(10), [...ins, ...outs.slice(0, 10)]])).toEqual([SCANNER]);
  });
});
