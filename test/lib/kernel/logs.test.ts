/** Kernel and reference agree on every log in test/data: as it is, and written in other ways that mean the same. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { type Random, randomOf, shuffled } from '../../../bench/random.ts';
import { expectEqual } from './reading.ts';

const DATA = join(import.meta.dirname, '../../data');
const files = readdirSync(DATA, { recursive: true, withFileTypes: true })
  .filter(({ name }) => name.endsWith('.log.gz'))
  .map(({ name, parentPath }) => relative(DATA, join(parentPath, name)))
  .sort();

/** Lines of each log that are written anew; all of them where FUZZ_LINES asks for a longer run. */
const LINES = process.env.FUZZ_LINES ? 1_000_000 : 500;
/** No line of theirs is longer. */
const MOST_BYTES = 1000;

/** A number of white spaces other than newlines. */
const gap = (random: Random): string => [' ', '  ', '\t', ' \t', '    '][random.whole(0, 4)]!;

const ways: Readonly<Record<string, (lines: readonly string[], random: Random) => string>> = {
  'with permuted columns': (lines, random) => {
    const order = shuffled([...lines[0]!.split(' ').keys()], random);
    const permuted = lines.map((line) => line.split(' ')).map((columns) => order.map((at) => columns[at]!).join(' '));
    return `${permuted.join('\n')}\n`;
  },
  'with CRLF and no newline at the end': (lines) => lines.join('\r\n'),
  'with double spaces': (lines) => `${lines.join('\n').replaceAll(' ', '  ')}\n`,
  'with spaces at the end of some lines': (lines, random) =>
    lines.map((line) => `${line}${' '.repeat(random.whole(0, 2))}\n`).join(''),
  'with tabs and runs of any white space': (lines, random) =>
    lines.map((line) => `${random.next() < 0.1 ? ' ' : ''}${line.replaceAll(' ', () => gap(random))}\n`).join(''),
  'with empty lines': (lines, random) =>
    lines.map((line) => `${line}${['\n', '\n', '\n\n', '\n \r\n'][random.whole(0, 3)]}`).join(''),
};

describe('kernel and reference are equal', () => {
  test('on a good number of logs, of both formats', () => {
    expect(files.length).toBeGreaterThan(60);
    expect(files.filter((file) => file.includes('.v2.')).length).toBeGreaterThan(5);
  });

  test.each(files)(
    'on %s, as it is and written in any other way',
    (file) => {
      const bytes = gunzipSync(readFileSync(join(DATA, file)));
      const [whole] = expectEqual([bytes], randomOf(file));
      expect(whole!.error).toBeUndefined();
      expect(whole!.parser.rows.records).toBeGreaterThan(50);
      const lines = bytes
        .subarray(0, LINES * MOST_BYTES)
        .toString('latin1')
        .split('\n', LINES);
      if (lines.at(-1) === '') lines.pop();
      const counts = Object.entries(ways).map(([way, write]) => {
        const random = randomOf(`${way} ${file}`);
        const [reading] = expectEqual([Buffer.from(write(lines, random), 'latin1')], random);
        return reading!.parser.rows.records;
      });
      expect(new Set(counts).size).toBe(1);
      expect(counts[0]).toBeGreaterThan(50);
    },
    600_000,
  );
});
