/**
 * Laws of merging that `evidence.test.ts` does not cover: merging with nothing and storing change nothing. Also the
 * error of the sample, for many keys and on both sides of the limit.
 */
import { describe, expect, test } from '@jest/globals';
import { decodeFragment } from '../../../lib/evidence/decode.ts';
import { encodeFragment } from '../../../lib/evidence/encode.ts';
import { type Fragment, mergeFragments, type Pane, type SourceEvidence } from '../../../lib/evidence/evidence.ts';
import { type HashKey, hashKey, keyedHash } from '../../../lib/evidence/keyed-hash.ts';
import { SAMPLED } from '../../../lib/evidence/quality.ts';
import { EVERYTHING, isPartial, limitsOf, sampleOf } from '../../../lib/evidence/sample.ts';
import { SEEN_ACCEPT, SEEN_CONVERSATION, SEEN_REJECT, SEEN_REPLY, SEEN_SYN } from '../../../lib/evidence/seen.ts';
import fc from '../../properties.ts';
import { asCollected, contactOf, fragmentArbitrary, fragmentOf } from './fragments.ts';

const FULL = 0xffffffff;
const LIMITS = limitsOf(6);

/** Fragments of one source: of any contents, made of few contacts so that they have some in common, cut as the collector cuts. */
const ofOneSource: fc.Arbitrary<Fragment[]> = fc
  .tuple(
    fc.array(fragmentArbitrary, { minLength: 1, maxLength: 5 }),
    fc.array(fc.array(fc.nat({ max: 40 }), { maxLength: 12 }), { minLength: 5, maxLength: 5 }),
    fc.array(fc.nat({ max: 1 }), { minLength: 5, maxLength: 5 }),
  )
  .map(([fragments, picks, hours]) => {
    const all = fragments.flatMap(({ contacts }) => contacts);
    return fragments.map((fragment, at) => {
      // A contact has one hash, wherever it is seen. There are few different ones, so that cuts meet equal hashes.
      const own = picks[at]!.flatMap((n) => (all.length ? [all[n % all.length]!] : [])).map((contact, n) => {
        const hash = hashOf(contact);
        return {
          ...contact,
          seen: (contact.seen & VERDICTS) | classBits(hash),
          hash,
          ...timesAt(500_000 + hours[at]!, n),
        };
      });
      const { scope, address } = fragments[0]!;
      const distinct = [...new Map(own.map((contact) => [contact.hash, contact])).values()];
      const { contacts } = asCollected({ ...fragment, address, contacts: distinct });
      const kept = sampleOf({ sample: EVERYTHING, contacts }, LIMITS);
      const quality = fragment.quality | (isPartial(kept.sample) ? SAMPLED : 0);
      return { ...fragment, scope, address, hour: 500_000 + hours[at]!, quality, ...kept };
    });
  });

const VERDICTS = SEEN_ACCEPT | SEEN_REJECT;
/** A contact is of the same class wherever it is seen, so that each class may be cut. */
const classBits = (hash: number): number =>
  hash % 3 === 0 ? SEEN_REPLY | SEEN_CONVERSATION : hash % 3 === 1 ? SEEN_REPLY : SEEN_SYN;
const KEY = hashKey('laws');
const hashOf = ({ target, port, protocol }: { target: string; port: number; protocol: number }) =>
  keyedHash(
    KEY,
    target.length,
    Buffer.from(target).reduce((sum, byte) => Math.imul(sum, 31) + byte, 7),
    0,
    0,
    0,
    port,
    protocol,
  );
const timesAt = (hour: number, second: number) => ({
  firstStart: hour * 3600 + second,
  firstEnd: hour * 3600 + second,
  lastEnd: hour * 3600 + second,
});

/** Evidence in a form that does not depend on the order of its contacts, optionally without the number of fragments. */
function normal(evidence: SourceEvidence | undefined, withCounts = true): unknown {
  const panes = evidence?.panes.map((pane: Pane) => ({
    ...pane,
    fragments: withCounts ? pane.fragments : 0,
    contacts: pane.contacts.toSorted((a, b) => a.hash - b.hash),
  }));
  return { ...evidence, panes };
}

describe('merging', () => {
  test('with a fragment that says nothing changes nothing', () => {
    fc.assert(
      fc.property(ofOneSource, fc.nat({ max: 5 }), (fragments, at) => {
        const { scope, address, hour } = fragments[0]!;
        const nothing = fragmentOf({ scope, address, hour, inside: false });
        const merged = mergeFragments(fragments.toSpliced(at, 0, nothing), LIMITS);
        expect(normal(merged, false)).toEqual(normal(mergeFragments(fragments, LIMITS), false));
      }),
      { numRuns: 200 },
    );
  });

  test('what was stored is merging what was not', () => {
    fc.assert(
      fc.property(ofOneSource, (fragments) => {
        const stored = fragments.map((fragment) => decodeFragment(fragment, encodeFragment(fragment)));
        expect(normal(mergeFragments(stored, LIMITS))).toEqual(normal(mergeFragments(fragments, LIMITS)));
      }),
      { numRuns: 200 },
    );
  });

  test('any parts of it, in any order, twice or once, and storing what was merged, comes to the same', () => {
    const again = ({ panes, ...source }: SourceEvidence): Fragment[] =>
      panes.map((pane) => decodeFragment(source, encodeFragment({ ...source, ...pane })));
    const parts = ofOneSource.chain((fragments) =>
      fc.tuple(
        fc.constant(fragments),
        fc.shuffledSubarray(fragments, { minLength: fragments.length }),
        fc.nat({ max: fragments.length }),
        fc.subarray(fragments),
      ),
    );
    fc.assert(
      fc.property(parts, ([fragments, shuffled, at, twice]) => {
        const groups = [shuffled.slice(0, at), shuffled.slice(at), twice].filter((group) => group.length);
        const inSteps = groups.flatMap((group) => again(mergeFragments(group, LIMITS)!));
        expect(normal(mergeFragments(inSteps, LIMITS), false)).toEqual(
          normal(mergeFragments(fragments, LIMITS), false),
        );
      }),
      { numRuns: 300 },
    );
  });
});

test('a merge that goes by what came first would be noticed', () => {
  const hasty = ([first, ...others]: readonly Fragment[]) =>
    mergeFragments([{ ...first!, contacts: first!.contacts.slice(1) }, ...others], LIMITS);
  const isCommutative = fc.property(ofOneSource, (fragments) => {
    expect(normal(hasty(fragments.toReversed()))).toEqual(normal(hasty(fragments)));
  });
  expect(fc.check(isCommutative, { numRuns: 200 }).failed).toBe(true);
});

describe('a sample of the contacts with the smallest keyed hashes', () => {
  const KEYS = 120;

  /** A source's contacts with different ports, hashed with the key of a deployment, in three files that overlap. */
  function estimate(count: number, limit: number, hash: (port: number) => number): number {
    const contacts = Array.from({ length: count }, (_, port) => contactOf({ hash: hash(port), port })).sort(
      (a, b) => a.hash - b.hash,
    );
    const files = [0, 1, 2].map((part) => {
      const own = contacts.filter(({ port }) => port % 3 === part || port % 7 === 0);
      return fragmentOf(sampleOf({ sample: EVERYTHING, contacts: own }, limitsOf(limit)));
    });
    const [pane] = mergeFragments(files, limitsOf(limit))!.panes;
    return (pane!.contacts.length * FULL) / pane!.sample.failed;
  }
  const hashWith = (key: HashKey) => (port: number) =>
    keyedHash(key, 0xffff, 0x0a000001, 0, 0, 0xffff, 0x0a000002, port);

  /** Errors relative to the truth, one for each of many keys. */
  const errors = (count: number, limit: number, change = (hash: number) => hash) =>
    Array.from({ length: KEYS }, (_, n) => {
      const hash = hashWith(hashKey(`deployment ${n}`));
      return estimate(count, limit, (port) => change(hash(port))) / count - 1;
    });
  const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const spreadOf = (values: readonly number[]) => Math.sqrt(meanOf(values.map((value) => value * value)));
  /**
   * The relative standard error of an estimate from the k smallest (Bar-Yossef et al. 2002, Beyer et al., SIGMOD 2007).
   */
  const bound = (limit: number) => 1 / Math.sqrt(limit - 2);

  test.each([32, 128])('of %i is exact up to as many', (limit) => {
    for (const count of [1, limit - 1, limit]) expect(errors(count, limit)).toEqual(Array(KEYS).fill(0));
  });

  test.each([
    [32, 33],
    [32, 1000],
    [128, 129],
    [128, 200],
    [128, 3000],
  ])('of %i out of %i errs within the published bound, and to both sides alike', (limit, count) => {
    const all = errors(count, limit);
    // Of 120 the spread is known to about a fifteenth: three of those are allowed for.
    expect(spreadOf(all)).toBeLessThan(bound(limit) * (1 + 3 / Math.sqrt(2 * KEYS)));
    expect(Math.abs(meanOf(all))).toBeLessThan((4 * bound(limit)) / Math.sqrt(KEYS));
    for (const error of all) expect(Math.abs(error)).toBeLessThan(6 * bound(limit));
    // An error of nothing would be none of a sample.
    if (count > 4 * limit) expect(spreadOf(all)).toBeGreaterThan(bound(limit) / 2);
  });

  test('that were not uniform would be noticed', () => {
    const skewed = errors(1000, 128, (hash) => Math.floor(hash * 0.8));
    expect(Math.abs(meanOf(skewed))).toBeGreaterThan((4 * bound(128)) / Math.sqrt(KEYS));
  });
});
