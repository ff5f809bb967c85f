/** Reads command lines as the program does, and runs nothing. */
import { commandsFirst, pathOf } from '../../cli/declared-command.ts';
import { createProgram } from '../../cli/program.ts';

/** A command line as the program understood it. */
export interface Parsed {
  /** The words that call the command, such as `sweepwatch findings list`. */
  readonly command: string;
  readonly arguments: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

/** Reads a command line. @throws UsageError or CommanderError when the program would not run a command. */
export async function parseOnly(args: readonly string[]): Promise<Parsed> {
  const ignore = () => undefined;
  let parsed: Parsed | undefined;
  const program = createProgram({ stdout: ignore, stderr: ignore, isInteractive: false }, async () => ignore());
  program.hook('preAction', (_, command) => {
    parsed = { command: pathOf(command), arguments: command.args, options: command.opts() };
  });
  await program.parseAsync(commandsFirst(program, args), { from: 'user' });
  return parsed!;
}
