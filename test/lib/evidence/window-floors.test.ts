/** The bound is never too strict: a source that it leaves out yields no finding, and no campaign lacks a member. */
import { describe, expect, jest, test } from '@jest/globals';
import { type Random, randomOf } from '../../../bench/random.ts';
import { leastEvidenceOf, windowFloorsOf } from '../../../lib/detections/least-evidence.ts';
import { detectionSettings, type Sensitivity } from '../../../lib/detections/settings.ts';
import { detectScans } from '../../../lib/finding/describe-scan.ts';
import { judgeAll } from '../../../lib/pipeline/judge-all.ts';
import { collect, horizontal, NOON, type Probe, probe, type Row, SCANNER, vertical } from '../scan/traffic.ts';

const HOUR = 3600;
const LEAST = leastEvidenceOf(detectionSettings());
const FLOORS = windowFloorsOf(detectionSettings());

type Possible = Readonly<Record<string, { readonly mayScan: boolean; readonly mayShare: boolean }>>;

/** What each source can be. Sources that can be nothing are left out. */
async function possibleIn(rows: readonly Row[], floors = FLOORS, least = LEAST): Promise<Possible> {
  const suspects = (await collect([rows])).suspects(least, floors);
  return Object.fromEntries(
    Array.from(suspects, ({ evidence, mayScan, mayShare }) => [evidence.address, { mayScan, mayShare }]),
  );
}

describe('a source outside', () => {
  const from = '203.0.113.9';
  const failures = (count: number, every: number) => vertical(count, { from, every, seenBy: 'target' });

  test('can be found for as many failures as a window asks for, within its length and that of a record', async () => {
    expect(await possibleIn(failures(8, 40))).toMatchObject({ [from]: { mayScan: true } });
    expect(await possibleIn(failures(7, 40))).not.toMatchObject({ [from]: { mayScan: true } });
    expect(await possibleIn(failures(8, 70))).not.toMatchObject({ [from]: { mayScan: true } });
    const long = vertical(8, { from, every: 70, seenBy: 'target', seconds: 300 });
    expect(await possibleIn(long)).toMatchObject({ [from]: { mayScan: true } });
  });

  test('can be found for what an hour or days show', async () => {
    expect(await possibleIn(failures(16, 200))).toMatchObject({ [from]: { mayScan: true } });
    expect(await possibleIn(failures(24, 3000))).not.toMatchObject({ [from]: { mayScan: true } });
    expect(await possibleIn(failures(25, 3000))).toMatchObject({ [from]: { mayScan: true } });
  });

  test('cannot be found for one contact that it makes again in each hour', async () => {
    const stale = Array.from({ length: 30 }, (_, n) => probe({ from, to: '10.0.9.9', port: 1, at: NOON + n * HOUR }));
    expect(await possibleIn(stale.flat())).not.toMatchObject({ [from]: { mayScan: true } });
  });

  test('can be a member of a campaign for a share within a window', async () => {
    expect(await possibleIn(failures(4, 600))).toEqual({ [from]: { mayScan: false, mayShare: true } });
    expect(await possibleIn(failures(4, 1300))).toEqual({});
    const targets = (every: number) => horizontal(3, { from, every, seenBy: 'target' });
    expect(await possibleIn(targets(5000))).toEqual({ [from]: { mayScan: false, mayShare: true } });
    expect(await possibleIn(targets(6000))).toEqual({});
  });
});

describe('a source inside', () => {
  test('can be found for open ports of one group within five minutes, and not for others', async () => {
    const open = (every: number, also: Partial<Probe> = {}) => horizontal(10, { fate: 'established', every, ...also });
    expect(await possibleIn(open(30))).toMatchObject({ [SCANNER]: { mayScan: true } });
    expect(await possibleIn(open(90))).not.toMatchObject({ [SCANNER]: { mayScan: true } });
    expect(await possibleIn(open(30, { also: { packets: 50 } }))).toEqual({});
    const ports = [22, 80].flatMap((port) => horizontal(5, { fate: 'established', every: 30, port }));
    expect(await possibleIn(ports)).toEqual({});
  });
});

const INSIDE = ['10.0.3.22', '10.0.3.23', '172.16.0.4', '2001:db8::5'];
const OUTSIDE = ['203.0.113.7', '203.0.113.8', '198.51.100.3', '192.0.2.77', '2600::9'];
const FATES = ['rejected', 'reset', 'unanswered', 'established', 'rejected', 'unanswered'] as const;
const pick = <T>(items: readonly T[], random: Random): T => items[random.whole(0, items.length - 1)]!;

/** Sources that come close to all floors: bursts of a few to ninety contacts, in hours, with repeats and answers. */
function burst(random: Random): Row[] {
  const from = pick(random.next() < 0.5 ? INSIDE : OUTSIDE, random);
  const pace = pick([5, 35, 45, 200, 240, 1200, 3600, 9000], random);
  const start = NOON + random.whole(0, 30 * HOUR);
  const count = random.whole(1, pick([8, 20, 40, 90], random));
  const isVertical = random.next() < 0.4;
  const isHorizontal = random.next() < 0.6;
  const service = pick([22, 23, 80, 3389, 8080, 50_000], random);
  const also: Row = {
    packets: pick([1, 2, 3, 50], random),
    ...(random.next() < 0.2 && { 'tcp-flags': pick([0, 1, 16, 41], random) }),
  };
  const vpc: Row = random.next() < 0.3 ? { 'vpc-id': pick(['vpc-1', 'vpc-2'], random) } : {};
  const fate = random.next() < 0.6 ? pick(FATES, random) : undefined;
  return Array.from({ length: count }, (_, n) => {
    const host = isVertical ? 5 : random.whole(1, 40);
    const port = isHorizontal && !isVertical ? service : random.whole(1, 60);
    const to = from.includes(':') ? `2001:db8::${host}` : random.next() < 0.9 ? `10.0.9.${host}` : `198.18.0.${host}`;
    const of: Probe = {
      from,
      to,
      port,
      at: start + n * pace + random.whole(0, 20),
      seconds: pick([0, 10, 59, 300], random),
      protocol: pick([6, 6, 6, 6, 17, 1], random),
      fate: fate ?? pick(FATES, random),
      seenBy: pick(['source', 'target'], random),
      also: { ...also, ...vpc },
    };
    const again = random.next() < 0.2 ? probe({ ...of, at: of.at + pick([60, 700, 1500, 3700, 8000], random) }) : [];
    return [...probe(of), ...again];
  }).flat();
}

/** A dozen sources and more, each with a few parts of one group. */
function shared(random: Random): Row[] {
  const sources = pick([10, 12, 14, 28], random);
  const parts = random.whole(3, 7);
  const isInside = random.next() < 0.5;
  const kind = random.whole(0, 2);
  return Array.from({ length: sources * parts }, (_, n) => {
    const member = n % sources;
    return probe({
      from: isInside ? `10.0.4.${member + 1}` : `198.51.${member}.9`,
      to: `10.0.9.${kind === 0 ? 1 : (n % 200) + 1}`,
      port: kind === 1 ? 8443 : kind === 0 ? 100 + n : 100 + (n % 17),
      at: NOON + Math.floor(n * pick([10, 30, 60], random)),
      fate: random.next() < 0.9 ? 'rejected' : 'established',
      seenBy: 'target',
    });
  }).flat();
}

const collected = async (seed: number) => {
  const random = randomOf(`floors ${seed}`);
  const bursts = Array.from({ length: random.whole(1, 12) }, () => burst(random));
  return collect([[...bursts.flat(), ...(random.next() < 0.5 ? shared(random) : [])]]);
};

/** Kinds of the findings in all logs below, at any sensitivity. */
const kinds = new Set<string>();

test.each(['low', 'medium', 'high'] as const satisfies readonly Sensitivity[])(
  'no source and no campaign is lost to the bound: %s',
  async (sensitivity) => {
    const settings = detectionSettings(sensitivity);
    let skipped = 0;
    for (let seed = 0; seed < 40; seed++) {
      const collector = await collected(seed);
      const { logTime } = collector;
      const context = { settings, secret: 'a test', overdueBefore: Number.POSITIVE_INFINITY, logTime };
      const bounded = await judgeAll(collector, context);
      const all = collector.suspects.bind(collector);
      const possible = new Map(
        Array.from(all(leastEvidenceOf(settings), windowFloorsOf(settings)), ({ evidence, mayScan }) => [
          evidence.address + evidence.scope,
          mayScan,
        ]),
      );
      for (const { evidence } of all()) {
        if (possible.get(evidence.address + evidence.scope)) continue;
        skipped++;
        expect({ seed, source: evidence.address, found: detectScans(evidence, context) }).toEqual({
          seed,
          source: evidence.address,
          found: [],
        });
      }
      jest.spyOn(collector, 'suspects').mockImplementation((least) => all(least));
      const whole = await judgeAll(collector, context);
      expect({ seed, findings: [...bounded] }).toEqual({
        seed,
        findings: [...whole],
      });
      for (const { kind } of whole) kinds.add(kind);
    }
    expect(skipped).toBeGreaterThan(50);
  },
);

test('these logs hold scans of several kinds', () => {
  expect([...kinds]).toEqual(
    expect.arrayContaining(['vertical-scan', 'horizontal-scan', 'block-scan', 'distributed-scan']),
  );
});
