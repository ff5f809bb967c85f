/** `sweepwatch redrive`: moves the messages in the dead-letter queues of a deployment back to their queues. */
import { createSqsClient } from '../../lib/store/clients.ts';
import {
  DeadLetterError,
  type DeadLetterQueue,
  deadLetterQueue,
  destinationOf,
  lookInto,
  moveBack,
} from '../../lib/store/dead-letters.ts';
import type { StackOutputs } from '../../lib/store/stack.ts';
import { printable, shellWord } from '../../lib/text/untrusted.ts';
import { countOf } from '../../lib/text/wording.ts';
import { connectionOf } from '../connection.ts';
import { describeLetter } from '../dead-letter.ts';
import { openStack, type StackOptions } from '../deployment.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

/** The options of `redrive`, as the program reads them. */
export interface RedriveOptions extends StackOptions {
  readonly queue?: readonly string[];
  readonly dryRun?: boolean;
}

/** Runs `redrive` and returns the exit code. */
export async function redriveCommand(options: RedriveOptions, terminal: Terminal): Promise<number> {
  const found = options.queue && !options.local ? undefined : await openStack(options);
  const client = createSqsClient(found?.connection ?? connectionOf(options));
  try {
    const region = await client.config.region();
    const given = options.queue ?? queuesOf(found!.outputs);
    const queues = await Promise.all(given.map((queue) => deadLetterQueue(client, queue).catch(asUsageError)));
    const destinations = queues.map(destinationFor);
    if (options.dryRun) for (const queue of queues) await show(client, queue, terminal);
    else for (const [at, queue] of queues.entries()) await move(client, queue, destinations[at]!, region, terminal);
    return 0;
  } finally {
    client.destroy();
  }
}

/** The dead-letter queues of a stack. Destinations have one only if the settings ask for them. */
const queuesOf = (outputs: StackOutputs): string[] => [
  ...['AlertDeadLetters', 'IngestDeadLetters'].map((name) => outputs.get(name)),
  ...['EventBusDeadLetters', 'ChatDeadLetters', 'SecurityHubDeadLetters'].flatMap((name) => outputs.find(name) ?? []),
];

/** Throws before anything is moved. */
function destinationFor(queue: DeadLetterQueue): string {
  try {
    return destinationOf(queue);
  } catch (error) {
    throw new UsageError(
      `${(error as Error).message}. The dead letters of settle need no redrive, because its next run does the missed work`,
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
