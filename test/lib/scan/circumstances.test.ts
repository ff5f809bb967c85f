/** What came with a source must not change what it is: files that show it only from afar. */
import { describe, expect, test } from '@jest/globals';
import type { SourceEvidence } from '../../../lib/evidence/evidence.ts';
import { EVERYTHING, type Sample } from '../../../lib/evidence/sample.ts';
import { horizontal, judge, merged, NOON, type Row, row, vertical } from './traffic.ts';

describe('one source', () => {
  test('a source that some files show only from afar is in the routing domain of the interface that saw it', async () => {
    const options = { routingDomains: { prod: ['vpc-1'] } };
    const own = vertical(20, { also: { 'vpc-id': 'vpc-1' } });
    const afar = vertical(20, { also: { 'vpc-id': 'vpc-1' }, seenBy: 'target', fate: 'rejected' });
    const scopes = async (files: Row[][]) =>
      judge(await merged(files, options), { logTime: NOON })
        .map(({ source }) => source!.scope)
        .sort();
    expect(await scopes([[...own, ...afar]])).toEqual(['prod']);
    expect(await scopes([own, afar])).toEqual(['prod']);
  });
});

test('hosts that answer are not visited for the first time where an hour before is sampled, which may have lost the visits', async () => {
  const HOUR = 3600;
  const end = row({ srcaddr: '10.0.1.1', dstaddr: '10.0.1.2', start: NOON + HOUR, end: NOON + HOUR });
  const evidence = await merged([[...horizontal(12, { fate: 'established' }), end]]);
  const kindsWith = (sample: Sample) =>
    judge(
      evidence.map((source) => ({
        ...source,
        panes: [{ ...source.panes[0]!, hour: NOON / HOUR - 1, contacts: [], sample }, ...source.panes],
      })),
      { logTime: NOON + HOUR },
    ).map(({ kind }) => kind);
  // The cells of contacts between private addresses are odd.
  const cells = (of: SourceEvidence[]) =>
    of.flatMap(({ panes }) => panes[0]!.contacts.map(({ hash }) => (hash >>> 12) * 2 + 1));
  const leftOut = cells(evidence).sort((a, b) => a - b);
  expect(kindsWith(EVERYTHING)).toEqual(['open-port-sweep']);
  expect(kindsWith({ failed: 1, lateral: 1, touched: 1, answered: 1, leftOut: [] })).toEqual([]);
  // Where failures are kept, the sample knows which visits it left out.
  expect(kindsWith({ ...EVERYTHING, answered: 1, leftOut })).toEqual([]);
  expect(
    kindsWith({ ...EVERYTHING, answered: 1, leftOut: leftOut.map((cell) => cell ^ 2).sort((a, b) => a - b) }),
  ).toEqual(['open-port-sweep']);
});
