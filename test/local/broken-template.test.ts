/** Templates with a broken part: what AWS would refuse, drop or fail on is an error at start that names the part. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startLocalCloud } from '../../local/cloud.ts';
import { type FixtureAssembly, type FixtureTemplate, fixtureTemplate, writeFixture } from './fixture/template.ts';

let fixture: FixtureAssembly;
beforeAll(() => {
  fixture = writeFixture();
});
afterAll(() => fixture.remove());

function startBroken(breakIt: (resources: FixtureTemplate['Resources']) => void): Promise<unknown> {
  const template = fixtureTemplate();
  breakIt(template.Resources);
  const { folder, stack, mailbox } = fixture;
  return startLocalCloud({ assembly: folder, stack, mailbox, template }).then((cloud) => cloud.stop());
}

test('the template as it stands starts', async () => {
  await startBroken(() => {});
});

test.each<[string, RegExp, (resources: FixtureTemplate['Resources']) => void]>([
  [
    'an unknown resource type',
    /does not simulate Robot \(AWS::RoboMaker::Robot\)/,
    (resources) => {
      resources.Robot = { Type: 'AWS::RoboMaker::Robot', Properties: {} };
    },
  ],
  [
    'a renamed queue',
    /refers? to "Work"|reads Arn of "Work"/,
    (resources) => {
      resources.Renamed = resources.Work!;
      delete resources.Work;
    },
  ],
  [
    'a dangling environment variable',
    /Resources\.Worker\.Properties\.Environment\.Variables\.TABLE\.Ref refers to "Gone"/,
    (resources) => {
      resources.Worker!.Properties.Environment = { Variables: { TABLE: { Ref: 'Gone' } } };
    },
  ],
  [
    'an unknown attribute',
    /Resources\.Ticker\.Properties\.Role\.Fn::GetAtt reads "Name" of WorkerRole, .*known here: Arn, RoleId/,
    (resources) => {
      resources.Ticker!.Properties.Role = { 'Fn::GetAtt': ['WorkerRole', 'Name'] };
    },
  ],
  [
    'a subscription whose function does not admit CloudWatch Logs',
    /AuditFilter \(AWS::Logs::SubscriptionFilter\): Could not execute the lambda function/,
    (resources) => {
      resources.AuditPermission!.Properties.Principal = 'events.amazonaws.com';
    },
  ],
  [
    'a subscription whose function admits another log group',
    /AuditFilter \(AWS::Logs::SubscriptionFilter\): Could not execute the lambda function/,
    (resources) => {
      resources.AuditPermission!.Properties.SourceArn = 'arn:aws:logs:us-east-1:000000000000:log-group:/other:*';
    },
  ],
  [
    'a third subscription to a log group',
    /AuditFilter\d* \(AWS::Logs::SubscriptionFilter\): Resource limit exceeded.* \/fixture\/audit has 2/,
    (resources) => {
      for (const n of [2, 3]) resources[`AuditFilter${n}`] = { ...resources.AuditFilter! };
    },
  ],
  [
    'a bucket that may not notify its queue',
    /no queue policy admits s3\.amazonaws\.com to queue Work, so bucket Logs cannot notify it/,
    (resources) => {
      resources.WorkPolicy!.Properties.PolicyDocument = { Statement: [] };
    },
  ],
  [
    'a bucket that may be created before its queue lets it',
    /bucket Logs may be created before WorkPolicy lets it notify the queue/,
    (resources) => {
      resources.Logs!.DependsOn = ['FaultPolicy'];
    },
  ],
  [
    'an existing bucket that may not notify its queue',
    /no queue policy admits s3\.amazonaws\.com to queue Inbox, so bucket Existing cannot notify it/,
    (resources) => {
      const queues = [{ Events: ['s3:ObjectCreated:*'], QueueArn: { 'Fn::GetAtt': ['Inbox', 'Arn'] } }];
      resources.Existing = {
        Type: 'Custom::S3BucketNotifications',
        Properties: { BucketName: 'existing-logs', NotificationConfiguration: { QueueConfigurations: queues } },
      };
    },
  ],
  [
    'a topic that may not send to its queue',
    /no queue policy admits sns\.amazonaws\.com to queue Inbox, so subscription HighQueue delivers nothing/,
    (resources) => {
      delete resources.InboxPolicy;
    },
  ],
  [
    'a schedule that may not invoke its function',
    /no Lambda permission lets events\.amazonaws\.com invoke function Ticker, so rule EachFiveMinutes cannot invoke it/,
    (resources) => {
      delete resources.TickerPermission;
    },
  ],
  [
    'a rule that may not send to its queue',
    /no queue policy admits events\.amazonaws\.com to queue Faults, so rule Routed delivers nothing/,
    (resources) => {
      resources.Routed!.Properties.Targets = [{ Id: 'queue', Arn: { 'Fn::GetAtt': ['Faults', 'Arn'] } }];
    },
  ],
  [
    'a rule that may not send what it fails to deliver',
    /no queue policy admits events\.amazonaws\.com to queue Inbox, so events that rule Routed fails to deliver are lost/,
    (resources) => {
      const [target] = resources.Routed!.Properties.Targets as object[];
      const lost = { Arn: { 'Fn::GetAtt': ['Inbox', 'Arn'] } };
      resources.Routed!.Properties.Targets = [{ ...target, DeadLetterConfig: lost }];
    },
  ],
  [
    'an alarm that may not publish',
    /no topic policy admits cloudwatch\.amazonaws\.com to topic Alerts, so alarm Late tells nobody/,
    (resources) => {
      resources.Late = { Type: 'AWS::CloudWatch::Alarm', Properties: { AlarmActions: [{ Ref: 'Alerts' }] } };
    },
  ],
  [
    'a queue with two policies, of which one would be lost',
    /Inbox has the policies InboxPolicy and Second, expected one, because the later replaces the earlier/,
    (resources) => {
      resources.Second = structuredClone(resources.InboxPolicy!);
    },
  ],
  [
    'a policy with an unknown operator',
    /StringMatches is not a condition operator/,
    (resources) => {
      const document = resources.WorkPolicy!.Properties.PolicyDocument as { Statement: { Condition?: object }[] };
      document.Statement[0]!.Condition = { StringMatches: { 'aws:SourceAccount': '1' } };
    },
  ],
  [
    'a role that does not trust Lambda',
    /role WorkerRole does not trust lambda\.amazonaws\.com, so Worker cannot run under it/,
    (resources) => {
      resources.WorkerRole!.Properties.AssumeRolePolicyDocument = { Statement: [] };
    },
  ],
  [
    'a queue whose messages come back too early',
    /FaultMapping \(AWS::Lambda::EventSourceMapping\): VisibilityTimeout of .* is 4 s, expected at least .* 5 s/,
    (resources) => {
      resources.Worker!.Properties.Timeout = 5;
      resources.Work!.Properties.VisibilityTimeout = 5;
    },
  ],
  [
    'a bundle that is missing',
    /Worker \(AWS::Lambda::Function\): function Worker has the code .*gone\.zip/,
    (resources) => {
      resources.Worker!.Properties.Code = { S3Bucket: 'assets', S3Key: 'gone.zip' };
    },
  ],
  [
    'an environment above 4 KB',
    /Ticker \(AWS::Lambda::Function\): Environment\.Variables is 5006 bytes, expected at most 4096/,
    (resources) => {
      resources.Ticker!.Properties.Environment = { Variables: { LONG_1: 'x'.repeat(5000) } };
    },
  ],
  [
    'an import from another stack',
    /Resources\.Inbox\.Properties\.QueueName\.Fn::ImportValue: imports "name" from another stack/,
    (resources) => {
      resources.Inbox!.Properties.QueueName = { 'Fn::ImportValue': 'name' };
    },
  ],
])('%s is an error that names it', async (_, message, breakIt) => {
  await expect(startBroken(breakIt)).rejects.toThrow(message);
});

test('a stack that is not in the assembly is an error that names the place', async () => {
  const { folder, mailbox } = fixture;
  await expect(startLocalCloud({ assembly: folder, stack: 'Missing', mailbox })).rejects.toThrow(
    /no template of stack "Missing" at .*Missing\.template\.json, expected a folder made by cdk synth/,
  );
});

test('a handler that the bundle does not export fails its invocation with the reason', async () => {
  const template = fixtureTemplate();
  template.Resources.Ticker!.Properties.Handler = 'index.other';
  const { folder, stack, mailbox } = fixture;
  const cloud = await startLocalCloud({ assembly: folder, stack, mailbox, template });
  try {
    await expect(cloud.invoke('Ticker')).rejects.toThrow(
      'the handler is index.other, but index.mjs exports no function other',
    );
  } finally {
    await cloud.stop();
  }
});
