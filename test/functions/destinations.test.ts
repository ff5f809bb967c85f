/** Destinations on the local cloud: from a scan to the rule of a bus, through the deployed bundles. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ChatMessage } from '../../lib/notify/chat.ts';
import { schemaAt } from '../body-schemas.ts';
import { file, scan as flows } from '../lib/pipeline/fixture/flow-logs.ts';
import { FUNCTIONS, type RunningStack, startStack, type Template } from './fixture/stack.ts';
import { checkPermissions } from './permissions.cases.ts';

const LIMIT_MS = 100_000;
jest.setTimeout(3 * LIMIT_MS);

let stack: RunningStack;
let files = 0;
const now = Math.floor(Date.now() / 1000);
const idle = () => stack.cloud.idle(LIMIT_MS);
const scan = async (from: string, end = now - 60) => {
  await stack.put(
    `AWSLogs/000000000000/vpcflowlogs/us-east-1/${files++}.log.gz`,
    file(flows('rejected', { from, count: 20, end })),
  );
  await idle();
};

/** Subjects of the alerts since the last call. The chat topic has none. */
const alerts = () => stack.told().filter((subject) => subject !== '');

interface Event {
  readonly 'detail-type': string;
  readonly detail: { readonly event: string; readonly source: { readonly address: string } };
}
const received = async (): Promise<Event[]> =>
  (await stack.take('EventInbox')).map((body) => JSON.parse(body) as Event);

beforeAll(async () => {
  stack = await startStack('destinations', {}, 'short', [], (template) => {
    addEventInbox(template);
    addChannel(template);
    template.Resources.Hub = { Type: 'AWS::SecurityHub::Hub', Properties: {} };
  });
  await idle();
});
afterAll(() => stack.stop());

/** A queue that gets each event of the stack's bus. */
function addEventInbox({ Resources }: Template): void {
  const [bus] = Object.entries(Resources).find(([, { Type }]) => Type === 'AWS::Events::EventBus')!;
  const arn = { 'Fn::GetAtt': ['EventInbox', 'Arn'] };
  const statement = {
    Effect: 'Allow',
    Action: 'sqs:SendMessage',
    Principal: { Service: 'events.amazonaws.com' },
    Resource: arn,
  };
  Object.assign(Resources, {
    EventInbox: { Type: 'AWS::SQS::Queue', Properties: {} },
    EventInboxPolicy: {
      Type: 'AWS::SQS::QueuePolicy',
      Properties: {
        Queues: [{ Ref: 'EventInbox' }],
        PolicyDocument: { Version: '2012-10-17', Statement: [statement] },
      },
    },
    EventRule: {
      Type: 'AWS::Events::Rule',
      Properties: {
        EventBusName: { Ref: bus },
        EventPattern: { source: ['sweepwatch'] },
        Targets: [{ Id: 'Inbox', Arn: arn }],
      },
    },
  });
}

/** A Slack channel that shows what the stack's chat topic publishes. */
function addChannel({ Resources }: Template): void {
  const [topic] = Object.entries(Resources).find(
    ([id, { Type }]) => Type === 'AWS::SNS::Topic' && id.includes('ChatTopic'),
  )!;
  Resources.Channel = {
    Type: 'AWS::Chatbot::SlackChannelConfiguration',
    Properties: {
      ConfigurationName: 'soc',
      SlackWorkspaceId: 'T0123456789',
      SlackChannelId: 'C0123456789',
      IamRoleArn: 'arn:aws:iam::000000000000:role/chat',
      SnsTopicArns: [{ Ref: topic }],
    },
  };
}

/** What Security Hub took since the last call. */
let hubRead = 0;
function imported(): Record<string, unknown>[] {
  const fresh = stack.events.slice(hubRead);
  hubRead = stack.events.length;
  return fresh.flatMap((event) => (event.type === 'finding imported' ? [JSON.parse(event.body)] : []));
}

/** What the channel showed since the last call. */
let shown = 0;
function chat(): ChatMessage[] {
  const fresh = stack.events.slice(shown);
  shown = stack.events.length;
  expect(fresh.filter(({ type }) => type === 'chat message dropped')).toEqual([]);
  return fresh.flatMap((event) => (event.type === 'chat message shown' ? [JSON.parse(event.body) as ChatMessage] : []));
}

test('a scan becomes an event that the published schema describes', async () => {
  await scan('10.0.7.1');
  const events = await received();
  expect(events).toMatchObject([
    {
      'detail-type': 'Scan Finding Opened',
      source: 'sweepwatch',
      detail: { event: 'opened', deployment: expect.any(String), source: { address: '10.0.7.1' } },
    },
  ]);
  const ajv = new Ajv2020({ strict: false });
  ajv.addSchema(schemaAt('finding'), 'finding.schema.json');
  const isEvent = ajv.compile(schemaAt('event'));
  expect([isEvent(events[0]), isEvent.errors]).toEqual([true, null]);
  expect(alerts()).toHaveLength(1);
  const [message, ...others] = chat();
  expect(others).toEqual([]);
  expect(message).toMatchObject({
    content: { title: expect.stringContaining('10.0.7.1 ') },
    metadata: { threadId: (await stack.findings())[0]!.finding.id },
  });
  expect(imported()).toMatchObject([
    {
      AwsAccountId: '000000000000',
      RecordState: 'ACTIVE',
      ProductFields: { 'sweepwatch/sourceAddress': '10.0.7.1' },
    },
  ]);
});

test('an alert that a storm holds is an event too', async () => {
  await scan('10.0.7.2');
  expect(await received()).toEqual([]);
  await stack.settle();
  await idle();
  expect(await received()).toMatchObject([
    { 'detail-type': 'Scan Finding Opened', detail: { event: 'opened', source: { address: '10.0.7.2' } } },
  ]);
  expect(alerts()).toEqual([expect.stringContaining('alert storm')]);
  expect(chat()).toMatchObject([{ content: { title: expect.stringContaining('Alert storm: 1 alert') } }]);
  expect(imported()).toMatchObject([{ ProductFields: { 'sweepwatch/sourceAddress': '10.0.7.2' } }]);
});

test('the end of a scan archives its finding in Security Hub, and closes it on the bus', async () => {
  await scan('10.0.7.3', now - 3 * 3600);
  await stack.settle();
  await idle();
  await stack.settle();
  await idle();
  const about = (at: { ProductFields?: unknown }) =>
    (at.ProductFields as Record<string, string>)['sweepwatch/sourceAddress'] === '10.0.7.3';
  expect(imported().filter(about).at(-1)).toMatchObject({
    RecordState: 'ARCHIVED',
    ProductFields: { 'sweepwatch/closedBecause': 'ended' },
  });
  const closed = (await received()).filter(({ detail }) => detail.source?.address === '10.0.7.3');
  expect(closed.map((event) => event['detail-type'])).toContain('Scan Finding Closed');
  alerts();
  chat();
});

test('a message that cannot be passed on becomes a dead letter, and no mail is sent again', async () => {
  await stack.send('EventBusQueue', '{"event":"unknown"}');
  await idle();
  expect(await stack.take('EventBusDeadLetters')).toEqual(['{"event":"unknown"}']);
  expect(alerts()).toEqual([]);
  expect(chat()).toEqual([]);
});

checkPermissions('destinations of alerts', () => stack, [...FUNCTIONS, 'Forward']);
