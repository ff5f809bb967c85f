/** `sweepwatch setup policy`: what the owner of a bucket in another account must add. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SettingsInput } from '../../lib/config/schema.ts';
import { type MessagingServer, startMessagingServer } from '../../local/servers/s3-sqs-sns.ts';
import { plain, synthesize } from '../infra/synthesize.ts';
import { runHere } from './run-cli.ts';

const before = { ...process.env };
const [ACCOUNT, OWNER, REGION] = ['111122223333', '555566667777', 'eu-central-1'];
const KEY = `arn:aws:kms:${REGION}:${OWNER}:key/0a1b2c3d-4e5f-6789-abcd-ef0123456789`;
const settings: SettingsInput = {
  bucket: { existing: { bucket: 'org-logs', account: OWNER, flowLogsUnder: 'AWSLogs/', kmsKeyArn: KEY } },
};
let folder: string;
let server: MessagingServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sweepwatch-setup-'));
  server = await startMessagingServer({ region: REGION, accountId: ACCOUNT, mailbox: folder, emit: () => undefined });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: server.url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
  });
});
afterAll(async () => {
  process.env = { ...before };
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const policy = (...args: string[]) => runHere(['setup', 'policy', ...args]);
const fromFile = (given: SettingsInput, ...args: string[]) => {
  const file = join(folder, 'settings.json');
  writeFileSync(file, JSON.stringify(given));
  return policy('--config', file, '--account', ACCOUNT, '--region', REGION, ...args);
};

describe('before a deployment', () => {
  test('prints the statements, the role and the rule, each under what it is for', async () => {
    const { code, stdout } = await fromFile(settings);
    expect(code).toBe(0);
    expect(stdout).toContain(`For account ${OWNER}, which owns bucket org-logs, in Region ${REGION}:`);
    for (const step of [
      'policy of bucket org-logs',
      `policy of key ${KEY}`,
      'Enable EventBridge',
      'Create the role',
      'Create the EventBridge rule',
      'Bucket owner enforced',
    ])
      expect(stdout).toContain(step);
  });

  test('prints one JSON document', async () => {
    const { bucketPolicy, keyPolicy, rule, notification } = JSON.parse((await fromFile(settings, '--json')).stdout);
    const role = `arn:aws:iam::${ACCOUNT}:role/sweepwatch-ingest-${REGION}`;
    const Condition = { ArnLike: { 'aws:PrincipalArn': [role] } };
    expect(bucketPolicy).toEqual([
      expect.objectContaining({
        Action: 's3:GetObject',
        Resource: 'arn:aws:s3:::org-logs/AWSLogs/*vpcflowlogs/*',
        Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
        Condition,
      }),
      expect.objectContaining({
        Action: 's3:ListBucket',
        Resource: 'arn:aws:s3:::org-logs',
        Condition: { ...Condition, StringLikeIfExists: { 's3:prefix': 'AWSLogs/*' } },
      }),
    ]);
    expect(JSON.stringify(bucketPolicy)).not.toContain('SweepwatchListsFlowLogs');
    expect(keyPolicy).toMatchObject({
      keyArn: KEY,
      statements: [
        { Action: 'kms:Decrypt', Condition: { StringEquals: { 'kms:ViaService': `s3.${REGION}.amazonaws.com` } } },
      ],
    });
    expect(rule.target).toEqual({
      Id: 'sweepwatch',
      Arn: `arn:aws:sqs:${REGION}:${ACCOUNT}:sweepwatch-ingest`,
      RoleArn: `arn:aws:iam::${OWNER}:role/sweepwatch-events-${REGION}`,
    });
    expect(notification).toBeUndefined();
  });

  test('prints the notification where the settings ask for one', async () => {
    const existing = { bucket: 'org-logs', account: OWNER, events: 'notification', prefix: 'net/' } as const;
    const found = await fromFile({ bucket: { existing } }, '--json');
    const { keyPolicy, rule, notification } = JSON.parse(found.stdout);
    expect([keyPolicy, rule]).toEqual([undefined, undefined]);
    expect(notification).toEqual({
      Id: 'sweepwatch',
      QueueArn: `arn:aws:sqs:${REGION}:${ACCOUNT}:sweepwatch-ingest`,
      Events: ['s3:ObjectCreated:*'],
      Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'net/' }] } },
    });
    expect((await fromFile({ bucket: { existing } })).stdout).toContain('QueueConfigurations');
  });

  test('admits people who are named', async () => {
    const soc = `arn:aws:iam::${ACCOUNT}:role/soc`;
    const { bucketPolicy } = JSON.parse((await fromFile(settings, '--json', '--also', soc)).stdout);
    const [reads, tells, lists] = bucketPolicy;
    expect(reads.Condition.ArnLike['aws:PrincipalArn']).toContain(soc);
    expect(tells.Condition.ArnLike['aws:PrincipalArn']).not.toContain(soc);
    // With IfExists they could list the whole bucket, by leaving out the prefix.
    expect(lists).toMatchObject({
      Action: 's3:ListBucket',
      Condition: { ArnLike: { 'aws:PrincipalArn': [soc] }, StringLike: { 's3:prefix': 'AWSLogs/*' } },
    });
  });

  test.each([
    `arn:aws:iam::${ACCOUNT}:user/ann`,
    `arn:aws:iam::${ACCOUNT}:role/teams/soc`,
    `arn:aws:iam::${ACCOUNT}:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_Soc_*`,
  ])('admits %s', async (arn) => {
    const { code, stdout } = await fromFile(settings, '--also', arn);
    expect([code, stdout]).toEqual([0, expect.stringContaining(arn)]);
  });

  test('leaves out a key of the account of the stack, which its own policies admit', async () => {
    const kmsKeyArn = KEY.replace(OWNER, ACCOUNT);
    const { existing } = settings.bucket!;
    const found = await fromFile({ bucket: { existing: { ...existing!, kmsKeyArn } } }, '--json');
    expect(JSON.parse(found.stdout).keyPolicy).toBeUndefined();
  });

  test.each([
    ['cn-north-1', 'arn:aws-cn:s3:::org-logs', 's3.cn-north-1.amazonaws.com.cn'],
    ['us-gov-west-1', 'arn:aws-us-gov:s3:::org-logs', 's3.us-gov-west-1.amazonaws.com'],
  ])('writes the ARNs of %s', async (region, bucket, service) => {
    const { stdout } = await fromFile(settings, '--json', '--region', region);
    expect(stdout).toContain(bucket);
    expect(stdout).toContain(service);
  });

  test.each<[what: string, args: string[], message: string]>([
    ['no account', ['--account', ''], '--account must be the account of the deployment, 12 digits, got ""'],
    ['the account of the owner', ['--account', OWNER], 'the bucket belongs to the account of the deployment'],
    ['a name instead of an ARN', ['--also', 'soc'], '--also must be the ARN of a role'],
    [
      'a role of another account',
      ['--also', `arn:aws:iam::${OWNER}:role/soc`],
      `--also must be the ARN of a role or user of account ${ACCOUNT}, the account of the deployment`,
    ],
    ['a role of another partition', ['--also', `arn:aws-cn:iam::${ACCOUNT}:role/soc`], 'such as arn:aws:iam::'],
    ['an account', ['--also', `arn:aws:iam::${ACCOUNT}:root`], '--also must be the ARN of a role or user'],
    ['a role without a name', ['--also', `arn:aws:iam::${ACCOUNT}:role/`], '--also must be the ARN of a role or user'],
    [
      'a session',
      ['--also', `arn:aws:sts::${ACCOUNT}:assumed-role/soc/ann`],
      `That is a session. The ARN of its role is arn:aws:iam::${ACCOUNT}:role/soc, or has a path`,
    ],
    [
      'a session of IAM Identity Center',
      ['--also', `arn:aws:sts::${ACCOUNT}:assumed-role/AWSReservedSSO_Soc_0a1b/ann`],
      `its role is arn:aws:iam::${ACCOUNT}:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_Soc_0a1b`,
    ],
    [
      'a session of another account',
      ['--also', `arn:aws:sts::${OWNER}:assumed-role/soc/ann`],
      `of account ${ACCOUNT}, the account of the deployment`,
    ],
  ])('refuses %s', async (_, args, message) => {
    const { code, stderr } = await fromFile(settings, ...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  test('says that nobody must add anything for a bucket of the same account', async () => {
    const { code, stderr } = await fromFile({ bucket: { existing: { bucket: 'logs' } } });
    expect([code, stderr]).toEqual([2, expect.stringContaining('nobody else must add anything')]);
  });

  test('names every problem of the settings', async () => {
    const { code, stderr } = await fromFile({ sensitivity: 'huge' as never });
    expect([code, stderr]).toEqual([2, expect.stringContaining('sensitivity: must be')]);
  });
});

describe('for further buckets', () => {
  const far = {
    bucket: 'ireland-logs',
    region: 'eu-west-1',
    account: OWNER,
    kmsKeyArn: KEY.replace(REGION, 'eu-west-1'),
  };
  const own = { bucket: 'tokyo-logs', region: 'ap-northeast-1' };
  const otherBuckets = [far, own];
  const chosen = (bucket: string) => fromFile({ ...settings, otherBuckets }, '--bucket', bucket, '--json');

  test('prints a part for each bucket, that of the setting bucket first', async () => {
    const { code, stdout } = await fromFile({ ...settings, otherBuckets });
    expect(code).toBe(0);
    expect(stdout.match(/^For account .*/gm)).toEqual([
      `For account ${OWNER}, which owns bucket org-logs, in Region ${REGION}:`,
      `For account ${OWNER}, which owns bucket ireland-logs, in Region eu-west-1:`,
      `For account ${ACCOUNT}, which owns bucket tokyo-logs, in Region ap-northeast-1:`,
    ]);
    expect(stdout).toContain('on the default event bus in eu-west-1');
  });

  test('prints a rule that sends to the bus of the deployment, with a role that may do nothing else', async () => {
    const { keyPolicy, rule, notification } = JSON.parse((await chosen('ireland-logs')).stdout);
    const bus = `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/sweepwatch-flow-logs`;
    expect(rule.target.Arn).toBe(bus);
    expect(rule.role.permissions).toEqual([expect.objectContaining({ Action: 'events:PutEvents', Resource: bus })]);
    expect(rule.role.trust[0].Condition.ArnEquals['aws:SourceArn']).toBe(
      `arn:aws:events:eu-west-1:${OWNER}:rule/${rule.name}`,
    );
    expect([rule.name, rule.role.name].map((name) => name.length <= 64)).toEqual([true, true]);
    expect(keyPolicy.statements[0].Condition.StringEquals).toEqual({
      'kms:ViaService': 's3.eu-west-1.amazonaws.com',
    });
    expect(notification).toBeUndefined();
  });

  test('prints only the rule for a bucket of the account of the stack', async () => {
    const { bucketPolicy, keyPolicy, rule } = JSON.parse((await chosen('tokyo-logs')).stdout);
    expect([bucketPolicy, keyPolicy]).toEqual([[], undefined]);
    expect(rule.pattern.detail.bucket.name).toEqual(['tokyo-logs']);
    const { stdout } = await fromFile({ otherBuckets: [own] });
    expect(stdout).toContain('1. Enable EventBridge');
  });

  test.each([
    [['--json'], '--json prints one document: choose one of org-logs, ireland-logs, tokyo-logs with --bucket'],
    [['--bucket', 'others'], '--bucket must be one of org-logs, ireland-logs, tokyo-logs, got "others"'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await fromFile({ ...settings, otherBuckets }, ...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe('of a deployment', () => {
  const names = { '<AWS::Partition>': 'aws', '<AWS::AccountId>': ACCOUNT, '<AWS::Region>': REGION };
  const deployed = (given: SettingsInput) => {
    const found = Object.entries(synthesize(given).findOutputs('*')).filter(([id]) =>
      /ForeignBucket|OtherBucket/.test(id),
    );
    const resolved = (text: string) =>
      Object.entries(names).reduce((all, [name, each]) => all.replaceAll(name, each), text);
    const outputs = Object.fromEntries(found.map(([id, { Value }]) => [id, resolved(plain(Value))]));
    server.stacks.set('sweepwatch', { status: 'CREATE_COMPLETE', outputs: { LogBucket: 'org-logs', ...outputs } });
  };

  const further = { ...settings, otherBuckets: [{ bucket: 'ireland-logs', region: 'eu-west-1', account: OWNER }] };
  test.each([
    ['for the bucket', settings],
    ['with further buckets', further],
  ])('prints the same as before it, %s', async (_, given) => {
    deployed(given);
    const { code, stdout } = await policy('--stack', 'sweepwatch', '--region', REGION);
    expect([code, stdout]).toEqual([0, (await fromFile(given)).stdout]);
  });

  test('says that nobody must add anything if the bucket is its own', async () => {
    deployed({});
    const { code, stderr } = await policy('--stack', 'sweepwatch', '--region', REGION);
    expect([code, stderr]).toEqual([2, expect.stringContaining('nobody else must add anything')]);
  });
});
