/** Completion in a shell: bash is always tested, zsh and fish only if the machine has them. */
import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { runHere } from './run-cli.ts';
import { folderWith } from './scan-files.ts';

const folder = folderWith({ 'flow one.log': '', 'other.log': '' });
const scripts: Record<string, string> = {};
beforeAll(async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout, stderr } = await runHere(['completion', shell]);
    expect([code, stderr]).toEqual([0, '']);
    scripts[shell] = stdout;
  }
});

/** The output of a shell. Undefined on a machine without it. */
function shell(name: string, args: readonly string[], input = ''): string | undefined {
  const { error, status, stdout, stderr } = spawnSync(name, args, { input, cwd: folder, encoding: 'utf8' });
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined;
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
}

const WORDS: readonly (readonly [line: string, completed: readonly string[]])[] = [
  ['det', ['detect']],
  ['findings ', ['list', 'show', 'export', 'watch', 'ack', 'close', 'why', 'stats', 'help']],
  ['findings list --s', ['--since', '--source', '--scope', '--severity', '--status', '--stack']],
  ['findings list --severity h', ['high']],
  ['findings --stack list s', ['show', 'stats']],
  ['detect x --format ', ['table', 'ndjson', 'json', 'csv', 'ocsf', 'ocsf-1.3', 'ocsf-1.6']],
  ['detect x --region ', []],
  ['detect --config fl', ['flow one.log']],
  ['detect --format json fl', ['flow one.log']],
  ['suppress add --ow', ['--owner']],
  ['completion ', ['bash', 'zsh', 'fish']],
  ['help sup', ['suppress']],
];

describe('bash', () => {
  /** Calls the function as bash does when Tab is pressed at the end of the line. */
  const complete = (words: readonly string[]): readonly string[] => {
    const quoted = words.map((word) => `'${word}'`).join(' ');
    const asked = `COMP_WORDS=(sweepwatch ${quoted}); COMP_CWORD=${words.length}; _sweepwatch; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return shell('bash', ['--norc', '-s'], `${scripts.bash}\n${asked}\n`)!.split('\n').filter(Boolean);
  };

  test.each(WORDS)('completes "%s"', (line, completed) => {
    expect(complete(line.split(' '))).toEqual(completed);
  });

  test('completes a value behind an equals sign, which bash takes for a word', () => {
    expect(complete(['detect', '--format', '=', 'nd'])).toEqual(['ndjson']);
    expect(complete(['detect', '--format', '='])).toEqual([
      'table',
      'ndjson',
      'json',
      'csv',
      'ocsf',
      'ocsf-1.3',
      'ocsf-1.6',
    ]);
  });

  test('knows the function for the command', () => {
    expect(shell('bash', ['--norc', '-s'], `${scripts.bash}\ncomplete -p sweepwatch\n`)).toBe(
      'complete -F _sweepwatch sweepwatch\n',
    );
  });
});

test('fish completes the same words (if fish is installed)', () => {
  // Fish prints spaces in names with a backslash, and takes the value "list" for the command: its own helper does.
  const skipped = ['detect --config fl', 'detect --format json fl', 'findings --stack list s', 'detect x --region '];
  for (const [line, completed] of WORDS.filter(([words]) => !skipped.includes(words))) {
    const said = shell('fish', ['--no-config', '-c', `${scripts.fish}\ncomplete -C 'sweepwatch ${line}'`]);
    const words = said?.split('\n').map((text) => text.split('\t')[0]!);
    if (words) expect(words).toEqual(expect.arrayContaining([...completed]));
  }
});

test('zsh accepts the script (if zsh is installed)', () => {
  expect(shell('zsh', ['-f', '-n'], scripts.zsh!) ?? '').toBe('');
});

test.each(['bash', 'zsh', 'fish'])('the script for %s names every command and option', async (name) => {
  const { stdout: help } = await runHere(['findings', 'list', '--help']);
  const options = [...help.matchAll(/^ {2}(?:-\w, )?--([\w-]+)/gm)].map((match) => match[1]!);
  expect(options.length).toBeGreaterThan(10);
  for (const word of [...options, 'suppress', 'remove', 'redrive', 'ocsf']) expect(scripts[name]).toContain(word);
});
