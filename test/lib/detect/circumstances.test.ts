/** What came with a source must not change what it is: files that show it only from afar. */
import { describe, expect, test } from '@jest/globals';
import { judge, merged, NOON, type Row, vertical } from './traffic.ts';

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
