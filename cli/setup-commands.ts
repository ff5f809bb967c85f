/** The commands that prepare a deployment, declared: `setup policy`. */
import { type Command, Option } from 'commander';
import { after, type Perform, shareOptions } from './declared-command.ts';
import { addOptions, repeatable, stackOptions } from './options.ts';
import type { Terminal } from './terminal.ts';

/** Declares `sweepwatch setup`. */
export function addSetup(program: Command, terminal: Terminal, perform: Perform): void {
  const setup = program
    .command('setup')
    .summary('print what others must add for a deployment: policy')
    .description('Prints what somebody else must add, so that a deployment works. It changes nothing.');
  const policy = setup
    .command('policy')
    .summary('print what the owner of a bucket in another account must add')
    .description(
      `Prints what the account that owns the log bucket must add, so that a deployment in another account may read it: statements for the policies of the bucket and its key, and the EventBridge rule or the notification that announces new files.

Before the first deployment, give --config with --account and --region. The names in the statements are fixed, so the owner may add them before or after the deployment.`,
    );
  addOptions(
    policy,
    new Option('--config <FILE>', 'settings file, before a deployment (default: none)').conflicts([
      'stack',
      'detector',
      'local',
    ]),
    new Option('--account <ID>', 'account of the deployment, for --config (default: none)'),
    repeatable(
      '--also <ROLE_ARN>',
      'role or user of the account of the deployment, of people who run backfill or doctor; * covers any characters',
    ),
    new Option('--json', 'print one JSON document'),
    ...stackOptions(),
  );
  after(
    policy,
    [
      'setup policy --config sweepwatch.config.json --account 111122223333 --region eu-central-1',
      'setup policy --stack sweepwatch',
      'setup policy --stack sweepwatch --json',
    ],
    `With --stack, the command needs the permission cloudformation:DescribeStacks.

Exit codes: 0 printed, 2 wrong usage, no such stack, or the bucket does not belong
to another account.`,
  ).action((options) =>
    perform(async () => (await import('./commands/setup-policy.ts')).setupPolicyCommand(options, terminal)),
  );
  shareOptions(setup);
}
