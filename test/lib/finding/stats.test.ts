/** Precision of detections from verdicts, honest where there are few or none. */
import { describe, expect, test } from '@jest/globals';
import type { Finding } from '../../../lib/finding/model.ts';
import { statsOf, wilson } from '../../../lib/finding/stats.ts';
import { findingOf } from './samples.ts';

const many = (count: number, parts: Partial<Finding>) => Array.from({ length: count }, () => findingOf(parts));

describe('statistics of findings', () => {
  test('count kinds, the most frequent first, and all together', () => {
    const stats = statsOf([
      ...many(3, { kind: 'block-scan', verdict: 'benign' }),
      ...many(4, { kind: 'vertical-scan', verdict: 'true' }),
      ...many(1, { kind: 'vertical-scan', verdict: 'tuned', suppressedBy: 's' }),
      ...many(2, { kind: 'vertical-scan' }),
    ]);
    expect(stats).toMatchObject([
      { kind: 'vertical-scan', findings: 7, judged: 5, true: 4, tuned: 1, suppressed: 1, precision: 0.8 },
      { kind: 'block-scan', findings: 3, judged: 3, benign: 3, precision: 0 },
      { kind: 'all', findings: 10, judged: 8, precision: 0.5 },
    ]);
  });

  test('leave out tests', () => {
    expect(statsOf([findingOf({ test: true, verdict: 'true' })])).toEqual([]);
  });

  test('leave out what merged, and count apart what was withdrawn', () => {
    const stats = statsOf([
      findingOf({ verdict: 'true' }),
      findingOf({ status: 'closed', closedBecause: 'merged', verdict: 'benign' }),
      findingOf({ status: 'closed', closedBecause: 'refuted', verdict: 'benign' }),
    ]);
    expect(stats[0]).toMatchObject({ findings: 1, withdrawn: 1, judged: 1, benign: 0, precision: 1 });
  });

  test('have no precision without verdicts', () => {
    expect(statsOf([])).toEqual([]);
    const [row] = statsOf(many(5, {}));
    expect(row).toMatchObject({ findings: 5, judged: 0 });
    expect(row).not.toHaveProperty('precision');
    expect(row).not.toHaveProperty('interval');
  });
});

// The values of Newcombe (1998), Table I, method 3, some with a digit more.
test.each([
  [81, 263, [0.255, 0.366]],
  [15, 148, [0.0624, 0.1605]],
  [0, 20, [0, 0.161]],
  [1, 29, [0.006, 0.172]],
  [1, 1, [0.2065, 1]],
])('the interval of %i hits in %i is right', (hits, samples, expected) => {
  const [low, high] = wilson(hits, samples);
  expect([low, high]).toEqual([expect.closeTo(expected[0]!, 3), expect.closeTo(expected[1]!, 3)]);
});
