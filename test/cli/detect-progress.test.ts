/** The progress line: for a person who watches, and for nobody else. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { Progress } from '../../cli/progress.ts';
import { chunkedSource } from '../lib/flowlog/sample-logs.ts';
import { runCli, runHere } from './run-cli.ts';
import { folderWith, scanLog } from './scan-files.ts';

const folder = folderWith({ 'a.log': scanLog('10.0.9.9'), 'b.log.gz': gzipSync(scanLog('10.0.9.8')) });
const CLEAR = '\r\u001b[K';

describe('Progress', () => {
  test('is drawn on a terminal, on stderr, and cleared before anything else is said', async () => {
    const run = await runHere(['detect', folder, '--format', 'ndjson'], true);
    const drawn = run.stderr.slice(0, run.stderr.lastIndexOf(CLEAR));
    expect(drawn.startsWith(`${CLEAR}[`)).toBe(true);
    expect(drawn.slice(CLEAR.length)).toMatch(/^\[[#.]{25}\] \d+ % {2}file 1 of 2/);
    expect(run.stderr.slice(drawn.length)).toBe(`${CLEAR}120 records in 2 files: 2 findings\n`);
    expect(run.stdout).not.toContain('\u001b');
  });

  test('is not drawn without one, and the findings are the same', async () => {
    const run = await runHere(['detect', folder, '--format', 'ndjson']);
    expect(run.stderr).toBe('120 records in 2 files: 2 findings\n');
    expect(run.stdout).toBe((await runHere(['detect', folder, '--format', 'ndjson'], true)).stdout);
    expect(await runCli(['detect', folder, '--format', 'ndjson'])).toMatchObject({
      stdout: run.stdout,
      stderr: run.stderr,
    });
  });

  test('counts the bytes of all files up to 100 %, and no further when one is read twice', async () => {
    const drawn: string[] = [];
    const terminal = { stdout: () => undefined, stderr: (text: string) => void drawn.push(text), isInteractive: true };
    const source = chunkedSource(Buffer.alloc(100), 50);
    const progress = new Progress(terminal, [source, source]);
    for (let times = 0; times < 3; times++) {
      for await (const _chunk of progress.watch(source).open()!) await new Promise((done) => setTimeout(done, 110));
    }
    expect(drawn.map((text) => /(\d+) %/.exec(text)?.[1])).toEqual(['25', '50', '75', '100', '100', '100']);
    expect(drawn[1]).toBe(`${CLEAR}[${'#'.repeat(12)}${'.'.repeat(13)}] 50 %  file 1 of 2`);
  });

  test('leaves the source as it is where nobody watches', () => {
    const source = chunkedSource(Buffer.alloc(1), 1);
    const terminal = { stdout: () => undefined, stderr: () => undefined, isInteractive: false };
    expect(new Progress(terminal, [source]).watch(source)).toBe(source);
  });
});
