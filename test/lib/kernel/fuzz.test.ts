/**
 * Kernel and reference agree on generated logs with any damage. `FUZZ_LINES` sets the number of lines, `FUZZ_SEED`
 * selects them. A difference is shown with the fewest lines that show it.
 */
import { describe, expect, test } from '@jest/globals';
import { type Random, randomOf } from '../../../bench/random.ts';
import fc from '../../properties.ts';
import { atLength } from '../../tier.ts';
import { ALL_FIELDS, line } from '../flowlog/sample-logs.ts';
import { mutated } from './mutate.ts';
import { compare, expectEqual, type FileReading } from './reading.ts';
import { someLog } from './some-log.ts';

const LINES = Number(process.env.FUZZ_LINES ?? atLength(10_000, 40_000));
const SEED = process.env.FUZZ_SEED ?? 'one';

/** The lines of one file, and which of them are damaged. */
interface File {
  readonly lines: readonly Uint8Array[];
  readonly damaged: number;
}

function someFile(random: Random): File {
  const { lines, headers } = someLog(random.whole(1, 3000), random);
  const newline = random.next() < 0.8 ? '\n' : random.next() < 0.5 ? '\r\n' : ' \n';
  const isDamagedToo = random.next() < 0.05;
  let damaged = 0;
  const bytes = lines.map((text, at) => {
    const spaced = random.next() < 0.01 ? text.replaceAll(' ', ' \t ') : text;
    const whole = Buffer.from(spaced + (at === lines.length - 1 && random.next() < 0.5 ? '' : newline), 'latin1');
    if (headers.has(at) ? !isDamagedToo : random.next() < 0.6) return whole;
    damaged++;
    return mutated(whole, random);
  });
  return { lines: bytes, damaged };
}

/** The fewest lines that still differ, by leaving out halves, quarters and so on. */
function fewest(lines: readonly Uint8Array[], seed: string): string {
  const differs = (some: readonly Uint8Array[]) =>
    compare([Buffer.concat(some)], randomOf(seed)).differences.length > 0;
  if (!differs(lines)) return 'only together with the file before it';
  let left = lines;
  for (let part = Math.ceil(lines.length / 2); part >= 1; part = part === 1 ? 0 : Math.ceil(part / 2)) {
    for (let from = 0; from < left.length; ) {
      const without = [...left.slice(0, from), ...left.slice(from + part)];
      if (without.length && differs(without)) left = without;
      else from += part;
    }
  }
  return JSON.stringify(Buffer.concat(left).toString('latin1'));
}

/** Lines that were skipped before any of their columns was looked at. */
const unread = ({ parser: { skipped } }: FileReading): number =>
  (skipped.get('too few columns')?.count ?? 0) + (skipped.get('too many columns')?.count ?? 0);

describe('kernel and reference are equal', () => {
  test(`on ${LINES} generated lines, two of five of them damaged`, () => {
    let [lines, damaged, refused, records] = [0, 0, 0, 0];
    for (let body = 0; lines < LINES; body++) {
      const seed = `${SEED} ${body}`;
      const random = randomOf(seed);
      const files = Array.from({ length: random.whole(1, 2) }, () => someFile(random));
      const texts = files.map((file) => Buffer.concat(file.lines));
      const { differences, readings } = compare(texts, random);
      if (differences.length) expect({ seed, differences, lines: fewest(files[0]!.lines, seed) }).toBeUndefined();
      for (const [at, reading] of readings.entries()) {
        lines += files[at]!.lines.length;
        damaged += files[at]!.damaged;
        // Of a file whose header is refused the rest is not read: all of its damage counts as unread.
        refused += reading.error ? files[at]!.damaged : unread(reading);
        records += reading.parser.rows.records;
      }
    }
    expect(damaged).toBeGreaterThan(lines / 3);
    // The damage must reach what is to be tested: past the header, and past the count of columns.
    expect(refused).toBeLessThan(damaged / 2);
    expect(records).toBeGreaterThan(lines / 2);
  }, 3_600_000);

  const value = fc.oneof(
    { weight: 3, arbitrary: fc.constant('-') },
    fc.bigInt({ min: 0n, max: 10n ** 20n }).map(String),
    fc.nat({ max: 70_000 }).map(String),
    fc.tuple(fc.nat({ max: 18 }), fc.nat({ max: 300 })).map(([zeros, number]) => '0'.repeat(zeros) + number),
    fc.ipV4(),
    fc.ipV6(),
    fc.constantFrom('10.0.0.1', '203.0.113.7', '::ffff:10.0.0.1', '::', 'fe80::1', '01.2.3.4', '1:2', '::1::'),
    fc.constantFrom('ACCEPT', 'REJECT', 'OK', 'NODATA', 'SKIPDATA', 'ingress', 'egress', 'nothing', 'i-1', 'srcaddr'),
    fc.string({ minLength: 1, maxLength: 80, unit: fc.constantFrom(...'eni-0123456789abcdef\u00ff') }),
  );
  const needed = 'srcaddr dstaddr srcport dstport protocol start end action log-status interface-id'.split(' ');
  const some = fc.record({
    fields: fc
      .subarray(ALL_FIELDS.filter((field) => !needed.includes(field)))
      .chain((extra) => fc.shuffledSubarray([...needed, ...extra], { minLength: needed.length + extra.length })),
    rows: fc.array(fc.dictionary(fc.constantFrom(...needed, ...ALL_FIELDS), value, { maxKeys: 4 }), { maxLength: 12 }),
    separator: fc.constantFrom(' ', ' ', '  ', '\t', ' \t '),
    newline: fc.constantFrom('\n', '\r\n', '\n\n', ' \n'),
    seed: fc.string(),
  });

  test('on small logs of any columns with any values', () => {
    fc.assert(
      fc.property(some, ({ fields, rows, separator, newline, seed }) => {
        const texts = [fields.join(' '), ...rows.map((values) => line(values, fields)), ''];
        const bytes = Buffer.from(texts.join(newline).replaceAll(' ', separator), 'latin1');
        expectEqual([bytes], randomOf(seed));
      }),
      { numRuns: 300 },
    );
  });
});
