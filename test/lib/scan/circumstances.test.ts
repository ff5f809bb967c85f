/** What came with a source must not change what it is: files that show it only from afar. */
import { describe, expect, test } from '@jest/globals';
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
  const kindsWith = (theta: number) =>
    judge(
      evidence.map((source) => ({
        ...source,
        panes: [{ ...source.panes[0]!, hour: NOON / HOUR - 1, contacts: [], theta }, ...source.panes],
      })),
      { logTime: NOON + HOUR },
    ).map(({ kind }) => kind);
  expect(kindsWith(0xffffffff)).toEqual(['open-port-sweep']);
  expect(kindsWith(1)).toEqual([]);
});
