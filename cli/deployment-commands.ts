/** The command that changes the queues of a deployment, declared: `redrive`. */
import { type Command, Option } from 'commander';
import { after, type Perform } from './declared-command.ts';
import { addOptions, repeatable, stackOptions } from './options.ts';
import type { Terminal } from './terminal.ts';

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
