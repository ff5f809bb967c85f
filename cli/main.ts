/** The `sweepwatch` command: finds the subcommand, runs it, turns errors into messages and exit codes. */
import { printableLines } from '../lib/text/untrusted.ts';
import { describeAwsError } from './aws-errors.ts';
import { processTerminal, type Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

interface Command {
  readonly summary: string;
  readonly load: () => Promise<(args: string[], terminal: Terminal) => Promise<number>>;
}

/** Loaded on demand: `detect` must not pay for the AWS clients, nor any command for the local cloud. */
const COMMANDS: Readonly<Record<string, Command>> = {
  detect: {
    summary: 'find scans in flow log files, folders, stdin or s3://',
    load: async () => (await import('./commands/detect.ts')).detectCommand,
  },
  findings: {
    summary: 'list and explain the findings of a deployment',
    load: async () => (await import('./commands/findings.ts')).findingsCommand,
  },
  suppress: {
    summary: 'silence the alerts of approved scanners',
    load: async () => (await import('./commands/suppress.ts')).suppressCommand,
  },
  redrive: {
    summary: 'send what lies in the dead-letter queues round again',
    load: async () => (await import('./commands/redrive.ts')).redriveCommand,
  },
  demo: {
    summary: 'the whole pipeline on this machine, with real captured logs',
    load: async () => (await import('./commands/demo.ts')).demoCommand,
  },
};

const HELP = `Usage: sweepwatch COMMAND [OPTIONS]

Finds network scans in AWS VPC Flow Logs.

Commands:
${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`)
  .join('\n')}

"sweepwatch COMMAND --help" tells the options of each.
Exit codes: 0 done; 1 an input could not be read to its end, or the work failed; 2 wrong usage.
`;

/** Runs a command line and returns its exit code. */
export async function main(argv: readonly string[], terminal: Terminal = processTerminal): Promise<number> {
  const [name, ...args] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    (name === undefined ? terminal.stderr : terminal.stdout)(HELP);
    return name === undefined ? 2 : 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  try {
    if (!command)
      throw new UsageError(`unknown command "${name}"; expected one of ${Object.keys(COMMANDS).join(', ')}`);
    return await (await command.load())(args, terminal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const message = describeAwsError(error as Error) ?? (error as Error).message;
    const isUsage =
      error instanceof UsageError || (error as Error).name === 'StackError' || code?.startsWith('ERR_PARSE_ARGS');
    terminal.stderr(
      `sweepwatch: ${printableLines(message)}${isUsage ? `\nTry "sweepwatch ${command ? `${name} ` : ''}--help".` : ''}\n`,
    );
    return isUsage ? 2 : 1;
  }
}
