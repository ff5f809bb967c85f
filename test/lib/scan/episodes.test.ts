/** One scan, one finding: what splits scans, what does not, and ids that stay. */
import { describe, expect, test } from '@jest/globals';
import { detectionSettings } from '../../../lib/detections/settings.ts';
import type { Finding } from '../../../lib/finding/model.ts';
import fc from '../../properties.ts';
import { findingsIn, horizontal, judge, merged, NOON, probe, type Row, vertical } from './traffic.ts';

const settings = detectionSettings();
const flat = (count: number, make: (n: number) => Row[]) => Array.from({ length: count }, (_, n) => make(n)).flat();
const idsOf = (findings: readonly Finding[]) => findings.map(({ id }) => id);

describe('silence', () => {
  const scan = (at: number) => vertical(20, { at, fate: 'rejected' });
  const gap = settings.episodeGapSeconds;

  test('beyond the episode gap makes a second finding with an id of its own', async () => {
    const findings = await findingsIn([...scan(NOON), ...scan(NOON + 19 + gap + 1)]);
    expect(findings).toHaveLength(2);
    expect(new Set(idsOf(findings)).size).toBe(2);
    expect(idsOf(findings)).toContain((await findingsIn(scan(NOON)))[0]!.id);
  });

  test('up to the episode gap does not', async () => {
    const first = vertical(20, { at: NOON });
    const second = vertical(20, { at: NOON + 19 + gap, firstPort: 500 });
    expect(await findingsIn([...first, ...second])).toMatchObject([{ contacts: { failed: 40 } }]);
  });

  test('after the last probe closes a finding once the log has moved past the gap', async () => {
    const [before] = await findingsIn(scan(NOON), { logTime: NOON + 19 + gap });
    expect(before).toMatchObject({ status: 'open' });
    expect(before).not.toHaveProperty('closedBecause');
    const [after] = await findingsIn(scan(NOON), { logTime: NOON + 19 + gap + 1 });
    expect(after).toMatchObject({ id: before!.id, status: 'closed', closedBecause: 'ended' });
  });
});

describe('another target set', () => {
  test('after a pause, scanned by itself, is another finding', async () => {
    const rows = [
      ...vertical(30),
      ...vertical(30, { to: '10.0.50.1', at: NOON + 30 + settings.targetSetGapSeconds + 1 }),
    ];
    const findings = await findingsIn(rows);
    expect(findings.map(({ targets }) => targets.sample)).toEqual([['10.0.9.9'], ['10.0.50.1']]);
    expect(new Set(idsOf(findings)).size).toBe(2);
  });

  test('without a pause is the same scan', async () => {
    const rows = [...vertical(30), ...vertical(30, { to: '10.0.50.1', at: NOON + 60 })];
    expect(await findingsIn(rows)).toMatchObject([{ targets: { count: 2 } }]);
  });

  test('swept for the same port is a sweep that goes on elsewhere', async () => {
    const pause = settings.targetSetGapSeconds + 1;
    const rows = flat(3, (n) => horizontal(30, { network: `10.0.${20 + n}`, at: NOON + n * (30 + pause) }));
    expect(await findingsIn(rows)).toMatchObject([{ kind: 'horizontal-scan', targets: { count: 90 } }]);
  });

  test('swept for another port is another finding', async () => {
    const later = NOON + 31 + settings.targetSetGapSeconds;
    const rows = [
      ...horizontal(30, { network: '10.0.20' }),
      ...horizontal(30, { network: '10.0.21', port: 445, at: later }),
    ];
    expect(await findingsIn(rows)).toHaveLength(2);
  });

  test('with one target in common is the same scan', async () => {
    const later = NOON + 31 + settings.targetSetGapSeconds;
    const rows = [
      ...vertical(30),
      ...vertical(30, { to: '10.0.50.1', at: later }),
      ...vertical(5, { at: later, firstPort: 900 }),
    ];
    expect((await findingsIn(rows)).length).toBeLessThanOrEqual(2);
  });
});

test('each direction is a finding of its own', async () => {
  const rows = [...vertical(30), ...horizontal(30, { network: '203.0.113' })];
  const findings = await findingsIn(rows);
  expect(findings.map(({ direction }) => direction).sort()).toEqual(['lateral', 'outbound']);
  expect(new Set(idsOf(findings)).size).toBe(2);
});

describe('an id', () => {
  const [few, more] = [vertical(20), vertical(60)];

  test('stays while the scan grows, changes kind and finds something open', async () => {
    const base = (await findingsIn(few))[0]!;
    const grown = (await findingsIn(more))[0]!;
    const spread = flat(12, (n) => vertical(60, { to: `10.0.9.${n + 9}`, at: NOON + n }));
    const block = (await findingsIn(spread))[0]!;
    const opened = (
      await findingsIn([...few, ...probe({ to: '10.0.9.9', port: 999, at: NOON + 5, fate: 'established' })])
    )[0]!;
    expect(block.kind).not.toBe(base.kind);
    expect(opened.openPorts.count).toBe(1);
    expect([grown.id, block.id, opened.id]).toEqual([base.id, base.id, base.id]);
  });

  test('stays when severity changes', async () => {
    const weak = (await findingsIn(vertical(settings.failuresIn5Minutes, { fate: 'unanswered', seconds: 120 })))[0]!;
    const strong = (await findingsIn([...vertical(60, { fate: 'rejected', seconds: 60 })]))[0]!;
    expect([weak.severity, strong.severity]).toEqual(['medium', 'high']);
    expect(strong.id).toBe(weak.id);
  });

  test('differs by source and by hour', async () => {
    const ids = [
      ...idsOf(await findingsIn(few)),
      ...idsOf(await findingsIn(vertical(20, { from: '10.0.3.23' }))),
      ...idsOf(await findingsIn(vertical(20, { at: NOON + 3600 }))),
    ];
    expect(new Set(ids).size).toBe(3);
  });
});

describe('findings do not depend on', () => {
  const traffic = [
    ...vertical(40, { at: NOON + 3580, fate: 'rejected' }),
    ...vertical(40, { at: NOON + 3582, seenBy: 'target', fate: 'reset' }),
    ...horizontal(30, { network: '203.0.113', at: NOON + 3500, every: 7, fate: 'unanswered' }),
    ...flat(30, (n) => probe({ to: `10.0.7.${n}`, port: 443, at: NOON + 3590 + n, fate: 'established' })),
    ...flat(20, (n) =>
      probe({ from: '203.0.113.77', to: `10.0.7.${n}`, port: 23, at: NOON + n, seenBy: 'target', fate: 'rejected' }),
    ),
    ...vertical(30, { to: '10.0.60.1', at: NOON + 3 * 3600 }),
  ];
  const logTime = NOON + 4 * 3600;

  test('order, repetition and split of the records into files', async () => {
    const expected = await findingsIn(traffic, { logTime });
    expect(expected.length).toBeGreaterThanOrEqual(3);
    const files = 4;
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(traffic, { minLength: traffic.length }),
        fc.array(fc.nat(files - 1), { minLength: traffic.length, maxLength: traffic.length }),
        fc.subarray(traffic, { maxLength: 50 }),
        async (rows, of, again) => {
          const parts = Array.from({ length: files }, (_, file) => rows.filter((_, at) => of[at] === file));
          const found = judge(
            await merged([...parts.filter((part) => part.length), again].filter((part) => part.length)),
            { logTime },
          );
          // The holder of an address may be known from one file only, and the findings must not depend on it.
          const bare = (findings: readonly Finding[]) =>
            findings.map(({ source, ...rest }) => ({
              ...rest,
              source: source!.address,
              techniques: rest.techniques.length,
            }));
          expect(bare(found)).toEqual(bare(expected));
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('a scan slides', () => {
  test('over every alignment of hours, minutes and intervals: one finding, the same size, whenever it begins', async () => {
    const floor = settings.failuresIn5Minutes;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 7200 }), fc.constantFrom(0, 1, 10, 42), async (shift, every) => {
        const findings = await findingsIn(vertical(floor, { at: NOON + shift, every }));
        expect(findings).toMatchObject([{ contacts: { failed: floor }, contactsAtDetection: floor, horizon: '5m' }]);
      }),
      { numRuns: 60 },
    );
  });

  test('over the hour with the last contact of the hourly floor at any second', async () => {
    const floor = settings.failuresIn1Hour;
    const every = Math.floor(3600 / (floor - 1));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 3600 }), async (shift) => {
        const findings = await findingsIn(vertical(floor, { at: NOON + shift, every, fate: 'rejected' }));
        expect(findings).toMatchObject([{ contacts: { failed: floor }, horizon: '1h' }]);
      }),
      { numRuns: 40 },
    );
  });

  test('over records of any length: one that began earlier reaches back from where it began', async () => {
    const floor = settings.failuresIn5Minutes;
    const early = vertical(floor - 2, { every: 0 });
    // A record that ends last but began before the horizon's edge belongs to the same five minutes.
    const short = probe({ to: '10.0.9.9', port: 500, at: NOON + 305 });
    const long = probe({ to: '10.0.9.9', port: 501, at: NOON - 250, seconds: 560 });
    expect(await findingsIn([...early, ...short, ...long])).toMatchObject([{ contacts: { failed: floor } }]);
  });
});

test('lastSeen follows a scan that repeats itself, until it stops', async () => {
  const rows = flat(13, (n) => vertical(100, { at: NOON + n * 1800, every: 0.5 }));
  const [finding, ...others] = await findingsIn(rows);
  expect(others).toEqual([]);
  expect(finding).toMatchObject({
    firstSeen: '2026-09-01T12:00:00Z',
    lastSeen: '2026-09-01T18:00:49Z',
    status: 'open',
  });
});

test('lastSeen follows no answer that is logged late, and no second scan of the same after silence', async () => {
  const scan = vertical(20, { at: NOON + 3580, fate: 'unanswered', every: 0 });
  const resets = vertical(20, { at: NOON + 3580, seconds: 30, every: 0 }).filter((half) => half['tcp-flags'] === 4);
  expect(await findingsIn([...scan, ...resets])).toMatchObject([
    { contacts: { reset: 20 }, lastSeen: '2026-09-01T12:59:40Z' },
  ]);
  const again = vertical(20, { at: NOON + 2 * 3600 + 3590 });
  expect(await findingsIn([...scan, ...again])).toMatchObject([{ lastSeen: '2026-09-01T12:59:40Z' }, {}]);
});

test('lastSeen does not follow a poller that merely began together with a scan', async () => {
  const poller = flat(120, (minute) =>
    vertical(5, { every: 0, at: NOON + minute * 60, firstPort: 2000, fate: 'rejected' }),
  );
  expect(await findingsIn([...vertical(50), ...poller])).toMatchObject([
    { lastSeen: '2026-09-01T12:00:49Z', status: 'closed' },
  ]);
});
