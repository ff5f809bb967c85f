/** The `sweepwatch` command: runs a command line, turns errors into messages and exit codes. */
import { type Command, CommanderError } from 'commander';
import { printableLines } from '../lib/text/untrusted.ts';
import { describeAwsError } from './aws-errors.ts';
import { commandsFirst, pathOf } from './declared-command.ts';
import { createProgram } from './program.ts';
import { processTerminal, type Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

/** Runs a command line and returns its exit code: 0 done, 1 something could not be read or failed, 2 wrong usage. */
export async function main(argv: readonly string[], terminal: Terminal = processTerminal): Promise<number> {
  let exitCode = 0;
  const program: Command = createProgram(terminal, async (work) => {
    exitCode = await work();
  });
  let running = program;
  program.hook('preAction', (_, command) => {
    running = command;
  });
  try {
    await program.parseAsync(commandsFirst(program, argv), { from: 'user' });
    return exitCode;
  } catch (error) {
    // Help and version are already printed. Help goes to stderr if a command is missing.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const isUsage = error instanceof UsageError || (error as Error).name === 'StackError';
    const message = describeAwsError(error as Error) ?? (error as Error).message;
    const command = (error instanceof UsageError && error.command) || pathOf(running);
    terminal.stderr(`sweepwatch: ${printableLines(message)}${isUsage ? `\nTry "${command} --help".` : ''}\n`);
    return isUsage ? 2 : 1;
  }
}
