/** The commands that prepare a deployment, declared: `setup policy` and `setup domains`. */
import { type Command, Option } from 'commander';
import { after, type Perform, shareOptions } from './declared-command.ts';
import { addOptions, repeatable, stackOptions } from './options.ts';
import type { Terminal } from './terminal.ts';

/** Declares `sweepwatch setup`. */
export function addSetup(program: Command, terminal: Terminal, perform: Perform): void {
  const setup = program
    .command('setup')
    .summary('print what a deployment needs from elsewhere: policy, domains')
    .description('Prints what somebody must add, so that a deployment works. It changes nothing.');
  const policy = setup
    .command('policy')
    .summary('print what the owner of a bucket in another account or Region must add')
    .description(
      `Prints what the account that owns the log bucket must add, so that a deployment in another account may read it: statements for the policies of the bucket and its key, and the EventBridge rule or the notification that announces new files. For the buckets of the setting otherBuckets it prints the rule that sends to the bus of the deployment, from any account and Region.

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
    new Option('--bucket <NAME>', 'of several buckets, the one to print (default: all)'),
    new Option('--json', 'print one JSON document, for one bucket'),
    ...stackOptions(),
  );
  after(
    policy,
    [
      'setup policy --config sweepwatch.config.json --account 111122223333 --region eu-central-1',
      'setup policy --stack sweepwatch',
      'setup policy --stack sweepwatch --json',
      'setup policy --stack sweepwatch --bucket ireland-logs --json',
    ],
    `With --stack, the command needs the permission cloudformation:DescribeStacks.

Exit codes: 0 printed, 2 wrong usage, no such stack, or no bucket needs anything of
its owner.`,
  ).action((options) =>
    perform(async () => (await import('./commands/setup-policy.ts')).setupPolicyCommand(options, terminal)),
  );
  addDomains(setup, terminal, perform);
  shareOptions(setup);
}

function addDomains(setup: Command, terminal: Terminal, perform: Perform): void {
  const domains = setup
    .command('domains')
    .summary('print the setting routingDomains for your VPCs')
    .description(
      `Prints the setting routingDomains. VPCs that peering or a transit gateway connects share a domain, so that a scan from one into another is one source. VPCs that use the same addresses get domains of their own, so that two hosts with one address are two sources. VPCs that need neither are left out.

A transit gateway connects what its route tables lead to. Only the account that owns it sees them.`,
    );
  addOptions(
    domains,
    repeatable('--region <REGION>', 'AWS Region to look at'),
    repeatable('--profile <NAME>', 'profile of the AWS configuration, of an account to look at'),
    new Option('--config <FILE>', 'settings file, whose domains are kept as far as they are right (default: none)'),
    new Option('--json', 'print one JSON document'),
  );
  after(
    domains,
    [
      'setup domains',
      'setup domains --region eu-central-1 --region us-east-1 --config sweepwatch.config.json',
      'setup domains --profile network --profile shop --region eu-central-1 --json',
    ],
    `Each account needs the permissions ec2:DescribeVpcs, ec2:DescribeVpcPeeringConnections and
ec2:DescribeTransitGatewayAttachments. The owner of a transit gateway also needs
ec2:DescribeTransitGatewayRouteTables, ec2:GetTransitGatewayRouteTableAssociations,
ec2:GetTransitGatewayRouteTablePropagations and ec2:SearchTransitGatewayRoutes.

Exit codes: 0 printed, 1 something could not be looked at, 2 wrong usage.`,
  ).action((options) =>
    perform(async () => (await import('./commands/setup-domains.ts')).setupDomainsCommand(options, terminal)),
  );
}
