/**
 * What is known not to be right yet, each as it is today: whoever improves one finds its test failing, and turns it round.
 */
import { describe, expect, test } from '@jest/globals';
import { findingsIn, horizontal, judge, merged, NOON, probe, type Row, vertical } from './traffic.ts';

const flat = (count: number, make: (n: number) => Row[]) => Array.from({ length: count }, (_, n) => make(n)).flat();

describe('not found', () => {
  test('a UDP scan of registered ports from a privileged source port: requests and answers look alike', async () => {
    expect(
      await findingsIn(vertical(60, { protocol: 17, sourcePort: 53, firstPort: 1024, fate: 'unanswered' })),
    ).toEqual([]);
  });

  test('a stealth scan (FIN, NULL, XMAS) of ephemeral ports alone, or one with a source port for each probe', async () => {
    const fin = (rows: Row[]) => rows.map((half) => (half['tcp-flags'] === 2 ? { ...half, 'tcp-flags': 1 } : half));
    expect(await findingsIn(fin(vertical(60, { firstPort: 40_000, sourcePort: 61_000 })))).toEqual([]);
    expect(await findingsIn(fin(vertical(60, { fate: 'unanswered' })))).toEqual([]);
    expect(await findingsIn(fin(vertical(60)))).toHaveLength(1);
  });

  test('a scan of up to habitLimit ports that is repeated every half hour: it looks like a poller', async () => {
    expect(await findingsIn(flat(13, (n) => vertical(20, { at: NOON + n * 1800 })))).toEqual([]);
  });

  test('a scan that mixes in one success for every two failures', async () => {
    const rows = flat(90, (n) =>
      probe({ to: '10.0.9.9', port: n + 1, at: NOON + n, fate: n % 3 ? 'reset' : 'established' }),
    );
    expect(await findingsIn(rows)).toEqual([]);
  });
});

describe('named differently by what came with it', () => {
  test('late evidence of an earlier scan in the same hour takes the id of the later one', async () => {
    const later = horizontal(30, { network: '10.0.20', at: NOON + 1500 });
    const earlier = vertical(30, { to: '10.0.30.1', at: NOON + 100 });
    const [alone] = await findingsIn(later);
    const [first, second] = await findingsIn([...earlier, ...later]);
    expect(first).toMatchObject({ id: alone!.id, kind: 'vertical-scan' });
    expect(second).toMatchObject({ kind: 'horizontal-scan' });
  });

  test('a reset to a low source port, in another file than its probe, is not seen to answer it: silence, so later', async () => {
    const rows = vertical(20, { firstPort: 5000, sourcePort: 53 });
    const files = [rows.filter((_, at) => at % 2 === 0), rows.filter((_, at) => at % 2 === 1)];
    const found = async (of: Row[][]) =>
      judge(await merged(of), { logTime: NOON, overdueBefore: NOON - 600 }).map(({ contacts }) => contacts.reset);
    expect(await found([rows])).toEqual([20]);
    expect(await found(files)).toEqual([]);
  });

  test('skipped records in a file without records of the source leave no mark on it', async () => {
    const skip = {
      version: 7,
      'account-id': '1',
      'interface-id': 'eni-10.0.3.22',
      start: NOON,
      end: NOON + 60,
      'log-status': 'SKIPDATA',
    };
    const quality = async (files: Row[][]) =>
      judge(await merged(files), { logTime: NOON }).map(({ dataQuality }) => dataQuality.length);
    expect(await quality([[...vertical(20), skip]])).toEqual([1]);
    expect(await quality([vertical(20), [skip]])).toEqual([0]);
  });
});
