/** Kernel and reference agree where something is as long, as large or as many as it may be, and one beyond. */
import { describe, expect, test } from '@jest/globals';
import { type Random, randomOf } from '../../../bench/random.ts';
import { ALL_FIELDS, line, log, rows, START, type Values } from '../flowlog/sample-logs.ts';
import { expectEqual } from './reading.ts';

const MOST_LINE = 65_536;
const BLOCK = 1 << 18;

/** Takes pieces of the largest size only. */
const LARGE: Random = { next: () => 1, whole: (_, to) => to };

/** Reads a log whole, and cut at random. */
function expectEqualTexts(...texts: readonly string[]): void {
  expectEqual(
    texts.map((text) => Buffer.from(text, 'latin1')),
    LARGE,
  );
  for (const seed of ['1', '2'])
    expectEqual(
      texts.map((text) => Buffer.from(text, 'latin1')),
      randomOf(seed),
    );
}

const padded = (values: Values, length: number) => line(values) + ' '.repeat(length - line(values).length);

describe('kernel and reference are equal', () => {
  test.each([MOST_LINE - 1, MOST_LINE, MOST_LINE + 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])(
    'on a line of %i bytes between others: a record, empty, or rubbish',
    (length) => {
      for (const long of [padded({}, length), ' '.repeat(length), 'x'.repeat(length), 'x '.repeat(length / 2)])
        expectEqualTexts(`${log([{}])}${long}\n${line()}\n${line({ dstport: '70000' })}\n`);
    },
  );

  test('on lines that lie across the end of a block, by any number of bytes', () => {
    const header = log([]);
    for (let over = -3; over < line().length + 3; over += 7) {
      const before = line({ 'account-id': '1'.repeat(BLOCK % 50_000) });
      const fill = `${`${before}\n`.repeat(Math.floor((BLOCK - header.length - over) / (before.length + 1)))}`;
      const rest = BLOCK - over - header.length - fill.length;
      expectEqualTexts(`${header}${fill}${' '.repeat(Math.max(0, rest - 1))}\n${log(rows(3)).slice(header.length)}`);
    }
  });

  test('on the one line of a log that lacks a column but has its spaces, wherever they lie', () => {
    for (let shift = 0; shift < 64; shift++)
      expectEqual([Buffer.from(log([{ 'account-id': '1'.repeat(1 + shift) }, { 'account-id': '' }, {}]))], LARGE);
  });

  test.each([127, 128, 129, 200])('on a header of %i columns, and lines of as many, fewer and more', (count) => {
    const fields = [
      ...ALL_FIELDS.toReversed(),
      ...Array.from({ length: count - ALL_FIELDS.length }, (_, at) => `f${at}`),
    ];
    const full = line({}, fields);
    expectEqualTexts(`${log([{}], fields)}${full} -\n${full.slice(0, -2)}\n${`${full} `.repeat(3)}\n${full}\n`);
  });

  test('on numbers at and beyond what they may be, with and without zeros before them', () => {
    const limits: Readonly<Record<string, readonly number[]>> = {
      srcport: [65_535, 65_536],
      dstport: [0, 65_535, 65_536],
      protocol: [255, 256, 6, 17],
      packets: [99_999_999, 100_000_000, 999_999_999_999_999, 2 ** 53 - 1, 2 ** 53],
      bytes: [99_999_999, 100_000_000, 999_999_999_999_999, 2 ** 53 - 1, 2 ** 53],
      'tcp-flags': [65_535, 65_536, 255],
      start: [START, START + 21, 946_684_799, 946_684_800],
      end: [START, START - 1, 4_102_444_800, 4_102_444_801],
    };
    const damaged = Object.entries(limits).flatMap(([field, numbers]) =>
      numbers.flatMap((number) =>
        [1, 7, 8, 9, 15, 16, 17, 20].map((width) => ({ [field]: String(number).padStart(width, '0') })),
      ),
    );
    expectEqualTexts(log([{}, ...damaged, {}], ALL_FIELDS));
    // Each reason is reported where it first occurs, so each is tried by itself.
    for (const values of damaged) expectEqual([Buffer.from(log([values], ALL_FIELDS))], LARGE);
  });

  test.each([
    '10.0.0.1',
    '2600::1',
    '2600:1f18:a14:c00::42',
    '2600:1f18:a14:c00:a5:fefb:d310:178',
    '2600:1f18:0a14:0c00:00a5:fefb:d310:0178',
  ])('on the address %s after itself, with more behind it: zeros are not nothing', (address) => {
    const twins = [address, `${address}\0`, `${address}\0\0`, `${address}1`, address.slice(0, -1), address];
    expectEqualTexts(log(twins.map((srcaddr) => ({ srcaddr }))));
  });

  test('on the bytes of a packet, rounded', () => {
    const sizes = [
      [1, 2],
      [3, 2],
      [1, 3],
      [2, 3],
      [509, 2],
      [511, 2],
      [0, 0],
      [7, 0],
      [4_503_599_627_370_495, 2 ** 53 - 1],
    ];
    for (const [bytes, packets] of sizes)
      expectEqualTexts(log([{ bytes: String(bytes), packets: String(packets) }], ALL_FIELDS));
  });

  test('on hours and minutes at their ends', () => {
    const hour = START - (START % 3600);
    const ends = [0, 59, 60, 1799, 1800, 3540, 3599, 3600].map((second) => hour + second);
    expectEqualTexts(log(ends.map((end) => ({ start: String(end - 50), end: String(end) }))));
  });

  test('on an interface of which more records are known than are looked at', () => {
    const many = Array.from({ length: 70 }, (_, at): Values => ({ 'vpc-id': at < 63 ? '-' : `vpc-${99 - at}` }));
    expectEqualTexts(log(many, ALL_FIELDS));
  });

  test('on a file without a header after one with another, and one that begins with a byte order mark', () => {
    expectEqualTexts(
      log([{}, {}], ALL_FIELDS.toReversed()),
      `${line()}\n${line()}\n`,
      `\u00ef\u00bb\u00bf${log([{}])}`,
    );
  });

  test('on nothing', () => {
    expectEqualTexts('');
    expectEqualTexts('\n');
    expectEqualTexts(log([]));
  });

  test('on more contacts of one source than are kept, in any order', () => {
    const probes = Array.from({ length: 9000 }, (_, at): Values => ({ dstport: String((at * 40_503) % 65_536) }));
    expectEqualTexts(log(probes), log(probes.toReversed()));
    expect(probes.length).toBeGreaterThan(2 * 2 * 2048);
  });
});
