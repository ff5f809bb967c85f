/** The bucket of a template, new or existing, its flow logs and its key. */
import { describe, expect, test } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { ScanDetector } from '../../infra/index.ts';
import type { SettingsInput } from '../../lib/config/schema.ts';
import { RowReader } from '../../lib/flowlog/row-reader.ts';
import {
  byDefault,
  newApp,
  permissionsOf,
  plain,
  type Resource,
  resourcesOf,
  type Statement,
  synthesize,
  vpcs,
} from './synthesize.ts';

describe('a bucket of the stack', () => {
  test('needs no custom resource and no function other than the three', () => {
    const types = Object.values(byDefault.toJSON().Resources as Record<string, Resource>).map(({ Type }) => Type);
    expect(types.filter((type) => type.startsWith('Custom::') || type.startsWith('AWS::CloudFormation::'))).toEqual([]);
    byDefault.resourceCountIs('AWS::Lambda::Function', 3);
  });

  test('announces new flow log files to the ingest queue, whose policy stands first and names this bucket', () => {
    const [, bucket] = resourcesOf(byDefault, 'AWS::S3::Bucket')[0]!;
    const [queuePolicyId] = resourcesOf(byDefault, 'AWS::SQS::QueuePolicy').find(([id]) => id.includes('IngestQueue'))!;
    expect(bucket.Properties.NotificationConfiguration).toMatchObject({
      QueueConfigurations: [
        { Event: 's3:ObjectCreated:*', Filter: { S3Key: { Rules: [{ Name: 'prefix', Value: 'AWSLogs/' }] } } },
      ],
    });
    expect(bucket.DependsOn).toEqual([queuePolicyId]);
    const { Statement } = (byDefault.toJSON().Resources[queuePolicyId] as Resource).Properties.PolicyDocument as {
      Statement: {
        Sid?: string;
        Condition: { ArnEquals: Record<string, unknown>; StringEquals: Record<string, unknown> };
      }[];
    };
    const condition = Statement.find(({ Sid }) => Sid === 'LogBucketSends')!.Condition;
    const ownName = plain(bucket.Properties.BucketName);
    expect(plain(condition.ArnEquals['aws:SourceArn'])).toBe(`arn:<AWS::Partition>:s3:::${ownName}`);
    expect(plain(condition.StringEquals['aws:SourceAccount'])).toBe('<AWS::AccountId>');
  });

  const deliveryOf = (settings: SettingsInput): Record<string, Delivery> => {
    const [, policy] = resourcesOf(synthesize(settings), 'AWS::S3::BucketPolicy')[0]!;
    const { Statement } = policy.Properties.PolicyDocument as { Statement: (Statement & Delivery)[] };
    return Object.fromEntries(
      Statement.filter(({ Sid }) => Sid?.startsWith('LogDelivery')).map(({ Sid, ...statement }) => [Sid, statement]),
    );
  };
  interface Delivery {
    Action: string | string[];
    Principal: object;
    Resource: unknown;
    Condition: { StringEquals: Record<string, unknown>; ArnLike: Record<string, unknown> };
  }

  test('admits log delivery for the stack and the accounts of the settings, of any Region, Hive folders only where asked', () => {
    const written = (settings: SettingsInput) =>
      plain(deliveryOf(settings).LogDeliveryWrites!.Resource).replaceAll('<LogBucket>/AWSLogs/', '');
    expect(written({})).toBe('<AWS::AccountId>/*');
    expect(written({ logAccounts: ['111122223333'] })).toBe('<AWS::AccountId>/* 111122223333/*');
    expect(written({ flowLogs: { hiveCompatiblePartitions: true } })).toBe(
      '<AWS::AccountId>/* aws-account-id=<AWS::AccountId>/*',
    );
    const { LogDeliveryWrites, LogDeliveryChecksTheBucket } = deliveryOf({ logAccounts: ['111122223333'] });
    expect(LogDeliveryChecksTheBucket!.Action).toEqual(['s3:GetBucketAcl', 's3:ListBucket']);
    for (const { Condition, Principal } of [LogDeliveryWrites!, LogDeliveryChecksTheBucket!]) {
      expect(Principal).toEqual({ Service: 'delivery.logs.amazonaws.com' });
      expect(plain(Condition.StringEquals['aws:SourceAccount'])).toBe('<AWS::AccountId> 111122223333');
      expect(plain(Condition.ArnLike['aws:SourceArn'])).toBe(
        'arn:<AWS::Partition>:logs:*:<AWS::AccountId>:* arn:<AWS::Partition>:logs:*:111122223333:*',
      );
    }
  });

  test('requires no ACL header, which log delivery may not send to a bucket with ACLs off', () => {
    expect(JSON.stringify(deliveryOf({}))).not.toContain('s3:x-amz-acl');
    byDefault.hasResourceProperties('AWS::S3::Bucket', {
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    });
  });

  test('allows an organization by its id, in addition to the account of the stack', () => {
    const of = deliveryOf({ logOrganization: 'o-a1b2c3d4e5' });
    expect(Object.keys(of)).toEqual([
      'LogDeliveryWrites',
      'LogDeliveryChecksTheBucket',
      'LogDeliveryWritesOfOrganization',
      'LogDeliveryChecksTheBucketOfOrganization',
    ]);
    expect(plain(of.LogDeliveryWrites!.Resource)).toBe('<LogBucket>/AWSLogs/<AWS::AccountId>/*');
    expect(plain(of.LogDeliveryWritesOfOrganization!.Resource)).toBe('<LogBucket>/AWSLogs/*');
    expect(of.LogDeliveryWritesOfOrganization!.Condition.StringEquals).toEqual({ 'aws:SourceOrgID': 'o-a1b2c3d4e5' });
    const key = synthesize({ logOrganization: 'o-a1b2c3d4e5', kmsKey: 'new' });
    key.hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({ Condition: Match.objectLike({ StringEquals: { 'aws:SourceOrgID': 'o-a1b2c3d4e5' } }) }),
        ]),
      },
    });
  });

  test('refuses more accounts than its policy has room for, and names how many fit', () => {
    const accounts = (count: number) => Array.from({ length: count }, (_, at) => String(100_000_000_000 + at));
    /** The size of a policy where every name is as long as it can be. */
    const sizeOf = (policy: unknown): number =>
      JSON.stringify(policy, (_key, value) => {
        const { Ref, 'Fn::GetAtt': att, 'Fn::Join': join } = Object(value);
        if (Ref !== undefined) return Ref === 'AWS::Partition' ? 'aws-us-gov' : '111122223333';
        if (att !== undefined) return 'arn:aws-us-gov:s3:::sweepwatch-flow-logs-111122223333-ap-southeast-2';
        return join === undefined ? value : plain(value).replaceAll(/<.*?>/g, (name) => longNames[name] ?? LONG_ARN);
      }).length;
    const LONG_ARN = 'arn:aws-us-gov:s3:::sweepwatch-flow-logs-111122223333-ap-southeast-2';
    const longNames: Record<string, string> = { '<AWS::Partition>': 'aws-us-gov', '<AWS::AccountId>': '111122223333' };
    for (const [flowLogs, most] of [
      [{}, 95],
      [{ hiveCompatiblePartitions: true }, 61],
    ] as const) {
      const template = synthesize({ logAccounts: accounts(most), flowLogs, kmsKey: 'new' });
      const [, bucket] = resourcesOf(template, 'AWS::S3::BucketPolicy')[0]!;
      const [, key] = resourcesOf(template, 'AWS::KMS::Key')[0]!;
      expect(sizeOf(bucket.Properties.PolicyDocument)).toBeGreaterThan(20_480 - 500);
      expect(sizeOf(bucket.Properties.PolicyDocument)).toBeLessThanOrEqual(20_480);
      expect(sizeOf(key.Properties.KeyPolicy)).toBeLessThan(32_768 / 4);
      expect(() => synthesize({ logAccounts: accounts(most + 1), flowLogs })).toThrow(
        new RegExp(
          `^settings: logAccounts: must be at most ${most} accounts, got ${most + 1}: .* Set logOrganization instead`,
        ),
      );
    }
  });

  test('gets flow logs of all traffic every 60 s, each after the bucket policy', () => {
    const [policyId] = resourcesOf(byDefault, 'AWS::S3::BucketPolicy')[0]!;
    const flowLogs = resourcesOf(byDefault, 'AWS::EC2::FlowLog').map(([, flowLog]) => flowLog);
    expect(flowLogs.map(({ Properties }) => Properties.ResourceId)).toEqual(vpcs.map(({ vpcId }) => vpcId));
    for (const { Properties, DependsOn } of flowLogs) {
      expect(DependsOn).toEqual([policyId]);
      expect(Properties).toMatchObject({ TrafficType: 'ALL', MaxAggregationInterval: 60, LogDestinationType: 's3' });
    }
  });

  describe('gets flow logs', () => {
    const columnsOf = (flowLogs: SettingsInput['flowLogs']) => {
      const [[, { Properties }]] = resourcesOf(synthesize({ vpcs, flowLogs }), 'AWS::EC2::FlowLog') as [
        [string, Resource],
      ];
      return String(Properties.LogFormat)
        .split(' ')
        .map((field) => /^\$\{([a-z0-9-]+)\}$/.exec(field)?.[1]);
    };
    const byDefaultColumns =
      'account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status ' +
      'vpc-id subnet-id instance-id tcp-flags pkt-srcaddr pkt-dstaddr region flow-direction interface-type';

    test('with the columns that detection reads, and none of ECS', () => {
      expect(columnsOf({}).join(' ')).toBe(byDefaultColumns);
    });

    test('with the ECS columns if the settings ask for them', () => {
      expect(columnsOf({ ecs: true }).join(' ')).toBe(
        `${byDefaultColumns} ecs-cluster-name ecs-service-name ecs-task-id ecs-task-definition-arn ecs-container-id`,
      );
    });

    test('without the columns that the settings leave out', () => {
      expect(columnsOf({ leaveOut: ['interface-type', 'flow-direction'] }).join(' ')).toBe(
        byDefaultColumns.replace(' flow-direction interface-type', ''),
      );
    });

    test('only with columns that the reader looks for', () => {
      const asked = new Set<string>();
      const reader = new RowReader({ columns() {}, record() {}, status() {} });
      reader.useColumns({ names: [], kind: 'vpc', indexOf: (name) => [...asked.add(name)].indexOf(name) });
      expect(columnsOf({ ecs: true }).filter((name) => !asked.has(name!))).toEqual([]);
    });
  });

  test('logs the VPCs that another app passes as constructs', () => {
    const stack = new Stack(newApp(), 'theirs');
    const vpc = new Vpc(stack, 'Network', { natGateways: 0, maxAzs: 1 });
    new ScanDetector(stack, 'Scans', { vpcs: [vpc] });
    Template.fromStack(stack).hasResourceProperties('AWS::EC2::FlowLog', { ResourceId: stack.resolve(vpc.vpcId) });
  });
});

describe('an existing bucket', () => {
  test('is read through a rule of the stack, below its prefix, and is not changed', () => {
    const template = synthesize({ bucket: { existing: { bucket: 'their-logs', prefix: 'net/' } }, vpcs });
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.s3'],
        'detail-type': ['Object Created'],
        detail: { bucket: { name: ['their-logs'] }, object: { key: [{ prefix: 'net/' }] } },
      },
    });
    template.resourceCountIs('AWS::S3::Bucket', 0);
    template.resourceCountIs('AWS::S3::BucketPolicy', 0);
    expect(permissionsOf(template, 'Ingest')).toContain('s3:GetObject on arn:<AWS::Partition>:s3:::their-logs/net/*');
    const [, flowLog] = resourcesOf(template, 'AWS::EC2::FlowLog')[0]!;
    expect(plain(flowLog.Properties.LogDestination)).toBe('arn:<AWS::Partition>:s3:::their-logs/net/');
  });

  test('that is shared is read through a rule and a role that name the flow logs of all accounts and Regions', () => {
    const shared = { bucket: 'their-logs', flowLogsUnder: 'net/AWSLogs/' };
    const template = synthesize({ bucket: { existing: shared }, vpcs });
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        detail: { bucket: { name: ['their-logs'] }, object: { key: [{ wildcard: 'net/AWSLogs/*vpcflowlogs/*' }] } },
      },
    });
    expect(permissionsOf(template, 'Ingest')).toContain(
      's3:GetObject on arn:<AWS::Partition>:s3:::their-logs/net/AWSLogs/*vpcflowlogs/*',
    );
    const [, flowLog] = resourcesOf(template, 'AWS::EC2::FlowLog')[0]!;
    expect(plain(flowLog.Properties.LogDestination)).toBe('arn:<AWS::Partition>:s3:::their-logs/net/');
    const notified = synthesize({ bucket: { existing: { ...shared, events: 'notification' } } });
    notified.hasResourceProperties('Custom::S3BucketNotifications', {
      NotificationConfiguration: {
        QueueConfigurations: [
          Match.objectLike({ Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'net/AWSLogs/' }] } } }),
        ],
      },
    });
  });

  test('that receives flow logs of the stack causes a warning that AWS may change its policy, with the statements to add first', () => {
    const warningsOf = (settings: SettingsInput, env = {}) => {
      const stack = new Stack(newApp(), 'theirs', { env });
      new ScanDetector(stack, 'Scans', {
        settings: { emails: ['a@example.com'], opsEmails: ['a@example.com'], ...settings },
      });
      return Annotations.fromStack(stack)
        .findWarning('*', Match.stringLikeRegexp('bucket'))
        .map(({ entry }) => String(entry.data));
    };
    const existing = { bucket: 'their-logs', prefix: 'net/' };
    const [warning = '', ...more] = warningsOf({ bucket: { existing }, vpcs });
    expect(more).toEqual([]);
    expect(warning).toContain('AWS may add statements to the policy of their-logs, or replace the policy.');
    expect(warning).toContain('(ACCOUNT is the account of the stack)');
    const statements = warning.split('\n').filter((line) => line.startsWith('{'));
    expect(statements.map((line) => JSON.parse(line.replace(/,$/, '')))).toEqual([
      {
        Sid: 'LogDeliveryWrites',
        Effect: 'Allow',
        Principal: { Service: 'delivery.logs.amazonaws.com' },
        Action: 's3:PutObject',
        Resource: 'arn:aws:s3:::their-logs/net/AWSLogs/ACCOUNT/*',
        Condition: {
          StringEquals: { 'aws:SourceAccount': ['ACCOUNT'] },
          ArnLike: { 'aws:SourceArn': ['arn:aws:logs:*:ACCOUNT:*'] },
        },
      },
      expect.objectContaining({
        Sid: 'LogDeliveryChecksTheBucket',
        Action: ['s3:GetBucketAcl', 's3:ListBucket'],
        Resource: 'arn:aws:s3:::their-logs',
      }),
    ]);
    const [placed = ''] = warningsOf({ bucket: { existing }, vpcs }, { account: '111122223333', region: 'cn-north-1' });
    expect(placed).toContain('"arn:aws-cn:s3:::their-logs/net/AWSLogs/111122223333/*"');
    expect(placed).not.toContain('ACCOUNT');
    expect(warningsOf({ bucket: { existing } })).toEqual([]);
    expect(warningsOf({ vpcs })).toEqual([]);
  });

  test('is read through its notifications where the settings ask for them, with its key', () => {
    const kmsKeyArn = 'arn:aws:kms:eu-west-1:111122223333:key/theirs';
    const template = synthesize({
      bucket: { existing: { bucket: 'arn:aws:s3:::their-logs', events: 'notification', kmsKeyArn } },
    });
    template.hasResourceProperties('Custom::S3BucketNotifications', { BucketName: 'their-logs', Managed: false });
    expect(permissionsOf(template, 'Ingest')).toContain(`kms:Decrypt on ${kmsKeyArn}`);
  });
});

describe('a bucket of another account', () => {
  const OWNER = '555566667777';
  const existing = { bucket: 'org-logs', account: OWNER, flowLogsUnder: 'AWSLogs/' };
  const statementsOf = (template: Template) => {
    const [, policy] = resourcesOf(template, 'AWS::SQS::QueuePolicy').find(([id]) => id.includes('IngestQueue'))!;
    return (policy.Properties.PolicyDocument as { Statement: (Statement & { Principal: unknown })[] }).Statement;
  };

  test('gets neither a rule nor a notification, and its owner may send to the queue', () => {
    const template = synthesize({ bucket: { existing } });
    expect(resourcesOf(template, 'AWS::Events::Rule').map(([id]) => id)).toEqual([
      expect.stringContaining('SettleSchedule'),
    ]);
    template.resourceCountIs('Custom::S3BucketNotifications', 0);
    const sends = statementsOf(template).find(({ Sid }) => Sid === 'OwnerOfBucketSends')!;
    expect(plain((sends.Principal as { AWS: unknown }).AWS)).toBe(`arn:<AWS::Partition>:iam::${OWNER}:root`);
    expect(sends.Action).toBe('sqs:SendMessage');
    const { ArnEquals } = (sends as { Condition?: { ArnEquals?: Record<string, unknown> } }).Condition ?? {};
    expect(plain(ArnEquals?.['aws:PrincipalArn'])).toBe(
      `arn:<AWS::Partition>:iam::${OWNER}:role/sweepwatch-events-<AWS::Region>`,
    );
  });

  test('may notify the queue itself, under the account of its owner', () => {
    const template = synthesize({ bucket: { existing: { ...existing, events: 'notification' } } });
    template.resourceCountIs('Custom::S3BucketNotifications', 0);
    expect(statementsOf(template)).toContainEqual(
      expect.objectContaining({
        Sid: 'LogBucketSends',
        Principal: { Service: 's3.amazonaws.com' },
        Condition: expect.objectContaining({ StringEquals: { 'aws:SourceAccount': OWNER } }),
      }),
    );
    expect(statementsOf(template).some(({ Sid }) => Sid === 'OwnerOfBucketSends')).toBe(false);
  });

  test('is read by a role and through a queue whose names never change, and only if that account owns it', () => {
    const template = synthesize({ bucket: { existing } });
    const [, queue] = resourcesOf(template, 'AWS::SQS::Queue').find(([id]) => id.startsWith('DetectorIngestQueue'))!;
    expect(queue.Properties.QueueName).toBe('sweepwatch-ingest');
    const [, role] = resourcesOf(template, 'AWS::IAM::Role').find(([id]) => id.startsWith('DetectorIngestRole'))!;
    expect(plain(role.Properties.RoleName)).toBe('sweepwatch-ingest-<AWS::Region>');
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ LOG_BUCKET_OWNER: OWNER }) },
    });
    template.hasOutput('LogBucketOwner', { Value: OWNER });
  });

  const messagesOf = (settings: SettingsInput, account = '111122223333') => {
    const stack = new Stack(newApp(), 'theirs', { env: { account, region: 'eu-central-1' } });
    new ScanDetector(stack, 'Scans', { settings });
    const found = Annotations.fromStack(stack);
    return [...found.findInfo('*', Match.anyValue()), ...found.findWarning('*', Match.anyValue())].map(({ entry }) =>
      String(entry.data),
    );
  };

  test('makes synthesis name the command that prints what its owner must add', () => {
    const message = `no file is read before account ${OWNER} adds what "npx --no-install sweepwatch setup policy" prints`;
    expect(messagesOf({ bucket: { existing } })).toContainEqual(expect.stringContaining(message));
    expect(messagesOf({}).join()).not.toContain('setup policy');
  });

  test('cannot be owned by the account of the stack', () => {
    expect(() => messagesOf({ bucket: { existing } }, OWNER)).toThrow(
      `bucket.existing.account: must be the account of another owner, got ${OWNER}, the account of the stack`,
    );
  });

  test('is guessed from the account of its key, since no rule of this account would see its events', () => {
    const kmsKeyArn = `arn:aws:kms:eu-central-1:${OWNER}:key/theirs`;
    expect(messagesOf({ bucket: { existing: { bucket: 'org-logs', kmsKeyArn } } }).join()).toContain(
      `is a key of account ${OWNER}. If the bucket belongs to that account too, set bucket.existing.account`,
    );
  });

  test('is told by the account with which a given bucket was imported', () => {
    const stack = new Stack(newApp(), 'theirs', { env: { account: '111122223333', region: 'eu-central-1' } });
    const bucket = Bucket.fromBucketAttributes(stack, 'Logs', { bucketName: 'org-logs', account: OWNER });
    expect(new ScanDetector(stack, 'Scans', { bucket }).settings.bucket.existing?.account).toBe(OWNER);
  });
});

describe('further buckets', () => {
  const OWNER = '555566667777';
  const otherBuckets = [
    {
      bucket: 'ireland-logs',
      region: 'eu-west-1',
      account: OWNER,
      kmsKeyArn: `arn:aws:kms:eu-west-1:${OWNER}:key/0a1b2c3d-4e5f-6789-abcd-ef0123456789`,
    },
    { bucket: 'tokyo-logs', region: 'ap-northeast-1', flowLogsUnder: 'net/AWSLogs/' },
  ];
  const template = synthesize({ otherBuckets });

  test('need a bus, which a stack without them lacks', () => {
    byDefault.resourceCountIs('AWS::Events::EventBus', 0);
    template.resourceCountIs('AWS::Events::EventBus', 1);
    template.hasOutput('LogBus', {});
  });

  test('are told to the bus by the role of the rule of a foreign owner, which its policy names', () => {
    const [, bus] = resourcesOf(template, 'AWS::Events::EventBus')[0]!;
    expect(bus.Properties.Name).toBe('sweepwatch-flow-logs');
    const { Statement: statements } = bus.Properties.Policy as {
      Statement: (Statement & { Condition: { ArnEquals: Record<string, unknown> } })[];
    };
    expect(statements.map(({ Action }) => Action)).toEqual(['events:PutEvents']);
    const role = plain(statements[0]!.Condition.ArnEquals['aws:PrincipalArn']);
    expect(role).toMatch(
      new RegExp(`^arn:<AWS::Partition>:iam::${OWNER}:role/sweepwatch-<AWS::AccountId>-<AWS::Region>-[0-9a-f]{8}$`),
    );
  });

  test('are matched by account, name and folder, each by a rule of the bus to the queue', () => {
    const rules = resourcesOf(template, 'AWS::Events::Rule').filter(([id]) => !id.includes('SettleSchedule'));
    expect(rules.map(([, { Properties }]) => Properties.EventPattern)).toEqual([
      {
        account: [OWNER],
        source: ['aws.s3'],
        'detail-type': ['Object Created'],
        detail: {
          bucket: { name: ['ireland-logs'] },
          object: { key: [{ wildcard: 'AWSLogs/*vpcflowlogs/*' }] },
        },
      },
      expect.objectContaining({
        account: [{ Ref: 'AWS::AccountId' }],
        detail: {
          bucket: { name: ['tokyo-logs'] },
          object: { key: [{ wildcard: 'net/AWSLogs/*vpcflowlogs/*' }] },
        },
      }),
    ]);
  });

  test('are read in their Regions, and only if that account owns them', () => {
    const lambda = resourcesOf(template, 'AWS::Lambda::Function').find(([id]) => id.startsWith('DetectorIngest'))!;
    const { OTHER_BUCKETS } = (lambda[1].Properties.Environment as { Variables: Record<string, unknown> }).Variables;
    expect(JSON.parse(plain(OTHER_BUCKETS))).toEqual([
      ['ireland-logs', 'eu-west-1', OWNER],
      ['tokyo-logs', 'ap-northeast-1', '<AWS::AccountId>'],
    ]);
    expect(permissionsOf(template, 'Ingest').join()).toContain(':s3:::ireland-logs/AWSLogs/*vpcflowlogs/*');
    expect(JSON.stringify(template.toJSON())).toContain('"s3.eu-west-1."');
  });

  test('may not have a name that is known only at deployment', () => {
    const stack = new Stack(newApp(), 'later');
    const bucket = new Bucket(stack, 'Logs').bucketName;
    expect(
      () => new ScanDetector(stack, 'Scans', { settings: { otherBuckets: [{ bucket, region: 'eu-west-1' }] } }),
    ).toThrow('otherBuckets.0.bucket: must be known at synthesis');
  });
});

describe('a key of the stack', () => {
  const template = synthesize({ kmsKey: 'new' });

  test('encrypts bucket, tables and alerts, and admits log delivery', () => {
    template.hasResourceProperties('AWS::KMS::Key', {
      EnableKeyRotation: true,
      KeyPolicy: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Principal: { Service: 'delivery.logs.amazonaws.com' },
            Condition: { StringEquals: Match.anyValue(), ArnLike: Match.anyValue() },
          }),
        ]),
      },
    });
    const [, bucket] = resourcesOf(template, 'AWS::S3::Bucket')[0]!;
    const tables = resourcesOf(template, 'AWS::DynamoDB::GlobalTable').map(([, table]) => table.Properties);
    for (const part of [bucket.Properties.BucketEncryption, ...tables.map(({ Replicas }) => Replicas)]) {
      expect(JSON.stringify(part)).toMatch(/"KMSMasterKeyI[Dd]":\{"Fn::GetAtt":\["DetectorKey/);
    }
    template.hasResourceProperties('AWS::SNS::Topic', { KmsMasterKeyId: { 'Fn::GetAtt': Match.anyValue() } });
  });

  test('is used by each function for what it touches, without wildcard', () => {
    const uses = (name: string) => permissionsOf(template, name).filter((line) => line.startsWith('kms:'));
    const tables =
      'kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey kms:ReEncryptFrom kms:ReEncryptTo on <Key>';
    expect(uses('Ingest')).toEqual(['kms:Decrypt on <Key>', tables]);
    expect(uses('Alert')).toEqual(['kms:Decrypt kms:GenerateDataKey on <Key>', tables]);
    expect(uses('Settle')).toEqual(['kms:Decrypt kms:GenerateDataKey on <Key>', tables]);
  });
});
