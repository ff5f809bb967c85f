/** The commands about the health of a deployment, declared: `doctor`. */
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
    ...stackOptions(),
  );
  after(
    doctor,
    [
      'doctor --stack sweepwatch',
      'doctor --stack sweepwatch --only flow-log --only bucket.events',
      'doctor --stack sweepwatch --json',
    ],
    `The command needs these permissions, and skips a check without its own:
  cloudformation:DescribeStacks, ec2:DescribeFlowLogs, s3:ListBucket,
  s3:GetBucketNotification, s3:GetObject, sqs:GetQueueAttributes,
  lambda:GetFunctionConcurrency, lambda:ListEventSourceMappings,
  cloudwatch:GetMetricData, cloudwatch:DescribeAlarms, dynamodb:Query,
  sns:ListSubscriptionsByTopic

Exit codes: 0 no failure, 1 at least one check failed, 2 wrong usage, no such stack,
or nothing could be looked at.`,
  ).action((options) => perform(async () => (await import('./commands/doctor.ts')).doctorCommand(options, terminal)));
}
