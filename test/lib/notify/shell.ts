/** Runs a printed command's words through a real shell, and gives back what a program would receive. */
import { execFileSync } from 'node:child_process';

/** The words of a shell line as `sh` splits them, the line being one simple command. */
export function wordsOf(line: string): string[] {
  const out = execFileSync('sh', ['-c', `printf '%s\\0' ${line}`], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  });
  return out.split('\0').slice(0, -1);
}
