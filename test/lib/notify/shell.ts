/** Runs a printed command's words through a real shell, and gives back what a program would receive. */
import { execFileSync } from 'node:child_process';

/** Ends the words of a line. Printed commands contain no control characters. */
const END = '\u0001';

/** The words of shell lines as `sh` splits them, each line being one simple command. One shell takes all lines. */
export function wordsOfEach(lines: readonly string[]): string[][] {
  const script = [`w() { printf '%s\\0' "$@" '${END}'; }`, ...lines.map((line) => `w ${line}`)].join('\n');
  const out = execFileSync('sh', ['-c', script], { encoding: 'utf8', env: { PATH: process.env.PATH } });
  const texts = out.split(`${END}\0`).slice(0, -1);
  return texts.map((text) => text.split('\0').slice(0, -1));
}

/** The words of one line. */
export const wordsOf = (line: string): string[] => wordsOfEach([line])[0]!;
