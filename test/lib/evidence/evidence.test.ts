/** Merging fragments: a union, in any order and grouping, cut by hash where it grows too large. */
import { describe, expect, test } from '@jest/globals';
import { type Fragment, mergeFragments, type SourceEvidence } from '../../../lib/evidence/evidence.ts';
import { SAMPLED } from '../../../lib/evidence/quality.ts';
import { EVERYTHING, isPartial, type SampleLimits, sampleOf } from '../../../lib/evidence/sample.ts';
import { SEEN_CONVERSATION, SEEN_REPLY, SEEN_SYN, SEEN_SYN_ACK } from '../../../lib/evidence/seen.ts';
import fc from '../../properties.ts';
import { contactOf, fragmentOf, HOUR } from './fragments.ts';

const T = 500_000 * HOUR;
const contact = fc
  .record({
    // Hashes far apart, so that each has a cell of its own.
    hash: fc.integer({ min: 0, max: 60 }).map((n) => n * 70_000_000),
    seen: fc.constantFrom(SEEN_SYN, SEEN_SYN_ACK, SEEN_SYN | SEEN_SYN_ACK, SEEN_REPLY | SEEN_CONVERSATION),
    start: fc.integer({ min: 0, max: 3 }),
    length: fc.integer({ min: 0, max: 3 }),
    more: fc.integer({ min: 0, max: 3 }),
    minutesLow: fc.integer({ min: 0, max: 7 }),
  })
  .map(({ start, length, more, ...rest }) =>
    contactOf({ ...rest, firstStart: T + start, firstEnd: T + start + length, lastEnd: T + start + length + more }),
  );
const fragments = (limits: SampleLimits): fc.Arbitrary<Fragment[]> =>
  fc.array(
    fc
      .record({
        hour: fc.constantFrom(500_000, 500_001),
        inside: fc.boolean(),
        quality: fc.constantFrom(0, 1, 8),
        fields: fc.constantFrom(
          {},
          { 'vpc-id': 'vpc-1' },
          { 'instance-id': 'i-1' },
          { 'vpc-id': 'vpc-0', region: 'r' },
        ),
        interfaceId: fc.constantFrom('eni-1', 'eni-2'),
        contacts: fc.uniqueArray(contact, { selector: ({ hash }) => hash, maxLength: 12 }),
      })
      .map(({ fields, interfaceId, ...rest }) => {
        // As the collector cuts.
        const kept = sampleOf({ sample: EVERYTHING, contacts: rest.contacts }, limits);
        const quality = rest.quality | (isPartial(kept.sample) ? SAMPLED : 0);
        return fragmentOf({
          ...rest,
          ...kept,
          quality,
          identity: { interfaceId, fields },
        });
      }),
    { minLength: 1, maxLength: 6 },
  );

function normal(evidence: SourceEvidence | undefined): unknown {
  return {
    ...evidence,
    panes: evidence?.panes.map((pane) => ({ ...pane, contacts: pane.contacts.toSorted((a, b) => a.hash - b.hash) })),
  };
}

const again = (evidence: SourceEvidence): Fragment[] =>
  evidence.panes.map(({ ...pane }) => {
    const { panes: _panes, ...source } = evidence;
    return { ...source, ...pane };
  });

/** So many answered contacts that they are cut, and never as many others. */
const LIMITS = { failed: 100, lateral: 100, touched: 100, answered: 5 };

describe('merging', () => {
  test('is commutative', () => {
    fc.assert(
      fc.property(
        fragments(LIMITS).chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
        ),
        ([list, shuffled]) => {
          expect(normal(mergeFragments(shuffled, LIMITS))).toEqual(normal(mergeFragments(list, LIMITS)));
        },
      ),
      { numRuns: 300 },
    );
  });

  test('is associative: merged parts merge to the same', () => {
    fc.assert(
      fc.property(fragments(LIMITS), fc.integer({ min: 1, max: 5 }), (list, at) => {
        const parts = [list.slice(0, at), list.slice(at)].filter((part) => part.length);
        const inSteps = mergeFragments(
          parts.flatMap((part) => again(mergeFragments(part, LIMITS)!)),
          LIMITS,
        );
        expect(normal(inSteps)).toEqual(normal(mergeFragments(list, LIMITS)));
      }),
      { numRuns: 300 },
    );
  });

  test('is idempotent but for the number of fragments', () => {
    fc.assert(
      fc.property(fragments(LIMITS), (list) => {
        const once = mergeFragments(list, LIMITS)!;
        const twice = mergeFragments([...list, ...list], LIMITS)!;
        const uncounted = (evidence: SourceEvidence) => ({
          ...evidence,
          panes: evidence.panes.map((pane) => ({ ...pane, fragments: 0 })),
        });
        expect(normal(uncounted(twice))).toEqual(normal(uncounted(once)));
      }),
      { numRuns: 200 },
    );
  });

  test('of nothing is nothing', () => {
    expect(mergeFragments([])).toBeUndefined();
  });

  test('orders hours, and counts the fragments that each rests on', () => {
    const list = [500_002, 500_000, 500_001, 500_000].map((hour) => fragmentOf({ hour, fragments: 2 }));
    expect(mergeFragments(list)!.panes.map(({ hour, fragments }) => [hour, fragments])).toEqual([
      [500_000, 4],
      [500_001, 2],
      [500_002, 2],
    ]);
  });

  test('says so where the union had to be sampled, although every part was exact', () => {
    const half = (from: number) =>
      fragmentOf({ contacts: Array.from({ length: 4 }, (_, n) => contactOf({ hash: from + n })) });
    const [pane] = mergeFragments([half(10), half(20)], { failed: 5, lateral: 5, touched: 2, answered: 5 })!.panes;
    const sample = { failed: 20, lateral: 0xffffffff, touched: 20, answered: 20, leftOut: [] };
    expect(pane).toMatchObject({ sample, quality: SAMPLED });
    expect(pane!.contacts.map(({ hash }) => hash)).toEqual([10, 11, 12, 13, 20]);
  });

  test('has the holder of the address rather than a node, a node rather than a gateway, and all its fields', () => {
    const held = (interfaceId: string, fields: Record<string, string>, behind = false) =>
      fragmentOf({ identity: { interfaceId, ...(behind && { behind }), fields } });
    const gateway = held('eni-0', {}, true);
    const node = held('eni-1', { 'instance-id': 'i-1' }, true);
    const own = held('eni-2', { 'vpc-id': 'vpc-1' });
    const more = held('eni-2', { 'instance-id': 'i-2' });
    expect(mergeFragments([gateway, node])!.identity!.interfaceId).toBe('eni-1');
    expect(mergeFragments([gateway, own, node, more])!.identity).toEqual({
      interfaceId: 'eni-2',
      fields: { 'vpc-id': 'vpc-1', 'instance-id': 'i-2' },
    });
  });
});
