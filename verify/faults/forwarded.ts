/** What became of alerts at their destinations: a stack with all of them, and what each got. */
import type { LocalCloudEvent } from '../../local/cloud.ts';
import type { Template } from '../../test/functions/fixture/stack.ts';
import { type Assembly, type FaultStack, type StackOptions, startFaultStack } from './stack.ts';
import type { Inject, Trial } from './trial.ts';

/** Adds what the destinations send to: a channel of the chat topic, a rule of the bus with a queue, an enabled hub. */
function addReceivers({ Resources }: Template): void {
  const idOf = (type: string, name = '') =>
    Object.entries(Resources).find(([id, { Type }]) => Type === type && id.includes(name))![0];
  Resources.Channel = {
    Type: 'AWS::Chatbot::SlackChannelConfiguration',
    Properties: {
      ConfigurationName: 'soc',
      SlackWorkspaceId: 'T0123456789',
      SlackChannelId: 'C0123456789',
      IamRoleArn: 'arn:aws:iam::000000000000:role/chat',
      SnsTopicArns: [{ Ref: idOf('AWS::SNS::Topic', 'ChatTopic') }],
    },
  };
  Resources.Hub = { Type: 'AWS::SecurityHub::Hub', Properties: {} };
  const arn = { 'Fn::GetAtt': ['EventInbox', 'Arn'] };
  const statement = {
    Effect: 'Allow',
    Action: 'sqs:SendMessage',
    Principal: { Service: 'events.amazonaws.com' },
    Resource: arn,
  };
  const policy = { Version: '2012-10-17', Statement: [statement] };
  Resources.EventInbox = { Type: 'AWS::SQS::Queue', Properties: {} };
  Resources.EventInboxPolicy = {
    Type: 'AWS::SQS::QueuePolicy',
    Properties: { Queues: [{ Ref: 'EventInbox' }], PolicyDocument: policy },
  };
  Resources.EventRule = {
    Type: 'AWS::Events::Rule',
    Properties: {
      EventBusName: { Ref: idOf('AWS::Events::EventBus') },
      EventPattern: { source: ['sweepwatch'] },
      Targets: [{ Id: 'Inbox', Arn: arn }],
    },
  };
}

/** Starts a stack with all destinations. */
export const startForwarding = (assembly: Assembly, options: StackOptions): Promise<FaultStack> =>
  startFaultStack(assembly, { ...options, change: addReceivers });

/** Kills forward so many times in the moment in which one of its processes works. */
export const killsOfForward =
  (count: number): Inject =>
  async ({ stack, signal }) => {
    let all = 0;
    while (all < count && !signal.aborted) {
      const victim = stack.cloud.processes().find((one) => one.isBusy && one.logicalId.includes('Forward'));
      if (victim) {
        all++;
        await victim.kill();
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return { text: `${all} processes of forward killed at work`, doubts: 0 };
  };

const LOOK_MS = 20;

/** A trial with what did not arrive at the destinations. Each finding that was announced must have, at least once. */
export async function withForwarded(stack: FaultStack, trial: Trial): Promise<Trial> {
  const announced = (await stack.findings()).filter(({ announced }) => announced).map(({ finding }) => finding.id);
  const onBus = new Set((await stack.take('EventInbox')).map((body) => (JSON.parse(body) as BusBody).detail.id));
  const inHub = new Set(bodiesOf(stack.events, 'finding imported').map((body) => (JSON.parse(body) as HubBody).Id));
  const lost = (name: string, has: (id: string) => boolean) => {
    const missing = announced.filter((id) => !has(id));
    return missing.length ? [`${missing.length} alerts never reached ${name}: ${missing.slice(0, 3).join('; ')}`] : [];
  };
  const dropped = stack.events.filter(({ type }) => type === 'chat message dropped').length;
  const shown = bodiesOf(stack.events, 'chat message shown').length;
  return {
    ...trial,
    injected: `${trial.injected}; ${onBus.size} findings on the bus, ${inHub.size} in the hub, ${shown} chat messages`,
    problems: [
      ...trial.problems,
      ...(announced.length ? [] : ['nothing was announced, so nothing could be passed on']),
      ...lost('the event bus', (id) => onBus.has(id)),
      ...lost('Security Hub', (id) => [...inHub].some((hubId) => hubId.includes(id))),
      ...(shown ? [] : ['no chat message was shown']),
      ...(dropped ? [`${dropped} chat messages were dropped by their form`] : []),
    ],
  };
}

interface BusBody {
  readonly detail: { readonly id: string };
}

interface HubBody {
  readonly Id: string;
}

const bodiesOf = (events: readonly LocalCloudEvent[], type: LocalCloudEvent['type']): string[] =>
  events.flatMap((event) => (event.type === type && 'body' in event ? [String(event.body)] : []));
