/** A first deployment that AWS refuses leaves nothing, and the next one succeeds: for each way to get at the log files. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { ListSubscriptionsCommand, ListTopicsCommand } from '@aws-sdk/client-sns';
import { ListQueuesCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { ScanDetector } from '../../infra/index.ts';
import type { SettingsInput } from '../../lib/config/schema.ts';
import { type LocalAccount, openAccount } from '../../local/account.ts';
import { startLocalCloud } from '../../local/cloud.ts';
import type { LocalCloudEvent } from '../../local/events.ts';
import { BROKEN_RULES, namesPart, type Resources } from '../local/fixture/broken-rules.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'sweepwatch-failed-'));
const assembly = path.join(folder, 'cdk.out');
const common: SettingsInput = { vpcs: [{ vpcId: 'vpc-0123456789abcdef0' }], emails: ['analyst@example.com'] };
const TEMPLATES: Readonly<Record<string, SettingsInput>> = {
  'new-bucket': { ...common, kmsKey: 'new' },
  eventbridge: { ...common, bucket: { existing: { bucket: 'their-logs' } } },
  notification: { ...common, bucket: { existing: { bucket: 'their-logs', events: 'notification' } } },
  ecs: { ...common, flowLogs: { ecs: true } },
  protected: { ...common, deletionProtection: true },
};

beforeAll(() => {
  const app = new App({ outdir: assembly, analyticsReporting: false });
  for (const [name, settings] of Object.entries(TEMPLATES))
    new ScanDetector(new Stack(app, name), 'Detector', { settings: { ...settings, deploymentName: name } });
  app.synth();
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Deploys a template, changed, and stops what runs. */
async function deploy(account: LocalAccount, stack: string, change: (resources: Resources) => void = () => {}) {
  const template = JSON.parse(readFileSync(path.join(assembly, `${stack}.template.json`), 'utf8'));
  change(template.Resources);
  const created: string[] = [];
  const onEvent = (event: LocalCloudEvent) => {
    if (event.type === 'resource created') created.push(event.resourceType);
  };
  const mailbox = path.join(folder, 'mail');
  const failure: unknown = await startLocalCloud({ assembly, stack, mailbox, template, account, onEvent }).then(
    (cloud) => cloud.stop(),
    (error: unknown) => error,
  );
  return { failure, created };
}

/** What an account holds, by service. */
async function contentsOf({ clients }: LocalAccount) {
  return {
    tables: (await clients.dynamodb.send(new ListTablesCommand())).TableNames ?? [],
    buckets: ((await clients.s3.send(new ListBucketsCommand())).Buckets ?? []).map(({ Name }) => Name),
    queues: (await clients.sqs.send(new ListQueuesCommand())).QueueUrls ?? [],
    topics: (await clients.sns.send(new ListTopicsCommand())).Topics ?? [],
    subscriptions: (await clients.sns.send(new ListSubscriptionsCommand())).Subscriptions ?? [],
  };
}

const NOTHING = { tables: [], buckets: [], queues: [], topics: [], subscriptions: [] };

describe.each(['new-bucket', 'eventbridge', 'notification'])('the template of %s', (stack) => {
  let account: LocalAccount;
  beforeAll(async () => {
    account = await openAccount({ mailbox: path.join(folder, 'mail') });
  });
  afterAll(() => account.close());

  test.each(BROKEN_RULES)('with $rule fails before there is a table, and leaves nothing', async (broken) => {
    const { failure, created } = await deploy(account, stack, broken.breakIt);
    expect(String(failure)).toMatch(namesPart(broken.type, broken.message));
    expect(failure).toMatchObject({ status: 'ROLLBACK_COMPLETE', left: [] });
    expect(created).not.toContain('AWS::DynamoDB::GlobalTable');
    // The existing bucket is the user's and stays.
    expect(await contentsOf(account)).toEqual(
      stack === 'notification' ? { ...NOTHING, buckets: expect.anything() } : NOTHING,
    );
  });

  test('deploys after all these failures', async () => {
    expect((await deploy(account, stack)).failure).toBeUndefined();
    expect(await contentsOf(account)).toMatchObject({ tables: { length: 2 }, topics: { length: 2 } });
  });
});

/** Breaks the part that is created last. */
function breakAlarm(resources: Resources): void {
  const tables = Object.keys(resources).filter((id) => resources[id]!.Type === 'AWS::DynamoDB::GlobalTable');
  resources.Late = {
    Type: 'AWS::EC2::FlowLog',
    Properties: { MaxAggregationInterval: 1 },
    DependsOn: tables,
  };
}

describe('a failure after the tables exist', () => {
  test('deletes bucket and tables, although both outlive a stack that stood', async () => {
    const account = await openAccount({ mailbox: path.join(folder, 'mail') });
    try {
      const { failure, created } = await deploy(account, 'new-bucket', breakAlarm);
      expect(created.filter((type) => type === 'AWS::DynamoDB::GlobalTable')).toHaveLength(2);
      expect(failure).toMatchObject({ status: 'ROLLBACK_COMPLETE', left: [] });
      expect(await contentsOf(account)).toEqual(NOTHING);
    } finally {
      await account.close();
    }
  });

  test('leaves tables that deletion protection was set for too early', async () => {
    const account = await openAccount({ mailbox: path.join(folder, 'mail') });
    try {
      const { failure } = await deploy(account, 'protected', breakAlarm);
      expect(failure).toMatchObject({
        status: 'ROLLBACK_FAILED',
        left: [{ type: 'AWS::DynamoDB::GlobalTable' }, { type: 'AWS::DynamoDB::GlobalTable' }],
      });
    } finally {
      await account.close();
    }
  });
});

test('ECS columns deploy once the account has an ECS cluster, and not before', async () => {
  const before = await openAccount({ mailbox: path.join(folder, 'mail') });
  const after = await openAccount({ mailbox: path.join(folder, 'mail'), hasEcsCluster: true });
  try {
    expect(String((await deploy(before, 'ecs')).failure)).toMatch(
      /DetectorFlowLog\w+ \(AWS::EC2::FlowLog\): the log format contains ecs-cluster-name, but no ECS cluster exists/,
    );
    expect((await deploy(after, 'ecs')).failure).toBeUndefined();
  } finally {
    await Promise.all([before.close(), after.close()]);
  }
});
