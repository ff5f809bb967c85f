/** The commands that look back at old logs, declared: `backtest`. */
import { type Command, Option } from 'commander';
import { after, type Perform } from './declared-command.ts';
import { addOptions, connectionOptions, repeatable, reportOption, severityOption } from './options.ts';
import type { Terminal } from './terminal.ts';

/** Declares `sweepwatch backtest`. */
export function addBacktest(program: Command, terminal: Terminal, perform: Perform): void {
  const backtest = program
    .command('backtest')
    .summary('compare the findings of two settings on the same logs')
    .description(
      `Reads logs once, judges them with two settings, and prints the findings gained, lost and changed in severity or kind. No deployment is needed.

The settings before are those of --config, or the defaults. The settings after are those of --against, or the same as before, with the values of --sensitivity and --set.

The names and ranges of --set are those of "detection" in docs/settings.md.`,
    )
    .argument('<PATH...>', 'a file, a folder, "-" for stdin, or s3://bucket/prefix');
  addOptions(
    backtest,
    repeatable('--set <NAME=VALUE>', 'number of the settings after, such as failuresIn5Minutes=12'),
    new Option('--sensitivity <LEVEL>', 'sensitivity of the settings after (default: as before)').choices([
      'low',
      'medium',
      'high',
    ]),
    new Option('--config <FILE>', 'settings file before (default: the defaults)'),
    new Option('--against <FILE>', 'settings file after (default: the settings before)'),
    severityOption('--min-severity <LEVEL>', 'print differences in findings of this severity or above').default(
      'informational',
    ),
    repeatable('--internal <CIDR>', 'public network of yours, such as 198.51.100.0/24 (private ones are known)'),
    new Option(
      '--fields <FIELDS>',
      'columns of files without a header line (default: the 14 fields of the default format)',
    ),
    new Option('--format <FORMAT>', 'output format. ndjson prints one difference per line, json everything')
      .choices(['table', 'ndjson', 'json'])
      .default('table'),
    reportOption(),
    ...connectionOptions(),
  );
  after(
    backtest,
    [
      'backtest path/to/logs/ --set failuresIn5Minutes=25 --set failuresIn1Hour=40',
      'backtest path/to/logs/ --sensitivity high --report report.html',
      'backtest s3://my-bucket/AWSLogs/ --config before.json --against after.json --format json',
    ],
    `A finding counts once: the same id, or the same source, direction and time.
Exit codes: 0 done, whether or not findings differ, 1 a file could not be read in
full, 2 wrong usage.`,
  ).action((paths, options) =>
    perform(async () => (await import('./commands/backtest.ts')).backtestCommand(paths, options, terminal)),
  );
}
