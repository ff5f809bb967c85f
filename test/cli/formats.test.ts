/** Findings as text: a table with colours where the terminal has them, and CSV. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { csvHeading, csvRow } from '../../cli/csv.ts';
import { textsOf } from '../../cli/formats.ts';
import { showsUnicode } from '../../cli/terminal.ts';
import { finding } from '../lib/store/fixture/findings.ts';

const ROOT = join(import.meta.dirname, '../..');

describe('the table', () => {
  const tableOf = (paint?: Parameters<typeof textsOf>[2]) =>
    [
      ...textsOf([finding(), finding({ severity: 'low', status: 'closed', closedBecause: 'ended' })], 'table', paint),
    ].join('');

  test('has the same columns with and without paint', () => {
    const painted = tableOf((style, text) => `<${[style].flat().join('+')}>${text}</>`);
    expect(painted).toContain('<red>high</>      vertical-scan');
    expect(painted.replace(/<[^>]*>/g, '')).toBe(tableOf());
  });

  test('of very many findings is written', () => {
    const many = Array.from({ length: 100_000 }, () => finding());
    expect([...textsOf(many, 'table')].join('').split('\n')).toHaveLength(100_002);
  });

  // Only a process of its own has streams that know colours.
  test.each([
    ['is painted if the terminal has colours', { FORCE_COLOR: '1' }, true],
    ['is plain where NO_COLOR is set', { NO_COLOR: '1' }, false],
    ['is plain in a pipe', {}, false],
  ])('%s', (_, environment, isPainted) => {
    const { FORCE_COLOR: _force, NO_COLOR: _no, ...inherited } = process.env;
    const args = ['cli/sweepwatch.mjs', 'detect', 'test/data/lab/fin-top1000.log.gz'];
    const env = { ...inherited, ...environment };
    const { stdout, status } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8', env });
    expect(status).toBe(0);
    expect(stdout.includes('\u001b[')).toBe(isPainted);
  });
});

test.each([
  [{ LANG: 'en_US.UTF-8' }, true],
  [{ LANG: 'de_DE.utf8', TERM: 'xterm' }, true],
  [{ LANG: 'en_US.UTF-8', TERM: 'dumb' }, false],
  [{ LANG: 'en_US.UTF-8', LC_ALL: 'C' }, false],
  [{}, false],
])('characters beyond ASCII are drawn with %j: %s', (environment, expected) => {
  expect(showsUnicode(environment)).toBe(expected);
});

describe('CSV', () => {
  test('has a cell for each column, also where a finding lacks the field', () => {
    const width = csvHeading().split(',').length;
    expect(csvRow(finding()).split(',')).toHaveLength(width);
    expect(csvRow(finding({ source: null, targets: { count: 0, exact: true, sample: [] } })).split(',')).toHaveLength(
      width,
    );
  });

  test('quotes text that an attacker chose', () => {
    const actor = {
      kind: 'pod' as const,
      name: '=HYPERLINK("http://x","y")',
      user: 'a\nb',
      at: '2026-11-21T10:00:00Z',
    };
    expect(csvRow(finding({ actor }))).toContain(`,"'=HYPERLINK(""http://x"",""y"")",a?b,`);
  });
});
