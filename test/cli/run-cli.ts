/** Runs the command as a user does, in a process of its own, or within this one on a terminal that keeps what it is told. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { main } from '../../cli/main.ts';

/** What a run left behind. */
export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const ENTRY = fileURLToPath(new URL('../../cli/sweepwatch.mjs', import.meta.url));

/** Spawns `node cli/sweepwatch.mjs` with arguments and, where given, bytes on stdin, in a folder. */
export async function runCli(
  args: readonly string[],
  stdin: Uint8Array | string = '',
  cwd: string = process.cwd(),
): Promise<Run> {
  const child = spawn(process.execPath, [ENTRY, ...args], { cwd });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk) => stdout.push(chunk));
  child.stderr.on('data', (chunk) => stderr.push(chunk));
  // A command that refuses its arguments does not wait for its input.
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin);
  const [code] = await once(child, 'close');
  return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}

/** The same within this process: quicker, and with a terminal that a person may seem to watch. */
export async function runHere(args: readonly string[], isInteractive = false): Promise<Run & { code: number }> {
  let stdout = '';
  let stderr = '';
  const code = await main(args, {
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
    isInteractive,
  });
  return { code, stdout, stderr };
}

/** The findings of a run with `--format ndjson`. */
export const findingsOf = ({ stdout }: Run) =>
  stdout
    .split('\n')
    .filter(Boolean)
    .map((text) => JSON.parse(text));
