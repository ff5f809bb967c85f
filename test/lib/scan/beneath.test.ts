/** A scan beneath thousands of successful contacts of the same source in the same hour. */
import { describe, expect, test } from '@jest/globals';
import { calls, connections, end, failures, HOUR } from './busy.ts';
import { collect, DEFAULT_FORMAT, FULL_FORMAT, horizontal, judge, merged, NOON, type Row, SCANNER } from './traffic.ts';

const scan = [
  ...horizontal(10, { at: NOON + 1500, every: 3 }),
  ...horizontal(10, { at: NOON + 1530, every: 3, network: '10.0.12', fate: 'unanswered' }),
];
const later = NOON + 3 * HOUR;

const inOrder = (rows: readonly Row[]) => rows.toSorted((a, b) => Number(a.end) - Number(b.end));
/** The rows in files of five minutes. */
const cut = (rows: readonly Row[]) => [
  ...Map.groupBy(inOrder(rows), ({ end }) => Math.floor(Number(end) / 300)).values(),
];

const told = async (rows: readonly Row[], format: string) => {
  const ofSource = (findings: ReturnType<typeof judge>) =>
    findings
      .filter(({ source }) => source?.address === SCANNER)
      .map(({ kind, severity, targets, contacts }) => [kind, severity, targets.count, contacts.failed]);
  const options = { format };
  return {
    inOnePass: ofSource(judge((await collect([inOrder(rows)], options)).sources(), { logTime: later })),
    ofFiles: ofSource(judge(await merged(cut(rows), options), { logTime: later })),
  };
};

describe.each([
  ['all columns', FULL_FORMAT],
  ['the default columns', DEFAULT_FORMAT],
])('with %s', (_, format) => {
  test.each([
    [7000, 20],
    [20_000, 20],
    [7000, 6],
  ])('twenty hosts are found beneath %i calls of %i packets', async (count, packets) => {
    const { inOnePass, ofFiles } = await told([...calls(count, { packets }), ...scan, ...end(later)], format);
    for (const findings of [inOnePass, ofFiles]) {
      expect(findings).toHaveLength(1);
      const [kind, severity, targets, failed] = findings[0]!;
      expect([kind, severity]).toEqual(['horizontal-scan', 'high']);
      // One in fifty may have a cell in common with a call that was left out.
      expect(targets).toBeGreaterThanOrEqual(18);
      expect(failed).toBeLessThanOrEqual(20);
    }
    expect(ofFiles).toEqual(inOnePass);
  });

  test('twenty hosts inside are found beneath 20,000 calls towards the internet that fail, and the reverse', async () => {
    const inside = { lateral: scan, outbound: failures(100_000, NOON) };
    const outbound = horizontal(20, { at: NOON + 1500, every: 3, network: '198.51.100' });
    const outside = { outbound, lateral: failures(50_000, NOON, 10) };
    for (const rows of [inside, outside]) {
      const { inOnePass, ofFiles } = await told([...rows.lateral, ...rows.outbound, ...end(later)], format);
      expect(inOnePass.map(([kind]) => kind)).toEqual(['horizontal-scan', 'horizontal-scan']);
      expect(inOnePass).toContainEqual(['horizontal-scan', 'high', 20, 20]);
      expect(ofFiles).toEqual(inOnePass);
    }
  });

  test('servers that answered and later do not are no scan, although most are left out of the sample', async () => {
    const rows = [...calls(7000), ...failures(7000, NOON + HOUR), ...end(later)];
    const { inOnePass, ofFiles } = await told(rows, format);
    for (const [, severity] of [...inOnePass, ...ofFiles]) expect(severity).toBe('low');
    const unknown = await told([...failures(7000, NOON + HOUR), ...end(later)], format);
    for (const findings of Object.values(unknown))
      expect(findings).toMatchObject([['horizontal-scan', 'high', 1400, 1400]]);
  });

  test('connections that go on after a full hour are no touches before it', async () => {
    const at = NOON + HOUR;
    const rows = [...connections(900, at - 60, at + 60), ...calls(16_000, { at }), ...end(later)];
    expect(await told(rows, format)).toEqual({ inOnePass: [], ofFiles: [] });
  });
});
