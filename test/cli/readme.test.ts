/** The commands that README and docs print: the program accepts each, and each that needs no cloud is run as it stands. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseOnly } from './parse-only.ts';
import { runCli } from './run-cli.ts';
import { folderWith } from './scan-files.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const documents = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** Fenced blocks that are commands: their lines, with continued ones joined. */
const blocksOf = (text: string): readonly string[] =>
  [...text.matchAll(/^ *```(?:sh|bash)?\n([\s\S]*?)^ *```$/gm)].map(([, body]) => body!.replaceAll('\\\n', ''));

const wordsOf = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);

/** The calls of the command in the blocks of a document, without `npx --no-install sweepwatch`. */
const callsIn = (document: string): readonly string[] =>
  blocksOf(read(document)).flatMap((block) =>
    [...block.matchAll(/^ *npx --no-install sweepwatch (.+)$/gm)].map(([, call]) => call!),
  );

describe('commands in the blocks', () => {
  test.each(documents.filter((document) => callsIn(document).length))('of %s are accepted', async (document) => {
    const refused: string[] = [];
    for (const call of callsIn(document))
      await parseOnly(wordsOf(call)).catch((error: Error) => refused.push(`${call}: ${error.message}`));
    expect(refused).toEqual([]);
  });

  test('of the README call each command but demo, which npm start runs', () => {
    const commands = new Set(callsIn('README.md').map((call) => call.split(' ')[0]));
    expect([...commands].sort()).toEqual([
      'backfill',
      'backtest',
      'detect',
      'doctor',
      'findings',
      'redrive',
      'selftest',
      'suppress',
      'watch',
    ]);
  });

  test('of the README name npm scripts that exist', () => {
    const scripts = JSON.parse(read('package.json')).scripts as Record<string, string>;
    const named = blocksOf(read('README.md')).flatMap((block) => [
      ...[...block.matchAll(/^ *npm run ([\w-]+)/gm)].map((match) => match[1]!),
      ...[...block.matchAll(/^ *npm (start|test)\b/gm)].map((match) => match[1]!),
    ]);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });
});

test('each command of the README over local files runs as it stands', async () => {
  const folder = folderWith({});
  const log = join(ROOT, 'test/data/lab/fin-top1000.log.gz');
  mkdirSync(join(folder, 'path/to/logs'), { recursive: true });
  for (const copy of ['path/to/logs/flow.log.gz', 'more.log.gz']) cpSync(log, join(folder, copy));
  const signals = join(ROOT, 'test/data/signals');
  cpSync(join(signals, 'k8s-audit/denied-lists.ndjson'), join(folder, 'audit.ndjson'));
  cpSync(
    join(signals, 'auditd-raw/tool-execution', readdirSync(join(signals, 'auditd-raw/tool-execution'))[0]!),
    join(folder, 'audit.log'),
  );
  const calls = callsIn('README.md').filter((call) => call.startsWith('detect ') && !call.includes('s3://'));
  expect(calls.length).toBeGreaterThan(0);
  for (const call of calls) {
    const run = await runCli(wordsOf(call), '', folder);
    expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('vertical-scan') });
  }
  const comparisons = callsIn('README.md').filter((call) => call.startsWith('backtest '));
  expect(comparisons.length).toBeGreaterThan(0);
  for (const call of comparisons)
    expect(await runCli(wordsOf(call), '', folder)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('the same with both settings'),
    });
});

test('the lines of the README that switch completion on do so in bash', () => {
  const block = blocksOf(read('README.md')).find((body) => body.includes('completion bash'));
  const input = `${block}\nCOMP_WORDS=(sweepwatch det); COMP_CWORD=1; _sweepwatch; echo "\${COMPREPLY[@]}"\n`;
  const path = `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`;
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-s'], {
    input,
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
  });
  expect([stdout, stderr]).toEqual(['detect\n', '']);
});
