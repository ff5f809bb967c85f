/** `sweepwatch backtest`: one reading, two judgements, and the findings that differ. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Finding } from '../../lib/finding/model.ts';
import { expectValidFinding } from '../finding-schema.ts';
import { findingsOf, runHere } from './run-cli.ts';
import { folderWith, scanLog } from './scan-files.ts';

const folder = folderWith({
  'logs/long.log': scanLog('10.0.9.9'),
  'logs/short.log': scanLog('10.0.9.10', 9),
  'bad/other.log': 'no flow log\n',
  'bad/long.log': scanLog('10.0.9.9'),
  'low.json': '{"sensitivity":"low"}',
  'internal.json': '{"internal":["198.51.100.0/24"]}',
  'wrong.json': '{"sensitivity":"extreme"}',
});
const logs = join(folder, 'logs');
const backtest = (...args: string[]) => runHere(['backtest', logs, ...args]);
/** Scans of several kinds, in ordinary traffic. */
const SCANS = [
  'lab/smb-24',
  'lab/inet-distributed-32',
  'shapes/b1-block',
  'shapes/d3-inside-sweep',
  'shapes/v5-paranoid-vertical',
].map((name) => `test/data/${name}.log.gz`);
const STRICT = ['--set', 'failuresIn5Minutes=16'];
const idsOf = (findings: readonly Finding[]) => findings.map(({ id }) => id).sort();

describe('backtest', () => {
  test('prints settings, counts by severity and the findings that differ', async () => {
    const run = await backtest(...STRICT);
    expect(run).toMatchObject({ code: 0 });
    expect(run.stdout).toMatch(/^failuresIn5Minutes +8 +16$/m);
    expect(run.stdout).toMatch(/^medium +1 +0 +0 +1 +0$/m);
    expect(run.stdout).toMatch(/^lost +medium +vertical-scan +10\.0\.9\.10 /m);
    expect(run.stdout).toContain('\n1 finding is the same with both settings.\n');
    expect(run.stderr).toBe('69 records in 2 files: 1 difference\n');
  });

  test.each([
    ['--sensitivity', 'low'],
    ['--sensitivity', 'high'],
  ])(
    'agrees with two runs of detect: %s %s',
    async (...options) => {
      const files = [...SCANS, logs];
      const detect = async (...more: string[]) =>
        idsOf(findingsOf(await runHere(['detect', ...files, '--format', 'ndjson', ...more])));
      const [before, after] = [await detect(), await detect(...options)];
      const { stdout } = await runHere(['backtest', ...files, '--format', 'json', ...options]);
      const { changes, counts, same } = JSON.parse(stdout);
      const sum = (name: string) =>
        counts.reduce((total: number, row: Record<string, number>) => total + row[name]!, 0);
      expect([sum('before'), sum('after')]).toEqual([before.length, after.length]);
      expect(same + sum('gained') + sum('changed')).toBe(after.length);
      expect(same + sum('lost') + sum('changed')).toBe(before.length);
      for (const { change, before: was, after: is } of changes) {
        if (change === 'gained') expect(before).not.toContain(is.id);
        if (change === 'lost') expect(after).not.toContain(was.id);
        for (const finding of [was, is]) if (finding) expectValidFinding(finding);
      }
      expect(changes.length).toBeGreaterThan(0);
    },
    120_000,
  );

  test('prints one difference per line as ndjson', async () => {
    const { stdout } = await backtest(...STRICT, '--format', 'ndjson');
    const lines = stdout
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(lines).toMatchObject([{ change: 'lost', before: { kind: 'vertical-scan' } }]);
  });

  test('compares two settings files, and options change the second', async () => {
    const low = join(folder, 'low.json');
    const { stdout } = await backtest('--against', low, '--format', 'json');
    expect(JSON.parse(stdout).changes).toMatchObject([{ change: 'lost' }]);
    const back = await backtest('--config', low, '--sensitivity', 'medium', '--format', 'json');
    expect(JSON.parse(back.stdout).changes).toMatchObject([{ change: 'gained' }]);
  });

  test('hides differences in lesser findings, and says how many', async () => {
    const run = await backtest(...STRICT, '--min-severity', 'critical');
    expect(run.stdout).toContain('No finding to show differs.');
    expect(run.stderr).toContain('1 difference, 1 of them below --min-severity');
  });

  test('writes a page that shows the comparison', async () => {
    const page = join(folder, 'page.html');
    const run = await backtest(...STRICT, '--report', page);
    expect(run).toMatchObject({ code: 0 });
    expect(run.stderr).toContain('report written to');
    const text = readFileSync(page, 'utf8')
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ');
    expect(text).toContain('failuresIn5Minutes 8 16');
    expect(text).toContain('lateral vertical scan lost');
    expect(text).toContain('1 finding is the same with both settings.');
  });

  test('reads on after a file that is no flow log, and exits with 1', async () => {
    const run = await runHere(['backtest', join(folder, 'bad'), ...STRICT]);
    expect(run).toMatchObject({ code: 1, stdout: expect.stringContaining('1 finding is the same') });
    expect(run.stderr).toContain('other.log');
  });
});

describe('Wrong usage', () => {
  const cases: readonly [string[], string][] = [
    [[], 'nothing to compare: give --set, --sensitivity or --against'],
    [['--set', 'failuresIn5Minutes=8'], 'nothing to compare: both settings are the same'],
    [['--set', 'floor'], '--set must be NAME=VALUE, such as failuresIn5Minutes=12, got "floor"'],
    [['--set', 'failuresIn5Minuts=9'], '--set failuresIn5Minuts: is not a setting. Did you mean failuresIn5Minutes?'],
    [
      ['--set', 'failuresIn5Minutes=many'],
      '--set failuresIn5Minutes: must be a whole number between 3 and 10000, got "many"',
    ],
    [['--set', 'failuresIn5Minutes='], '--set failuresIn5Minutes: must be a whole number between 3 and 10000, got ""'],
    [['--set', 'failuresIn5Minutes=90'], '--set failuresIn5Minutes: must be at most failuresIn1Hour (16), got 90'],
    [['--config', join(folder, 'wrong.json'), ...STRICT], `${join(folder, 'wrong.json')}: sensitivity: must be one of`],
    [
      ['--against', join(folder, 'internal.json')],
      `the defaults and ${join(folder, 'internal.json')} differ in internal`,
    ],
    [['--internal', '10.0.0', ...STRICT], '--internal must be a CIDR block'],
  ];

  test.each(cases)('%j: exit code 2, what was expected, and no data', async (args, message) => {
    const run = await backtest(...args);
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr.startsWith(`sweepwatch: ${message}`)).toBe(true);
    expect(run.stderr).toMatch(/\nTry "sweepwatch backtest --help"\.\n$/);
  });
});
