/** `sweepwatch redrive`: sends what lies in the dead-letter queues of a deployment round again. */
import { parseArgs } from 'node:util';
import { createSqsClient } from '../../lib/store/clients.ts';
import {
  DeadLetterError,
  type DeadLetterQueue,
  deadLetterQueue,
  deadLettersOf,
  lookInto,
  moveBack,
} from '../../lib/store/dead-letters.ts';
import { printable, shellWord } from '../../lib/text/untrusted.ts';
import { countOf } from '../../lib/text/wording.ts';
import { describeLetter } from '../dead-letter.ts';
import { chooseRegion, useLocalCloud } from '../deployment.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

const HELP = `Usage: sweepwatch redrive [OPTIONS]

Moves the messages in the dead-letter queues of a deployment back to the queues they came from: files that could not be
read, findings that could not be announced. Mend the cause first (the log of the function names it); what fails again
comes back after its tries. Reading a file or announcing a finding twice does no harm.

Options:
  --queue QUEUE           one queue (repeatable): name, ARN or URL (stack outputs IngestDeadLetters, AlertDeadLetters);
                          default: both
  --stack NAME            the stack whose queues are meant (setting deploymentName); default: $SWEEPWATCH_STACK
  --dry-run               show what is in them, and move nothing
  --region REGION         AWS region; default: that of the environment
  --local                 the local cloud that "sweepwatch demo --keep" left running
  --help                  this text

Prints a line for each queue: name and messages moved. With --dry-run one for each message: queue, time it was sent, what
it is about, why it lies there. Runs with your own permissions: sqs:ListQueues, GetQueueUrl, GetQueueAttributes,
ListDeadLetterSourceQueues, ReceiveMessage; to move StartMessageMoveTask, ListMessageMoveTasks, DeleteMessage, and SendMessage
on the queues they go to; for --dry-run ChangeMessageVisibility.

Exit codes: 0 moved, or nothing to move; 1 a move failed; 2 wrong usage, or no such queue.
`;

/** Runs `redrive`; returns the exit code. */
export async function redriveCommand(args: string[], terminal: Terminal): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      queue: { type: 'string', multiple: true },
      stack: { type: 'string' },
      'dry-run': { type: 'boolean' },
      region: { type: 'string' },
      local: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    terminal.stdout(HELP);
    return 0;
  }
  if (values.local) await useLocalCloud();
  const region = chooseRegion(values.region);
  const stack = values.local ? '' : (values.stack ?? process.env.SWEEPWATCH_STACK);
  const client = createSqsClient();
  try {
    const queues = await queuesMeant(client, values.queue, stack, region);
    if (values['dry-run']) for (const queue of queues) await show(client, queue, terminal);
    else for (const queue of queues) await move(client, queue, region, terminal);
    return 0;
  } finally {
    client.destroy();
  }
}

async function queuesMeant(
  client: ReturnType<typeof createSqsClient>,
  given: readonly string[] | undefined,
  stack: string | undefined,
  region: string,
): Promise<DeadLetterQueue[]> {
  if (!given && stack === undefined)
    throw new UsageError(
      'no queue given; expected --stack NAME ($SWEEPWATCH_STACK), --queue QUEUE (stack output IngestDeadLetters or AlertDeadLetters), or --local',
    );
  const found = given
    ? await Promise.all(given.map((queue) => deadLetterQueue(client, queue).catch(asUsageError)))
    : await deadLettersOf(client, stack ?? '');
  if (found.length === 0)
    throw new UsageError(
      `no dead-letter queue of a stack ${JSON.stringify(stack)} in ${region}; expected the name of the stack, and its region`,
    );
  const without = found.find(({ sources }) => sources.length === 0);
  if (without)
    throw new UsageError(
      `${without.name} is the dead-letter queue of no queue: there is nowhere to move its messages to. Those of settle need no redrive: its next run does the missed work`,
    );
  return found;
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
  region: string,
  terminal: Terminal,
): Promise<void> {
  terminal.stderr(
    `the same with the AWS CLI: aws sqs start-message-move-task --source-arn ${shellWord(queue.arn)} --region ${shellWord(region)}\n`,
  );
  const moved = await moveBack(client, queue, ({ moved, toMove }) => {
    if (terminal.isInteractive) terminal.stderr(`\r\u001b[K${queue.name}: ${moved} of ${toMove ?? '?'} messages`);
  });
  if (terminal.isInteractive) terminal.stderr('\r\u001b[K');
  terminal.stdout(`${queue.name}\t${moved}\n`);
}
