/** The blind spots of docs/host-logs.md, each with the records that do not show it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { HostLogReader } from '../../../../lib/signals/host/index.ts';

const ROOT = join(import.meta.dirname, '../../../..');

/** Signals of commands that start at regular intervals. */
const signalsOf = (commands: readonly (readonly string[])[], everySeconds: number): number => {
  const reader = new HostLogReader('host.log');
  const lines = commands.map((argv, index) =>
    JSON.stringify({
      ID: `${1794650400 + index * everySeconds}.000:${index}`,
      SYSCALL: { SYSCALL: 'execve', exe: argv[0], ppid: 1 },
      EXECVE: { ARGV: argv },
    }),
  );
  return lines.flatMap((line) => [...reader.read(line)]).length;
};

/** One probe of each of twenty ports. */
const PROBES = Array.from({ length: 20 }, (_, index) => ['nc', '-z', '10.0.0.1', String(20 + index)]);

const BLIND: readonly (readonly [spot: string, commands: readonly (readonly string[])[]])[] = [
  ['A script on standard input', [['python3', '-'], ['bash']]],
  ['A loop typed into a running shell', [['bash']]],
  ['Commands typed after an exec', [['kubectl', 'exec', '-it', 'web-0', '--', 'sh']]],
  [
    'A script in a file',
    [
      ['python3', 'check.py', '10.0.0.1'],
      ['bash', '/opt/jobs/check.sh'],
    ],
  ],
  ['A tool that no row knows, with options of its own', [['/tmp/x', '--go', '10.0.0.0/24']]],
  ['A renamed tool with fewer than two of its own options', [['/tmp/x', '-p', '1-1024', '10.0.0.1']]],
  ['Probes more than five minutes apart', PROBES],
];

test.each(BLIND)('%s', (_, commands) => {
  expect(signalsOf(commands, 301)).toBe(0);
});

test('the same probes are a signal when they come faster', () => {
  expect(signalsOf(PROBES, 1)).toBe(2);
});

test('the page lists each of them, and no other', () => {
  const page = readFileSync(join(ROOT, 'docs/host-logs.md'), 'utf8');
  const table = page
    .slice(page.indexOf('## Blind spots'), page.indexOf('## Sigma rules'))
    .split('\n')
    .filter((line) => line.startsWith('| '));
  expect(table.slice(1).map((line) => line.split('|')[1]!.trim())).toEqual(BLIND.map(([spot]) => spot));
});
