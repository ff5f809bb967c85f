/** The horizons of days: what they add, what they leave alone, and where one slow scan ends. */
import { describe, expect, test } from '@jest/globals';
import { findingsIn, NOON, probe, type Row, SCANNER } from './traffic.ts';

const HOUR = 3600;
const flat = (count: number, make: (n: number) => Row[]) => Array.from({ length: count }, (_, n) => make(n)).flat();
const slow = (count: number, every: number, over: (n: number) => Partial<Parameters<typeof probe>[0]> = () => ({})) =>
  flat(count, (n) => probe({ to: '10.0.9.9', port: 1000 + n, at: NOON + n * every, fate: 'rejected', ...over(n) }));

describe('a slow scan', () => {
  test.each([
    ['25 ports in a day', 25, 3400, '24h'],
    ['25 ports in three days', 25, 10_000, '72h'],
  ] as const)('of %s is found', async (_, count, every, horizon) => {
    const [finding, ...others] = await findingsIn(slow(count, every));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ kind: 'vertical-scan', severity: 'high', horizon, contactsAtDetection: 25 });
    expect(finding!.reasons[0]).toMatchObject({
      test: `failed-ports-of-one-target-${horizon}`,
      value: 25,
      threshold: 25,
    });
  });

  test('of 24 contacts in three days is not found', async () => {
    expect(await findingsIn(slow(24, 10_000))).toEqual([]);
  });

  test('of one port over many targets is a horizontal scan, and of pairs that share neither a block scan', async () => {
    const hosts = slow(30, 5000, (n) => ({ to: `10.0.9.${n}`, port: 22 }));
    expect(await findingsIn(hosts)).toMatchObject([{ kind: 'horizontal-scan', targets: { count: 30 } }]);
    const pairs = slow(30, 5000, (n) => ({ to: `10.0.9.${n}`, port: 1000 + n }));
    expect(await findingsIn(pairs)).toMatchObject([{ kind: 'block-scan', targets: { count: 30 } }]);
  });

  test('needs four failures for each success', async () => {
    const mixed = (successes: number) => [
      ...slow(28, 3000),
      ...flat(successes, (n) => probe({ to: '10.0.9.9', port: 5000 + n, at: NOON + n * 9000, fate: 'established' })),
    ];
    expect(await findingsIn(mixed(7))).toHaveLength(1);
    expect(await findingsIn(mixed(8))).toEqual([]);
  });

  test('goes at its own pace: a failure days before is no part of it', async () => {
    const stray = probe({ to: '10.0.9.9', port: 22, at: NOON - 40 * HOUR, fate: 'rejected' });
    const [finding] = await findingsIn([...stray, ...slow(40, 1200)]);
    expect(finding).toMatchObject({ firstSeen: '2026-09-01T12:00:00Z', contacts: { failed: 40 } });
  });
});

describe('a slow scan in bursts', () => {
  /** Five probes in a minute, every 14 hours. */
  const bursts = (count: number, over: (n: number) => Partial<Parameters<typeof probe>[0]> = () => ({})) =>
    flat(count * 5, (n) =>
      probe({
        to: '10.0.9.9',
        port: 1000 + n,
        at: NOON + Math.floor(n / 5) * 14 * HOUR + (n % 5) * 10,
        fate: 'rejected',
        ...over(n),
      }),
    );

  test('is one finding that tells of all bursts', async () => {
    const findings = await findingsIn(bursts(9));
    expect(findings).toMatchObject([
      { firstSeen: '2026-09-01T12:00:00Z', contacts: { failed: 45 }, ports: { count: 45 }, horizon: '72h' },
    ]);
  });

  test('tells of all targets', async () => {
    const sweeps = bursts(8, (n) => ({ to: `10.0.${20 + Math.floor(n / 5)}.${n}`, port: 445 }));
    expect(await findingsIn(sweeps)).toMatchObject([
      { kind: 'horizontal-scan', firstSeen: '2026-09-01T12:00:00Z', targets: { count: 40 } },
    ]);
  });

  test('goes on after a pause as long as those before', async () => {
    const last = NOON + 8 * 14 * HOUR + 40;
    const [open] = await findingsIn(bursts(9), { logTime: last + 13 * HOUR });
    expect(open).toMatchObject({ status: 'open' });
    const [over] = await findingsIn(bursts(9), { logTime: last + 15 * HOUR });
    expect(over).toMatchObject({ id: open!.id, status: 'closed', closedBecause: 'ended' });
  });

  test('keeps the bursts before one that is enough alone', async () => {
    const enough = flat(40, (n) =>
      probe({ to: '10.0.9.9', port: 5000 + n, at: NOON + 30 * HOUR + n * 600, fate: 'rejected' }),
    );
    const [finding, ...others] = await findingsIn([...bursts(2), ...enough]);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ firstSeen: '2026-09-01T12:00:00Z', contacts: { failed: 50 } });
  });
});

test('a full hour is no boundary: a probe logged on both sides of it was made once', async () => {
  // Two interfaces log each probe, one before and one after the full hour, and each host is probed on two days.
  const probes = (day: number) =>
    flat(30, (n) => [
      ...probe({ to: `10.0.9.${n}`, port: 445, at: NOON + day * 86_400 + 3595, seconds: 2, fate: 'rejected' }),
      ...probe({
        to: `10.0.9.${n}`,
        port: 445,
        at: NOON + day * 86_400 + 3601,
        seconds: 2,
        fate: 'rejected',
        seenBy: 'target',
      }),
    ]);
  const findings = await findingsIn([...probes(0), ...probes(1)]);
  expect(findings).toMatchObject([{ contacts: { failed: 30 } }, { contacts: { failed: 30 } }]);
});

test('a full hour is no boundary: answers after it are due with their probes, as they are within an hour', async () => {
  const at = (first: number) =>
    flat(24, (n) => {
      const [request, reply] = probe({ to: '10.0.9.9', port: 100 + n, at: first + n, fate: 'established' }) as [
        Row,
        Row,
      ];
      const later = Number(reply.end) + 160;
      return [
        { ...request, 'tcp-flags': 2 },
        { ...reply, start: later, end: later },
      ];
    });
  const judgedWhenDue = (first: number) => findingsIn(at(first), { overdueBefore: first + 30, logTime: first + 630 });
  for (const first of [NOON, NOON + 3570])
    expect(await judgedWhenDue(first)).toMatchObject([{ kind: 'vertical-scan', contacts: { established: 24 } }]);
});

describe('no slow scan', () => {
  test('are thirty ports that recur hour after hour', async () => {
    const habit = flat(12, (round) =>
      flat(30, (n) =>
        probe({ to: `10.0.9.${n}`, port: 9200, at: NOON + round * 2 * HOUR + n * 200, fate: 'rejected' }),
      ),
    );
    expect((await findingsIn(habit)).map(({ horizon }) => horizon)).not.toContain('72h');
  });

  test('is what a fast scan has explained: it is found once', async () => {
    const fast = flat(60, (n) => probe({ to: '10.0.9.9', port: 1 + n, at: NOON + n, fate: 'rejected' }));
    expect(await findingsIn(fast)).toMatchObject([{ horizon: '5m', source: { address: SCANNER } }]);
  });
});
