/** The commands that change a deployment, declared: `suppress`, `redrive`. */
import { type Command, Option } from 'commander';
import { after, type Perform, shareOptions } from './declared-command.ts';
import { addOptions, deploymentOptions, repeatable, stackOptions } from './options.ts';
import type { Terminal } from './terminal.ts';

/** Declares `sweepwatch suppress`. */
export function addSuppress(program: Command, terminal: Terminal, perform: Perform): void {
  const suppress = program
    .command('suppress')
    .summary('silence the alerts about approved scanners')
    .description(
      `Silences alerts about approved scanners until a given day. Findings are still recorded and counted, and name the rule in suppressedBy.

A rule covers a finding when every source that the finding names lies in --source. With --target, every target that it names must also lie in --target. A scanner that leaves its approved range alerts again. A campaign has many sources, so silence it by its target: --source 0.0.0.0/0 or ::/0 is allowed only with --target.

Findings with signals name an actor. --namespace, --service-account, --image and --user silence by it, together with --source or without. Each that is given must fit the actor of the finding. A star stands for any text.`,
    );
  const add = suppress
    .command('add')
    .summary('add a rule, and print its id')
    .description('Adds a rule that silences alerts, and prints its id.');
  addOptions(
    add,
    new Option('--source <CIDR>', 'sources to silence, such as 10.0.3.22/32 (required without an actor)'),
    new Option('--target <CIDR>', 'targets that they may scan, such as 10.0.9.0/24 (default: all)'),
    new Option('--namespace <NAME>', 'Kubernetes namespace of the actor (default: any)'),
    new Option('--service-account <NAME>', 'service account of the actor, such as ci/runner (default: any)'),
    new Option('--image <NAME>', 'image of the actor, such as "registry.example.com/scanner:*" (default: any)'),
    new Option(
      '--user <NAME>',
      'user behind the actor, such as "arn:aws:sts::*:assumed-role/Scanner/*" (default: any)',
    ),
    new Option('--owner <NAME>', 'person or team responsible for the rule (required)').makeOptionMandatory(),
    new Option('--reason <TEXT>', 'why the scans are approved (required)').makeOptionMandatory(),
    new Option(
      '--expires <DATE>',
      'when the rule ends, in UTC: 2027-01-31 or 2027-01-31T18:00:00Z (required)',
    ).makeOptionMandatory(),
    ...deploymentOptions(),
  );
  after(add, [
    'suppress add --source 10.0.3.22/32 --owner you \\\n      --reason "weekly Nessus" --expires 2027-01-31 --stack sweepwatch',
    'suppress add --namespace ci --image "registry.example.com/scanner:*" --owner you \\\n      --reason "image scan" --expires 2027-01-31 --stack sweepwatch',
  ]).action((options) => perform(async () => (await import('./commands/suppress.ts')).addRule(options, terminal)));
  const list = suppress
    .command('list')
    .summary('list the rules in order of expiry')
    .description(
      'Lists the rules in order of expiry. Each line has these tab-separated columns: id, state (active, expired or void), scope, expiry, owner, reason. A void rule is invalid and silences nothing.',
    );
  addOptions(list, ...deploymentOptions());
  after(list, ['suppress list --stack sweepwatch']).action((options) =>
    perform(async () => (await import('./commands/suppress.ts')).listRules(options, terminal)),
  );
  const remove = suppress
    .command('remove')
    .summary('remove a rule')
    .description('Removes a rule, so that the scans it covered raise alerts again.')
    .argument('<ID>', 'id from "suppress list"');
  addOptions(remove, ...deploymentOptions());
  after(remove, ['suppress remove 1f3a5c7e --stack sweepwatch']).action((id, options) =>
    perform(async () => (await import('./commands/suppress.ts')).removeRule(id, options, terminal)),
  );
  shareOptions(suppress);
}

/** Declares `sweepwatch redrive`. */
export function addRedrive(program: Command, terminal: Terminal, perform: Perform): void {
  const redrive = program
    .command('redrive')
    .summary('retry the messages in the dead-letter queues')
    .description(
      `Moves the messages in the dead-letter queues of a deployment back to the queues they came from. They stand for files that could not be read and findings that could not be announced.

Fix the cause first. The log of the function shows it. A message that fails again returns to the dead-letter queue after its retries. Reading a file or announcing a finding twice does no harm.`,
    );
  addOptions(
    redrive,
    repeatable(
      '--queue <QUEUE>',
      'dead-letter queue by name, ARN or URL (default: those in the stack outputs AlertDeadLetters and IngestDeadLetters, and those of destinations)',
    ).conflicts(['stack', 'detector']),
    new Option('--dry-run', 'print the messages without moving them'),
    ...stackOptions(),
  );
  after(
    redrive,
    ['redrive --stack sweepwatch --dry-run', 'redrive --stack sweepwatch'],
    `Prints a line for each queue: its name and the number of messages moved. With
--dry-run, prints a line for each message: queue, time sent, subject, cause.

The command needs these permissions:
  with --stack: cloudformation:DescribeStacks
  always:       sqs:GetQueueUrl, GetQueueAttributes, ListDeadLetterSourceQueues
                and ReceiveMessage
  to move:      sqs:StartMessageMoveTask, ListMessageMoveTasks and DeleteMessage
                on the dead-letter queues, SendMessage on their destinations
  --dry-run:    sqs:ChangeMessageVisibility

Exit codes: 0 moved or nothing to move, 1 a move failed, 2 wrong usage or no such
queue.`,
  ).action((options) => perform(async () => (await import('./commands/redrive.ts')).redriveCommand(options, terminal)));
}
