/** The declarations of the command line: what is accepted, and that what was accepted before still is. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseOnly } from './parse-only.ts';
import { runCli, runHere } from './run-cli.ts';

/** Calls that worked when each command read its own arguments, with what they meant. */
const BEFORE: readonly (readonly [line: string, command: string, args: readonly string[], options: object])[] = [
  ['detect a b.gz -', 'detect', ['a', 'b.gz', '-'], { format: 'table', minSeverity: 'informational' }],
  ['detect --format ndjson a', 'detect', ['a'], { format: 'ndjson' }],
  ['detect a --format=ocsf b', 'detect', ['a', 'b'], { format: 'ocsf' }],
  ['detect a --format json --format table', 'detect', ['a'], { format: 'table' }],
  ['detect a --min-severity high --sensitivity low', 'detect', ['a'], { minSeverity: 'high', sensitivity: 'low' }],
  [
    'detect a --internal 10.0.0.0/8 b --internal fd00::/8',
    'detect',
    ['a', 'b'],
    { internal: ['10.0.0.0/8', 'fd00::/8'] },
  ],
  [
    'detect a --fields srcaddr,dstaddr --config s.json',
    'detect',
    ['a'],
    { fields: 'srcaddr,dstaddr', config: 's.json' },
  ],
  ['detect s3://b/p --profile soc --region eu-west-1', 'detect', ['s3://b/p'], { profile: 'soc', region: 'eu-west-1' }],
  ['detect -- --odd-name.log', 'detect', ['--odd-name.log'], {}],
  ['findings list', 'findings list', [], { since: '7d', format: 'table' }],
  [
    'findings list --since 6h --severity high --open',
    'findings list',
    [],
    { since: '6h', severity: 'high', open: true },
  ],
  ['findings list --source 10.0.0.1 --scope internet', 'findings list', [], { source: '10.0.0.1', scope: 'internet' }],
  ['findings --stack s list --target 10.0.0.2', 'findings list', [], { stack: 's', target: '10.0.0.2' }],
  ['findings --local show abc', 'findings show', ['abc'], { local: true }],
  [
    'findings --since=1h --format ndjson list --table t',
    'findings list',
    [],
    { since: '1h', format: 'ndjson', table: 't' },
  ],
  ['findings show abc --format json --since 7d --open', 'findings show', ['abc'], { format: 'json' }],
  [
    'findings show abc --stack s --profile p --region r',
    'findings show',
    ['abc'],
    { stack: 's', profile: 'p', region: 'r' },
  ],
  [
    'suppress add --source a --target b --owner c --reason d --expires e',
    'suppress add',
    [],
    { source: 'a', target: 'b', owner: 'c', reason: 'd', expires: 'e' },
  ],
  ['suppress --source list --owner c --reason d --expires e add', 'suppress add', [], { source: 'list' }],
  ['suppress list --stack s', 'suppress list', [], { stack: 's' }],
  ['suppress list --table t --owner me', 'suppress list', [], { table: 't' }],
  ['suppress remove id --local', 'suppress remove', ['id'], { local: true }],
  ['suppress --table t remove id', 'suppress remove', ['id'], { table: 't' }],
  ['redrive', 'redrive', [], {}],
  ['redrive --queue a --queue b --dry-run', 'redrive', [], { queue: ['a', 'b'], dryRun: true }],
  ['redrive --queue a --local', 'redrive', [], { queue: ['a'], local: true }],
  ['redrive --stack s --profile p --region r', 'redrive', [], { stack: 's', profile: 'p', region: 'r' }],
  ['demo', 'demo', [], {}],
  ['demo --keep --assembly cdk.out', 'demo', [], { keep: true, assembly: 'cdk.out' }],
];

test.each(BEFORE)('%s is accepted as before', async (line, command, args, options) => {
  expect(await parseOnly(line.split(' '))).toMatchObject({
    command: `sweepwatch ${command}`,
    arguments: args,
    options,
  });
});

test('help comes from each command, also where it stands behind other words', async () => {
  for (const line of [
    'detect x --help',
    'findings -h',
    'findings list -h',
    'suppress --help',
    'help redrive',
    'demo -h',
  ]) {
    const command = line.replace(/^help | ?x? ?-+h.*$/g, '');
    const run = await runHere(line.split(' '));
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout.startsWith(`Usage: sweepwatch ${command} `)).toBe(true);
  }
});

describe('help', () => {
  const COMMANDS = [
    'detect',
    'backtest',
    'backfill',
    'findings list',
    'findings show',
    'findings export',
    'findings ack',
    'findings close',
    'findings stats',
    'findings watch',
    'findings why',
    'suppress add',
    'suppress test',
    'suppress list',
    'suppress remove',
    'suppress history',
  ];

  test.each([...COMMANDS, 'redrive', 'doctor', 'selftest', 'demo'])(
    'of %s has an example that the program accepts',
    async (command) => {
      const { stdout } = await runHere([...command.split(' '), '--help']);
      const examples = [...stdout.replaceAll('\\\n', '').matchAll(/^ {2}npx --no-install sweepwatch (.+)$/gm)];
      expect(examples).not.toEqual([]);
      for (const [, line] of examples) {
        const words = [...line!.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);
        expect((await parseOnly(words)).command).toBe(`sweepwatch ${command}`);
      }
    },
  );

  test('states a default for each value that may be left out', async () => {
    for (const command of [...COMMANDS, 'redrive', 'doctor', 'selftest', 'demo']) {
      const { stdout } = await runHere([...command.split(' '), '--help']);
      const options = stdout
        .split('\nOptions:\n')[1]!
        .split('\n\n')[0]!
        .split(/\n(?= {2}-)/);
      const withValue = options.filter((text) => /^ *--[\w-]+ </.test(text));
      expect(withValue.filter((text) => !/default|repeatable|required/.test(text))).toEqual([]);
    }
  });
});

test('--version prints the version of package.json', async () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
  for (const flag of ['--version', '-V'])
    expect(await runHere([flag])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  expect(await runCli(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});
