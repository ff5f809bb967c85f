/** docs/coverage.md holds: no line of what the detector covers is worse than it says, and none is out of date. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseTables, printTable, type Table } from '../../bench/table.ts';
import { whatChanged, whatGotWorse } from '../../verify/coverage/compare.ts';
import { TITLES } from '../../verify/coverage/coverage.ts';

const ROOT = resolve(import.meta.dirname, '../..');

describe('docs/coverage.md', () => {
  test('promises nothing that the detector no longer keeps, and is not out of date', () => {
    // As a program of its own: the detector takes three times as long inside jest.
    const { stdout, status } = spawnSync(
      process.execPath,
      [join(ROOT, 'verify/coverage/main.ts'), '--check', '--quick'],
      {
        cwd: ROOT,
        encoding: 'utf8',
      },
    );
    expect(stdout).toBe('docs/coverage.md is up to date\n');
    expect(status).toBe(0);
  });

  test('has all its tables', () => {
    const committed = parseTables(readFileSync(join(ROOT, 'docs/coverage.md'), 'utf8'));
    expect(committed.map(({ title }) => title)).toEqual(Object.values(TITLES));
    expect(committed.filter(({ rows }) => rows.length < 3)).toEqual([]);
  });
});

describe('the comparison', () => {
  const scans = (...cells: string[]): Table => ({
    title: TITLES.scans,
    header: ['shape', 'log', 'what', 'result', 'kind', 'severity', 'contacts', 'seconds', 'test', 'horizon'],
    rows: [['v1', 'v5', 'vertical', ...cells]],
  });
  const before = scans('found', 'vertical-scan', 'high', '8', '14', 'a', '5m');

  test.each([
    ['a miss', scans('missed', '', '', '', '', '', ''), 'v1 v5: found before, missed now'],
    ['more contacts', scans('found', 'vertical-scan', 'high', '9', '14', 'a', '5m'), 'took 8 contacts, takes 9 now'],
    ['another kind', scans('found', 'block-scan (wrong)', 'high', '8', '14', 'a', '5m'), 'is block-scan (wrong) now'],
    ['a line less', { ...before, rows: [] }, 'v1 v5: the line is gone'],
  ])('calls %s worse', (_, after, why) => {
    expect(whatGotWorse([before], [after])).toEqual([expect.stringContaining(why)]);
  });

  test('calls an alarm worse than silence, and two worse than one', () => {
    const silence = (result: string): Table => ({
      title: TITLES.silence,
      header: ['shape', 'log', 'what', 'result', 'low findings'],
      rows: [['fp1', 'v5', 'replies', result, '0']],
    });
    expect(whatGotWorse([silence('silent')], [silence('1 alarm')])).toHaveLength(1);
    expect(whatGotWorse([silence('1 alarm')], [silence('2 alarms')])).toHaveLength(1);
    expect(whatGotWorse([silence('2 alarms')], [silence('silent')])).toEqual([]);
  });

  test('calls a shorter slowest interval worse, for us and not for others', () => {
    const slowest = (ours: string, theirs: string): Table => ({
      title: TITLES.slowest,
      header: ['scan', 'sweepwatch', 'panther'],
      rows: [['vertical from inside', ours, theirs]],
    });
    expect(whatGotWorse([slowest('3 h', '6 min')], [slowest('2 h 58 min', '6 min')])).toHaveLength(1);
    expect(whatGotWorse([slowest('3 h', '6 min')], [slowest('3 h 2 min', '5 min')])).toEqual([]);
  });

  test('calls fewer scans or more alarms at a sensitivity worse', () => {
    const at = (found: string, alarms: string): Table => ({
      title: TITLES.sensitivity,
      header: [
        'sensitivity',
        'scans found',
        'contacts',
        'seconds',
        'slowest',
        'logs with alarms',
        'alarms',
        'low findings',
      ],
      rows: [['high', found, '6', '14', '4 h', '0 of 65', alarms, '12']],
    });
    expect(whatGotWorse([at('41 of 41', '0')], [at('9 of 41', '0')])).toHaveLength(1);
    expect(whatGotWorse([at('41 of 41', '9')], [at('41 of 41', '10')])).toHaveLength(1);
    expect(whatGotWorse([at('41 of 41', '10')], [at('42 of 42', '9')])).toEqual([]);
  });

  test('names what changed, and is content with what did not', () => {
    const after = scans('found', 'vertical-scan', 'high', '7', '14', 'a', '5m');
    expect(whatGotWorse([before], [after])).toEqual([]);
    expect(whatChanged([before], [after])).toEqual([
      '- | v1 | v5 | vertical | found | vertical-scan | high | 8 | 14 | a | 5m |',
      '+ | v1 | v5 | vertical | found | vertical-scan | high | 7 | 14 | a | 5m |',
    ]);
    expect(whatChanged([before], [before])).toEqual([]);
  });

  test('reads back the tables that it writes', () => {
    expect(parseTables(`## ${before.title}\n\nText.\n\n${printTable(before)}\n`)).toEqual([before]);
  });
});
