/** What `destinations` adds to a template: queues on the alert topic, a function, a bus. And nothing where it is off. */
import { describe, expect, test } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { ScanDetector } from '../../infra/index.ts';
import type { SettingsInput } from '../../lib/config/schema.ts';
import type { Finding } from '../../lib/finding/model.ts';
import { digestMessage } from '../../lib/notify/digest.ts';
import { type AlertMessage, alertMessage } from '../../lib/notify/message.ts';
import { stormMessage } from '../../lib/notify/storm.ts';
import { passesFilter } from '../../local/servers/publication.ts';
import { findingOf } from '../lib/finding/samples.ts';
import { byDefault, newApp, permissionsOf, resourcesOf, synthesize, withSignals } from './synthesize.ts';

const GIVEN = 'arn:aws:events:eu-west-1:222233334444:event-bus/soc';

test('a deployment without destinations has nothing for them', () => {
  const { Resources, Outputs } = byDefault.toJSON();
  const ids = [...Object.keys(Resources), ...Object.keys(Outputs)];
  expect(ids.filter((id) => /Forward|EventBus|Destination/.test(id))).toEqual([]);
  byDefault.resourceCountIs('AWS::Events::EventBus', 0);
  expect(
    resourcesOf(byDefault, 'AWS::SNS::Subscription').every(([, { Properties }]) => Properties.Protocol === 'email'),
  ).toBe(true);
});

describe('with every destination', () => {
  test('the function may do these things and nothing else', () => {
    expect(permissionsOf(withSignals, 'Forward')).toEqual([
      'logs:CreateLogStream logs:PutLogEvents on <ForwardLogs>',
      'sqs:DeleteMessage sqs:GetQueueAttributes sqs:ReceiveMessage on <EventBusQueue>',
      'sqs:DeleteMessage sqs:GetQueueAttributes sqs:ReceiveMessage on <ChatQueue>',
      'sqs:DeleteMessage sqs:GetQueueAttributes sqs:ReceiveMessage on <SecurityHubQueue>',
      'dynamodb:Query on <Findings> <Findings>/index/byId',
      'events:PutEvents on <DestinationsBus>',
      'sns:Publish on <ChatTopic>',
      'securityhub:BatchImportFindings on arn:<AWS::Partition>:securityhub:<AWS::Region>:<AWS::AccountId>:product/<AWS::AccountId>/default',
    ]);
  });

  test('each is granted only where it is on', () => {
    const chat = synthesize({ destinations: { chat: {} } });
    expect(permissionsOf(chat, 'Forward').join()).not.toMatch(/events:|dynamodb:/);
    chat.resourceCountIs('AWS::Events::EventBus', 0);
    const bus = synthesize({ destinations: { eventBus: 'new' } });
    expect(permissionsOf(bus, 'Forward').join()).not.toMatch(/sns:|securityhub/);
    const hub = synthesize({ destinations: { securityHub: true } });
    expect(permissionsOf(hub, 'Forward').join()).not.toMatch(/sns:|events:/);
    expect(resourcesOf(hub, 'AWS::Lambda::EventSourceMapping')).toHaveLength(3);
    expect(resourcesOf(bus, 'AWS::SNS::Topic')).toHaveLength(2);
  });

  test('the chat has a topic of its own, encrypted as alerts are, with the severity of the settings', () => {
    const topicOf = (template: Template) =>
      resourcesOf(template, 'AWS::SNS::Topic').find(([id]) => id.includes('ChatTopic'))![1].Properties.KmsMasterKeyId;
    expect(topicOf(withSignals)).toBe('alias/aws/sns');
    const keyed = synthesize({ kmsKey: 'new', destinations: { chat: { minSeverity: 'critical' } } });
    expect(topicOf(keyed)).toEqual({ 'Fn::GetAtt': [expect.stringContaining('Key'), 'Arn'] });
    keyed.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ CHAT_MIN_SEVERITY: 'critical' }) },
    });
    expect(permissionsOf(keyed, 'Forward').filter((grant) => grant.startsWith('kms:'))).toEqual([
      'kms:Decrypt kms:GenerateDataKey on <Key>',
    ]);
  });

  test('a queue with dead letters gets each message of the alert topic as it is', () => {
    withSignals.hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'sqs',
      RawMessageDelivery: true,
      Endpoint: { 'Fn::GetAtt': [Match.stringLikeRegexp('EventBusQueue'), 'Arn'] },
    });
    withSignals.hasResourceProperties('AWS::SQS::Queue', {
      VisibilityTimeout: 360,
      RedrivePolicy: {
        deadLetterTargetArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('EventBusDeadLetters'), 'Arn'] },
        maxReceiveCount: 5,
      },
    });
    withSignals.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      EventSourceArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('EventBusQueue'), 'Arn'] },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });

  test('a given bus is used, and none is created', () => {
    const template = synthesize({ destinations: { eventBus: GIVEN } });
    template.resourceCountIs('AWS::Events::EventBus', 0);
    expect(permissionsOf(template, 'Forward')).toContain(`events:PutEvents on ${GIVEN}`);
    template.hasOutput('EventBus', { Value: GIVEN });
  });

  test.each([
    ['eu-west-1', true],
    ['us-east-1', false],
  ])('a given bus of eu-west-1 for a stack of %s: accepted is %s', (region, isAccepted) => {
    const stack = new Stack(newApp(), 'stack', { env: { account: '111122223333', region } });
    const detect = () => new ScanDetector(stack, 'Detector', { settings: { destinations: { eventBus: GIVEN } } });
    if (isAccepted) expect(detect).not.toThrow();
    else expect(detect).toThrow(`destinations.eventBus: must be a bus of the stack's Region us-east-1, got ${GIVEN}`);
  });

  test('a bus of the app is used', () => {
    const stack = new Stack(newApp(), 'stack');
    const bus = new EventBus(stack, 'Ours');
    new ScanDetector(stack, 'Detector', { settings: { destinations: { eventBus: bus.eventBusArn } } });
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::Events::EventBus', 1);
    expect(permissionsOf(template, 'Forward')).toContainEqual(expect.stringMatching(/^events:PutEvents on <Ours/));
  });

  test('a given topic passes its alerts on too', () => {
    const stack = new Stack(newApp(), 'stack');
    const alertTopic = new Topic(stack, 'Ours');
    new ScanDetector(stack, 'Detector', { alertTopic, settings: { destinations: { eventBus: 'new' } } });
    Template.fromStack(stack).hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'sqs',
      TopicArn: { Ref: Match.stringLikeRegexp('Ours') },
    });
  });

  test.each(['soc', 'arn:aws:events:eu-west-1:222233334444:rule/soc', ''])('%j is refused', (eventBus) => {
    expect(() => synthesize({ destinations: { eventBus } })).toThrow(
      'destinations.eventBus: must be none, new, or the ARN of an event bus',
    );
  });
});

describe('the filter of e-mails', () => {
  const place = { deployment: 'soc', tables: { findings: 'findings', region: 'eu-west-1' } };
  const settings = {
    emails: ['analyst@example.com'],
    opsEmails: ['ops@example.com'],
    emailFilter: { minSeverity: 'high', directions: ['lateral', 'outbound'] },
  } as const satisfies SettingsInput;
  const policies = (template: Template) =>
    resourcesOf(template, 'AWS::SNS::Subscription').map(([, { Properties }]) => [
      Properties.Endpoint,
      Properties.FilterPolicy,
    ]);

  test('is that of the analysts, and none where the settings have none', () => {
    expect(policies(byDefault)).toEqual([
      ['analyst@example.com', undefined],
      ['ops@example.com', undefined],
    ]);
    expect(policies(synthesize(settings))).toEqual([
      [
        'analyst@example.com',
        { severity: ['high', 'critical', { exists: false }], direction: ['lateral', 'outbound', { exists: false }] },
      ],
      ['ops@example.com', undefined],
    ]);
  });

  test('is the same on a topic of the app', () => {
    const stack = new Stack(newApp(), 'stack');
    const alertTopic = new Topic(stack, 'Ours');
    new ScanDetector(stack, 'Detector', { alertTopic, settings });
    expect(policies(Template.fromStack(stack))[0]).toEqual(policies(synthesize(settings))[0]);
  });

  test('selects by severity and direction, and lets storms, digests and findings of signals through', () => {
    const [, policy] = policies(synthesize(settings))[0]!;
    const passes = ({ attributes, bodies }: AlertMessage) =>
      passesFilter({ topicArn: '', subject: '', attributes, bodies }, 'email', JSON.stringify(policy), undefined);
    const alert = (values: Partial<Finding>) => alertMessage('opened', findingOf(values), place, 0);
    expect(passes(alert({ severity: 'high' }))).toBe(true);
    expect(passes(alert({ severity: 'medium' }))).toBe(false);
    expect(passes(alert({ severity: 'critical', direction: 'inbound' }))).toBe(false);
    const { direction: _, ...signals } = findingOf({ kind: 'tool-execution' });
    expect(passes(alertMessage('opened', signals, place, 0))).toBe(true);
    const held = (['medium', 'high'] as const).map((severity) => ({
      event: 'opened' as const,
      finding: findingOf({ severity }),
    }));
    expect(passes(stormMessage(held, false, place, 0))).toBe(true);
    expect(passes(stormMessage(held.slice(0, 1), false, place, 0))).toBe(false);
    expect(passes(digestMessage('2026-09-01', [findingOf()], place)!)).toBe(true);
  });

  test.each<[string, object, string]>([
    ['no direction at all', { directions: [] }, 'emailFilter.directions'],
    ['an unknown direction', { directions: ['sideways'] }, 'emailFilter.directions.0'],
    ['a direction twice', { directions: ['inbound', 'inbound'] }, 'emailFilter.directions.1: must be listed once'],
  ])('with %s is refused', (_, emailFilter, problem) => {
    expect(() => synthesize({ emailFilter } as SettingsInput)).toThrow(problem);
  });
});
