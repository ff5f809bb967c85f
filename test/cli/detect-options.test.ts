/** The options of `sweepwatch detect`: what each does, and what is said to one who gets it wrong. */
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { line } from '../lib/flowlog/sample-logs.ts';
import { findingsOf, runCli, runHere } from './run-cli.ts';
import { CAPTURED, folderWith, scanLog } from './scan-files.ts';

const folder = folderWith({
  'inside.log': scanLog('10.0.9.9'),
  'outside.log': scanLog('198.51.100.7'),
  'settings.json': '{"internal":["198.51.100.0/24"],"sensitivity":"low"}',
  'wrong.json': '{"sensitivity":"extreme"}',
});
const detect = (...options: string[]) => runHere(['detect', folder, '--format', 'ndjson', ...options]);
const inFolder = (name: string) => join(folder, name);

describe('Wrong usage', () => {
  const cases: readonly [string[], string, string][] = [
    [[], 'missing required argument \'PATH\': a file, a folder, "-" for stdin, or s3://bucket/prefix', 'detect '],
    [
      ['x', '--format', 'xml'],
      `option '--format <FORMAT>' argument 'xml' is invalid. Allowed choices are table, ndjson, json, csv, ocsf, ocsf-1.3, ocsf-1.6.`,
      'detect ',
    ],
    [
      ['x', '--min-severity', 'huge'],
      "option '--min-severity <LEVEL>' argument 'huge' is invalid. Allowed choices are informational, low, medium, high, critical.",
      'detect ',
    ],
    [
      ['x', '--sensitivity', 'max'],
      `option '--sensitivity <LEVEL>' argument 'max' is invalid. Allowed choices are low, medium, high.`,
      'detect ',
    ],
    [
      ['x', '--internal', '10.0.0'],
      '--internal must be a CIDR block such as 10.0.0.0/8 or fd00::/8, got "10.0.0"',
      'detect ',
    ],
    [
      ['x', '--internal', '203.0.113.0/99'],
      '--internal must have a prefix length between 0 and 32, got "203.0.113.0/99"',
      'detect ',
    ],
    [
      ['x', '--internal', '203.0.113.0/'],
      '--internal must be a CIDR block such as 10.0.0.0/8 or fd00::/8, got "203.0.113.0/"',
      'detect ',
    ],
    [
      ['x', '--internal', '203.0.113.9/24'],
      '--internal must start at its first address, 203.0.113.0/24, got "203.0.113.9/24"',
      'detect ',
    ],
    [
      ['x', '--fields', 'srcaddr dstaddr'],
      '--fields lacks srcport, dstport, protocol, end or start, action or tcp-flags, which detection needs. It has: srcaddr dstaddr',
      'detect ',
    ],
    [['x', '--config', inFolder('none.json')], `${inFolder('none.json')}: does not exist: create it`, 'detect '],
    [
      ['x', '--config', inFolder('wrong.json')],
      `${inFolder('wrong.json')}: sensitivity: must be one of low, medium, high, got "extreme"`,
      'detect ',
    ],
  ];

  test.each(cases)('%j: exit code 2, what was expected, where to look, and no data', async (args, message, command) => {
    const run = await runHere(['detect', ...args]);
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr.startsWith(`sweepwatch: ${message}`)).toBe(true);
    expect(run.stderr).toMatch(new RegExp(`\\nTry "sweepwatch ${command}--help"\\.\\n$`));
  });

  test.each([
    ['an unknown option', ['detect', 'x', '--verbose'], /^sweepwatch: unknown option '--verbose'/],
    [
      'an option without its value',
      ['detect', 'x', '--format'],
      /^sweepwatch: option '--format <FORMAT>' argument missing/,
    ],
    ['a field named twice', ['detect', 'x', '--fields', 'end,end'], /^sweepwatch: --fields names end twice/],
    ['no fields', ['detect', 'x', '--fields', ' '], /^sweepwatch: --fields lacks pkt-srcaddr or srcaddr/],
    ['an unknown command', ['scan'], /^sweepwatch: unknown command 'scan'\nTry "sweepwatch --help"/],
    ['a name that every object has', ['constructor'], /^sweepwatch: unknown command 'constructor'/],
    ['a misspelt command', ['detct'], /^sweepwatch: unknown command 'detct'\n\(Did you mean detect\?\)/],
    [
      'a misspelt option',
      ['detect', 'x', '--internl', 'y'],
      /unknown option '--internl'\n\(Did you mean --internal\?\)/,
    ],
    [
      'an option in the place of a value',
      ['detect', 'x', '--config', '--fields'],
      /^sweepwatch: option '--config <FILE>' needs a value, got the option --fields/,
    ],
    ['nothing at all', [], /^Usage: sweepwatch COMMAND/],
  ])('%s: exit code 2', async (_what, args, message) => {
    const run = await runHere(args);
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toMatch(message);
  });

  test('leaves the process with exit code 2', async () => {
    const run = await runCli(['detect', '--nonsense']);
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toMatch(/^sweepwatch: unknown option '--nonsense'/);
  });
});

describe('--help', () => {
  test('tells the commands and the exit codes, on stdout, with exit code 0', async () => {
    for (const args of [['--help'], ['-h'], ['help']]) {
      const run = await runHere(args);
      expect(run).toMatchObject({ code: 0, stderr: '' });
      expect(run.stdout).toMatch(
        /^Usage: sweepwatch COMMAND[\s\S]*\n {2}detect +find scans in flow log files, folders, stdin or s3:\/\/\n[\s\S]*\nExit codes: 0 done/,
      );
    }
  });

  test('of detect tells every option it takes', async () => {
    const run = await runCli(['detect', '--help']);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    for (const option of 'format min-severity sensitivity internal fields config help'.split(' '))
      expect(run.stdout).toMatch(new RegExp(`\n {2}(-h, )?--${option} `));
    expect(await runHere(['detect', '-h', CAPTURED])).toMatchObject({ code: 0, stdout: run.stdout });
  });
});

describe('--min-severity', () => {
  test('hides findings below it and counts them', async () => {
    const run = await detect('--min-severity', 'medium');
    expect(findingsOf(run).map(({ source }) => source.address)).toEqual(['10.0.9.9']);
    expect(run).toMatchObject({
      code: 0,
      stderr: '120 records in 2 files: 2 findings, 1 of them below --min-severity\n',
    });
    expect(findingsOf(await detect('--min-severity', 'low'))).toHaveLength(2);
  });
});

describe('--watch', () => {
  const watched = folderWith({ 'few.log': scanLog('10.0.9.9', 6), 'other.log': scanLog('10.0.9.8', 6) });
  const run = async (...networks: string[]) =>
    findingsOf(
      await runHere(['detect', watched, '--format', 'ndjson', ...networks.flatMap((network) => ['--watch', network])]),
    );

  test('finds a small scan by or of a network, and says so', async () => {
    expect(await run()).toEqual([]);
    expect(await run('10.0.9.9/32')).toMatchObject([
      { source: { address: '10.0.9.9' }, watchedBy: '--watch 10.0.9.9/32' },
    ]);
    const both = await run('192.0.2.0/24', '10.0.1.0/24');
    expect(both.map(({ source }) => source!.address).sort()).toEqual(['10.0.9.8', '10.0.9.9']);
    expect(both[0]!.reasons.at(-1)).toEqual({
      test: 'watched',
      value: 1,
      threshold: 1,
      text: 'watched by --watch 10.0.1.0/24: judged at high sensitivity, and no finding without the watch',
    });
  });

  test('changes no other finding of a real log', async () => {
    const plain = findingsOf(await runHere(['detect', CAPTURED, '--format', 'ndjson']));
    const other = findingsOf(await runHere(['detect', CAPTURED, '--format', 'ndjson', '--watch', '192.0.2.0/24']));
    expect(other).toEqual(plain);
  });

  test('refuses what is no network, or too wide', async () => {
    const refused = async (network: string) => (await runHere(['detect', watched, '--watch', network])).stderr;
    expect(await refused('10.0.9.9')).toContain('--watch must be a CIDR such as 10.0.3.22/32, got "10.0.9.9"');
    expect(await refused('10.0.0.0/8')).toContain('--watch must be a /16 or narrower');
  });
});

describe('--sensitivity', () => {
  test('decides how much evidence a finding takes: high takes less than low', async () => {
    const small = folderWith({ 'a.log': scanLog('10.0.9.9', 15) });
    const found = async (word: string) =>
      findingsOf(await runHere(['detect', small, '--format', 'ndjson', '--sensitivity', word])).length;
    expect([await found('low'), await found('medium'), await found('high')]).toEqual([0, 1, 1]);
  });
});

describe('--internal', () => {
  test('makes public networks count as inside, as often as it is given', async () => {
    const directions = async (...options: string[]) =>
      Object.fromEntries(findingsOf(await detect(...options)).map((found) => [found.source.address, found.direction]));
    expect(await directions()).toEqual({ '10.0.9.9': 'lateral', '198.51.100.7': 'inbound' });
    expect(await directions('--internal', '203.0.113.0/24', '--internal', '198.51.100.0/24')).toEqual({
      '10.0.9.9': 'lateral',
      '198.51.100.7': 'lateral',
    });
    expect(await directions('--internal', '2001:db8::/32')).toHaveProperty(['198.51.100.7'], 'inbound');
  });
});

describe('--config', () => {
  test('takes networks and sensitivity from the settings file, and options override it', async () => {
    const small = folderWith({ 'a.log': scanLog('198.51.100.7', 15) });
    const run = (...options: string[]) =>
      runHere(['detect', small, '--format', 'ndjson', '--config', inFolder('settings.json'), ...options]);
    expect(findingsOf(await run())).toEqual([]);
    expect(findingsOf(await run('--sensitivity', 'high'))).toMatchObject([{ direction: 'lateral' }]);
  });
});

describe('--fields', () => {
  test('names the columns of files without a header, separated by spaces or commas', async () => {
    const fields = 'end dstport srcaddr dstaddr srcport protocol action'.split(' ');
    const lines = Array.from({ length: 60 }, (_, at) =>
      line({ srcaddr: '10.0.9.9', dstport: String(1000 + at), action: 'REJECT' }, fields),
    );
    const file = join(folderWith({ 'bare.log': `${lines.join('\n')}\n` }), 'bare.log');
    for (const list of [fields.join(' '), fields.join(','), ` ${fields.join(', ')} `]) {
      const run = await runHere(['detect', file, '--format', 'ndjson', '--fields', list]);
      expect(run).toMatchObject({ code: 0, stderr: '60 records in 1 file: 1 finding\n' });
    }
    const without = await runHere(['detect', file]);
    expect(without.code).toBe(1);
    expect(without.stderr).toMatch(/bare\.log: no line is a flow log record: line 1 \(too few columns\)/);
  });
});
