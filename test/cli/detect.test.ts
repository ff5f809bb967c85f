/** `sweepwatch detect` as a user runs it: what it prints where, and how it exits. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { expectValidFinding } from '../finding-schema.ts';
import { findingsOf, runCli, runHere } from './run-cli.ts';
import { CAPTURED, folderWith, scanLog } from './scan-files.ts';

const BYTES = readFileSync(CAPTURED);
const [HEADER, ...LINES] = gunzipSync(BYTES).toString().trimEnd().split('\n') as [string, ...string[]];

describe('detect finds the captured scan', () => {
  test('in the file, and says on stderr what was read', async () => {
    const run = await runCli(['detect', CAPTURED, '--format', 'ndjson']);
    expect(run.code).toBe(0);
    expect(run.stderr).toBe('59,049 records in 1 file: 1 finding\n');
    const findings = findingsOf(run);
    expect(findings).toMatchObject([
      {
        kind: 'vertical-scan',
        severity: 'high',
        direction: 'lateral',
        source: { address: '10.0.7.105' },
        targets: { count: 1, sample: ['10.0.12.30'] },
        ports: { count: 1024, exact: true },
      },
    ]);
    for (const finding of findings) expectValidFinding(finding);
  });

  test('in any split into files, in any order, given once or twice', async () => {
    const part = (at: number) => `${HEADER}\n${LINES.filter((_, line) => line % 3 === at).join('\n')}\n`;
    const folder = folderWith({ 'a.log': part(0), 'b.log': gzipSync(part(1)), 'c.txt': part(2) });
    const files = ['a.log', 'b.log', 'c.txt'].map((name) => join(folder, name));
    const whole = await runCli(['detect', CAPTURED, '--format', 'ndjson']);
    const orders = [files, files.toReversed(), [folder], [files[1]!, files[0]!, files[2]!, files[1]!]];
    for (const paths of orders) {
      const run = await runCli(['detect', ...paths, '--format', 'ndjson']);
      expect(run.stdout).toBe(whole.stdout);
      expect(run.code).toBe(0);
    }
  }, 120_000);

  test('in a page too, if one is asked for', async () => {
    const file = join(folderWith({}), 'report.html');
    const run = await runCli(['detect', CAPTURED, '--report', file]);
    expect(run.stderr).toBe(`59,049 records in 1 file: 1 finding\nreport written to ${file}\n`);
    const page = readFileSync(file, 'utf8');
    expect(page).toContain('The worst is a lateral vertical scan by 10.0.7.105 (high).');
    expect(page).toContain('59049');
  });

  test.each([
    ['no/such/folder/report.html', 'the folder does not exist'],
    ['.', 'this is a folder, expected the name of a file'],
  ])('and says why the page %s cannot be written', async (file, reason) => {
    const run = await runCli(['detect', CAPTURED, '--report', file]);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain(`--report ${file}: ${reason}\n`);
    expect(run.stdout).toContain('10.0.7.105');
  });

  test('from stdin, whatever the format', async () => {
    const expected = (await runCli(['detect', CAPTURED, '--format', 'ndjson'])).stdout;
    for (const bytes of [BYTES, gunzipSync(BYTES)]) {
      const run = await runCli(['detect', '-', '--format', 'ndjson'], bytes);
      expect(run).toMatchObject({ code: 0, stdout: expected });
    }
  });

  test('in a file whose gzip is cut short after it: prints the finding, reports the fault, exits with 1', async () => {
    const folder = folderWith({ 'half.log.gz': BYTES.subarray(0, 600_000) });
    const run = await runCli(['detect', folder, '--format', 'ndjson']);
    expect(run.code).toBe(1);
    expect(findingsOf(run).map(({ source }) => source.address)).toContain('10.0.7.105');
    expect(run.stderr).toMatch(
      /half\.log\.gz: the gzip data ends before its trailer: the file is cut short. Fetch it again \(\d\d,\d{3} records before that used\)\n/,
    );
    expect(run.stderr).toMatch(
      /1 line skipped: cut short \(the file ended in the middle of this line\), first at line \d/,
    );
  });
});

describe('detect exits', () => {
  test('with 0 when there is nothing to find, and says so in the table only', async () => {
    const quiet = join(folderWith({ 'quiet.log': scanLog('10.0.9.9', 2) }), 'quiet.log');
    expect(await runHere(['detect', quiet])).toMatchObject({ code: 0, stdout: 'no findings\n' });
    expect(await runHere(['detect', quiet, '--format', 'ndjson'])).toMatchObject({ code: 0, stdout: '' });
    expect(await runHere(['detect', quiet, '--format', 'json'])).toMatchObject({ code: 0, stdout: '[]\n' });
  });

  test('with 0 when lines were skipped, which it counts and shows with their place', async () => {
    const file = join(folderWith({ 'a.log': `${scanLog('10.0.9.9')}bad \u001b[31mline\nworse\n` }), 'a.log');
    const run = await runHere(['detect', file]);
    expect(run.code).toBe(0);
    expect(run.stderr).toBe(
      `${file}: 2 lines skipped: too few columns (the line has fewer columns than the header names), first at line 62: "bad ?[31mline"\n` +
        '60 records in 1 file: 1 finding\n',
    );
  });

  test('with 0 and a message about SKIPDATA rows, in which AWS lost records', async () => {
    const row = '2 123456789012 eni-1 - - - - - - - 1795288627 1795288687 - SKIPDATA\n';
    const run = await runHere(['detect', folderWith({ 'a.log': row + row })]);
    expect(run.code).toBe(0);
    expect(run.stderr).toMatch('a.log: 2 SKIPDATA rows: AWS dropped records there\n');
  });

  test('with 0 and no stack trace when its reader has seen enough', async () => {
    const { spawnSync } = await import('node:child_process');
    const command = `"${process.execPath}" cli/sweepwatch.mjs detect ${CAPTURED} --format json | true`;
    expect(spawnSync('sh', ['-c', command]).stderr.toString()).not.toMatch(/EPIPE|throw|at .*node:/);
  });
});

describe('detect prints findings as', () => {
  const folder = folderWith({ 'a.log': scanLog('10.0.9.9'), 'b.log': scanLog('198.51.100.7') });
  const printed = async (format: string) => (await runHere(['detect', folder, '--format', format])).stdout;

  test('a table by default, one line for each', async () => {
    const run = await runHere(['detect', folder]);
    const [heading, ...lines] = run.stdout.trimEnd().split('\n');
    expect(heading).toMatch(/^SEVERITY +KIND +DIRECTION +SOURCE +TARGETS +PORTS +FAILED +OPEN +FIRST SEEN +DETECTED/);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(
      /^high +vertical-scan +lateral +10\.0\.9\.9 +10\.0\.1\.1 +60 +60 +0 +2026-11-21T19:17:07Z/,
    );
    expect(await printed('table')).toBe(run.stdout);
  });

  test('ndjson, one a line, and json, a list of the same', async () => {
    const lines = findingsOf(await runHere(['detect', folder, '--format', 'ndjson']));
    expect(lines).toHaveLength(2);
    for (const finding of lines) expectValidFinding(finding);
    expect(JSON.parse(await printed('json'))).toEqual(lines);
  });

  test('ocsf, a Detection Finding a line with all that its class requires', async () => {
    const events = (await printed('ocsf')).trimEnd().split('\n');
    expect(events).toHaveLength(2);
    for (const event of events) {
      expect(JSON.parse(event)).toMatchObject({
        category_uid: 2,
        class_uid: 2004,
        type_uid: expect.any(Number),
        activity_id: expect.any(Number),
        severity_id: expect.any(Number),
        time: Date.UTC(2026, 10, 21, 19, 17, 11),
        metadata: { version: '1.8.0', product: expect.anything() },
        finding_info: { uid: expect.any(String) },
      });
    }
  });

  test.each(['table', 'ndjson', 'json', 'ocsf', 'ocsf-1.3', 'ocsf-1.6'])(
    '%s with data on stdout and nothing else',
    async (format) => {
      const run = await runHere(['detect', folder, 'missing.log', '--format', format]);
      expect(run.stdout).toBe(await printed(format));
      expect(run.stderr).toBe('missing.log: no such file or folder\n120 records in 2 files: 2 findings\n');
    },
  );
});
