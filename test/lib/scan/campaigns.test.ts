/** Campaigns: many outside sources with one plan are one finding, and coincidences are not a finding. */
import { describe, expect, test } from '@jest/globals';
import { detectionSettings } from '../../../lib/detections/settings.ts';
import { epochSeconds, type Finding } from '../../../lib/finding/model.ts';
import { findingsIn, NOON, type Probe, probe, type Row, vertical } from './traffic.ts';

const MINUTE = 60;
const HOUR = 3600;
const HOST = '10.0.9.9';
const settings = detectionSettings();
const flat = (count: number, make: (n: number) => Row[]) => Array.from({ length: count }, (_, n) => make(n)).flat();
/** Each from another network. */
const outside = (n: number) => `203.${n >> 8}.${n & 255}.7`;
const POPULAR = [
  22, 23, 80, 443, 445, 3389, 5555, 8080, 8443, 2323, 21, 25, 53, 1433, 3306, 5432, 6379, 9200, 27017, 5900,
];
const RETRIED = { packets: '4', bytes: '240' };
/** A probe from outside, as the target's interface logs it. */
const inbound = (of: Probe): Row[] => probe({ fate: 'rejected', seenBy: 'target', ...of });

interface Sharing extends Partial<Probe> {
  readonly sources?: number;
  /** Ports, or targets, of each source. */
  readonly each?: number;
  /** From the first probe to the last. */
  readonly minutes?: number;
  /** Number of the first source, and of the first port or target. */
  readonly firstSource?: number;
  readonly first?: number;
}

/** Sources that take turns until each has tried its own ports of one host. */
const vertically = ({ sources = 16, each = 4, minutes = 50, firstSource = 0, first = 1, ...rest }: Sharing = {}) => {
  const count = sources * each;
  return flat(count, (n) =>
    inbound({
      from: outside(firstSource + (n % sources)),
      to: HOST,
      port: first + n,
      ...rest,
      at: (rest.at ?? NOON) + Math.floor((n * minutes * MINUTE) / Math.max(1, count - 1)),
    }),
  );
};

/** Sources that take turns until each has tried one port on its own targets of a /24. */
const horizontally = ({ sources = 64, each = 4, minutes = 50, firstSource = 0, first = 0, ...rest }: Sharing = {}) => {
  const count = sources * each;
  return flat(count, (n) =>
    inbound({
      from: outside(firstSource + (n % sources)),
      to: `10.0.9.${first + n}`,
      port: 6379,
      ...rest,
      at: (rest.at ?? NOON) + Math.floor((n * minutes * MINUTE) / Math.max(1, count - 1)),
    }),
  );
};

const campaignsIn = (findings: readonly Finding[]) => findings.filter(({ kind }) => kind === 'distributed-scan');
const campaigns = async (rows: readonly Row[]) => campaignsIn(await findingsIn(rows));

/** Random numbers below one that a seed repeats (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled<T>(items: readonly T[], seed: number): T[] {
  const next = random(seed);
  return items
    .map((item) => ({ item, key: next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

describe('one campaign', () => {
  test('sixteen sources with four ports of one host each', async () => {
    const findings = await findingsIn(vertically());
    expect(findings).toMatchObject([
      {
        kind: 'distributed-scan',
        severity: 'medium',
        direction: 'inbound',
        source: null,
        sources: { count: 16 },
        protocols: ['tcp'],
        targets: { count: 1, exact: true, sample: [HOST] },
        ports: { count: 64, exact: true },
        contacts: { failed: 64, rejected: 64, established: 0 },
        horizon: '1h',
        firstSeen: '2026-09-01T12:00:00Z',
        lastSeen: '2026-09-01T12:50:00Z',
      },
    ]);
    expect(findings[0]!.reasons.map(({ test: name }) => name)).toEqual([
      'campaign-sources-1h',
      'campaign-ports-1h',
      'campaign-overlap-1h',
    ]);
    for (const { value, threshold, test: name } of findings[0]!.reasons)
      if (name === 'campaign-overlap-1h') expect(value).toBeLessThanOrEqual(threshold);
      else expect(value).toBeGreaterThanOrEqual(threshold);
  });

  test('sixty-four sources with four hosts of a /24 each, on one port', async () => {
    expect(await findingsIn(horizontally())).toMatchObject([
      {
        kind: 'distributed-scan',
        source: null,
        sources: { count: 64 },
        targets: { count: 256 },
        ports: { count: 1, sample: [6379] },
        horizon: '3h',
      },
    ]);
  });

  test.each(['rejected', 'reset', 'unanswered'] as const)('that is %s', async (fate) => {
    expect(await findingsIn(vertically({ fate }))).toMatchObject([
      { kind: 'distributed-scan', contacts: { [fate]: 64 } },
    ]);
  });

  test('counts members with three failed ports, however many others answered', async () => {
    const failed = vertically({ sources: 16, each: 3 });
    const answered = vertically({ sources: 16, each: 7, first: 1000, fate: 'established' });
    expect(await campaigns([...failed, ...answered])).toMatchObject([
      { sources: { count: 16 }, contacts: { failed: 48, established: 112 } },
    ]);
    const fewer = vertically({ sources: 16, each: 2 });
    expect(await campaigns([...fewer, ...answered])).toEqual([]);
  });

  test('over UDP', async () => {
    expect(await findingsIn(vertically({ protocol: 17 }))).toMatchObject([
      { kind: 'distributed-scan', protocols: ['udp'] },
    ]);
  });

  test('over IPv6', async () => {
    const from = (n: number) => `2001:db8:${(n % 16).toString(16)}::7`;
    const [finding, ...others] = await findingsIn(
      flat(64, (n) => inbound({ from: from(n), to: 'fd00::9', port: 1 + n, at: NOON + n * 45 })),
    );
    expect(finding).toMatchObject({
      kind: 'distributed-scan',
      sources: { count: 16 },
      targets: { sample: ['fd00::9'] },
    });
    expect(others).toEqual([]);
  });

  test('at the floors: as many sources and ports as the settings ask for, not one less', async () => {
    const [sources, ports] = [settings.campaignSources, settings.campaignPorts];
    const each = ports / sources;
    expect(await campaigns(vertically({ sources, each }))).toHaveLength(1);
    expect(await campaigns(vertically({ sources: sources - 1, each: each + 2 }))).toEqual([]);
    expect(await campaigns(vertically({ sources, each }).slice(1))).toEqual([]);
  });

  test('of three hours is one finding', async () => {
    const rows = flat(3, (n) => vertically({ at: NOON + n * HOUR, first: 1 + n * 64, minutes: 59 }));
    expect(await findingsIn(rows)).toMatchObject([
      { kind: 'distributed-scan', ports: { count: 192 }, firstSeen: '2026-09-01T12:00:00Z' },
    ]);
  });

  test('on each of two hosts by different sources are two', async () => {
    const findings = await findingsIn([...vertically(), ...vertically({ to: '10.0.9.77', firstSource: 100 })]);
    expect(campaignsIn(findings)).toHaveLength(2);
    expect(findings.map(({ targets }) => targets.sample[0]).sort()).toEqual(['10.0.9.77', HOST]);
    expect(new Set(findings.map(({ id }) => id)).size).toBe(2);
  });

  test('with some ports tried twice is still one', async () => {
    const rows = [...vertically(), ...vertically({ sources: 8, first: 1, firstSource: 8, at: NOON + 30 })];
    const [finding, ...others] = campaignsIn(await findingsIn(rows));
    expect(others).toEqual([]);
    const overlap = finding!.reasons.find(({ test: name }) => name === 'campaign-overlap-1h')!;
    expect(overlap.value).toBeLessThanOrEqual(settings.campaignOverlap);
  });

  test('is closed once the log has gone on for longer than the episode gap', async () => {
    const status = async (logTime: number) =>
      (await findingsIn(vertically(), { logTime })).map((found) => found.status);
    const last = NOON + 50 * MINUTE;
    expect(await status(last + settings.episodeGapSeconds)).toEqual(['open']);
    expect(await status(last + settings.episodeGapSeconds + 1)).toEqual(['closed']);
  });

  test('waits until silence is an answer', async () => {
    const rows = vertically({ fate: 'unanswered' });
    expect(await findingsIn(rows, { overdueBefore: NOON + 20 * MINUTE })).toEqual([]);
    expect(await findingsIn(rows, { overdueBefore: NOON + 50 * MINUTE })).toHaveLength(1);
  });

  test('that is repeated in three separate hours is not taken for recurring contacts', async () => {
    const rows = flat(3, (n) => vertically({ at: NOON + n * 3 * HOUR }));
    expect((await campaigns(rows)).length).toBeGreaterThan(0);
  });

  test('that tries each port in three separate minutes is not taken for recurring contacts', async () => {
    const rows = flat(3, (n) => vertically({ at: NOON + n * MINUTE }));
    expect(await campaigns(rows)).toHaveLength(1);
  });

  test('of which two ports answered names them', async () => {
    const rows = flat(64, (n) =>
      inbound({
        from: outside(n % 16),
        to: HOST,
        port: 1 + n,
        at: NOON + n * 45,
        fate: n === 21 || n === 42 ? 'established' : 'rejected',
      }),
    );
    const [finding] = await campaigns(rows);
    expect(finding).toMatchObject({ contacts: { failed: 62, established: 2 }, openPorts: { count: 2 } });
    expect(finding!.openPorts.sample.map(({ port }) => port).sort((a, b) => a - b)).toEqual([22, 43]);
  });

  test('is one also where its sources share out the same ports of several hosts', async () => {
    const rows = flat(5, (n) => vertically({ to: `10.0.9.${n}`, at: NOON + n }));
    expect(await campaigns(rows)).toHaveLength(1);
  });
});

describe('silent', () => {
  const cases: readonly (readonly [string, Row[]])[] = [
    ['too few sources', vertically({ sources: settings.campaignSources - 1, each: 6 })],
    ['too few ports of each', vertically({ sources: 40, each: settings.campaignPortsPerSource - 1 })],
    ['a flood of large datagrams', vertically({ protocol: 17, also: { packets: '1', bytes: '1428' } })],
    ['too few ports together', vertically({ sources: 15, each: 3 })],
    ['too few hosts together', horizontally({ sources: 15, each: 3 })],
    [
      'too much overlap: two sources at every port',
      [...vertically(), ...vertically({ firstSource: 100, at: NOON + 30 })],
    ],
    ['too slow: the same over three hours', vertically({ minutes: 180 })],
    ['answered: every port is open', vertically({ fate: 'established' })],
  ];
  test.each(cases)('%s', async (_, rows) => {
    expect(await findingsIn(rows)).toEqual([]);
  });

  test('inside clients that each retry servers of their own', async () => {
    const rows = flat(256, (n) =>
      probe({ from: `10.0.3.${n % 64}`, to: `10.0.9.${n}`, port: 22, at: NOON + n, fate: 'unanswered', also: RETRIED }),
    );
    expect(await campaigns(rows)).toEqual([]);
  });

  test('inside sources that fail at the same hosts, because these are gone', async () => {
    const rows = flat(256, (n) =>
      probe({ from: `10.0.3.${n % 64}`, to: `10.0.9.${n % 40}`, port: 22, at: NOON + n, fate: 'reset' }),
    );
    expect(await campaigns(rows)).toEqual([]);
  });

  test('outside sources of many networks with one probe each', async () => {
    const rows = flat(230, (n) => inbound({ from: outside(n), to: HOST, port: 1 + n, at: NOON + n * 10 }));
    expect(await findingsIn(rows)).toEqual([]);
  });

  test('outside sources that each try pairs at random', async () => {
    const next = random(5);
    const below = (limit: number) => Math.floor(next() * limit);
    const rows = flat(360, (n) =>
      inbound({ from: outside(n % 30), to: `10.0.9.${below(20)}`, port: 1 + below(18), at: NOON + n * 20 }),
    );
    expect(await campaigns(rows)).toEqual([]);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'as many pairs as a campaign has, drawn at random over the /24 (seed %i)',
    async (seed) => {
      const next = random(seed);
      const rows = flat(256, (n) =>
        inbound({ from: outside(n % 64), to: `10.0.9.${Math.floor(next() * 256)}`, port: 6379, at: NOON + n * 11 }),
      );
      expect(await findingsIn(rows)).toEqual([]);
    },
  );

  test.each([10, 16])('%i decoys at the same ports of the same host in the same minutes', async (decoys) => {
    const rows = flat(decoys, (n) => vertical(100, { from: outside(n), to: HOST, seenBy: 'target', fate: 'rejected' }));
    const findings = await findingsIn(rows);
    expect(campaignsIn(findings)).toEqual([]);
    expect(findings.filter(({ campaign }) => campaign)).toEqual([]);
    expect(findings).toHaveLength(decoys);
  });
});

describe('a campaign', () => {
  /** A record long after the others, so that the log shows how they went on. */
  const later = (from: string) => probe({ from, to: '10.0.99.1', port: 9, at: NOON + 2 * HOUR, fate: 'established' });

  test('of inside sources is one finding of high severity', async () => {
    const rows = flat(240, (n) =>
      probe({ from: `10.0.3.${n % 40}`, to: `10.0.9.${n}`, port: 22, at: NOON + n, fate: 'rejected' }),
    );
    expect(await findingsIn([...rows, ...later('10.0.98.1')])).toMatchObject([
      {
        kind: 'distributed-scan',
        severity: 'high',
        direction: 'lateral',
        sources: { count: 40 },
        targets: { count: 240 },
        ports: { sample: [22] },
      },
    ]);
  });

  test('of inside sources may go through two subnets, and five hosts each of four are too few to show a plan', async () => {
    const divided = (subnets: number) =>
      flat(120, (n) => {
        const to = `10.0.${9 + (n % subnets)}.${5 + Math.floor(n / subnets)}`;
        return probe({ from: `10.0.3.${n % 24}`, to, port: 6379, at: NOON + n * 4, fate: 'reset' });
      });
    expect(await campaigns([...divided(2), ...later('10.0.98.1')])).toMatchObject([{ sources: { count: 24 } }]);
    expect(await campaigns([...divided(4), ...later('10.0.98.1')])).toEqual([]);
  });

  test('of addresses of one outside network with one probe each names the network', async () => {
    const rows = flat(230, (n) => inbound({ from: `192.0.2.${n}`, to: HOST, port: 1 + n, at: NOON + n * 10 }));
    const [finding, ...others] = await findingsIn(rows);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ kind: 'distributed-scan', severity: 'low', sources: { count: 230 } });
    expect(finding!.reasons[0]).toMatchObject({ test: 'network-sources-1h' });
    expect(finding!.reasons[0]!.text).toContain('192.0.2.0/24');
  });

  test('that divides pairs of host and port is one finding', async () => {
    const pairs = shuffled(
      Array.from({ length: 360 }, (_, n) => ({ to: `10.0.9.${n % 20}`, port: 1 + Math.floor(n / 20) })),
      3,
    );
    const rows = pairs.flatMap((pair, n) => inbound({ ...pair, from: outside(n % 30), at: NOON + n * 20 }));
    expect(await findingsIn(rows)).toMatchObject([
      { kind: 'distributed-scan', severity: 'medium', sources: { count: 30 }, targets: { count: 20 }, horizon: '3h' },
    ]);
  });
});

describe('background noise is not a campaign', () => {
  /** Sources with one to three ports on one to three hosts, the popular ports preferred, in an hour. */
  function noise(seed: number, sources: number, hosts: number, popular = 0.75): Row[] {
    const next = random(seed);
    const below = (limit: number) => Math.floor(next() * limit);
    const port = () => (next() < popular ? POPULAR[below(POPULAR.length)]! : 1 + below(65_535));
    return flat(sources, (n) => {
      const ports = Array.from({ length: 1 + below(3) }, port);
      const targets = Array.from({ length: 1 + below(3) }, () => `10.0.9.${below(hosts)}`);
      const at = NOON + below(HOUR);
      return ports.flatMap((one) =>
        targets.flatMap((to) => inbound({ from: outside(n), to, port: one, at: at + below(20) })),
      );
    });
  }

  test.each([
    [1, 3000, 1],
    [2, 3000, 1],
    [3, 1000, 1],
    [4, 200, 1],
    [5, 40, 1],
    [6, 3000, 250],
    [7, 3000, 250],
    [8, 1000, 250],
    [9, 3000, 20],
    [10, 3000, 20],
  ])('seed %i: %i sources, %i of our hosts', async (seed, sources, hosts) => {
    expect(await campaigns(noise(seed, sources, hosts))).toEqual([]);
  });

  test.each([21, 22, 23])('nor where but half of its ports are popular ones (seed %i)', async (seed) => {
    expect(await campaigns(noise(seed, 100, 1, 0.5))).toEqual([]);
  });

  test('nor with one scanner that sweeps all hosts on a popular port among it', async () => {
    const sweep = flat(250, (n) => inbound({ from: '198.51.100.7', to: `10.0.9.${n}`, port: 23, at: NOON + n * 10 }));
    const bots = flat(36, (n) =>
      inbound({ from: outside(n % 12), to: `10.0.9.${(n * 41) % 250}`, port: 23, at: NOON + n * 60 }),
    );
    const findings = await findingsIn([...sweep, ...bots]);
    expect(findings.map(({ kind }) => kind)).toEqual(['horizontal-scan']);
    expect(findings[0]!.campaign).toBeUndefined();
  });

  test('nor with one scanner that searches all ports of a host among it', async () => {
    const next = random(11);
    const search = vertical(1000, { from: '198.51.100.7', to: HOST, seenBy: 'target', fate: 'rejected' });
    const bots = flat(36, (n) =>
      inbound({
        from: outside(n % 12),
        to: HOST,
        port: POPULAR[Math.floor(next() * POPULAR.length)]!,
        at: NOON + n * 60,
      }),
    );
    const findings = await findingsIn([...search, ...bots]);
    expect(findings.map(({ kind }) => kind)).toEqual(['vertical-scan']);
    expect(findings[0]!.campaign).toBeUndefined();
  });
});

describe('inside hosts that are few in each network', () => {
  /** The internet's noise by which it shows which hosts there are: strangers with a probe each, or with three. */
  const strangers = (hosts: readonly string[], each: number) =>
    hosts.flatMap((to, at) =>
      flat(9, (n) =>
        inbound({
          from: outside(300 + Math.floor((at * 9 + n) / each)),
          to,
          port: POPULAR[n % POPULAR.length]!,
          at: NOON + n * 300 + at,
        }),
      ),
    );

  test.each([1, 3])('are shared out as well: twenty in each of twelve subnets (strangers try %i)', async (each) => {
    const hosts = Array.from({ length: 240 }, (_, n) => `10.0.${20 + (n % 12)}.${10 + Math.floor(n / 12)}`);
    const rows = hosts.flatMap((to, n) => inbound({ from: outside(n % 60), to, port: 6379, at: NOON + n * 12 }));
    expect(await campaigns([...rows, ...strangers(hosts, each)])).toHaveLength(1);
  });

  test.each([1, 3])('are shared out as well: sixty, all of a small VPC (strangers try %i)', async (each) => {
    const hosts = Array.from({ length: 60 }, (_, n) => `10.0.9.${n}`);
    expect(await campaigns([...horizontally({ sources: 15, each: 4 }), ...strangers(hosts, each)])).toHaveLength(1);
  });

  test('are shared out as well: IPv6 addresses as they are given out, which nobody hits by chance', async () => {
    const next = random(12);
    const group = () => Math.floor(next() * 65_536).toString(16);
    const hosts = Array.from({ length: 256 }, () => `fd00:1:2:3:${group()}:${group()}:${group()}:${group()}`);
    const rows = flat(256, (n) =>
      inbound({ from: `2001:db8:${(n % 64).toString(16)}::7`, to: hosts[n]!, port: 6379, at: NOON + n * 11 }),
    );
    expect(await campaigns(rows)).toHaveLength(1);
  });

  test('nor are IPv6 addresses that strangers draw from a list: they meet at some, as they would in a small subnet', async () => {
    const next = random(13);
    const hosts = Array.from({ length: 240 }, (_, n) => `2600:1f18:a:b::${(n + 1).toString(16)}`);
    const rows = flat(300, (n) =>
      inbound({
        from: `2001:db8:${(n % 60).toString(16)}::7`,
        to: hosts[Math.floor(next() * hosts.length)]!,
        port: 6379,
        at: NOON + n * 10,
      }),
    );
    const others = [1, 3].flatMap((each) => strangers(hosts, each));
    expect(await campaigns([...rows, ...others])).toEqual([]);
  });
});

describe('members', () => {
  /** Four members with ten ports within five minutes, which is a finding of their own, and twelve with four. */
  const rows = [
    ...vertically({ sources: 12 }),
    ...flat(4, (n) =>
      flat(10, (m) =>
        inbound({ from: outside(100 + n), to: HOST, port: 200 + n * 10 + m, at: NOON + n * 600 + m * 9 }),
      ),
    ),
  ];

  test('that are findings of their own name the campaign, which is one', async () => {
    const findings = await findingsIn(rows);
    const [campaign, ...others] = campaignsIn(findings);
    expect(others).toEqual([]);
    expect(campaign).toMatchObject({ sources: { count: 16 }, ports: { count: 88 } });
    const own = findings.filter(({ source }) => source);
    expect(own.map(({ source }) => source!.address).sort()).toEqual([100, 101, 102, 103].map(outside));
    expect(own.map((finding) => finding.campaign)).toEqual([campaign!.id, campaign!.id, campaign!.id, campaign!.id]);
  });

  test('are not those who scanned the same host on another day, or another host in the same hour', async () => {
    const before = vertical(20, {
      from: outside(3),
      to: HOST,
      seenBy: 'target',
      fate: 'rejected',
      at: NOON - 20 * HOUR,
    });
    const elsewhere = vertical(20, { from: outside(4), to: '10.0.9.50', seenBy: 'target', fate: 'rejected' });
    const findings = await findingsIn([...before, ...vertically(), ...elsewhere]);
    expect(campaignsIn(findings)).toHaveLength(1);
    expect(findings.filter(({ source }) => source).map(({ campaign }) => campaign)).toEqual([undefined, undefined]);
  });

  test('and no inside source: its scan of the same host is its own', async () => {
    const findings = await findingsIn([...vertically(), ...vertical(40)]);
    expect(findings.filter(({ direction }) => direction === 'lateral').map(({ campaign }) => campaign)).toEqual([
      undefined,
    ]);
  });

  test('have the most contacts first in the sample', async () => {
    const [campaign] = await campaigns(rows);
    expect(campaign!.sources!.sample.slice(0, 4)).toEqual([100, 101, 102, 103].map(outside));
  });

  test.each([
    ['of the same ports', 64],
    ['of these and many other ports', 1000],
  ])('do not vanish behind one big scanner %s', async (_, ports) => {
    const big = vertical(ports, { from: '198.51.100.7', to: HOST, seenBy: 'target', fate: 'rejected', every: 2 });
    const findings = await findingsIn([...vertically(), ...big]);
    expect(campaignsIn(findings)).toMatchObject([{ sources: { count: 16 }, ports: { count: 64 } }]);
    expect(findings.filter(({ source }) => source).map(({ campaign }) => campaign)).toEqual([undefined]);
  });

  test('are counted without the big scanner: with it they are enough, without it one too few', async () => {
    const big = vertical(66, { from: '198.51.100.7', to: HOST, seenBy: 'target', fate: 'rejected', every: 2 });
    const sources = settings.campaignSources - 1;
    expect(await campaigns([...vertically({ sources, each: 6 }), ...big])).toEqual([]);
  });

  test.each([
    ['meanwhile', 0],
    ['the day before', -24 * HOUR],
  ])('do not look big beside sources with little, all at the same three ports %s', async (_, before) => {
    const little = flat(20, (n) =>
      flat(3, (m) => inbound({ from: outside(300 + n), to: HOST, port: 22 + m, at: NOON + before + n * 100 + m })),
    );
    const [campaign] = await campaigns([...vertically({ sources: 16, each: 13, first: 500 }), ...little]);
    expect(campaign).toMatchObject({ ports: { count: 208 }, sources: { count: 16 } });
  });
});

describe('order and time', () => {
  const rows = [
    ...vertically({ minutes: 55 }),
    ...horizontally({ firstSource: 300, first: 0 }),
    ...vertical(30, { from: outside(3), to: HOST, seenBy: 'target', fate: 'rejected', at: NOON + 600 }),
  ];

  test.each([1, 2, 3, 4, 5])('the order of records does not matter (seed %i)', async (seed) => {
    const logTime = NOON + HOUR;
    expect(await findingsIn(shuffled(rows, seed), { logTime })).toEqual(await findingsIn(rows, { logTime }));
  });

  test('nor where a member is part of two campaigns', async () => {
    const both = [
      ...vertically(),
      ...vertically({ to: '10.0.9.77', firstSource: 15, at: NOON + 7 }),
      ...[HOST, '10.0.9.77'].flatMap((to) =>
        vertical(30, { from: outside(15), to, seenBy: 'target', fate: 'rejected', at: NOON + 600, firstPort: 500 }),
      ),
    ];
    const [first, ...others] = await Promise.all([1, 2, 3, 4, 5, 6].map((seed) => findingsIn(shuffled(both, seed))));
    for (const findings of others) expect(findings).toEqual(first);
  });

  const shifts = Array.from({ length: 9 }, (_, n) => n * 7);

  test.each(shifts)("an hour's edge does not matter: %i minutes later", async (minutes) => {
    for (const make of [vertically, horizontally])
      expect(await findingsIn(make({ at: NOON + minutes * MINUTE }))).toMatchObject([{ kind: 'distributed-scan' }]);
  });

  test.each(shifts)('nor does it for one that takes all of the hour: %i minutes later', async (minutes) => {
    const [sources, each] = [settings.campaignSources, settings.campaignPorts / settings.campaignSources];
    const rowsOfHour = vertically({ sources, each, minutes: 59, at: NOON + minutes * MINUTE });
    expect(await campaigns(rowsOfHour)).toHaveLength(1);
  });

  test('a silence beyond the episode gap ends a campaign, however short its burst', async () => {
    const burst = (n: number) =>
      vertically({ minutes: 2, at: NOON + n * (settings.episodeGapSeconds + 20 * MINUTE), first: 1 + n * 100 });
    const findings = await campaigns([...burst(0), ...burst(1)]);
    expect(findings.map(({ ports }) => ports.count)).toEqual([64, 64]);
  });
});

describe('is dated by the first contacts that are enough', () => {
  /** The number of the record with which there is a campaign, when the log ends there, and the campaign. */
  async function firstPrefix(rows: readonly Row[]): Promise<{ records: number; finding: Finding }> {
    for (let records = 1; records <= rows.length; records++) {
      const [finding] = await campaigns(rows.slice(0, records));
      if (finding) return { records, finding };
    }
    throw new Error('there is no campaign');
  }

  const inOrder = (rows: Row[]) => rows.toSorted((a, b) => Number(a.end) - Number(b.end));

  test('in a plain campaign: the record that completes the floors', async () => {
    const rows = vertically();
    const [finding] = await campaigns(rows);
    const { records } = await firstPrefix(rows);
    // Sixteen sources take turns: when the last one needed has its share, others may have one more.
    const shares = (settings.campaignPortsPerSource - 1) * 16 + settings.campaignSources;
    expect(records).toBe(Math.max(settings.campaignPorts, shares));
    expect(finding).toMatchObject({ contactsAtDetection: settings.campaignPorts });
    expect(epochSeconds(finding!.detectedAt)).toBe(rows[records - 1]!.end);
  });

  test('in one that goes on for hours: the first hour', async () => {
    const [finding] = await campaigns(
      flat(3, (n) => vertically({ at: NOON + n * HOUR, first: 1 + n * 64, minutes: 59 })),
    );
    expect(epochSeconds(finding!.detectedAt)).toBeLessThan(NOON + HOUR);
    expect(finding!.contactsAtDetection).toBe(settings.campaignPorts);
  });

  test('if others repeat the ports, so that the evidence is enough at one moment and not at the next', async () => {
    // 48 ports are enough. Sixteen other sources repeat them until the overlap is too high. Then further ports follow.
    const rows = inOrder([
      ...vertically({ minutes: 10 }).slice(0, 50),
      ...vertically({ firstSource: 100, minutes: 10, at: NOON + 9 * MINUTE }).slice(0, 40),
      ...vertically({ firstSource: 200, sources: 20, each: 4, minutes: 8, first: 300, at: NOON + 21 * MINUTE }),
    ]);
    const [finding] = await campaigns(rows);
    const { records } = await firstPrefix(rows);
    expect(epochSeconds(finding!.detectedAt)).toBe(rows[records - 1]!.end);
  });
});
