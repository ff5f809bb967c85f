/** The functions and tables of a template: permissions, variables, queues, keys. */
import { describe, expect, test } from '@jest/globals';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { parseRuntimeSettings } from '../../lib/config/runtime.ts';
import { readTemplate } from '../../local/template/model.ts';
import { buildDependencyGraph, dependsOn } from '../../local/template/order.ts';
import { byDefault, permissionsOf, plain, resourcesOf, synthesize, vpcs } from './synthesize.ts';

describe('permissions', () => {
  const logs = (name: string) => `logs:CreateLogStream logs:PutLogEvents on <${name}Logs>`;
  const consume = 'sqs:DeleteMessage sqs:GetQueueAttributes sqs:ReceiveMessage on';

  test('ingest may do these things and nothing else', () => {
    expect(permissionsOf(byDefault, 'Ingest')).toEqual([
      logs('Ingest'),
      `${consume} <IngestQueue>`,
      's3:GetObject on <LogBucket>/AWSLogs/*',
      's3:ListBucket on <LogBucket>',
      'dynamodb:BatchWriteItem dynamodb:Query dynamodb:UpdateItem on <Windows>',
      'dynamodb:BatchWriteItem dynamodb:Query dynamodb:UpdateItem on <Findings>',
      'sqs:SendMessage on <AlertQueue>',
    ]);
  });

  test('alert may do these things and nothing else', () => {
    expect(permissionsOf(byDefault, 'Alert')).toEqual([
      logs('Alert'),
      `${consume} <AlertQueue>`,
      'dynamodb:Query dynamodb:UpdateItem on <Findings>',
      'sns:Publish on <AlertTopic>',
    ]);
  });

  test('settle may do these things and nothing else', () => {
    const index = (name: string) => `<Findings>/index/${name}`;
    expect(permissionsOf(byDefault, 'Settle')).toEqual([
      logs('Settle'),
      'dynamodb:DeleteItem dynamodb:Query on <Windows>',
      'dynamodb:BatchWriteItem dynamodb:PutItem dynamodb:Query dynamodb:UpdateItem on <Findings>',
      `dynamodb:Query on ${index('announce')} ${index('byDay')} ${index('open')}`,
      'sqs:SendMessage on <AlertQueue>',
      'sqs:SendMessage on <SettleDeadLetters>',
      'sns:Publish on <AlertTopic>',
      'sns:ListSubscriptionsByTopic on <AlertTopic> <OperationsTopic>',
    ]);
  });

  test('no other policy and no managed policy is attached to a role', () => {
    byDefault.resourceCountIs('AWS::IAM::Policy', 0);
    byDefault.resourceCountIs('AWS::IAM::Role', 3);
    for (const [, role] of resourcesOf(byDefault, 'AWS::IAM::Role')) {
      expect(role.Properties).not.toHaveProperty('ManagedPolicyArns');
    }
  });
});

describe('traces', () => {
  const traced = synthesize({
    tracing: true,
    signals: { ecs: true },
    destinations: { eventBus: 'new', chat: {}, securityHub: true },
  });
  const modesOf = (template: Template) =>
    resourcesOf(template, 'AWS::Lambda::Function').map(
      ([, { Properties }]) => (Properties.TracingConfig as { Mode: string } | undefined)?.Mode,
    );

  test('are off by default, without any permission for them', () => {
    expect(modesOf(byDefault)).toEqual([undefined, undefined, undefined]);
    expect(JSON.stringify(byDefault.toJSON())).not.toContain('xray:');
  });

  test('of all five functions go to X-Ray once the settings say so', () => {
    expect(modesOf(traced)).toEqual(Array(5).fill('Active'));
    for (const name of ['Ingest', 'Alert', 'Settle', 'Signals', 'Forward'])
      expect(permissionsOf(traced, name)).toContain('xray:PutTelemetryRecords xray:PutTraceSegments on *');
  });

  test('add no resource that could have a fixed cost', () => {
    const typesOf = (template: Template) =>
      Object.values(template.toJSON().Resources as Record<string, { Type: string }>).map(({ Type }) => Type);
    expect(typesOf(synthesize({ tracing: true }))).toEqual(typesOf(synthesize()));
  });
});

describe('functions', () => {
  const functions = resourcesOf(byDefault, 'AWS::Lambda::Function');

  test('all three run on Node 24, on arm64, with their own log group that expires', () => {
    expect(functions).toHaveLength(3);
    for (const [, { Properties }] of functions) {
      expect(Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'], Handler: 'index.handler' });
      expect(plain((Properties.LoggingConfig as { LogGroup: unknown }).LogGroup)).toMatch(
        /^<(Ingest|Alert|Settle)Logs>$/,
      );
    }
    byDefault.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
  });

  test('each variable has its value, and the settings arrive as they were sent', () => {
    for (const [id, { Properties }] of functions) {
      const { SETTINGS, ...variables } = (Properties.Environment as { Variables: Record<string, string> }).Variables;
      expect(Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, plain(value)]))).toEqual({
        WINDOWS_TABLE: '<Windows>',
        FINDINGS_TABLE: '<Findings>',
        ALERT_QUEUE_URL: '<AlertQueue>',
        ALERT_TOPIC_ARN: '<AlertTopic>',
        OPERATIONS_TOPIC_ARN: '<OperationsTopic>',
        HASH_KEY: '<AWS::StackId>',
        POWERTOOLS_SERVICE_NAME: 'sweepwatch',
        POWERTOOLS_METRICS_NAMESPACE: 'Sweepwatch',
        POWERTOOLS_LOG_LEVEL: 'INFO',
        // Ingest prints no commands. It alone reads the bucket.
        ...(id.includes('Ingest') ? { LOG_BUCKET_OWNER: '<AWS::AccountId>' } : { STACK_NAME: '<AWS::StackName>' }),
      });
      expect(parseRuntimeSettings(SETTINGS ?? '')).toMatchObject({ deployment: 'sweepwatch', minSeverity: 'medium' });
    }
  });

  test('are told when the digest is sent each hour', () => {
    const functions = resourcesOf(synthesize({ digestEvery: 'hour' }), 'AWS::Lambda::Function');
    const variables = functions.map(
      ([, { Properties }]) => Properties.Environment as { Variables?: { SETTINGS?: string } },
    );
    const settings = variables.flatMap(({ Variables }) => Variables?.SETTINGS ?? []);
    expect(settings.length).toBeGreaterThanOrEqual(3);
    for (const each of settings) expect(parseRuntimeSettings(each)).toMatchObject({ digestHourUtc: 'every' });
  });

  test('the largest settings that are accepted leave room for the other variables in 4 KB', () => {
    const fields = Array.from({ length: 151 }, (_, index) => `some-field-${1000 + index}`);
    const [, fn] = resourcesOf(synthesize({ fields }), 'AWS::Lambda::Function')[0]!;
    const variables = Object.entries((fn.Properties.Environment as { Variables: Record<string, unknown> }).Variables);
    const longestReference = (value: unknown) => 'x'.repeat(plain(value) === '<AWS::AccountId>' ? 12 : 150);
    const sizes = variables.map(([name, value]) =>
      Buffer.byteLength(name + (typeof value === 'string' ? value : longestReference(value))),
    );
    expect(Buffer.byteLength(String(Object.fromEntries(variables).SETTINGS))).toBeGreaterThan(2950);
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(4096);
  });

  test('queues stay invisible six times as long as their function runs, and give up after five tries', () => {
    const timeouts = Object.fromEntries(
      functions.map(([id, fn]) => [/^Detector(\w+?)Function/.exec(id)?.[1], Number(fn.Properties.Timeout)]),
    );
    expect(timeouts).toEqual({ Ingest: 300, Alert: 30, Settle: 300 });
    for (const name of ['Ingest', 'Alert']) {
      const [, queue] = resourcesOf(byDefault, 'AWS::SQS::Queue').find(([id]) =>
        id.startsWith(`Detector${name}Queue`),
      )!;
      const redrive = queue.Properties.RedrivePolicy as { deadLetterTargetArn: unknown; maxReceiveCount: number };
      expect(queue.Properties.VisibilityTimeout).toBe(6 * (timeouts[name] ?? 0));
      expect(redrive.maxReceiveCount).toBe(5);
      expect(plain(redrive.deadLetterTargetArn)).toBe(`<${name}DeadLetters>`);
    }
    byDefault.allResourcesProperties('AWS::SQS::Queue', {
      MessageRetentionPeriod: 1_209_600,
      SqsManagedSseEnabled: true,
    });
  });

  test('a failed message fails alone, and concurrency is bounded', () => {
    byDefault.resourceCountIs('AWS::Lambda::EventSourceMapping', 2);
    byDefault.allResourcesProperties('AWS::Lambda::EventSourceMapping', {
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: Match.anyValue() },
    });
  });

  test('ingest takes one message at a time, so that no file costs another one of its tries', () => {
    const batchSizes = resourcesOf(byDefault, 'AWS::Lambda::EventSourceMapping').map(([id, { Properties }]) => [
      /^Detector(\w+?)Function/.exec(id)?.[1],
      Properties.BatchSize,
    ]);
    expect(Object.fromEntries(batchSizes)).toEqual({ Ingest: 1, Alert: 10 });
  });

  test('settle runs every five minutes, and a failed run is kept', () => {
    byDefault.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(5 minutes)',
      Targets: [Match.objectLike({ DeadLetterConfig: Match.anyValue() })],
    });
    byDefault.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      DestinationConfig: { OnFailure: { Destination: Match.anyValue() } },
      MaximumRetryAttempts: 1,
    });
  });
});

describe('tables', () => {
  test('have ceilings, expiry, recovery, and the four indexes of findings', () => {
    const keys = (...names: string[]) =>
      names.map((name, index) => ({ AttributeName: name, KeyType: index === 0 ? 'HASH' : 'RANGE' }));
    byDefault.allResourcesProperties('AWS::DynamoDB::GlobalTable', {
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: keys('pk', 'sk'),
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      Replicas: [
        Match.objectLike({
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        }),
      ],
    });
    const [windows, findings] = resourcesOf(byDefault, 'AWS::DynamoDB::GlobalTable').map(
      ([, table]) => table.Properties,
    );
    expect(windows).toMatchObject({ WriteOnDemandThroughputSettings: { MaxWriteRequestUnits: 500 } });
    expect(windows).not.toHaveProperty('GlobalSecondaryIndexes');
    expect(findings).toMatchObject({ WriteOnDemandThroughputSettings: { MaxWriteRequestUnits: 100 } });
    expect(findings?.GlobalSecondaryIndexes).toEqual(
      [
        { IndexName: 'byId', KeySchema: keys('findingId') },
        { IndexName: 'byDay', KeySchema: keys('day', 'severityTime') },
        { IndexName: 'open', KeySchema: keys('openShard', 'lastSeen') },
        { IndexName: 'announce', KeySchema: keys('announceShard', 'announceSince') },
      ].map((index) => ({
        ...index,
        Projection: { ProjectionType: 'ALL' },
        WriteOnDemandThroughputSettings: { MaxWriteRequestUnits: 100 },
      })),
    );
  });

  test('and the bucket outlive the stack unless the settings say otherwise', () => {
    const policies = (template: Template) =>
      ['AWS::DynamoDB::GlobalTable', 'AWS::S3::Bucket'].flatMap((type) =>
        resourcesOf(template, type).map(([, resource]) => resource.DeletionPolicy),
      );
    expect(policies(byDefault)).toEqual(['RetainExceptOnCreate', 'RetainExceptOnCreate', 'RetainExceptOnCreate']);
    expect(policies(synthesize({ keepDataOnRemoval: false }))).toEqual(['Delete', 'Delete', 'Delete']);
  });

  test('are protected from deletion only if the settings say so', () => {
    const areProtected = (template: Template) =>
      resourcesOf(template, 'AWS::DynamoDB::GlobalTable').map(
        ([, { Properties }]) =>
          (Properties.Replicas as [{ DeletionProtectionEnabled?: boolean }])[0].DeletionProtectionEnabled,
      );
    expect(areProtected(byDefault)).toEqual([false, false]);
    expect(areProtected(synthesize({ deletionProtection: true }))).toEqual([true, true]);
  });

  test('come after the parts that an account or a Region may refuse', () => {
    const template = synthesize({ vpcs, kmsKey: 'new' });
    const graph = buildDependencyGraph(readTemplate(template.toJSON()).resources);
    const fragile = ['AWS::EC2::FlowLog', 'AWS::S3::Bucket', 'AWS::S3::BucketPolicy'].flatMap((type) =>
      resourcesOf(template, type).map(([id]) => id),
    );
    expect(fragile).toHaveLength(4);
    for (const [table] of resourcesOf(template, 'AWS::DynamoDB::GlobalTable'))
      expect(fragile.filter((id) => !dependsOn(graph, table, id))).toEqual([]);
  });

  test('come after the notification of an existing bucket, which S3 may refuse', () => {
    const template = synthesize({ bucket: { existing: { bucket: 'their-logs', events: 'notification' } } });
    const graph = buildDependencyGraph(readTemplate(template.toJSON()).resources);
    const [notifications] = resourcesOf(template, 'Custom::S3BucketNotifications')[0]!;
    for (const [table] of resourcesOf(template, 'AWS::DynamoDB::GlobalTable'))
      expect(dependsOn(graph, table, notifications)).toBe(true);
  });
});
