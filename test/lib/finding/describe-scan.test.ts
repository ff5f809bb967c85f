/** What a finding says of a scan: numbers, times, reasons, limits. */
import { describe, expect, test } from '@jest/globals';
import { detectionSettings } from '../../../lib/detections/settings.ts';
import type { Finding } from '../../../lib/finding/model.ts';
import { walkOf } from '../../../lib/scan/windows.ts';
import { DEFAULT_FORMAT, findingsIn, horizontal, NOON, probe, type Row, row, vertical } from '../scan/traffic.ts';

const settings = detectionSettings();
const flat = (count: number, make: (n: number) => Row[]) => Array.from({ length: count }, (_, n) => make(n)).flat();
const only = async (...of: Parameters<typeof findingsIn>): Promise<Finding> => {
  const findings = await findingsIn(...of);
  expect(findings).toHaveLength(1);
  return findings[0]!;
};

describe('the numbers', () => {
  test('count distinct contacts by outcome, targets and ports exactly', async () => {
    const rows = [
      ...vertical(20, { fate: 'rejected' }),
      ...vertical(15, { firstPort: 100, fate: 'reset' }),
      ...vertical(10, { firstPort: 200, fate: 'unanswered' }),
      ...vertical(5, { firstPort: 300, fate: 'established' }),
    ];
    expect(await only(rows)).toMatchObject({
      contacts: { failed: 45, rejected: 20, reset: 15, unanswered: 10, established: 5 },
      targets: { count: 1, exact: true, sample: ['10.0.9.9'] },
      ports: { count: 50, exact: true },
      openPorts: {
        count: 5,
        sample: [300, 301, 302, 303, 304].map((port) => ({ target: '10.0.9.9', port, protocol: 'tcp' })),
      },
      protocols: ['tcp'],
    });
  });

  test('show samples of at most twenty, those that answered first', async () => {
    const rows = [...vertical(200), ...vertical(30, { firstPort: 1000, at: NOON + 100, fate: 'established' })];
    const finding = await only(rows);
    expect(finding.ports.sample).toHaveLength(20);
    expect(finding.ports.sample[0]).toBe(1000);
    expect(finding.openPorts).toMatchObject({ count: 30 });
    expect(finding.openPorts.sample).toHaveLength(20);
    const sweep = await only([
      ...horizontal(100, { every: 0.5 }),
      ...probe({ to: '10.0.9.200', port: 22, at: NOON + 40, fate: 'established' }),
    ]);
    expect(sweep.targets).toMatchObject({ count: 101, exact: true });
    expect(sweep.targets.sample).toHaveLength(20);
    expect(sweep.targets.sample[0]).toBe('10.0.9.200');
  });

  test('of what has no ports name none', async () => {
    const ping = await only(horizontal(40, { protocol: 1, port: 0, fate: 'unanswered' }));
    expect(ping).toMatchObject({ ports: { count: 0, sample: [] }, protocols: ['icmp'] });
  });

  test('are flagged as estimates beyond the limit, and lie within four standard errors', async () => {
    const rows = flat(8, (n) =>
      vertical(2000, { to: `10.0.9.${n + 1}`, every: 0, fate: 'rejected', sourcePort: 61_000 }),
    );
    const finding = await only(rows);
    const tolerance = 16_000 * (4 / Math.sqrt(2047));
    expect(finding.ports.exact).toBe(false);
    expect(finding.targets).toMatchObject({ count: 8, exact: false });
    expect(Math.abs(finding.contacts.failed - 16_000)).toBeLessThan(tolerance);
    // Each port was met on eight targets: about 2,000 ports, of which the sample of 2,048 contacts shows two thirds.
    expect(finding.ports.count).toBeGreaterThan(1400);
    expect(finding.ports.count).toBeLessThan(2600);
    expect(finding.dataQuality.join()).toContain('uniform sample');
  });

  test('of a whole port range on one target estimate the ports, not the target', async () => {
    const finding = await only(vertical(20_000, { every: 0, fate: 'rejected', sourcePort: 61_000 }));
    expect(finding.targets.count).toBe(1);
    expect(Math.abs(finding.ports.count / 20_000 - 1)).toBeLessThan(4 / Math.sqrt(2047));
  });
});

describe('the times', () => {
  test('are log time: first probe, last probe, and the end of the record with which the evidence was enough', async () => {
    const finding = await only(vertical(30, { every: 2, seconds: 5 }));
    expect(finding).toMatchObject({
      firstSeen: '2026-09-01T12:00:00Z',
      lastSeen: '2026-09-01T12:01:03Z',
      detectedAt: `2026-09-01T12:00:${String((settings.failuresIn5Minutes - 1) * 2 + 5).padStart(2, '0')}Z`,
      contactsAtDetection: settings.failuresIn5Minutes,
    });
  });

  test('detectedAt is the end of some record, whatever the shape', async () => {
    for (const rows of [
      vertical(60, { every: 3, seconds: 7 }),
      horizontal(40, { every: 11, seconds: 2, fate: 'rejected' }),
    ]) {
      const ends = rows.map(({ end }) => new Date(Number(end) * 1000).toISOString().replace('.000Z', 'Z'));
      expect(ends).toContain((await only(rows)).detectedAt);
    }
  });

  test('a fast scan is detected within ten first contacts at medium sensitivity, whatever it meets', async () => {
    for (const fate of ['rejected', 'reset', 'unanswered'] as const)
      for (const rows of [
        vertical(100, { every: 0.01, fate }),
        horizontal(100, { every: 0.01, fate }),
        flat(100, (n) => probe({ to: `10.0.9.${n}`, port: 1000 + n, at: NOON, fate })),
      ])
        expect((await only(rows)).contactsAtDetection).toBeLessThanOrEqual(10);
  });
});

describe('severity and confidence', () => {
  test('inside sources are an incident, outside ones background noise', async () => {
    expect((await only(vertical(50))).severity).toBe('high');
    expect((await only(horizontal(50, { network: '203.0.113', fate: 'rejected' }))).severity).toBe('high');
    expect((await only(vertical(50, { from: '203.0.113.9', seenBy: 'target' }))).severity).toBe('low');
  });

  test('--internal moves the border: the same source is inside, the same target too', async () => {
    const internal = ['203.0.113.0/24'];
    expect(await only(vertical(50, { from: '203.0.113.9', seenBy: 'target' }), { internal })).toMatchObject({
      direction: 'lateral',
      severity: 'high',
    });
    expect(await only(horizontal(50, { network: '203.0.113' }), { internal })).toMatchObject({ direction: 'lateral' });
  });

  test('confidence grows with evidence, and falls with silence and with each kind of blindness', async () => {
    const of = async (rows: Row[], format?: string) => (await only(rows, format ? { format } : {})).confidence;
    const base = await of(vertical(10, { fate: 'rejected' }));
    expect(await of(vertical(40, { fate: 'rejected' }))).toBeGreaterThan(base);
    expect(await of(vertical(10, { fate: 'unanswered' }))).toBe(base - 5);
    expect(await of(vertical(10, { fate: 'rejected', seconds: 100 }))).toBe(base - 10);
    expect(await of(vertical(10, { fate: 'rejected' }), DEFAULT_FORMAT)).toBe(base - 20);
  });
});

describe('the reasons', () => {
  test('meet their thresholds, each with its value and a sentence', async () => {
    for (const rows of [
      vertical(60),
      horizontal(60, { fate: 'rejected' }),
      vertical(25, { every: 150 }),
      flat(60, (n) => probe({ to: `10.0.9.${n}`, port: 1000 + n, at: NOON + n })),
    ]) {
      const { reasons } = await only(rows);
      expect(reasons.length).toBeGreaterThanOrEqual(3);
      for (const { value, threshold, text } of reasons) {
        expect(value).toBeGreaterThanOrEqual(threshold);
        if (threshold) expect(text).toContain(String(threshold));
      }
      expect(reasons.map(({ test: name }) => name)).toEqual(
        expect.arrayContaining(['threshold-random-walk', 'failures-per-success', 'contexts']),
      );
    }
  });

  test('name the test that fired, on its horizon, against the settings in force', async () => {
    const own = detectionSettings('high', { failuresIn5Minutes: 9 });
    const first = async (rows: Row[]) => (await only(rows, { settings: own })).reasons[0];
    expect(await first(vertical(12))).toEqual({
      test: 'failed-ports-of-one-target-5m',
      value: 12,
      threshold: 9,
      text: 'contacts with 12 distinct TCP ports of 10.0.9.9 failed within 5 minutes (threshold: 9)',
    });
    expect(await first(horizontal(12, { protocol: 17, port: 161, fate: 'unanswered' }))).toMatchObject({
      test: 'failed-targets-on-one-port-5m',
      text: 'contacts with 12 distinct hosts on UDP port 161 failed within 5 minutes (threshold: 9)',
    });
    expect(await first(horizontal(12, { protocol: 1, port: 0, fate: 'unanswered' }))).toMatchObject({
      text: 'contacts with 12 distinct hosts by ICMP failed within 5 minutes (threshold: 9)',
    });
    expect(await first(vertical(20, { every: 150 }))).toMatchObject({
      test: 'failed-ports-of-one-target-1h',
      threshold: own.failuresIn1Hour,
    });
  });

  test('come from the strongest window, not from the last', async () => {
    const slow = vertical(9, { firstPort: 500, at: NOON + 400, every: 30 });
    expect((await only([...vertical(60), ...slow])).reasons[0]).toMatchObject({ value: 60 });
  });

  test('of several tests tell each, and detection is that of the first to fire', async () => {
    const sweep = horizontal(30, { network: '10.0.20' });
    const finding = await only([...sweep, ...vertical(30, { to: '10.0.20.3', at: NOON + 60, firstPort: 100 })]);
    expect(finding.reasons.slice(0, 2).map(({ test: name }) => name)).toEqual([
      'failed-ports-of-one-target-5m',
      'failed-targets-on-one-port-5m',
    ]);
    expect(finding.detectedAt).toBe(`2026-09-01T12:00:0${settings.failuresIn5Minutes - 1}Z`);
  });

  test('give the walk as the log-likelihood ratio of the window', async () => {
    const { failure, success, bound } = walkOf(settings);
    const rows = [...vertical(4, { every: 0, fate: 'established' }), ...vertical(20, { firstPort: 100, every: 0 })];
    const walk = (await only(rows)).reasons.find(({ test: name }) => name === 'threshold-random-walk')!;
    expect(walk.value).toBeCloseTo(20 * failure + 4 * success, 1);
    expect(walk.threshold).toBeCloseTo(bound, 2);
    // Jung et al. 2004, equations 3 and 10, with the numbers of the settings.
    expect(failure).toBeCloseTo(Math.log(0.8 / 0.2), 10);
    expect(success).toBeCloseTo(-Math.log(0.8 / 0.2), 10);
    expect(bound).toBeCloseTo(Math.log(0.999 / 0.0001), 10);
  });
});

describe('the source and the limits of sight', () => {
  test('a pod behind its node is named so, and is a container', async () => {
    const node = { 'interface-id': 'eni-node', srcaddr: '10.0.0.10', 'instance-id': 'i-0node' };
    const rows = Array.from({ length: 30 }, (_, n) =>
      row({ ...node, 'pkt-srcaddr': '10.0.64.7', 'pkt-dstaddr': '10.0.9.9', dstport: n + 1, action: 'REJECT' }),
    );
    const finding = await only(rows);
    expect(finding.source).toMatchObject({ address: '10.0.64.7', behindInterface: true, instanceId: 'i-0node' });
    expect(finding.techniques.map(({ id }) => id)).toEqual(['T1046', 'T1595']);
  });

  test('an ECS task is named', async () => {
    const ecs = { 'ecs-cluster-name': 'shop', 'ecs-service-name': 'cart', 'ecs-task-id': 'f00d' };
    const finding = await only(vertical(30, { fate: 'rejected', also: ecs }));
    expect(finding.source!.ecs).toEqual({ cluster: 'shop', service: 'cart', taskId: 'f00d' });
  });

  test('what the log could not show is said, for the hours of the scan only', async () => {
    const skip = { version: 7, 'account-id': '1', 'interface-id': 'eni-10.0.3.22', 'log-status': 'SKIPDATA' };
    const during = await only([...vertical(30), { ...skip, start: NOON, end: NOON + 60 }]);
    expect(during.dataQuality).toEqual([expect.stringContaining('SKIPDATA')]);
    const longAfter = probe({ to: '10.0.9.9', port: 443, at: NOON + 7200, fate: 'established' });
    const after = await only([...vertical(30), ...longAfter, { ...skip, start: NOON + 7200, end: NOON + 7260 }], {
      logTime: NOON + 60,
    });
    expect(after.dataQuality).toEqual([]);
  });
});
