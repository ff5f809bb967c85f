/** `sweepwatch redrive`: dead letters go back where they came from, none is lost, and what they are can be seen before. */
import { mkdtempSync, rmSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type MessagingServer, startMessagingServer } from '../../local/servers/s3-sqs-sns.ts';
import { type MoveTasks, startMoveTasks } from './move-tasks.ts';
import { runHere } from './run-cli.ts';

const before = { ...process.env };
const calls: string[] = [];
let folder: string;
let server: MessagingServer;
let sqs: SQSClient;
let stack = '';
let stacks = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sweepwatch-redrive-'));
  server = await startMessagingServer({
    region: 'us-east-1',
    accountId: '000000000000',
    mailbox: folder,
    emit: (event) => event.type === 'message sent' && calls.push(event.queue),
  });
  sqs = server.clients.sqs;
});
beforeEach(async () => {
  stack = `stack${++stacks}`;
  calls.length = 0;
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: server.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    SWEEPWATCH_STACK: stack,
  });
  for (const name of ['Ingest', 'Alert']) await addPair(name);
  await addQueue(`${stack}-DetectorSettleDeadLetters77-x`);
  server.stacks.set(stack, { status: 'CREATE_COMPLETE', outputs: outputsOf(deadName) });
});
afterEach(() => {
  process.env = { ...before };
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const deadName = (name: string) => `${stack}-Detector${name}DeadLetters1F-x`;
const queueName = (name: string) => `${stack}-Detector${name}Queue2E-x`;
const arnOf = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;
const urlOf = (name: string) => `${server.url}/000000000000/${name}`;

const outputsOf = (nameOf: (name: string) => string) => ({
  IngestDeadLetters: urlOf(nameOf('Ingest')),
  AlertDeadLetters: urlOf(nameOf('Alert')),
});

async function addQueue(name: string, attributes: Record<string, string> = {}): Promise<void> {
  await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
}

async function addPair(name: string): Promise<void> {
  await addQueue(deadName(name));
  const policy = { deadLetterTargetArn: arnOf(deadName(name)), maxReceiveCount: 5 };
  await addQueue(queueName(name), { RedrivePolicy: JSON.stringify(policy) });
}

async function send(name: string, ...bodies: string[]): Promise<void> {
  for (const MessageBody of bodies) await sqs.send(new SendMessageCommand({ QueueUrl: urlOf(name), MessageBody }));
  calls.length = 0;
}

/** What can be received now, without taking it away. */
async function bodiesIn(name: string): Promise<string[]> {
  const bodies: string[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: urlOf(name), MaxNumberOfMessages: 10, VisibilityTimeout: 30 }),
    );
    if (Messages.length === 0) return bodies.sort();
    bodies.push(...Messages.map(({ Body = '' }) => Body));
  }
}

async function visible(name: string): Promise<number> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: urlOf(name), AttributeNames: ['ApproximateNumberOfMessages'] }),
  );
  return Number(Attributes?.ApproximateNumberOfMessages);
}

const notification = (key: string) =>
  JSON.stringify({
    Records: [
      { eventVersion: '2.1', eventName: 'ObjectCreated:Put', s3: { bucket: { name: 'logs' }, object: { key } } },
    ],
  });
const many = Array.from({ length: 23 }, (_, n) => notification(`AWSLogs/${String(n).padStart(2, '0')}.log.gz`));

describe('redrive', () => {
  // The messages were put there by themselves, as EventBridge does: no queue that they came from is known.
  test('moves all messages to the queue that the dead letters belong to, and only there', async () => {
    await send(deadName('Ingest'), ...many);
    await send(deadName('Alert'), '{"pk":"a","sk":"b"}');
    const run = await runHere(['redrive']);
    expect(run.code).toBe(0);
    expect(run.stdout).toBe(`${deadName('Alert')}\t1\n${deadName('Ingest')}\t23\n`);
    expect(run.stderr).toContain(
      `aws sqs start-message-move-task --source-arn ${arnOf(deadName('Ingest'))} --destination-arn ${arnOf(queueName('Ingest'))} --region us-east-1`,
    );
    expect(await bodiesIn(queueName('Ingest'))).toEqual(many);
    expect(await bodiesIn(queueName('Alert'))).toEqual(['{"pk":"a","sk":"b"}']);
    expect([await bodiesIn(deadName('Ingest')), await bodiesIn(deadName('Alert'))]).toEqual([[], []]);
    expect((await runHere(['redrive'])).stdout).toBe(`${deadName('Alert')}\t0\n${deadName('Ingest')}\t0\n`);
  });

  test('one queue can be named by name, ARN or URL, and the other is not touched', async () => {
    for (const given of [deadName('Ingest'), arnOf(deadName('Ingest')), urlOf(deadName('Ingest'))]) {
      await send(deadName('Ingest'), given);
      await send(deadName('Alert'), given);
      expect(await runHere(['redrive', '--queue', given])).toMatchObject({
        code: 0,
        stdout: `${deadName('Ingest')}\t1\n`,
      });
      expect(await bodiesIn(queueName('Ingest'))).toEqual([given]);
    }
    expect(await visible(deadName('Alert'))).toBe(3);
  });

  test('finds the queues of destinations where the stack has them', async () => {
    await addPair('SecurityHub');
    await send(deadName('SecurityHub'), 'refused');
    const outputs = { ...outputsOf(deadName), SecurityHubDeadLetters: urlOf(deadName('SecurityHub')) };
    server.stacks.set(stack, { status: 'CREATE_COMPLETE', outputs });
    expect(await runHere(['redrive'])).toMatchObject({ code: 0 });
    expect(await bodiesIn(queueName('SecurityHub'))).toEqual(['refused']);
  });

  test('finds a stack by its whole name, and not another one with the same beginning', async () => {
    const other = (name: string) => `${stack}-prod-Detector${name}DeadLetters1F-x`;
    for (const name of ['Ingest', 'Alert']) {
      await addQueue(other(name));
      const policy = { deadLetterTargetArn: arnOf(other(name)), maxReceiveCount: 5 };
      await addQueue(`${stack}-prod-Detector${name}Queue`, { RedrivePolicy: JSON.stringify(policy) });
    }
    server.stacks.set(`${stack}-prod`, { status: 'CREATE_COMPLETE', outputs: outputsOf(other) });
    await send(other('Ingest'), 'of production');
    await send(deadName('Ingest'), 'ours');
    expect(await runHere(['redrive', '--stack', stack])).toMatchObject({ code: 0 });
    expect(await bodiesIn(queueName('Ingest'))).toEqual(['ours']);
    expect(await visible(other('Ingest'))).toBe(1);
  });
});

describe('a move', () => {
  let tasks: MoveTasks;
  beforeEach(async () => {
    tasks = await startMoveTasks(server.url);
    process.env.AWS_ENDPOINT_URL = tasks.url;
  });
  afterEach(() => tasks.stop());
  const redriveIngest = (isInteractive = false) =>
    runHere(['redrive', '--queue', arnOf(deadName('Ingest'))], isInteractive);

  test('names its destination, and its outcome is awaited: not that of an earlier one', async () => {
    tasks.steps = [
      { Status: 'RUNNING', ApproximateNumberOfMessagesToMove: 9 },
      { Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 9 },
    ];
    await send(deadName('Ingest'), 'left to SQS');
    expect(await redriveIngest()).toMatchObject({ code: 0, stdout: `${deadName('Ingest')}\t9\n` });
    expect(tasks.started).toEqual([[arnOf(deadName('Ingest')), arnOf(queueName('Ingest'))]]);
    expect(calls).toEqual([]);
  });

  test('progress is shown if a person watches', async () => {
    tasks.steps = [
      { Status: 'RUNNING', ApproximateNumberOfMessagesMoved: 4, ApproximateNumberOfMessagesToMove: 9 },
      { Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 9 },
    ];
    expect((await redriveIngest(true)).stderr).toContain(`${deadName('Ingest')}: 4 of 9 messages`);
  });

  test('a move that fails is reported with its reason', async () => {
    tasks.steps = [{ Status: 'FAILED', ApproximateNumberOfMessagesMoved: 3, FailureReason: 'AccessDenied' }];
    expect(await redriveIngest()).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('the move ended as FAILED after 3 messages: AccessDenied'),
    });
  });
});

describe('--dry-run', () => {
  test('shows objects, findings and what is neither, and takes nothing away', async () => {
    await send(deadName('Ingest'), notification('AWSLogs/a+b%3D1.log.gz'), 'hello');
    await send(deadName('Alert'), '{"pk":"source#internet|198.51.100.7","sk":"finding#1#2"}');
    for (let again = 0; again < 2; again++) {
      const run = await runHere(['redrive', '--dry-run']);
      expect(run.code).toBe(0);
      const rows = run.stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t'));
      expect(rows.map(([queue, , about, why]) => [queue, about, why])).toEqual([
        [
          deadName('Alert'),
          'finding source#internet|198.51.100.7 finding#1#2',
          'see the log of the function for the error',
        ],
        [deadName('Ingest'), 's3://logs/AWSLogs/a b=1.log.gz', 'see the log of the function for the error'],
        [deadName('Ingest'), '"hello"', 'the message must be a JSON event of S3 or EventBridge, got "hello"'],
      ]);
      expect(Date.parse(rows[0]![1]!)).toBeGreaterThan(Date.now() - 60_000);
      expect(run.stderr).toBe(`${deadName('Alert')}: 1 message\n${deadName('Ingest')}: 2 messages\n`);
    }
    expect(await visible(deadName('Ingest'))).toBe(2);
    expect(await bodiesIn(queueName('Ingest'))).toEqual([]);
  });

  test('makes terminal codes in keys harmless', async () => {
    await send(deadName('Ingest'), notification('%1B%5B31mred.log.gz'));
    expect((await runHere(['redrive', '--dry-run'])).stdout).toContain('s3://logs/?[31mred.log.gz');
  });
});

describe('what fits nothing is refused', () => {
  test.each([
    ['no queue at all', { SWEEPWATCH_STACK: undefined }, [], 'no stack given. Give --stack NAME'],
    ['a stack that is not there', {}, ['--stack', 'other'], 'no stack other in us-east-1'],
    [
      'a stack and a queue',
      {},
      ['--stack', 'a', '--queue', 'b'],
      `option '--queue <QUEUE>' cannot be used with option '--stack <NAME>'`,
    ],
    ['a queue that is not there', {}, ['--queue', 'nowhere'], 'there is no queue nowhere in this account and region'],
    ['a local cloud that does not run', {}, ['--local'], 'no local cloud is running here'],
  ])('%s', async (_, environment, args, message) => {
    for (const [name, value] of Object.entries(environment)) if (value === undefined) delete process.env[name];
    expect(await runHere(['redrive', ...args])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(message),
    });
  });

  test('failed runs of settle, whose queue no queue feeds', async () => {
    const run = await runHere(['redrive', '--queue', `${stack}-DetectorSettleDeadLetters77-x`]);
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining('its next run does the missed work') });
  });

  test('the dead letters of two queues, if the message does not show the right one', async () => {
    const policy = { deadLetterTargetArn: arnOf(deadName('Ingest')), maxReceiveCount: 5 };
    await addQueue(`${stack}-another`, { RedrivePolicy: JSON.stringify(policy) });
    await send(deadName('Alert'), 'stays');
    expect(await runHere(['redrive'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('is the dead-letter queue of 2 queues'),
    });
    expect(await visible(deadName('Alert'))).toBe(1);
  });
});
