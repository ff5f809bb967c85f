/** The bucket of a template, new or existing, its flow logs and its key. */
import { describe, expect, test } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
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

describe('a bucket of our own', () => {
  test('needs no custom resource and no function besides the three', () => {
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

  test('admits log delivery for the stack and the accounts of the settings, Hive folders only where asked', () => {
    const written = (settings: SettingsInput) => {
      const [, policy] = resourcesOf(synthesize(settings), 'AWS::S3::BucketPolicy')[0]!;
      const { Statement } = policy.Properties.PolicyDocument as { Statement: Statement[] };
      const statement = Statement.find(({ Sid }) => Sid === 'LogDeliveryWrites')!;
      expect(statement).toMatchObject({
        Action: 's3:PutObject',
        Principal: { Service: 'delivery.logs.amazonaws.com' },
        Condition: {
          StringEquals: { 's3:x-amz-acl': 'bucket-owner-full-control', 'aws:SourceAccount': expect.anything() },
          ArnLike: { 'aws:SourceArn': expect.anything() },
        },
      });
      return plain(statement.Resource).replaceAll('<LogBucket>/AWSLogs/', '');
    };
    expect(written({})).toBe('<AWS::AccountId>/*');
    expect(written({ logAccounts: ['111122223333'] })).toBe('<AWS::AccountId>/* 111122223333/*');
    expect(written({ flowLogs: { hiveCompatiblePartitions: true } })).toBe(
      '<AWS::AccountId>/* aws-account-id=<AWS::AccountId>/*',
    );
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
      const reader = new RowReader({
        addresses: null,
        interfaces: null,
        layout() {},
        record() {},
        status() {},
      } as never);
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
  test('is read through a rule of ours, below its prefix, and nothing of it is changed', () => {
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

  test('is read through its notifications where the settings ask for them, with its key', () => {
    const kmsKeyArn = 'arn:aws:kms:eu-west-1:111122223333:key/theirs';
    const template = synthesize({
      bucket: { existing: { bucket: 'arn:aws:s3:::their-logs', events: 'notification', kmsKeyArn } },
    });
    template.hasResourceProperties('Custom::S3BucketNotifications', { BucketName: 'their-logs', Managed: false });
    expect(permissionsOf(template, 'Ingest')).toContain(`kms:Decrypt on ${kmsKeyArn}`);
  });
});

describe('a key of our own', () => {
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
