/** Findings as text: a table with colours where the terminal has them, and CSV. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { csvHeading, csvRow } from '../../cli/csv.ts';
import { formatFindings, textsOf } from '../../cli/formats.ts';
import { showsUnicode } from '../../cli/terminal.ts';
import { finding } from '../lib/store/fixture/findings.ts';

const ROOT = join(import.meta.dirname, '../..');

describe('a slow reader', () => {
  test('has taken a finding before the next one is made', async () => {
    const happened: string[] = [];
    await formatFindings([finding(), finding()], 'ndjson', {
      stdout: () => void happened.push('written'),
      stderr: () => undefined,
      taken: async () => {
        await delay(1);
        happened.push('taken');
      },
      isInteractive: false,
    });
    expect(happened).toEqual(['written', 'taken', 'written', 'taken']);
  });

  test('of a pipe holds up what is written, until it reads on', async () => {
    const script = `
      const { processTerminal: terminal } = await import(${JSON.stringify(pathToFileURL(join(ROOT, 'cli/terminal.ts')).href)});
      for (let at = 0; at < 50; at++) {
        terminal.stdout('x'.repeat(100_000));
        await terminal.taken();
        terminal.stderr('.');
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script]);
    let pieces = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      pieces += text;
    });
    await once(child.stdout, 'readable');
    await delay(300);
    expect(pieces.length).toBeLessThan(10);
    let bytes = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    await once(child, 'close');
    expect([bytes, pieces]).toEqual([5_000_000, '.'.repeat(50)]);
  });
});

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
