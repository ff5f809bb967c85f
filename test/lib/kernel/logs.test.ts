/**
 * Kernel and reference agree on every log in test/data, unchanged and rewritten in other ways with the same meaning.
 * The gate rewrites each log in one way, and each way is used for many logs. `npm run verify` rewrites each log in all
 * ways.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { type Random, randomOf, shuffled } from '../../../bench/random.ts';
import { atLength } from '../../tier.ts';
import { expectEqual } from './reading.ts';

const DATA = join(import.meta.dirname, '../../data');
const files = readdirSync(DATA, { recursive: true, withFileTypes: true })
  .filter(({ name }) => name.endsWith('.log.gz'))
  .map(({ name, parentPath }) => relative(DATA, join(parentPath, name)))
  .sort();

/** Number of lines of each log that are rewritten. */
const LINES = 500;
/** Lines of each log that are compared as they are. */
const LINES_AS_THEY_ARE = atLength(5_000, Number.POSITIVE_INFINITY);

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

/** The first lines of a text. */
function linesOf(text: Buffer, count: number): Buffer {
  if (count === Number.POSITIVE_INFINITY) return text;
  let end = 0;
  for (let line = 0; line < count && end < text.length; line++) {
    const newline = text.indexOf(10, end);
    end = newline < 0 ? text.length : newline + 1;
  }
  return text.subarray(0, end);
}

/** The ways for the log of a number. As it is comes first: the others must yield as many records. */
const waysFor = (at: number) => {
  const all = Object.entries(ways);
  const asItIs = ['as it is', (lines: readonly string[]) => `${lines.join('\n')}\n`] as const;
  return [asItIs, ...atLength([all[at % all.length]!], all)];
};

describe('kernel and reference are equal', () => {
  test('on a good number of logs, of both formats', () => {
    expect(files.length).toBeGreaterThan(60);
    expect(files.filter((file) => file.includes('.v2.')).length).toBeGreaterThan(5);
  });

  test.each(files.map((file, at) => [file, at] as const))(
    'on %s, as it is and in another way',
    (file, at) => {
      const bytes = linesOf(gunzipSync(readFileSync(join(DATA, file))), LINES_AS_THEY_ARE);
      const [whole] = expectEqual([bytes], randomOf(file));
      expect(whole!.error).toBeUndefined();
      expect(whole!.parser.rows.records).toBeGreaterThan(50);
      const lines = linesOf(bytes, LINES).toString('latin1').trimEnd().split('\n');
      const counts = waysFor(at).map(([way, write]) => {
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
