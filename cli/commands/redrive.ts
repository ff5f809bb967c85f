/** `sweepwatch redrive`: sends what lies in the dead-letter queues of a deployment round again. */
import { parseArgs } from 'node:util';
import { createSqsClient } from '../../lib/store/clients.ts';
import {
  DeadLetterError,
  type DeadLetterQueue,
  deadLetterQueue,
  destinationOf,
  lookInto,
  moveBack,
} from '../../lib/store/dead-letters.ts';
import { printable, shellWord } from '../../lib/text/untrusted.ts';
import { countOf } from '../../lib/text/wording.ts';
import { connectionOf } from '../connection.ts';
import { describeLetter } from '../dead-letter.ts';
import { openStack, STACK_HELP, stackOptions } from '../deployment.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

const HELP = `Usage: sweepwatch redrive [OPTIONS]

Moves the messages in the dead-letter queues of a deployment back to the queues they belong to: files that could not be
read, findings that could not be announced. Fix the cause first: the log of the function names it. A message that fails
again comes back after its tries. Reading a file or announcing a finding twice does no harm.

Options:
  --queue QUEUE           one queue (repeatable): name, ARN or URL; default: the stack's outputs IngestDeadLetters and
                          AlertDeadLetters
  --dry-run               show what is in them, and move nothing
${STACK_HELP}
  --help                  this text

Prints a line for each queue: name and messages moved. With --dry-run one for each message: queue, time it was sent, what
it is about, why it lies there. Runs with your own permissions: cloudformation:DescribeStacks with --stack; sqs:GetQueueUrl,
GetQueueAttributes, ListDeadLetterSourceQueues, ReceiveMessage; to move StartMessageMoveTask, ListMessageMoveTasks and
DeleteMessage on the dead letters, and SendMessage on the queues they go to; for --dry-run ChangeMessageVisibility.

Exit codes: 0 moved, or nothing to move; 1 a move failed; 2 wrong usage, or no such queue.
`;

/** Runs `redrive`; returns the exit code. */
export async function redriveCommand(args: string[], terminal: Terminal): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      ...stackOptions,
      queue: { type: 'string', multiple: true },
      'dry-run': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    terminal.stdout(HELP);
    return 0;
  }
  if (values.queue && values.stack) throw new UsageError('--queue names the queue itself and goes without --stack');
  const found = values.queue && !values.local ? undefined : await openStack(values);
  const client = createSqsClient(found?.connection ?? connectionOf(values));
  try {
    const region = await client.config.region();
    const given = values.queue ?? ['AlertDeadLetters', 'IngestDeadLetters'].map((name) => found!.outputs.get(name));
    const queues = await Promise.all(given.map((queue) => deadLetterQueue(client, queue).catch(asUsageError)));
    const destinations = queues.map(destinationFor);
    if (values['dry-run']) for (const queue of queues) await show(client, queue, terminal);
    else for (const [at, queue] of queues.entries()) await move(client, queue, destinations[at]!, region, terminal);
    return 0;
  } finally {
    client.destroy();
  }
}

/** Refuses all before anything is moved. */
function destinationFor(queue: DeadLetterQueue): string {
  try {
    return destinationOf(queue);
  } catch (error) {
    throw new UsageError(
      `${(error as Error).message}. Those of settle need no redrive: its next run does the missed work`,
    );
  }
}

function asUsageError(error: unknown): never {
  throw error instanceof DeadLetterError ? new UsageError(error.message) : error;
}

async function show(
  client: ReturnType<typeof createSqsClient>,
  queue: DeadLetterQueue,
  terminal: Terminal,
): Promise<void> {
  const { letters, isAll } = await lookInto(client, queue);
  for (const letter of letters) {
    const { about, why } = describeLetter(letter);
    terminal.stdout(`${[queue.name, letter.sentAt ?? '-', about, why].map(printable).join('\t')}\n`);
  }
  terminal.stderr(
    `${queue.name}: ${countOf(letters.length, 'message')}${isAll ? '' : ', and more that are not shown'}\n`,
  );
}

async function move(
  client: ReturnType<typeof createSqsClient>,
  queue: DeadLetterQueue,
  destination: string,
  region: string,
  terminal: Terminal,
): Promise<void> {
  terminal.stderr(
    `the same with the AWS CLI: aws sqs start-message-move-task --source-arn ${shellWord(queue.arn)} --destination-arn ${shellWord(destination)} --region ${shellWord(region)}\n`,
  );
  const moved = await moveBack(client, queue, ({ moved, toMove }) => {
    if (terminal.isInteractive) terminal.stderr(`\r\u001b[K${queue.name}: ${moved} of ${toMove ?? '?'} messages`);
  });
  if (terminal.isInteractive) terminal.stderr('\r\u001b[K');
  terminal.stdout(`${queue.name}\t${moved}\n`);
}
