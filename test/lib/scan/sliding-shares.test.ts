/** What a sliding window keeps as contacts enter and leave is what counting the contacts in it afresh gives. */
import { expect, test } from '@jest/globals';
import { distributedScan } from '../../../lib/detections/distributed-scan.ts';
import { detectionSettings } from '../../../lib/detections/settings.ts';
import { isFailure, type Outcome } from '../../../lib/evidence/seen.ts';
import { type Shape, type SharedContact, SlidingShares, shapesOf } from '../../../lib/scan/sliding-shares.ts';
import fc from '../../properties.ts';

const [shape] = shapesOf(distributedScan, detectionSettings('medium')) as [Shape];
/** A member needs few parts here, so that short sequences make and unmake members. */
const SMALL: Shape = { ...shape, share: 3, cover: 5, sources: 2, overlap: 2 };
const LONER = 0.25;
const LONER_SHARES = 4;

const contacts = fc.array(
  fc.record({
    source: fc.constantFrom('203.0.113.1', '203.0.113.2', '203.0.113.3'),
    port: fc.integer({ min: 1, max: 6 }),
    outcome: fc.constantFrom<Outcome>('rejected', 'unanswered', 'established'),
  }),
  { minLength: 1, maxLength: 40 },
);

/** More sources, each with few ports or with many. */
const unequal = fc
  .array(fc.tuple(fc.boolean(), fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 3, maxLength: 30 })), {
    minLength: 5,
    maxLength: 12,
  })
  .map((all) =>
    all.flatMap(([isBusy, ports], n) =>
      ports
        .slice(0, isBusy ? ports.length : 4)
        .map((port) => ({ source: `203.0.113.${n}`, port, outcome: 'rejected' as Outcome })),
    ),
  );

/** The members of some contacts with their parts, counted from nothing. */
function membersOf(inWindow: readonly SharedContact[]): Map<string, ReadonlySet<string>> {
  const members = new Map<string, ReadonlySet<string>>();
  for (const [source, own] of Map.groupBy(inWindow, (contact) => contact.source)) {
    const tried = new Set(own.map(SMALL.partOf));
    const failed = new Set(own.filter(({ outcome }) => isFailure(outcome)).map(SMALL.partOf));
    if (tried.size >= SMALL.share && failed.size >= SMALL.share - 1) members.set(source, tried);
  }
  return members;
}

/** The number of members for each of their parts. */
function holdersOf(members: ReadonlyMap<string, ReadonlySet<string>>): Record<string, number> {
  const holders: Record<string, number> = {};
  for (const parts of members.values()) for (const part of parts) holders[part] = (holders[part] ?? 0) + 1;
  return holders;
}

test('members, their parts and how many hold each are those of the contacts in the window', () => {
  fc.assert(
    fc.property(contacts, fc.integer({ min: 1, max: 20 }), (drawn, width) => {
      const all = drawn.map((each) => ({ ...each, target: '10.0.0.1', protocol: 6 }) as SharedContact);
      const window = new SlidingShares(SMALL);
      for (const [at, contact] of all.entries()) {
        window.count(contact, 1);
        if (at >= width) window.count(all[at - width]!, -1);
        const members = membersOf(all.slice(Math.max(0, at + 1 - width), at + 1));
        const holders = holdersOf(members);
        expect([...window.members].sort()).toEqual([...members.keys()].sort());
        expect(Object.fromEntries(window.holders)).toEqual(holders);
        expect(window.pairs).toBe(Object.values(holders).reduce((sum, count) => sum + count, 0));
      }
    }),
  );
});

test('members that alone cover what the others divide are no part of the division', () => {
  let loners = 0;
  fc.assert(
    fc.property(unequal, (drawn) => {
      const all = drawn.map((each) => ({ ...each, target: '10.0.0.1', protocol: 6 }) as SharedContact);
      const window = new SlidingShares(SMALL);
      for (const contact of all) window.count(contact, 1);
      const members = membersOf(all);
      const most = Object.keys(holdersOf(members)).length * Math.max(LONER, LONER_SHARES / members.size);
      const left = new Map([...members].filter(([, parts]) => parts.size <= most));
      const holders = holdersOf(left);
      const { isMember, parts, ...counts } = window.division();
      expect(all.filter(({ source }) => isMember(source))).toEqual(all.filter(({ source }) => left.has(source)));
      expect([...parts()].sort()).toEqual(Object.keys(holders).sort());
      expect(counts).toEqual({
        sources: left.size,
        spread: Object.keys(holders).length,
        pairs: Object.values(holders).reduce((sum, count) => sum + count, 0),
      });
      loners += members.size - left.size;
    }),
    { numRuns: 500 },
  );
  expect(loners).toBeGreaterThan(20);
});

test('a window is promising where its members without possible loners may cover enough', () => {
  let promising = 0;
  fc.assert(
    fc.property(contacts, (drawn) => {
      const all = drawn.map((each) => ({ ...each, target: '10.0.0.1', protocol: 6 }) as SharedContact);
      const window = new SlidingShares(SMALL);
      for (const contact of all) window.count(contact, 1);
      const members = membersOf(all);
      const spread = Object.keys(holdersOf(members)).length;
      const sizes = [...members.values()].map(({ size }) => size);
      const sum = (all: readonly number[]) => all.reduce((total, size) => total + size, 0);
      const least =
        sum(sizes) <= SMALL.overlap * spread ? sum(sizes) : sum(sizes.filter((size) => size <= LONER * SMALL.cover));
      const expected = members.size >= SMALL.sources && spread >= SMALL.cover && least <= SMALL.overlap * spread;
      expect(window.isPromising).toBe(expected);
      promising += Number(expected);
    }),
    { numRuns: 500 },
  );
  expect(promising).toBeGreaterThan(20);
});
