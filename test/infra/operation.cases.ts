/** What people see of a deployment: topics, alarms, outputs, warnings, and the findings of cdk-nag. */

import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import type { Template } from 'aws-cdk-lib/assertions';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import type { CfnFlowLog } from 'aws-cdk-lib/aws-ec2';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { ScanDetector } from '../../infra/index.ts';
import { addNagChecks } from '../../infra/nag-checks.ts';
import type { SettingsInput } from '../../lib/config/schema.ts';
import { openShard, SHARDS } from '../../lib/store/keys.ts';
import { alarmsIn, measuresOf } from './cloudwatch.ts';
import { byDefault, newApp, plain, type Resource, resourcesOf, synthesize, vpcs, withSignals } from './synthesize.ts';

describe('topics and alarms', () => {
  test('the addresses of the settings subscribe to the topic that is theirs', () => {
    const subscriptions = resourcesOf(byDefault, 'AWS::SNS::Subscription').map(
      ([, { Properties }]) => `${Properties.Protocol} ${Properties.Endpoint} ${plain(Properties.TopicArn)}`,
    );
    expect(subscriptions).toEqual([
      'email analyst@example.com <AlertTopic>',
      'email ops@example.com <OperationsTopic>',
    ]);
    for (const [, { Properties }] of resourcesOf(byDefault, 'AWS::SNS::Subscription')) {
      expect(Properties).not.toHaveProperty('FilterPolicy');
    }
  });

  test('alarms may publish to the operations topic, which has no AWS key that would prevent it', () => {
    const topics = Object.fromEntries(
      resourcesOf(byDefault, 'AWS::SNS::Topic').map(([id, { Properties }]) => [
        id.slice(8, -8),
        Properties.KmsMasterKeyId,
      ]),
    );
    expect(topics).toEqual({ AlertTopic: 'alias/aws/sns', OperationsTopic: undefined });
    byDefault.hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Allow',
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Action: 'sns:Publish',
          }),
        ]),
      },
    });
  });

  test('each alarm says what to do first, and reports its beginning to the operations topic', () => {
    for (const [, { Properties }] of resourcesOf(byDefault, 'AWS::CloudWatch::Alarm')) {
      expect(Properties).toMatchObject({ AlarmDescription: expect.stringMatching(/^sweepwatch: .* First: /) });
      expect(plain(Properties.AlarmActions)).toBe('<OperationsTopic>');
      expect(Properties).not.toHaveProperty('OKActions');
      expect(Properties).not.toHaveProperty('InsufficientDataActions');
    }
  });

  test('are eleven with one metric each, and seventeen with detailed monitoring', () => {
    const measured = (template: Template) =>
      [...alarmsIn(resourcesOf(template, 'AWS::CloudWatch::Alarm')).values()].flatMap((alarm) => [
        ...measuresOf(alarm).values(),
      ]);
    expect(measured(byDefault)).toHaveLength(11);
    expect(measured(synthesize({ detailedMonitoring: true }))).toHaveLength(17);
  });
});

describe('the dashboard', () => {
  const bodyOf = (template: Template): string =>
    resourcesOf(template, 'AWS::CloudWatch::Dashboard')
      .map(([, { Properties }]) => plain(Properties.DashboardBody))
      .join();

  test('shows alarms, records, lag, what was found and lost, units, errors and dead letters of all parts', () => {
    const body = bodyOf(withSignals);
    const widgets = (JSON.parse(body) as { widgets: { type: string; properties: { title?: string } }[] }).widgets;
    expect(widgets.map(({ type, properties }) => properties.title ?? type)).toEqual([
      'text',
      'Alarms',
      'Records read',
      'Lag: age of the oldest file and of the oldest alert, seconds',
      'Alerts by severity',
      'Findings opened and updated by the scheduled function',
      'Read and lost',
      'Dead letters',
      'Units of the tables',
      'Time of the functions, milliseconds in all',
      'Failed invocations',
      'Throttled',
    ]);
    for (const part of ['Ingest', 'Alert', 'Settle', 'Signals', 'Forward']) expect(body).toContain(`<${part}Function>`);
    for (const queue of ['Ingest', 'Alert', 'Settle', 'Signals']) expect(body).toContain(`${queue}DeadLetters`);
  });

  test('asks the logs for words and fields that the functions write', () => {
    const queries = [...bodyOf(byDefault).matchAll(/filter message = \\"([^"\\]+)\\"/g)].map((match) => match[1]);
    expect(queries.sort()).toEqual(['announcement handled', 'object read', 'settled']);
  });

  test('is a setting', () => {
    expect(bodyOf(synthesize({ dashboard: false }))).toBe('');
  });
});

describe('the stack as a whole', () => {
  test('uses no name that a second stack in the same account would also use', () => {
    const physical = (deploymentName: string) =>
      Object.values(synthesize({ deploymentName }).toJSON().Resources as Record<string, Resource>).flatMap(
        ({ Properties }) =>
          [
            'BucketName',
            'TableName',
            'QueueName',
            'TopicName',
            'FunctionName',
            'RoleName',
            'AlarmName',
            'LogGroupName',
            'Name',
          ]
            .map((name) => Properties[name])
            .filter((name) => name !== undefined)
            .map(plain)
            .filter((name) => !name.startsWith('<')),
      );
    expect(physical('east')).toEqual(['east-flow-logs-<AWS::AccountId>-<AWS::Region>']);
    expect(physical('west')).toEqual(['west-flow-logs-<AWS::AccountId>-<AWS::Region>']);
  });

  test('outputs the names of its parts and a query to try', () => {
    const outputs = byDefault.toJSON().Outputs as Record<string, { Value: unknown; Description: string }>;
    const query = plain(outputs.OpenFindings?.Value);
    expect(query).toContain('aws dynamodb query --table-name <Findings> --region <AWS::Region> --index-name open ');
    for (const name of ['Ingest', 'Alert'])
      expect(plain(outputs[`Redrive${name}`]?.Value)).toMatch(
        /^aws sqs start-message-move-task --source-arn \S+ --destination-arn \S+ --region <AWS::Region>$/,
      );
    const shards = /for n in (\d+(?: \d+)*);/.exec(query)?.[1]?.split(' ') ?? [];
    const partitions = shards.map((n) => /"S":"(.*?)"/.exec(query.replace("'$n'", n))?.[1]);
    expect(partitions).toEqual(Array.from({ length: SHARDS }, (_, shard) => openShard(shard)));
    expect(Object.fromEntries(Object.entries(outputs).map(([id, { Value }]) => [id, plain(Value)]))).toMatchObject({
      FindingsTable: '<Findings>',
      WindowsTable: '<Windows>',
      AlertTopic: '<AlertTopic>',
      OperationsTopic: '<OperationsTopic>',
      IngestQueue: '<IngestQueue>',
      AlertQueue: '<AlertQueue>',
      LogBucket: '<LogBucket>',
    });
  });

  test('warns if nobody would receive an alert or no flow log would arrive', () => {
    const stack = new Stack(newApp(), 'sweepwatch');
    new ScanDetector(stack, 'Detector');
    const warnings = Annotations.fromStack(stack).findWarning('*', Match.anyValue());
    expect(warnings.map(({ entry }) => String(entry.data).split(':')[0])).toEqual([
      'emails is empty',
      'opsEmails is empty',
      'vpcs is empty',
    ]);
  });

  describe('compares the place of a key with that of the stack:', () => {
    const arn = 'arn:aws:kms:eu-west-1:111122223333:key/theirs';
    const place = { CDK_DEFAULT_ACCOUNT: undefined, CDK_DEFAULT_REGION: undefined };
    const before = { ...process.env };
    afterEach(() => {
      process.env = { ...before };
    });
    const detect = (settings: SettingsInput, env: { account?: string; region?: string }, around: object = place) => {
      process.env = { ...before, ...around };
      for (const [name, value] of Object.entries(process.env)) if (value === 'undefined') delete process.env[name];
      const stack = new Stack(newApp(), 'sweepwatch', { env });
      new ScanDetector(stack, 'Detector', { settings });
      return Annotations.fromStack(stack)
        .findWarning('*', Match.stringLikeRegexp('key'))
        .map(({ entry }) => String(entry.data));
    };
    const home = { account: '111122223333', region: 'eu-west-1' };
    const existing = { bucket: { existing: { bucket: 'their-logs', kmsKeyArn: arn } } };

    test('the same is accepted without a warning', () => {
      expect(detect({ kmsKey: arn }, home)).toEqual([]);
      expect(detect(existing, { ...home, account: '444455556666' })).toEqual([]);
    });

    test.each([
      [
        'another Region',
        { kmsKey: arn },
        { ...home, region: 'us-east-1' },
        "kmsKey: must be a key of the stack's Region us-east-1",
      ],
      [
        'another account',
        { kmsKey: arn },
        { ...home, account: '444455556666' },
        "kmsKey: must be a key of the stack's account 444455556666",
      ],
      [
        'the bucket key of another Region',
        existing,
        { region: 'us-east-1' },
        "bucket.existing.kmsKeyArn: must be a key of the stack's Region us-east-1",
      ],
    ])('%s is refused', (_name, settings, env, message) => {
      expect(() => detect(settings, env)).toThrow(`settings: ${message}, got ${arn}`);
    });

    test('where the stack has no place of its own, that of the CDK command counts, as a warning', () => {
      const other = { CDK_DEFAULT_ACCOUNT: '444455556666', CDK_DEFAULT_REGION: 'us-east-1' };
      expect(detect({ kmsKey: arn }, {}, other)).toEqual([
        expect.stringContaining("kmsKey: must be a key of the stack's Region us-east-1"),
        expect.stringContaining("kmsKey: must be a key of the stack's account 444455556666"),
      ]);
      expect(
        detect({ kmsKey: arn }, {}, { CDK_DEFAULT_ACCOUNT: home.account, CDK_DEFAULT_REGION: home.region }),
      ).toEqual([]);
      expect(detect({ kmsKey: arn }, {})).toEqual([]);
    });
  });

  test('refuses wrong settings at synthesis', () => {
    expect(() => synthesize({ retentionDays: { windows: 1 } })).toThrow(
      'settings: retentionDays.windows: must be a whole number between 4 and 90, got 1',
    );
  });
});

describe('cdk-nag', () => {
  test.each<[string, SettingsInput]>([
    ['the defaults', {}],
    [
      'all that a new bucket can have',
      { vpcs, emails: ['a@example.com'], opsEmails: ['b@example.com'], kmsKey: 'new' },
    ],
    ['an existing bucket with a prefix', { bucket: { existing: { bucket: 'their-logs', prefix: 'net/' } } }],
    [
      'an existing bucket with notifications',
      { bucket: { existing: { bucket: 'their-logs', events: 'notification' } } },
    ],
    ['further buckets', { otherBuckets: [{ bucket: 'ireland-logs', region: 'eu-west-1', account: '555566667777' }] }],
    ['an inventory of addresses', { inventory: true }],
    ['traced functions', { tracing: true, signals: { ecs: true }, destinations: { eventBus: 'new' } }],
  ])('has nothing to say about %s', (_name, settings) => {
    const app = newApp();
    addNagChecks(app);
    synthesize(settings, app);
    expect(() => app.synth()).not.toThrow();
  });

  test('stops the synthesis of a stack with a fault that nobody accepted', () => {
    const app = newApp();
    addNagChecks(app);
    new Bucket(new Stack(app, 'faulty'), 'Open');
    expect(() => app.synth()).toThrow(/AwsSolutions::AwsSolutions-S1'[\s\S]*AwsSolutions::AwsSolutions-S10'/);
  });
});

describe('the schemas of CloudFormation', () => {
  const context = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8')).context;
  const synthesizeWith = (change: (flowLog: CfnFlowLog) => void) => {
    const app = new App({ context: { ...context, 'aws:cdk:bundling-stacks': [] }, analyticsReporting: false });
    const detector = new ScanDetector(new Stack(app, 'checked'), 'Detector', { settings: { vpcs } });
    change(detector.flowLogs[0]!);
    return () => app.synth();
  };

  test('accept the template', () => {
    expect(synthesizeWith(() => {})).not.toThrow();
  });

  test.each([
    [
      'a property that the resource type does not have',
      'LogFormats',
      'x',
      "Additional properties are not allowed ('LogFormats'",
    ],
    ['a value of the wrong type', 'MaxAggregationInterval', 'often', "'often' is not of type 'integer'"],
  ])('refuse %s', (_, property, value, reason) => {
    const synthesis = synthesizeWith((flowLog) => flowLog.addPropertyOverride(property, value));
    expect(synthesis).toThrow(`ERROR ${property}: ${reason}`);
  });
});
