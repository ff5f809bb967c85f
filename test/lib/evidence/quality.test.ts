/** What the logs could not show: one sentence for each kind of blindness. */
import { expect, test } from '@jest/globals';
import { countQuality, describeQuality, SAMPLED, SKIPPED_RECORDS } from '../../../lib/evidence/quality.ts';
import { collect, DEFAULT_FORMAT, FULL_FORMAT, NOON, type Row, row } from '../scan/traffic.ts';

test('each bit has one sentence of its own, and counts as one', () => {
  const sentences = [1, 2, 4, 8, 16, 32].map(describeQuality);
  for (const sentence of sentences) expect(sentence).toHaveLength(1);
  expect(new Set(sentences.flat()).size).toBe(6);
  expect(describeQuality(0)).toEqual([]);
  expect(countQuality(SAMPLED | SKIPPED_RECORDS)).toBe(2);
  expect(countQuality(0)).toBe(0);
});

async function qualityOf(rows: readonly Row[], format: string): Promise<string[]> {
  const [source] = [...(await collect([rows], { format })).sources()];
  return describeQuality(source!.panes[0]!.quality);
}

test('a full format over a minute hides nothing', async () => {
  expect(await qualityOf([row({ start: NOON, end: NOON + 60 })], FULL_FORMAT)).toEqual([]);
});

test('a log of the default format lacks flags and packet addresses', async () => {
  const said = (await qualityOf([row({})], DEFAULT_FORMAT)).join('\n');
  expect(said).toContain('no tcp-flags');
  expect(said).toContain('no pkt-srcaddr');
});

test('"-" for the flags of a TCP record is said, of a UDP record it is not', async () => {
  expect((await qualityOf([row({ 'tcp-flags': '-' })], FULL_FORMAT)).join()).toContain('no tcp-flags');
  expect(await qualityOf([row({ 'tcp-flags': '-', protocol: 17 })], FULL_FORMAT)).toEqual([]);
});

test('aggregation above 90 seconds is said', async () => {
  expect((await qualityOf([row({ start: NOON, end: NOON + 91 })], FULL_FORMAT)).join()).toContain('aggregation above');
  expect(await qualityOf([row({ start: NOON, end: NOON + 90 })], FULL_FORMAT)).toEqual([]);
});

test('a transit gateway log is said to know no actions', async () => {
  const format =
    'version resource-type account-id tgw-id srcaddr dstaddr srcport dstport protocol packets bytes start end log-status tcp-flags flow-direction';
  const said = await qualityOf([row({ version: 6, 'resource-type': 'TransitGateway', 'tgw-id': 'tgw-1' })], format);
  expect(said.join('\n')).toContain('transit gateway log');
  expect(said.join('\n')).not.toContain('pkt-srcaddr');
});
