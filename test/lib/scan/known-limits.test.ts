/**
 * What is known not to be right yet, each as it is today: whoever improves one finds its test failing, and turns it round.
 */
import { describe, expect, test } from '@jest/globals';
import { findingsIn, horizontal, judge, merged, NOON, probe, type Row, row, vertical } from './traffic.ts';

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

describe('hidden by an accomplice', () => {
  test('a scan of one host whose every probe is answered in its name: an accomplice must send from an address that is not its own', async () => {
    const answered = (rows: Row[]) =>
      rows.flatMap((request) => [
        request,
        row({
          'interface-id': request['interface-id']!,
          srcaddr: request.dstaddr!,
          dstaddr: request.srcaddr!,
          srcport: request.dstport!,
          dstport: request.srcport!,
          'flow-direction': 'ingress',
          'tcp-flags': 18,
        }),
      ]);
    const rows = vertical(60, { fate: 'unanswered' });
    expect(await findingsIn(rows)).toHaveLength(1);
    expect(await findingsIn(answered(rows))).toEqual([]);
  });

  test('an outside scan that finds a service which three accomplices talked to before: it counts as public, so as background noise', async () => {
    const talk = (from: string) =>
      probe({ from, to: '10.0.9.9', port: 8443, at: NOON, fate: 'established', seenBy: 'target', seconds: 60 }).map(
        (half) => ({ ...half, packets: 20, bytes: 9000 }),
      );
    const scan = vertical(40, {
      from: '198.51.100.7',
      firstPort: 8410,
      seenBy: 'target',
      fate: 'rejected',
      at: NOON + 60,
    }).flatMap((half) => (half.dstport === 8443 ? [] : [half]));
    const open = probe({
      from: '198.51.100.7',
      to: '10.0.9.9',
      port: 8443,
      at: NOON + 90,
      fate: 'established',
      seenBy: 'target',
    });
    const severityWith = async (others: Row[]) =>
      (await findingsIn([...others, ...scan, ...open])).map(({ severity }) => severity);
    expect(await severityWith([])).toEqual(['medium']);
    expect(await severityWith(['203.0.113.1', '203.0.113.2', '203.0.113.3'].flatMap(talk))).toEqual(['low']);
  });

  test('a host that sends under the address of another inside host is taken for it, where the network lets such packets through', async () => {
    const spoofed = vertical(30, { from: '10.0.3.22', to: '10.0.9.9', seenBy: 'target', fate: 'rejected' });
    expect(await findingsIn(spoofed)).toMatchObject([{ direction: 'lateral', source: { address: '10.0.3.22' } }]);
  });

  test('up to habitPorts ports scanned a third time, days apart: by then they look like a poller, and the passes before do', async () => {
    const pass = (day: number) => vertical(24, { at: NOON + day * 86_400, fate: 'rejected' });
    expect(await findingsIn([pass(0), pass(1)].flat())).toHaveLength(2);
    expect(await findingsIn([pass(0), pass(1), pass(2)].flat())).toEqual([]);
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
