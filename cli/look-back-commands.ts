/** The commands that look back at old logs, declared: `backtest`, `backfill`. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { after, type Perform } from './declared-command.ts';
import { addOptions, connectionOptions, repeatable, reportOption, severityOption, stackOptions } from './options.ts';
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

/** Declares `sweepwatch backfill`. */
export function addBackfill(program: Command, terminal: Terminal, perform: Perform): void {
  const backfill = program
    .command('backfill')
    .summary('send old flow logs of the bucket through a deployment')
    .description(
      `Lists the flow logs of some days in the bucket of a deployment, prints an estimate of objects, bytes, cost and time, and sends them to the ingest queue. It waits while more than 100 messages are waiting or in flight, so that new files are read meanwhile.

Findings are stored at the time of their log. They are not announced, and name the look back in suppressedBy. With --alerts they are announced like all others.

Ctrl-C stops. The same command goes on from the cursor file. Reading a file twice does no harm.

With --map, a Distributed Map of Step Functions reads the files in parallel, if the setting lookBack.maxConcurrency asks for one. The run goes on when the command stops. At the end, each file that failed is named, and the same command reads what is left.`,
    )
    .argument('<ADDRESS>', 's3://bucket/prefix in the bucket of the deployment, such as s3://my-bucket/AWSLogs/');
  addOptions(
    backfill,
    new Option('--from <DATE>', 'first day of the logs, UTC, such as 2026-08-01 (required)').makeOptionMandatory(),
    new Option('--to <DATE>', 'last day of the logs, UTC, such as 2026-08-31 (required)').makeOptionMandatory(),
    new Option('--dry-run', 'print the estimate and send nothing'),
    new Option('--yes', 'send after the estimate'),
    new Option('--alerts', 'announce the findings (default: store them only)'),
    new Option('--rate <N>', 'objects per second at most, 1 to 1000, not with --map')
      .default(20)
      .argParser((value: string) => {
        const rate = Number(value);
        if (/^\d+$/.test(value) && rate >= 1 && rate <= 1000) return rate;
        throw new InvalidArgumentError('Expected a number from 1 to 1000.');
      }),
    new Option('--map', 'read the files with the Distributed Map of the deployment, not the queue').conflicts('rate'),
    new Option('--cursor <FILE>', 'file that says how far it has come').default('sweepwatch-backfill.json'),
    ...stackOptions(),
  );
  after(
    backfill,
    [
      'backfill s3://my-bucket/AWSLogs/ --from 2026-08-01 --to 2026-08-31 --stack sweepwatch --dry-run',
      'backfill s3://my-bucket/AWSLogs/ --from 2026-08-01 --to 2026-08-31 --stack sweepwatch --yes',
      'backfill s3://my-bucket/AWSLogs/ --from 2026-07-01 --to 2026-09-30 --map --stack sweepwatch --yes',
    ],
    `The command needs these permissions: cloudformation:DescribeStacks, s3:ListBucket,
sqs:GetQueueAttributes and sqs:SendMessage on the ingest queue, dynamodb:PutItem on
the findings table (DeleteItem with --alerts). With --map: s3:ListBucket,
s3:PutObject and s3:GetObject on the bucket of look backs, states:StartExecution,
states:DescribeExecution, states:ListMapRuns and states:DescribeMapRun, instead of those
on the queue.

Exit codes: 0 everything was sent, or --dry-run, 1 stopped, nothing found, objects are
archived, or with --map a file failed, 2 wrong usage or --yes is missing.`,
  ).action((address, options) =>
    perform(async () => {
      const stop = new AbortController();
      const onInterrupt = () => stop.abort();
      process.once('SIGINT', onInterrupt);
      try {
        return await (await import('./commands/backfill.ts')).backfillCommand(address, options, terminal, stop.signal);
      } finally {
        process.off('SIGINT', onInterrupt);
      }
    }),
  );
}
