/** Runs the shell blocks of a document with stand-ins for the programs that they call, and tells what was called. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Records its arguments and prints the given answers, among them the outputs of the stack. A missing output is recorded
 * too, because a shell continues when a command inside the arguments of another fails.
 */
const STAND_IN = `#!/bin/sh
{ printf '%s\\0' "\${0##*/}" "$@"; printf '\\036\\0'; } >> "$CALLS"
if [ "\${0##*/} $1 \${2-}" = 'aws cloudformation describe-stacks' ]; then
  key=\${6#*\\'}
  key=\${key%%\\'*}
  [ -f "$FILES/output $key" ] || echo "$key" >> "$MISSING"
  exec cat "$FILES/output $key"
fi
[ ! -f "$FILES/answer $1 \${2-}" ] || exec cat "$FILES/answer $1 $2"
`;

/** What the programs find. */
export interface Surroundings {
  /** Outputs of the stack by name. */
  readonly outputs: Readonly<Record<string, string>>;
  /** The output of `aws` by service and operation. Default: nothing. */
  readonly answers: Readonly<Record<string, string>>;
}

/** A stretch of shell, with programs beside it. */
export class Shell {
  readonly #folder = mkdtempSync(join(tmpdir(), 'sweepwatch-shell-'));

  constructor({ outputs, answers }: Surroundings) {
    const files = join(this.#folder, 'files');
    mkdirSync(files);
    for (const [name, value] of Object.entries(outputs)) writeFileSync(join(files, `output ${name}`), `${value}\n`);
    for (const [name, value] of Object.entries(answers)) writeFileSync(join(files, `answer ${name}`), value);
    for (const program of ['aws', 'npx', 'npm', 'git']) {
      writeFileSync(join(this.#folder, program), STAND_IN);
      chmodSync(join(this.#folder, program), 0o755);
    }
  }

  /**
   * The calls of a script, each as program and arguments.
   * @throws with the shell's message when the script fails, and when it asks for an output that the stack does not have.
   */
  run(script: string): string[][] {
    const [calls, missing] = [join(this.#folder, 'calls'), join(this.#folder, 'missing')] as const;
    for (const file of [calls, missing]) writeFileSync(file, '');
    execFileSync('sh', ['-euc', script], {
      cwd: this.#folder,
      env: {
        PATH: `${this.#folder}:${process.env.PATH}`,
        CALLS: calls,
        MISSING: missing,
        FILES: join(this.#folder, 'files'),
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const unknown = readFileSync(missing, 'utf8').trim();
    if (unknown) throw new Error(`the stack has no output ${unknown.replaceAll('\n', ', ')}`);
    return readFileSync(calls, 'utf8')
      .split('\x1e\0')
      .slice(0, -1)
      .map((call) => call.split('\0').slice(0, -1));
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
