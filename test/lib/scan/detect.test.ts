/** Where the decision turns: floors, successes, habits, overdue answers, the edges of hours. */
import { describe, expect, test } from '@jest/globals';
import { detectionSettings } from '../../../lib/detections/settings.ts';
import { findingsIn, horizontal, NOON, probe, type Row, row, SCANNER, vertical } from './traffic.ts';

const HOUR = 3600;
const settings = detectionSettings();
const FLOOR = settings.failuresIn5Minutes;
const flat = (count: number, make: (n: number) => Row[]) => Array.from({ length: count }, (_, n) => make(n)).flat();
const to = (n: number) => `10.0.${8 + (n >> 8)}.${n & 255}`;

/** A conversation with a service, noticed at the client. */
const talk = (n: number, at = NOON + n, port = 443): Row[] => probe({ to: to(n), port, at, fate: 'established' });

/** Closed ports of one host, tried once a minute. */
const poller = (ports: number, minutes: number, from = NOON) =>
  flat(minutes, (minute) => vertical(ports, { every: 0, at: from + minute * 60, fate: 'rejected' }));

describe('the floors', () => {
  test('are met with the floor itself, on either horizon', async () => {
    expect(await findingsIn(vertical(FLOOR))).toHaveLength(1);
    expect(await findingsIn(vertical(settings.failuresIn1Hour, { every: 200 }))).toMatchObject([{ horizon: '1h' }]);
  });

  test('count pairs that share neither target nor port apart', async () => {
    const pairs = (count: number) => flat(count, (n) => probe({ to: to(n), port: 1000 + n, at: NOON + n }));
    expect(await findingsIn(pairs(settings.pairsIn5Minutes - 1))).toEqual([]);
    expect(await findingsIn(pairs(settings.pairsIn5Minutes))).toHaveLength(1);
  });

  test('count distinct contacts, so that retries and both interfaces add nothing', async () => {
    const few = vertical(FLOOR - 1);
    const again = vertical(FLOOR - 1, { at: NOON + 30, sourcePort: 50_000 });
    const atTarget = vertical(FLOOR - 1, { seenBy: 'target', fate: 'rejected' });
    expect(await findingsIn([...few, ...again, ...atTarget])).toEqual([]);
  });

  test.each(['low', 'medium', 'high'] as const)('hold at sensitivity %s', async (sensitivity) => {
    const own = detectionSettings(sensitivity);
    const found = async (count: number) => (await findingsIn(vertical(count), { settings: own })).length;
    expect(await found(own.failuresIn5Minutes - 1)).toBe(0);
    expect(await found(own.failuresIn5Minutes)).toBe(1);
  });

  test('fall as sensitivity rises', () => {
    const [low, medium, high] = (['low', 'medium', 'high'] as const).map((word) => detectionSettings(word));
    for (const name of [
      'failuresIn5Minutes',
      'failuresIn1Hour',
      'pairsIn1Hour',
      'pairsIn24Hours',
      'habitLimit',
    ] as const) {
      expect(low![name]).toBeGreaterThan(medium![name]);
      expect(medium![name]).toBeGreaterThan(high![name]);
    }
    // Fewer pairs within minutes are background noise of the internet, at any sensitivity.
    expect(low!.pairsIn5Minutes).toBeGreaterThan(medium!.pairsIn5Minutes);
    expect(high!.pairsIn5Minutes).toBe(medium!.pairsIn5Minutes);
    expect(detectionSettings('high', { failuresIn5Minutes: 99 })).toEqual({ ...high!, failuresIn5Minutes: 99 });
  });
});

describe('success', () => {
  const mixed = (failures: number, successes: number) =>
    flat(failures + successes, (n) =>
      probe({ to: '10.0.9.9', port: n + 1, at: NOON + n, fate: n < failures ? 'reset' : 'established' }),
    );

  test('counts in favour of the source: fewer than three failures for each success are not a scan', async () => {
    expect(await findingsIn(mixed(30, 10))).toHaveLength(1);
    expect(await findingsIn(mixed(29, 10))).toEqual([]);
  });

  test('counts against few failures by the walk, where the ratio alone would not', async () => {
    const open = vertical(2, { firstPort: 500, at: NOON - 2, fate: 'established' });
    expect(await findingsIn([...open, ...vertical(FLOOR)])).toEqual([]);
    expect(await findingsIn([...open, ...vertical(FLOOR + 1)])).toHaveLength(1);
  });

  test('is not outweighed by recurring contacts', async () => {
    const used = { fate: 'established', at: NOON + 276, seconds: 25, also: { packets: '20' } } as const;
    const known = flat(8, (n) => probe({ to: '10.0.9.9', port: 500 + n, ...used }));
    const fresh = vertical(20, { firstPort: 1000, at: NOON + 302, every: 0 });
    expect(await findingsIn([...poller(20, 5, NOON + 290), ...fresh])).toHaveLength(1);
    expect(await findingsIn([...poller(20, 5, NOON + 290), ...known, ...fresh])).toEqual([]);
  });

  test('counts where it came a little later, too', async () => {
    const later = flat(30, (n) => probe({ to: '10.0.9.9', port: 500 + n, at: NOON + 200 + n, fate: 'established' }));
    expect(await findingsIn([...vertical(20), ...later])).toEqual([]);
  });

  test('elsewhere does not: a group is judged by itself', async () => {
    expect(await findingsIn([...vertical(20), ...flat(500, (n) => talk(n, NOON + (n % 200)))])).toHaveLength(1);
  });
});

describe('recurring contacts', () => {
  test('of more than habitLimit hosts are a scan after all', async () => {
    const hosts = (count: number) =>
      flat(10, (minute) =>
        flat(count, (n) => {
          // A kernel takes another port for each connection.
          const sourcePort = 33_000 + n * 100 + minute;
          return probe({ to: to(n), port: 22, sourcePort, at: NOON + minute * 60, fate: 'rejected' });
        }),
      );
    expect(await findingsIn(hosts(settings.habitLimit))).toEqual([]);
    expect(await findingsIn(hosts(settings.habitLimit + 1))).toHaveLength(1);
  });

  test.each([
    ['every minute', 60, 10, 1],
    ['every night', 24 * HOUR, 4, 4],
  ])(
    'do not come from raw packets: a small scan that runs %s from one source port each time',
    async (_, every, rounds, scans) => {
      const loop = (count: number) =>
        flat(rounds, (n) =>
          horizontal(count, { every: 0.1, at: NOON + n * every, sourcePort: 50_000 - n * 101, fate: 'unanswered' }),
        );
      const findings = await findingsIn(loop(20));
      expect(findings).toHaveLength(scans);
      for (const finding of findings) expect(finding).toMatchObject({ severity: 'high', contacts: { failed: 20 } });
      expect(await findingsIn(loop(9))).toEqual([]);
    },
  );

  test('of more than habitPorts ports of one host are a scan that runs in a loop', async () => {
    expect(await findingsIn(poller(settings.habitPorts, 10))).toEqual([]);
    expect(await findingsIn(poller(settings.habitPorts + 1, 10))).toMatchObject([{ severity: 'high' }]);
  });

  test('do not excuse what is new', async () => {
    expect(await findingsIn([...poller(12, 30), ...vertical(20, { firstPort: 1000, at: NOON + 600 })])).toMatchObject([
      { kind: 'vertical-scan', contactsAtDetection: FLOOR },
    ]);
  });

  test('are not made of retransmissions, though they touch three minutes', async () => {
    const tries = [50, 53, 61, 75, 121].flatMap((second) =>
      vertical(20, { every: 0, at: NOON + second, fate: 'rejected' }),
    );
    expect(await findingsIn(tries)).toHaveLength(1);
  });

  test('are recognised across the hour', async () => {
    expect(await findingsIn(poller(12, 4, NOON + HOUR - 60))).toEqual([]);
  });
});

describe('open questions', () => {
  const silence = vertical(30, { fate: 'unanswered' });

  test('silence is no failure until the answer is overdue', async () => {
    expect(await findingsIn(silence, { overdueBefore: NOON - 1 })).toEqual([]);
    expect(await findingsIn(silence, { overdueBefore: NOON + 29 })).toHaveLength(1);
    // Of thirty probes a second apart, those up to the limit are overdue.
    expect(await findingsIn(silence, { overdueBefore: NOON + FLOOR - 2 })).toEqual([]);
    expect(await findingsIn(silence, { overdueBefore: NOON + FLOOR - 1 })).toHaveLength(1);
  });

  test('rejected and reset count at once', async () => {
    for (const fate of ['rejected', 'reset'] as const)
      expect(await findingsIn(vertical(30, { fate }), { overdueBefore: NOON - 9999 })).toHaveLength(1);
  });

  test('answers that come late refute the finding', async () => {
    const answers = vertical(30, { fate: 'established' }).filter((half) => half['tcp-flags'] === 18);
    expect(await findingsIn([...silence, ...answers])).toEqual([]);
  });

  test('an answer logged in the next hour, or the one before, still answers', async () => {
    const at = NOON + HOUR - 15;
    const probes = vertical(30, { at, every: 0, seconds: 10, fate: 'unanswered' });
    const answers = (seconds: number) =>
      vertical(30, { at, every: 0, seconds, fate: 'established' }).filter((half) => half['tcp-flags'] === 18);
    expect(await findingsIn(probes)).toHaveLength(1);
    expect(await findingsIn([...probes, ...answers(40)])).toEqual([]);
    const later = vertical(30, { at, every: 0, seconds: 20, fate: 'unanswered' });
    expect(await findingsIn([...later, ...answers(10)])).toEqual([]);
  });
});

describe('the edge of an hour', () => {
  test('does not split a contact: probed on both sides it is one first contact', async () => {
    const at = NOON + HOUR - 5;
    const rows = [...vertical(FLOOR - 1, { at, every: 0 }), ...vertical(FLOOR - 1, { at: at + 10, every: 0 })];
    expect(await findingsIn(rows)).toEqual([]);
  });

  test('does not split a scan', async () => {
    const findings = await findingsIn(vertical(40, { at: NOON + HOUR - 20 }));
    expect(findings).toMatchObject([{ ports: { count: 40, exact: true }, contacts: { failed: 40 } }]);
  });
});

test('a source is judged by itself: many with little are nothing', async () => {
  expect(await findingsIn(flat(100, (n) => vertical(FLOOR - 1, { from: `10.1.${n}.1` })))).toEqual([]);
});

test('the source of a finding is the scanner', async () => {
  expect(await findingsIn(vertical(30))).toMatchObject([
    { source: { address: SCANNER, interfaceId: `eni-${SCANNER}` } },
  ]);
});

describe('a NAT gateway', () => {
  /** What a gateway's own interface logs of a host behind it: the request as it comes in, and as it goes out. */
  const forwarded = (also: Row = {}) =>
    Array.from({ length: 40 }, (_, n) => {
      const outside = `203.0.113.${n}`;
      const time = { start: NOON + n, end: NOON + n };
      const common = { ...time, 'interface-id': 'eni-nat', 'pkt-dstaddr': outside, dstport: 22, ...also };
      const client = { srcaddr: '10.0.1.5', 'pkt-srcaddr': '10.0.1.5', dstaddr: '10.0.0.2' };
      return [
        row({ ...common, ...client, 'flow-direction': 'ingress' }),
        row({ ...common, srcaddr: '10.0.0.2', 'pkt-srcaddr': '10.0.0.2', dstaddr: outside }),
      ];
    }).flat();
  const sources = async (rows: Row[]) => (await findingsIn(rows)).map(({ source }) => source!.address).sort();

  test('is not the source of what hosts behind it scan', async () => {
    expect(await sources(forwarded())).toEqual(['10.0.1.5']);
  });

  test('is told from an instance that forwards, which may well scan by itself', async () => {
    expect(await sources(forwarded({ 'instance-id': 'i-1' }))).toEqual(['10.0.0.2', '10.0.1.5']);
  });
});
