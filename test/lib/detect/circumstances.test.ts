/** What came with a source must not change what it is: files that show it only from afar. */
import { describe, expect, test } from '@jest/globals';
import { detectionSettings } from '../../../lib/config/detection.ts';
import { LET_GO } from '../../../lib/window/quality.ts';
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

describe('a source of which memory has let something go', () => {
  /** Hosts that answer, each visited once, as far as the evidence goes. */
  const kindsOf = async (hosts: number, quality: number) => {
    const end = row({ srcaddr: '10.0.1.1', dstaddr: '10.0.1.2', start: NOON + 3600, end: NOON + 3600 });
    const evidence = await merged([[...horizontal(hosts, { fate: 'established' }), end]]);
    const short = evidence.map((source) => ({
      ...source,
      panes: source.panes.map((pane) => ({ ...pane, quality: pane.quality | quality })),
    }));
    return judge(short, { logTime: NOON + 3600 }).map(({ kind }) => kind);
  };
  const { openTargetsIn5Minutes: enough } = detectionSettings();

  test('may be a monitor whose earlier visits are gone, so a sweep of open ports takes more hosts: a known limit', async () => {
    expect(await kindsOf(enough, 0)).toEqual(['horizontal-scan']);
    expect(await kindsOf(2 * enough, LET_GO)).toEqual([]);
    expect(await kindsOf(4 * enough, LET_GO)).toEqual(['horizontal-scan']);
  });
});
