/** The commands about the health of a deployment, declared: `doctor`, `selftest`. */
import { type Command, Option } from 'commander';
import { after, type Perform } from './declared-command.ts';
import { addOptions, repeatable, stackOptions } from './options.ts';
import type { Terminal } from './terminal.ts';

/** Declares `sweepwatch doctor`. */
export function addDoctor(program: Command, terminal: Terminal, perform: Perform): void {
  const doctor = program
    .command('doctor')
    .summary('say what is wrong with a deployment, and what to do')
    .description(
      `Checks a deployment from the flow logs to the subscribers: deliveries, formats, the bucket and its notifications, queues, functions, topics and alarms. For each trouble it prints what follows from it, one command, and the section of docs/operations.md.

It only reads. A check for which you lack the permission is skipped.`,
    );
  addOptions(
    doctor,
    repeatable('--only <ID>', 'run only this check, or all whose ids begin with it and a dot, such as bucket'),
    new Option('--json', 'print the results as one JSON document'),
    new Option('--pre', 'check settings, account and Region before a deployment instead'),
    new Option('--config <FILE>', 'settings file for --pre (default: sweepwatch.config.json)').implies({ pre: true }),
    ...stackOptions(),
  );
  after(
    doctor,
    [
      'doctor --stack sweepwatch',
      'doctor --stack sweepwatch --only flow-log --only bucket.events',
      'doctor --stack sweepwatch --json',
      'doctor --pre --region eu-central-1',
      'doctor --pre --region eu-central-1',
    ],
    `The command needs these permissions, and skips a check without its own:
  cloudformation:DescribeStacks, ec2:DescribeFlowLogs, s3:ListBucket,
  s3:GetBucketNotification, s3:GetObject, sqs:GetQueueAttributes,
  lambda:GetFunctionConcurrency, lambda:ListEventSourceMappings, lambda:GetPolicy,
  cloudwatch:GetMetricData, cloudwatch:DescribeAlarms, dynamodb:Query,
  sns:ListSubscriptionsByTopic, events:DescribeRule, events:DescribeEventBus,
  logs:DescribeSubscriptionFilters, securityhub:DescribeHub
With --pre: cloudformation:DescribeStacks, ec2:DescribeVpcs, ec2:DescribeFlowLogs,
  lambda:GetAccountSettings, logs:DescribeSubscriptionFilters and, for a bucket that
  the settings name, the calls of S3

Exit codes: 0 no failure, 1 at least one check failed, 2 wrong usage, no such stack,
or nothing could be looked at.`,
  ).action((options) => perform(async () => (await import('./commands/doctor.ts')).doctorCommand(options, terminal)));
}

/** Declares `sweepwatch selftest`. */
export function addSelftest(program: Command, terminal: Terminal, perform: Perform): void {
  const selftest = program
    .command('selftest')
    .summary('put logs of scans into the buckets, and wait for findings and alerts')
    .description(
      `Tests a deployment from its buckets to the alert topic. It puts one small log into the bucket, with a scan of each kind between addresses that are reserved for documentation, and waits for finding and alert of each. Each further bucket of the deployment gets a log with one scan, which shows that files of it arrive.

Subscribers of the alert topic receive the alerts. Their subjects say TEST, and the findings have the field test. No suppression hides them. They count in no digest and in no limit of alerts, change no log time, and expire in a day.

Four kinds come within seconds, two with the next run of settle, which is due every five minutes.`,
    );
  addOptions(
    selftest,
    repeatable('--bucket <NAME>', 'test only this bucket (default: all that the deployment reads)'),
    new Option('--keep', 'keep the logs in the buckets (default: remove them at the end)'),
    new Option('--by-hand', 'write the logs to files, for somebody else to put into the buckets, and wait'),
    new Option(
      '--prefix <PREFIX>',
      'what comes before AWSLogs/ in the first bucket, such as network/ (default: that of its notification)',
    ),
    new Option('--wait <MINUTES>', 'how long to wait').default('8'),
    ...stackOptions(),
  );
  after(
    selftest,
    [
      'selftest --stack sweepwatch',
      'selftest --stack sweepwatch --bucket ireland-logs',
      'selftest --stack sweepwatch --by-hand --prefix network/',
    ],
    `The command needs these permissions: cloudformation:DescribeStacks, s3:PutObject
and s3:DeleteObject below AWSLogs/000000000000/, dynamodb:Query on the findings
table. With s3:GetBucketNotification it finds the prefix by itself.

If a bucket may not be written, the command says so and tests the others.

Exit codes: 0 everything came, 1 something did not come or a bucket could not be
written, 2 wrong usage, 130 interrupted.`,
  ).action((options) =>
    perform(async () => (await import('./commands/selftest.ts')).selftestCommand(options, terminal)),
  );
}
