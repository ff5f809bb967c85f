/** Constructs, tokens and second detectors: the construct within an app of somebody else. */
import { describe, expect, test } from '@jest/globals';
import { type App, CfnParameter, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { ScanDetector, type ScanDetectorProps } from '../../infra/index.ts';
import { addNagChecks } from '../../infra/nag-checks.ts';
import { newApp, permissionsOf, plain, resourcesOf, type Statement } from './synthesize.ts';

/** A stack of somebody's app with one detector, whose props may use constructs of the stack. */
function inStack(props: (stack: Stack) => ScanDetectorProps): Template {
  const stack = new Stack(newApp(), 'Network');
  new ScanDetector(stack, 'Detector', props(stack));
  return Template.fromStack(stack);
}

const messageOf = (make: () => unknown): string => {
  try {
    make();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
};

describe('a bucket of the app', () => {
  const rule = { detail: { object: { key: [{ prefix: 'network/' }] } } };

  test('is read below the prefix, decrypted with its key, announced by a rule, and no other bucket is created', () => {
    const template = inStack((stack) => ({
      bucket: new Bucket(stack, 'Logs', { encryption: BucketEncryption.KMS, eventBridgeEnabled: true }),
      bucketOptions: { prefix: 'network/' },
    }));
    template.resourceCountIs('AWS::S3::Bucket', 1);
    template.hasResourceProperties('AWS::Events::Rule', { EventPattern: Match.objectLike(rule) });
    const [id] = resourcesOf(template, 'AWS::S3::Bucket')[0]!;
    const { EventPattern } = resourcesOf(template, 'AWS::Events::Rule').find(([, { Properties }]) =>
      Object.hasOwn(Properties, 'EventPattern'),
    )![1].Properties as { EventPattern: { detail: { bucket: { name: unknown[] } } } };
    expect(EventPattern.detail.bucket.name).toEqual([{ Ref: id }]);
    const permissions = permissionsOf(template, 'Ingest');
    expect(permissions).toContain('s3:GetObject on <Logs>/network/*');
    expect(permissions).toContain('kms:Decrypt on <LogsKey>');
  });

  test('announces its files to the queue itself where notifications are asked for', () => {
    const template = inStack((stack) => ({
      bucket: new Bucket(stack, 'Logs'),
      bucketOptions: { events: 'notification' },
    }));
    template.hasResourceProperties('Custom::S3BucketNotifications', {
      NotificationConfiguration: { QueueConfigurations: [Match.objectLike({ Events: ['s3:ObjectCreated:*'] })] },
    });
    // Its names are references, so that CloudFormation finds an order to create it in.
    expect(() => template.toJSON()).not.toThrow();
  });

  test('of another stack of the app works', () => {
    const app = newApp();
    const bucket = new Bucket(new Stack(app, 'Storage'), 'Logs');
    const stack = new Stack(app, 'Network');
    new ScanDetector(stack, 'Detector', { bucket });
    expect(() => app.synth()).not.toThrow();
  });
});

describe('a key of the app', () => {
  test('encrypts bucket, tables and topic, and admits log delivery and nobody else', () => {
    const template = inStack((stack) => ({ key: new Key(stack, 'Own') }));
    template.resourceCountIs('AWS::KMS::Key', 1);
    const [id, key] = resourcesOf(template, 'AWS::KMS::Key')[0]!;
    const { Statement } = (key.Properties as { KeyPolicy: { Statement: (Statement & { Principal: object })[] } })
      .KeyPolicy;
    expect(Statement.map(({ Sid, Principal }) => [Sid, Object.keys(Principal)])).toEqual([
      [undefined, ['AWS']],
      ['LogDeliveryEncrypts', ['Service']],
    ]);
    const arn = { 'Fn::GetAtt': [id, 'Arn'] };
    template.allResourcesProperties('AWS::DynamoDB::GlobalTable', {
      Replicas: [Match.objectLike({ SSESpecification: { KMSMasterKeyId: arn } })],
    });
    template.hasResourceProperties('AWS::SNS::Topic', { KmsMasterKeyId: arn });
    template.hasResourceProperties('AWS::S3::Bucket', { BucketEncryption: Match.anyValue() });
    for (const name of ['Ingest', 'Alert', 'Settle'])
      expect(permissionsOf(template, name).some((line) => /kms:Decrypt.* on <Own>/.test(line))).toBe(true);
  });
});

describe('a topic of the app', () => {
  test('is published on, with its key, and its policy is left alone', () => {
    const template = inStack((stack) => ({
      alertTopic: new Topic(stack, 'Security', { masterKey: new Key(stack, 'TopicKey') }),
      settings: { emails: ['soc@example.com'] },
    }));
    expect(resourcesOf(template, 'AWS::SNS::Topic').map(([id]) => id.replace(/.{8}$/, ''))).toEqual([
      'Security',
      'DetectorOperationsTopic',
    ]);
    const policies = resourcesOf(template, 'AWS::SNS::TopicPolicy').map(([, { Properties }]) =>
      plain(Properties.Topics),
    );
    expect(policies).toEqual(['<OperationsTopic>']);
    for (const name of ['Alert', 'Settle']) {
      const permissions = permissionsOf(template, name);
      expect(permissions).toContain('sns:Publish on <Security>');
      expect(permissions).toContain('kms:Decrypt kms:GenerateDataKey on <TopicKey>');
    }
    const [, subscription] = resourcesOf(template, 'AWS::SNS::Subscription')[0]!;
    expect(plain(subscription.Properties.TopicArn)).toBe('<Security>');
  });

  test('needs no e-mail address in the settings', () => {
    const stack = new Stack(newApp(), 'Network');
    new ScanDetector(stack, 'Detector', {
      alertTopic: Topic.fromTopicArn(stack, 'Security', 'arn:aws:sns:eu-central-1:123456789012:security'),
    });
    Annotations.fromStack(stack).hasNoWarning('*', Match.stringLikeRegexp('^emails is empty'));
  });
});

describe('contradictions between props and settings are named, both sides', () => {
  const existing = { bucket: 'my-log-bucket' };
  test.each<[string, (stack: Stack) => ScanDetectorProps, string]>([
    [
      'two buckets',
      (stack) => ({ bucket: new Bucket(stack, 'B'), settings: { bucket: { existing } } }),
      'bucket: must not be given together with settings.bucket.existing: leave one of the two out',
    ],
    [
      'a bucket and the name of a new one',
      (stack) => ({ bucket: new Bucket(stack, 'B'), settings: { bucket: { new: { name: 'my-new-bucket' } } } }),
      'bucket: must not be given together with settings.bucket.new: leave one of the two out',
    ],
    [
      'options of a bucket without one',
      () => ({ bucketOptions: { prefix: 'x/' } }),
      'bucketOptions: must be given together with bucket. For a named bucket use settings.bucket.existing',
    ],
    [
      'two keys',
      (stack) => ({ key: new Key(stack, 'K'), settings: { kmsKey: 'new' } }),
      'key: must not be given together with settings.kmsKey (new): leave one of the two out',
    ],
    [
      'a FIFO topic',
      (stack) => ({ alertTopic: new Topic(stack, 'T', { fifo: true }) }),
      'alertTopic: must be a standard topic, got a FIFO topic, which does not deliver e-mail',
    ],
  ])('%s', (_, props, message) => {
    expect(messageOf(() => inStack(props))).toBe(`Network/Detector: ${message}`);
  });
});

describe('a token', () => {
  test('stands for any name, ARN or id of the settings', () => {
    const stack = new Stack(newApp(), 'Network');
    const logs = new Bucket(stack, 'Logs', { encryption: BucketEncryption.KMS });
    const account = new CfnParameter(stack, 'OtherAccount').valueAsString;
    const name = new CfnParameter(stack, 'BucketName').valueAsString;
    const vpc = new Vpc(stack, 'Vpc');
    new ScanDetector(stack, 'Reads', {
      settings: {
        bucket: { existing: { bucket: logs.bucketName, kmsKeyArn: logs.encryptionKey!.keyArn } },
        vpcs: [{ vpcId: vpc.vpcId }],
        routingDomains: { core: [vpc.vpcId] },
      },
    });
    new ScanDetector(stack, 'Makes', {
      settings: {
        bucket: { new: { name } },
        kmsKey: new Key(stack, 'Key').keyArn,
        logAccounts: [account],
      },
    });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::S3::Bucket', { BucketName: { Ref: 'BucketName' } });
    template.hasResourceProperties('AWS::EC2::FlowLog', { ResourceId: stack.resolve(vpc.vpcId) });
    const [, { Properties }] = resourcesOf(template, 'AWS::Lambda::Function').find(([id]) => id.startsWith('Reads'))!;
    const { SETTINGS } = (Properties.Environment as { Variables: Record<string, unknown> }).Variables;
    expect(plain(SETTINGS)).toMatch(/"routingDomains":\{"core":\["<Vpc>"\]\}/);
  });

  test('of an ARN is refused where a name is read from it', () => {
    const props = (stack: Stack) => ({
      settings: { bucket: { existing: { bucket: new Bucket(stack, 'Logs').bucketArn } } },
    });
    expect(messageOf(() => inStack(props))).toContain(
      'bucket.existing.bucket: must be a name if it is a token, got an ARN: use bucketName, or the prop bucket',
    );
  });
});

describe('two detectors', () => {
  const bucketsOf = (stack: Stack) =>
    resourcesOf(Template.fromStack(stack), 'AWS::S3::Bucket').map(([, { Properties }]) => plain(Properties.BucketName));
  const servicesOf = (stack: Stack) =>
    resourcesOf(Template.fromStack(stack), 'AWS::Lambda::Function').map(
      ([, { Properties }]) =>
        (Properties.Environment as { Variables: Record<string, string> }).Variables.POWERTOOLS_SERVICE_NAME,
    );

  test('of one stack share no name, no metric and no output', () => {
    const stack = new Stack(newApp(), 'Network');
    const topic = new Topic(stack, 'Security');
    for (const id of ['First', 'Second'])
      new ScanDetector(stack, id, { alertTopic: topic, settings: { emails: ['soc@example.com'] } }).addOutputs();
    new ScanDetector(new Construct(stack, 'Deep-er'), 'Third').addOutputs();
    expect(new Set(bucketsOf(stack)).size).toBe(3);
    expect(new Set(servicesOf(stack)).size).toBe(3);
    const outputs = Object.keys(Template.fromStack(stack).toJSON().Outputs);
    expect(outputs.filter((name) => name.endsWith('FindingsTable'))).toEqual([
      'FindingsTable',
      'SecondFindingsTable',
      'DeeperThirdFindingsTable',
    ]);
    expect(outputs).toHaveLength(69);
  });

  test('of two stacks share no name and no metric, though their ids are the same', () => {
    const app = newApp();
    const stacks = ['sweepwatch', 'Other', 'Another'].map((name) => new Stack(app, name));
    for (const stack of stacks) new ScanDetector(stack, 'Detector').addOutputs();
    expect(new Set(stacks.flatMap(bucketsOf)).size).toBe(3);
    expect(new Set(stacks.flatMap(servicesOf)).size).toBe(3);
    // The names of the app of this repository stay as they are.
    expect(new Set(servicesOf(stacks[0]!))).toEqual(new Set(['sweepwatch']));
  });

  test('of one name are refused in one account and Region, allowed in two, a warning where both are unknown', () => {
    const settings = { deploymentName: 'scans' };
    const detectorIn = (app: App, id: string, region?: string) => {
      const stack = new Stack(app, id, region === undefined ? {} : { env: { account: '123456789012', region } });
      new ScanDetector(stack, 'Detector', { settings });
      return stack;
    };
    const app = newApp();
    detectorIn(app, 'A', 'eu-central-1');
    detectorIn(app, 'B', 'eu-west-1');
    const problem = 'must differ from that of A/Detector in the same account and Region, got "scans"';
    expect(messageOf(() => detectorIn(app, 'C', 'eu-central-1'))).toBe(`C/Detector: deploymentName: ${problem}`);
    const unknown = newApp();
    detectorIn(unknown, 'A');
    Annotations.fromStack(detectorIn(unknown, 'B')).hasWarning('*', Match.stringLikeRegexp(problem));
    const stack = detectorIn(newApp(), 'A');
    expect(messageOf(() => new ScanDetector(stack, 'Again', { settings }))).toContain(problem);
  });

  test('take a prefix of outputs that is letters and digits', () => {
    const stack = new Stack(newApp(), 'Network');
    const detector = new ScanDetector(stack, 'Detector');
    expect(messageOf(() => detector.addOutputs('Net-'))).toContain('must be letters and digits, got "Net-"');
    detector.addOutputs('Net');
    expect(Object.keys(Template.fromStack(stack).toJSON().Outputs)).toContain('NetFindingsTable');
  });
});

test('cdk-nag has nothing to say about a detector with a bucket, a key and a topic of the app', () => {
  const app = newApp();
  const stack = new Stack(app, 'Network');
  const key = new Key(stack, 'Key', { enableKeyRotation: true });
  const foreign = new Construct(stack, 'Foreign');
  const bucket = Bucket.fromBucketAttributes(foreign, 'Logs', {
    bucketArn: 'arn:aws:s3:::my-log-bucket',
    encryptionKey: key,
  });
  const alertTopic = Topic.fromTopicArn(foreign, 'Topic', 'arn:aws:sns:eu-central-1:123456789012:security');
  const settings = { emails: ['soc@example.com'], opsEmails: ['ops@example.com'] };
  new ScanDetector(stack, 'Scans', { bucket, key, alertTopic, bucketOptions: { prefix: 'network/' }, settings });
  new ScanDetector(stack, 'More', { key, settings });
  addNagChecks(app);
  expect(() => app.synth()).not.toThrow();
});
