/** The dead-letter calls that the embedded SQS lacks: list source queues, and move messages. */
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { buildApp } from 'fauxqs';

/** A move in the form of ListMessageMoveTasks. */
interface Task {
  readonly SourceArn: string;
  readonly DestinationArn?: string;
  /** Epoch milliseconds. */
  readonly StartedTimestamp: number;
  Status: 'RUNNING' | 'COMPLETED' | 'FAILED';
  ApproximateNumberOfMessagesMoved: number;
  readonly ApproximateNumberOfMessagesToMove: number;
  FailureReason?: string;
}

interface Input {
  readonly SourceArn?: string;
  readonly DestinationArn?: string;
  readonly QueueUrl?: string;
  readonly MaxResults?: number;
}

/** Seconds that a message is hidden while it is moved. */
const HELD_SECONDS = 60;

/** Adds the calls to the embedded server before it listens. `sqs` is called only while requests are served. */
export function installMoveTasks(app: ReturnType<typeof buildApp>, sqs: () => SQSClient): void {
  const tasks: Task[] = [];
  const calls: Readonly<Record<string, (input: Input) => Promise<object>>> = {
    ListDeadLetterSourceQueues: async ({ QueueUrl = '' }) => ({
      queueUrls: await sourcesOf(sqs(), await arnOf(sqs(), QueueUrl)),
    }),
    StartMessageMoveTask: async (input) => ({ TaskHandle: String(await start(sqs(), tasks, input)) }),
    ListMessageMoveTasks: async ({ SourceArn, MaxResults = 1 }) => ({
      Results: tasks.filter((task) => task.SourceArn === SourceArn).slice(0, MaxResults),
    }),
  };
  app.addHook('preHandler', async (request, reply) => {
    const call = calls[String(request.headers['x-amz-target'] ?? '').replace('AmazonSQS.', '')];
    if (!call) return;
    reply.header('content-type', 'application/x-amz-json-1.0');
    try {
      await reply.send(JSON.stringify(await call(request.body as Input)));
    } catch (error) {
      const { name, message } = error as Error;
      await reply.code(400).send(JSON.stringify({ __type: `com.amazonaws.sqs#${name}`, message }));
    }
  });
}

async function start(sqs: SQSClient, tasks: Task[], { SourceArn = '', DestinationArn }: Input): Promise<number> {
  const url = await urlOf(sqs, SourceArn);
  if ((await sourcesOf(sqs, SourceArn)).length === 0)
    throw refusal('InvalidParameterValueException', `${SourceArn} is not the dead-letter queue of any queue.`);
  if (tasks.some((task) => task.SourceArn === SourceArn && task.Status === 'RUNNING'))
    throw refusal('UnsupportedOperation', 'There is already a task running. Only one active task is allowed.');
  const destination = DestinationArn === undefined ? undefined : await urlOf(sqs, DestinationArn);
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['ApproximateNumberOfMessages'] }),
  );
  const latest = tasks[0]?.StartedTimestamp ?? 0;
  const task: Task = {
    SourceArn,
    ...(DestinationArn !== undefined && { DestinationArn }),
    StartedTimestamp: Math.max(Date.now(), latest + 1),
    Status: 'RUNNING',
    ApproximateNumberOfMessagesMoved: 0,
    ApproximateNumberOfMessagesToMove: Number(Attributes?.ApproximateNumberOfMessages ?? 0),
  };
  tasks.unshift(task);
  // SQS answers at once and moves afterwards.
  void move(sqs, task, url, destination).catch((error: Error) => {
    task.Status = 'FAILED';
    task.FailureReason = error.message;
  });
  return task.StartedTimestamp;
}

async function move(sqs: SQSClient, task: Task, url: string, destination: string | undefined): Promise<void> {
  // A message that fails again returns here in the meantime, and is not moved twice.
  while (task.ApproximateNumberOfMessagesMoved < task.ApproximateNumberOfMessagesToMove) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: HELD_SECONDS,
        MessageAttributeNames: ['All'],
      }),
    );
    if (Messages.length === 0) break;
    // SQS remembers the source of each message that a redrive policy moved. This server does not.
    if (destination === undefined) throw new Error('CouldNotDetermineMessageSource');
    for (const { Body, MessageAttributes, ReceiptHandle } of Messages) {
      await sqs.send(new SendMessageCommand({ QueueUrl: destination, MessageBody: Body, MessageAttributes }));
      await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
      task.ApproximateNumberOfMessagesMoved++;
    }
  }
  task.Status = 'COMPLETED';
}

/** URLs of the queues whose redrive policy names a queue. */
async function sourcesOf(sqs: SQSClient, arn: string): Promise<string[]> {
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({ MaxResults: 1000 }));
  const sources: string[] = [];
  for (const QueueUrl of QueueUrls) {
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['RedrivePolicy'] }),
    );
    const policy = JSON.parse(Attributes?.RedrivePolicy || '{}') as { deadLetterTargetArn?: string };
    if (policy.deadLetterTargetArn === arn) sources.push(QueueUrl);
  }
  return sources;
}

async function arnOf(sqs: SQSClient, QueueUrl: string): Promise<string> {
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  return Attributes?.QueueArn ?? '';
}

async function urlOf(sqs: SQSClient, arn: string): Promise<string> {
  try {
    return (await sqs.send(new GetQueueUrlCommand({ QueueName: arn.split(':').at(-1) }))).QueueUrl ?? '';
  } catch {
    throw refusal('ResourceNotFoundException', `The resource that you specified for the ${arn} doesn't exist.`);
  }
}

const refusal = (name: string, message: string): Error => Object.assign(new Error(message), { name });
