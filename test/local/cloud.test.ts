/** The local cloud as a whole: each wire of a small template, with real processes and real wire protocols. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DynamoDBClient, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type LocalCloud, type LocalCloudEvent, startLocalCloud } from '../../local/cloud.ts';
import { resolveTemplate } from '../../local/template/resolve.ts';
import { type FixtureAssembly, fixtureTemplate, writeFixture } from './fixture/template.ts';

/** How long the cloud may take to come to rest: many times what a machine at rest takes. */
const LIMIT_MS = 60_000;
jest.setTimeout(2 * LIMIT_MS);

let fixture: FixtureAssembly;
let cloud: LocalCloud;
let s3: S3Client;
let sqs: SQSClient;
let dynamodb: DynamoDBClient;
let sns: SNSClient;
const events: LocalCloudEvent[] = [];

let atStart: LocalCloudEvent[];

beforeAll(async () => {
  fixture = writeFixture();
  cloud = await startLocalCloud({
    assembly: fixture.folder,
    stack: fixture.stack,
    mailbox: fixture.mailbox,
    onEvent: (event) => events.push(event),
  });
  const settings = { region: cloud.region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  s3 = new S3Client({ ...settings, endpoint: cloud.endpointUrl });
  sqs = new SQSClient({ ...settings, endpoint: cloud.endpointUrl });
  sns = new SNSClient({ ...settings, endpoint: cloud.endpointUrl });
  dynamodb = new DynamoDBClient({ ...settings, endpoint: cloud.dynamodbUrl });
  await cloud.idle(LIMIT_MS);
  atStart = [...events];
});

afterAll(async () => {
  for (const client of [s3, sqs, sns, dynamodb]) client.destroy();
  await cloud.stop();
  fixture.remove();
});

beforeEach(() => {
  events.length = 0;
});

const put = (key: string, body: string | Uint8Array = 'hello') =>
  s3.send(new PutObjectCommand({ Bucket: cloud.outputs.Bucket, Key: key, Body: body }));
const idOf = (logicalId: string) => cloud.resources.get(logicalId)?.physicalId ?? '';

async function findItem(pk: string): Promise<Record<string, string | undefined> | undefined> {
  const command = new GetItemCommand({ TableName: idOf('Items'), Key: { pk: { S: pk } }, ConsistentRead: true });
  const { Item: item } = await dynamodb.send(command);
  return item && Object.fromEntries(Object.entries(item).map(([name, value]) => [name, value.S]));
}

async function drain(queueUrl: string): Promise<string[]> {
  const bodies: string[] = [];
  for (;;) {
    const command = new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 60 });
    const { Messages: messages } = await sqs.send(command);
    if (messages === undefined) return bodies;
    bodies.push(...messages.map(({ Body }) => Body ?? ''));
  }
}

function mails(): string[] {
  const written = events.filter((event) => event.type === 'mail written');
  return written.map(({ file }) => readFileSync(file, 'utf8'));
}

describe('a new object', () => {
  test('reaches the function through notification and queue, its form-encoded key intact', async () => {
    await put('logs/a b=c+d (ü).log');
    await cloud.idle(LIMIT_MS);
    expect(await findItem('logs/a b=c+d (ü).log')).toMatchObject({ kind: 'notification', size: '5' });
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'object created', key: 'logs/a b=c+d (ü).log', size: 5 }),
    );
  });

  test('is announced once', async () => {
    await put('logs/once.log');
    await cloud.idle(LIMIT_MS);
    expect(events.filter(({ type }) => type === 'object created')).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'message sent')).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'message published')).toHaveLength(1);
  });

  test('outside the filter rules reaches nobody', async () => {
    await put('other/a.log');
    await put('logs/a.txt');
    await cloud.idle(LIMIT_MS);
    expect(events.map(({ type }) => type)).toEqual(['object created', 'object created']);
  });

  test('reaches the function through an EventBridge rule, its key not encoded', async () => {
    await put('routed/x=1 y.log');
    await cloud.idle(LIMIT_MS);
    expect(await findItem('routed/x=1 y.log')).toMatchObject({ kind: 'eventbridge', size: '5' });
  });

  test('of 15 MB arrives whole', async () => {
    await put('logs/large.log', new Uint8Array(15 * 1024 * 1024));
    await cloud.idle(LIMIT_MS);
    expect(await findItem('logs/large.log')).toMatchObject({ size: String(15 * 1024 * 1024) });
    const { ContentLength: length, Body: body } = await s3.send(
      new GetObjectCommand({ Bucket: cloud.outputs.Bucket, Key: 'logs/large.log' }),
    );
    await body?.transformToByteArray();
    expect(length).toBe(15 * 1024 * 1024);
  });
});

test('configuring a notification sends the test event in a real SQS record', async () => {
  const item = await findItem('test-event');
  const record = JSON.parse(item?.record ?? '{}');
  expect(record).toMatchObject({
    eventSource: 'aws:sqs',
    eventSourceARN: expect.stringMatching(/^arn:aws:sqs:us-east-1:000000000000:Fixture-/),
    awsRegion: 'us-east-1',
    attributes: { ApproximateReceiveCount: '1', SentTimestamp: expect.stringMatching(/^\d{13}$/) },
    messageAttributes: {},
  });
  expect(JSON.parse(record.body)).toMatchObject({
    Service: 'Amazon S3',
    Event: 's3:TestEvent',
    Bucket: cloud.outputs.Bucket,
  });
});

test('a table answers queries of its index', async () => {
  await put('logs/indexed.log');
  await cloud.idle(LIMIT_MS);
  const { Items: items = [] } = await dynamodb.send(
    new QueryCommand({
      TableName: idOf('Items'),
      IndexName: 'byKind',
      KeyConditionExpression: 'kind = :kind',
      ExpressionAttributeValues: { ':kind': { S: 'notification' } },
    }),
  );
  expect(items.map(({ pk }) => pk?.S)).toContain('logs/indexed.log');
});

describe('a publication', () => {
  test('reaches e-mail and queue subscribers with the body for their protocol', async () => {
    await drain(idOf('Inbox'));
    await put('logs/high.log');
    await cloud.idle(LIMIT_MS);
    expect((await drain(idOf('Inbox'))).map((body) => JSON.parse(body))).toEqual([{ key: 'logs/high.log' }]);
    const [first = ''] = mails();
    expect(first).toContain('From: "Fixture alerts" <no-reply@sns.amazonaws.com>\r\n');
    expect(first).toContain('Subject: seen: high\r\n');
    expect(first).toContain('\r\n\r\nGrüße an logs/high.log\r\nzweite Zeile\r\n');
    expect(readdirSync(fixture.mailbox).every((file) => path.extname(file) === '.eml')).toBe(true);
  });

  test('is held back by filter policies, of e-mail as of queues', async () => {
    await drain(idOf('Inbox'));
    await put('logs/low.log');
    await cloud.idle(LIMIT_MS);
    expect(await drain(idOf('Inbox'))).toEqual([]);
    expect(mails().map((mail) => /^To: (.*)\r$/m.exec(mail)?.[1])).toEqual(['analyst@example.com']);
  });

  test.each([
    ['whose JSON lacks a default', { Message: '{"email":"x"}', MessageStructure: 'json' }, /"default"/],
    ['whose subject has 100 characters', { Message: 'x', Subject: 'x'.repeat(100) }, /Subject/],
    ['whose subject has a line break', { Message: 'x', Subject: 'a\nb' }, /Subject/],
  ])('%s is refused', async (_, input, message) => {
    await expect(sns.send(new PublishCommand({ TopicArn: idOf('Alerts'), ...input }))).rejects.toThrow(message);
  });
});

describe('a subscription filter', () => {
  const payloads = () =>
    events.flatMap((event) =>
      event.type === 'function output' && event.line.startsWith('{"messageType"') ? [JSON.parse(event.line)] : [],
    );
  const auditLine = (verb: string) => JSON.stringify({ kind: 'Event', verb });

  test('checks its destination when it is created', () => {
    const lines = atStart.flatMap((event) => (event.type === 'function output' ? [event.line] : []));
    expect(lines.filter((line) => line.includes('CWL CONTROL MESSAGE'))).toHaveLength(1);
  });

  test('delivers what its pattern selects, in the payload of CloudWatch Logs', async () => {
    const messages = [
      auditLine('get'),
      auditLine('create'),
      'I1120 no JSON',
      { message: auditLine('create'), timestamp: 7 },
    ];
    expect(cloud.putLogEvents('/fixture/audit', 'kube-apiserver-audit-1', messages)).toBe(1);
    await cloud.idle(LIMIT_MS);
    expect(payloads()).toEqual([
      {
        messageType: 'DATA_MESSAGE',
        owner: '000000000000',
        logGroup: '/fixture/audit',
        logStream: 'kube-apiserver-audit-1',
        subscriptionFilters: [idOf('AuditFilter')],
        logEvents: [
          { id: expect.stringMatching(/^\d{56}$/), timestamp: expect.any(Number), message: auditLine('create') },
          { id: expect.stringMatching(/^\d{56}$/), timestamp: 7, message: auditLine('create') },
        ],
      },
    ]);
  });

  test('delivers nothing of other groups, and splits what one call cannot hold', async () => {
    expect(cloud.putLogEvents('/other', 'stream', [auditLine('create')])).toBe(0);
    const large = JSON.stringify({ verb: 'create', padding: 'x'.repeat(400_000) });
    expect(cloud.putLogEvents('/fixture/audit', 'stream', [large, large, large])).toBe(2);
    await cloud.idle(LIMIT_MS);
  });

  test('whose function keeps failing sends the event to the destination after its retries', async () => {
    await drain(idOf('Inbox'));
    cloud.putLogEvents('/fixture/audit', 'stream', [auditLine('throw')]);
    await cloud.idle(LIMIT_MS);
    expect(events.filter(({ type }) => type === 'function failed')).toHaveLength(2);
    const records = (await drain(idOf('Inbox'))).map((body) => JSON.parse(body));
    expect(records).toMatchObject([
      {
        requestContext: {
          condition: 'RetriesExhausted',
          approximateInvokeCount: 2,
          functionArn: `${cloud.resources.get('AuditReader')?.attributes.Arn}:$LATEST`,
        },
        requestPayload: { awslogs: { data: expect.stringMatching(/^H4sI/) } },
        responsePayload: { errorMessage: expect.stringContaining('asked to throw') },
      },
    ]);
  });
});

test('messages that fail, crash, hang or are refused reach the dead letter queue, and the function keeps running', async () => {
  await Promise.all(['throw', 'crash', 'hang', 'refuse'].map((fault) => put(`faults/${fault}.log`)));
  await put('faults/fine.log');
  await cloud.idle(LIMIT_MS);
  const dead = (await drain(idOf('DeadLetters'))).map((body) => JSON.parse(body).Records[0].s3.object.key);
  expect(dead.sort()).toEqual(['faults/crash.log', 'faults/hang.log', 'faults/refuse.log', 'faults/throw.log']);
  expect(await findItem('faults/fine.log')).toBeDefined();
  const errors = events.flatMap((event) => (event.type === 'function failed' ? [event.error] : []));
  expect(errors.filter((error) => error === 'Worker: Error: asked to throw')).toHaveLength(2);
  expect(errors.filter((error) => error.includes('Sandbox.Timedout: Task timed out after 2.00 seconds'))).toHaveLength(
    2,
  );
  expect(errors.filter((error) => error.includes('Runtime.ExitError: the process ended with code 3'))).toHaveLength(2);
});

test('a queue keeps the attributes of the template', async () => {
  const { Attributes: attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: idOf('Work'), AttributeNames: ['VisibilityTimeout', 'RedrivePolicy'] }),
  );
  expect(attributes?.VisibilityTimeout).toBe('4');
  expect(JSON.parse(attributes?.RedrivePolicy ?? '')).toEqual({
    deadLetterTargetArn: cloud.resources.get('DeadLetters')?.attributes.Arn,
    maxReceiveCount: 2,
  });
});

describe('invoking by id', () => {
  test('runs the target of a schedule with the event that AWS would send, and nothing of our environment', async () => {
    process.env.LEAKED_SECRET = 'yes';
    const answer = await cloud.invoke('EachFiveMinutes');
    expect(answer).toMatchObject({
      event: { source: 'aws.events', 'detail-type': 'Scheduled Event', region: 'us-east-1' },
      memory: '128',
      arn: cloud.resources.get('Ticker')?.attributes.Arn,
    });
    expect(JSON.stringify(answer)).not.toContain('LEAKED_SECRET');
  });

  test('runs a function with a given event, in one process or several', async () => {
    const answers = await Promise.all([1, 2, 3, 4, 5, 6].map((number) => cloud.invoke('Ticker', { number })));
    expect(answers.map((answer) => (answer as { event: { number: number } }).event.number)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('names what can be invoked when it knows no such id', async () => {
    await expect(cloud.invoke('Nothing')).rejects.toThrow(
      'cannot invoke Nothing, expected one of AuditReader, EachFiveMinutes, Ticker, Worker',
    );
  });
});

test('what does nothing is listed with its reason', () => {
  expect(cloud.inert).toContainEqual({
    logicalId: 'WorkerLogs',
    type: 'AWS::Logs::LogGroup',
    reason: 'the output of functions arrives as events',
  });
});

test('resources have the names and ARNs that the template has on paper', () => {
  const stack = { stackName: fixture.stack, region: cloud.region, accountId: '000000000000' };
  const paper = resolveTemplate(fixtureTemplate(), stack).resources;
  const arns = (resources: typeof paper) =>
    Object.fromEntries(
      [...resources]
        .map(([id, { attributes }]) => [id, attributes.Arn ?? attributes.TopicArn])
        .filter(([id, arn]) => arn !== undefined && paper.get(id!)?.type !== 'AWS::SNS::Subscription'),
    );
  expect(Object.keys(arns(paper)).length).toBeGreaterThan(10);
  expect(arns(cloud.resources)).toEqual(arns(paper));
});

test('output of functions arrives as events', async () => {
  await put('logs/speak.log');
  await cloud.idle(LIMIT_MS);
  expect(events).toContainEqual({ type: 'function output', logicalId: 'Worker', stream: 'stdout', line: 'batch of 1' });
});
