/** What the logs could not show: one sentence for each kind of blindness. */
import { describe, expect, test } from '@jest/globals';
import { countQuality, describeQuality, SAMPLED, SKIPPED_RECORDS } from '../../../lib/evidence/quality.ts';
import { LOSSES, lossesWithout } from '../../../lib/flowlog/read-columns.ts';
import { collect, DEFAULT_FORMAT, FULL_FORMAT, NOON, type Row, row } from '../scan/traffic.ts';

const BITS = Array.from({ length: 14 }, (_, at) => 1 << at);

test('each bit has one sentence of its own', () => {
  const sentences = BITS.map((bit) => describeQuality(bit, { inside: true }));
  for (const sentence of sentences) expect(sentence).toHaveLength(1);
  expect(new Set(sentences.flat()).size).toBe(BITS.length);
  expect(describeQuality(0)).toEqual([]);
});

test('only limits of what contacts show lower the confidence', () => {
  expect(BITS.filter((bit) => countQuality(bit) > 0)).toEqual([1, 2, 4, 8, 16, 32, 64]);
  expect(countQuality(SAMPLED | SKIPPED_RECORDS)).toBe(2);
  expect(countQuality(0)).toBe(0);
});

async function qualityOf(rows: readonly Row[], format: string): Promise<string[]> {
  const [source] = [...(await collect([rows], { format })).sources()];
  return describeQuality(source!.panes[0]!.quality, source);
}

describe('a log without', () => {
  const without = (...columns: readonly string[]) =>
    FULL_FORMAT.split(' ')
      .filter((column) => !columns.includes(column))
      .join(' ');

  test.each(LOSSES.flatMap(({ columns, text }) => columns.map((column) => [column, text] as const)))(
    '%s makes a finding say what it could not see',
    async (column, text) => {
      expect(await qualityOf([row({})], without(column))).toEqual([expect.stringContaining(text)]);
    },
  );

  test('all columns that name the holder says so only where the holder could be named', () => {
    const bits = lossesWithout((column) => !['instance-id', 'interface-type', 'ecs-task-id'].includes(column));
    expect(describeQuality(bits, { inside: true })).toHaveLength(3);
    expect(describeQuality(bits, { inside: false })).toEqual([]);
    expect(describeQuality(bits)).toEqual([]);
  });

  test('ECS columns says nothing about a source whose instance is known', async () => {
    const format = without('ecs-task-id');
    expect(await qualityOf([row({ 'instance-id': 'i-0a' })], format)).toEqual([]);
    expect(await qualityOf([row({})], format)).toEqual([
      expect.stringMatching(/^no ecs columns in the log: the ECS cluster/),
    ]);
  });
});

test('a full format over a minute hides nothing', async () => {
  expect(await qualityOf([row({ start: NOON, end: NOON + 60 })], FULL_FORMAT)).toEqual([]);
});

test('a log of the default format lacks flags and packet addresses', async () => {
  const said = (await qualityOf([row({})], DEFAULT_FORMAT)).join('\n');
  expect(said).toContain('no tcp-flags');
  expect(said).toContain('no pkt-srcaddr');
  expect(said).toContain('no flow-direction');
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
