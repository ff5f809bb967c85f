/** Which contacts are kept: failures before successes, and the same ones however the records are divided. */
import { describe, expect, test } from '@jest/globals';
import {
  type Fragment,
  mergeFragments,
  type SeenContact,
  type SourceEvidence,
} from '../../../lib/evidence/evidence.ts';
import { hashKey, keyedHash } from '../../../lib/evidence/keyed-hash.ts';
import {
  EVERYTHING,
  limitsOf,
  mayBeLeftOut,
  type SampleLimits,
  sampleClassOf,
  sampleOf,
  wasAnswered,
  weightIn,
} from '../../../lib/evidence/sample.ts';
import {
  isFailedProbe,
  mayBeProbe,
  SEEN_CONVERSATION,
  SEEN_EXCHANGE,
  SEEN_LATERAL,
  SEEN_PROBE,
  SEEN_REPLY,
  SEEN_RESET,
  SEEN_SYN,
  SEEN_SYN_ACK,
  SEEN_TCP,
  SEEN_UNRESOLVED_FORWARD,
  SEEN_UNRESOLVED_REVERSE,
  SEEN_WEAK_RESET,
} from '../../../lib/evidence/seen.ts';
import { CELL_SHIFT, MOST_LEFT_OUT } from '../../../lib/kernel/rows.ts';
import fc from '../../properties.ts';
import { contactOf, fragmentOf } from './fragments.ts';

const FULL = 0xffffffff;
const UDP = 17;
const KEY = hashKey('samples');
const hashOf = (port: number) => keyedHash(KEY, 0, 0, 0, 0, 0, 0, port);
const contact = (port: number, seen: number): SeenContact => contactOf({ port, seen, hash: hashOf(port) });
const SYN = SEEN_SYN | SEEN_TCP;
const ANSWER = SEEN_SYN_ACK | SEEN_TCP;
const CONVERSATION = SEEN_REPLY | SEEN_CONVERSATION | SEEN_TCP;

describe('the class of a contact', () => {
  test('is that of a failure until an answer is seen, and of a touch until data is', () => {
    expect(sampleClassOf({ seen: SYN, protocol: 6 })).toBe('failed');
    expect(sampleClassOf({ seen: SYN | SEEN_RESET, protocol: 6 })).toBe('failed');
    expect(sampleClassOf({ seen: SEEN_UNRESOLVED_FORWARD, protocol: UDP })).toBe('failed');
    expect(sampleClassOf({ seen: SYN | SEEN_LATERAL, protocol: 6 })).toBe('lateral');
    expect(sampleClassOf({ seen: SYN | ANSWER, protocol: 6 })).toBe('touched');
    expect(sampleClassOf({ seen: SYN | ANSWER | SEEN_LATERAL, protocol: 6 })).toBe('touched');
    expect(sampleClassOf({ seen: ANSWER, protocol: 6 })).toBe('touched');
    expect(sampleClassOf({ seen: SYN | ANSWER | SEEN_CONVERSATION, protocol: 6 })).toBe('answered');
    expect(sampleClassOf({ seen: SYN | ANSWER | SEEN_EXCHANGE, protocol: 6 })).toBe('answered');
    expect(sampleClassOf({ seen: SEEN_PROBE | SEEN_REPLY, protocol: UDP })).toBe('answered');
    expect(sampleClassOf({ seen: SEEN_WEAK_RESET | SEEN_TCP, protocol: 6 })).toBe('answered');
  });

  test('only rises with what is seen, but for a stray reset, and is never that of an answer for what may be a probe', () => {
    const ranks = ['failed', 'touched', 'answered'];
    const bits = fc.nat({ max: 2 ** 18 - 1 });
    fc.assert(
      fc.property(bits, bits, fc.constantFrom(1, 6, UDP), (seen, more, protocol) => {
        const of = (all: number) => ranks.indexOf(sampleClassOf({ seen: all, protocol }));
        const isStray = (seen & ~SEEN_TCP) === SEEN_WEAK_RESET;
        if (!isStray) expect(of(seen | more)).toBeGreaterThanOrEqual(of(seen));
        if (isFailedProbe(seen)) expect(of(seen)).toBe(0);
        if (mayBeProbe(seen) && protocol !== UDP && !(seen & SEEN_EXCHANGE)) expect(of(seen)).toBeLessThan(2);
      }),
    );
  });
});

/** Twenty failures and ten touches among many answered contacts, all of one hour. */
function mixed(answered: number): SeenContact[] {
  const few = Array.from({ length: 30 }, (_, n) => contact(n, n < 20 ? SYN : SYN | ANSWER));
  return [...few, ...Array.from({ length: answered }, (_, n) => contact(1000 + n, SYN | CONVERSATION))];
}
const LIMITS = limitsOf(2048);

describe('beneath many answered contacts', () => {
  test.each([7000, 20_000])('failures and touches are kept: beneath %i', (answered) => {
    const { sample, contacts } = sampleOf({ sample: EVERYTHING, contacts: mixed(answered) }, LIMITS);
    const kept = contacts.filter(({ port }) => port < 1000);
    // One in fifty may share its cell with a contact that was left out.
    expect(kept.length).toBeGreaterThanOrEqual(29);
    for (const each of kept) expect(weightIn(sample, each)).toBe(1);
    const others = contacts.filter(({ port }) => port >= 1000);
    expect(others).toHaveLength(2048);
    const estimate = others.reduce((sum, each) => sum + weightIn(sample, each), 0);
    expect(Math.abs(estimate / answered - 1)).toBeLessThan(4 / Math.sqrt(2046));
  });

  test('every contact that was left out is known, and no other one but for equal cells', () => {
    const all = mixed(7000);
    const { sample, contacts } = sampleOf({ sample: EVERYTHING, contacts: all }, LIMITS);
    const kept = new Set(contacts);
    for (const each of all) expect(kept.has(each)).toBe(!mayBeLeftOut(sample, each));
    expect(all.filter((each) => wasAnswered(sample, each)).length).toBeGreaterThanOrEqual(7000 - 2048);
    const strangers = Array.from({ length: 10_000 }, (_, n) => contact(2 ** 20 + n, SYN));
    expect(strangers.filter((each) => wasAnswered(sample, each)).length).toBeLessThan(100);
  });

  test('a source of more than can be remembered has a lower rate of all, and keeps nothing beyond its memory', () => {
    const all = mixed(60_000);
    const { sample, contacts } = sampleOf({ sample: EVERYTHING, contacts: all }, LIMITS);
    expect(sample.leftOut).toHaveLength(MOST_LEFT_OUT);
    expect(sample.failed).toBeLessThan(FULL);
    expect(((sample.leftOut.at(-1)! >>> 1) << CELL_SHIFT) >>> 0).toBeLessThanOrEqual(sample.failed);
    expect(Math.abs(sample.failed / FULL / (MOST_LEFT_OUT / (60_000 - 2048)) - 1)).toBeLessThan(0.1);
    for (const { hash } of contacts) expect(hash).toBeLessThanOrEqual(sample.failed);
  });
});

describe('more failures than their limit', () => {
  test.each([
    ['between private addresses', SEEN_LATERAL, 0],
    ['towards the internet', 0, SEEN_LATERAL],
  ])('%s displace none of the other kind', (_, many, few) => {
    const all = Array.from({ length: 40_060 }, (_, n) => contact(n, SYN | (n < 60 ? few : many)));
    const { sample, contacts } = sampleOf({ sample: EVERYTHING, contacts: all }, LIMITS);
    expect(contacts.filter(({ port }) => port < 60)).toHaveLength(60);
    expect(contacts).toHaveLength(60 + 2048);
    expect(contacts.reduce((sum, each) => sum + weightIn(sample, each), 0) / 40_060).toBeCloseTo(1, 1);
  });

  test('are sampled, and so is what was answered, at no higher rate', () => {
    const all = Array.from({ length: 400 }, (_, n) => contact(n, n % 4 ? SYN : SYN | CONVERSATION));
    const { sample, contacts } = sampleOf({ sample: EVERYTHING, contacts: all }, limitsOf(100));
    expect(sample.answered).toBe(sample.failed);
    expect(sample.leftOut).toEqual([]);
    expect(contacts).toEqual(all.filter(({ hash }) => hash <= sample.failed));
    expect(contacts.filter(({ seen }) => seen === SYN)).toHaveLength(100);
  });
});

/** What one record shows of a contact. Answers with data may come before, without or after the initiator's half. */
const HALVES: readonly (readonly number[])[] = [
  [SYN],
  [SYN, SEEN_RESET | SEEN_TCP],
  [SYN, ANSWER],
  [SYN, ANSWER, CONVERSATION],
  [SYN, CONVERSATION],
  [SEEN_PROBE | SEEN_TCP, CONVERSATION],
  [SEEN_UNRESOLVED_FORWARD, SEEN_UNRESOLVED_REVERSE | SEEN_CONVERSATION],
];
/** Every third contact is one between private addresses, as each of its halves shows. */
const lateralOf = (port: number): number => (port % 3 ? 0 : SEEN_LATERAL);

/** Contacts, their halves in files: each half is in some files, at least in one. */
const inFiles = fc.array(
  fc.tuple(
    fc.nat({ max: HALVES.length - 1 }),
    fc.array(fc.integer({ min: 1, max: 2 ** 4 - 1 }), { minLength: 3, maxLength: 3 }),
  ),
  { maxLength: 40 },
);
type InFiles = readonly (readonly [kind: number, files: readonly number[]])[];

/** Never as many failed and touched contacts as their limits. Every answered contact beyond three is left out. */
const AMPLE: SampleLimits = { failed: 40, lateral: 40, touched: 40, answered: 3 };

const whole = (contacts: InFiles): SeenContact[] =>
  contacts.map(([kind], port) =>
    contact(
      port,
      HALVES[kind]!.reduce((all, half) => all | half, lateralOf(port)),
    ),
  );

/** The files, each cut as the collector cuts. */
function filesOf(contacts: InFiles, limits: SampleLimits): Fragment[] {
  return [0, 1, 2, 3].map((file) => {
    const own = contacts.flatMap(([kind, files], port) => {
      const seen = HALVES[kind]!.reduce((all, half, at) => (files[at]! & (1 << file) ? all | half : all), 0);
      return seen ? [contact(port, seen | lateralOf(port))] : [];
    });
    return fragmentOf(sampleOf({ sample: EVERYTHING, contacts: own }, limits));
  });
}

const contentOf = (evidence: SourceEvidence | undefined) => {
  const { sample, contacts } = evidence!.panes[0]!;
  return { sample, contacts: contacts.map(({ port, seen }) => [port, seen]).sort(([a], [b]) => a! - b!) };
};
const again = ({ panes, ...source }: SourceEvidence): Fragment[] => panes.map((pane) => ({ ...source, ...pane }));

/** How the files are merged: in which order, and where the first parts end. */
const ways = fc.tuple(
  fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
  fc.nat({ max: 4 }),
  fc.subarray([0, 1, 2, 3]),
);

function mergedIn(
  [order, end, twice]: readonly [number[], number, number[]],
  files: readonly Fragment[],
  limits: SampleLimits,
) {
  const pick = (which: readonly number[]) => which.map((n) => files[n]!);
  const parts = [pick(order.slice(0, end)), pick(order.slice(end)), pick(twice)].filter((part) => part.length);
  return mergeFragments(
    parts.flatMap((part) => again(mergeFragments(part, limits)!)),
    limits,
  );
}

describe('files with parts of the same contacts', () => {
  test('merge to what one pass keeps, in any order and grouping, once or twice, wherever the answers are', () => {
    fc.assert(
      fc.property(inFiles, ways, (contacts, way) => {
        const onePass = mergeFragments([fragmentOf({ contacts: whole(contacts) })], AMPLE);
        expect(contentOf(mergedIn(way, filesOf(contacts, AMPLE), AMPLE))).toEqual(contentOf(onePass));
      }),
      { numRuns: 500 },
    );
  });

  test('merge to the same with files that were cut to fewer contacts', () => {
    const fewer = fc.record({
      failed: fc.constant(40),
      lateral: fc.constant(40),
      touched: fc.constant(40),
      answered: fc.integer({ min: 1, max: 6 }),
    });
    fc.assert(
      fc.property(inFiles, ways, fc.array(fewer, { minLength: 4, maxLength: 4 }), (contacts, way, limits) => {
        const files = limits.map((limit, file) => filesOf(contacts, limit)[file]!);
        expect(contentOf(mergedIn(way, files, AMPLE))).toEqual(contentOf(mergeFragments(files, AMPLE)));
      }),
      { numRuns: 300 },
    );
  });

  test('merge to the same beyond all limits, where each file shows the class of a contact', () => {
    const steady = fc.array(
      fc.tuple(
        fc.constantFrom(0, 2, 4),
        fc.integer({ min: 1, max: 2 ** 4 - 1 }).map((files) => [files, files, files]),
      ),
      { maxLength: 60 },
    );
    const limits = limitsOf(5);
    fc.assert(
      fc.property(steady, ways, (contacts, way) => {
        const onePass = mergeFragments([fragmentOf({ contacts: whole(contacts) })], limits);
        expect(contentOf(mergedIn(way, filesOf(contacts, limits), limits))).toEqual(contentOf(onePass));
      }),
      { numRuns: 500 },
    );
  });

  test('never invent a failure: without a memory of what was left out they would', () => {
    const forgetful = (files: readonly Fragment[]) =>
      files.map((file) => ({ ...file, sample: { ...file.sample, leftOut: [] } }));
    const failures = (contacts: InFiles, files: readonly Fragment[]) => {
      const expected = new Set(whole(contacts).flatMap(({ port, seen }) => (seen & SEEN_REPLY ? [] : [port])));
      return mergeFragments(files, AMPLE)!.panes[0]!.contacts.filter(
        (each) => ['failed', 'lateral'].includes(sampleClassOf(each)) && !expected.has(each.port),
      );
    };
    const invents = (change: (files: readonly Fragment[]) => readonly Fragment[]) =>
      fc.check(
        fc.property(inFiles, (contacts) => failures(contacts, change(filesOf(contacts, AMPLE))).length === 0),
        { numRuns: 300 },
      ).failed;
    expect(invents((files) => files)).toBe(false);
    expect(invents(forgetful)).toBe(true);
  });
});
