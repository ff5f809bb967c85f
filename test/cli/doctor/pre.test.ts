/** `sweepwatch doctor --pre`: settings, account and Region before a deployment, each fault named. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, PutBucketNotificationConfigurationCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { PRE_CHECKS } from '../../../cli/doctor/checks-pre.ts';
import type { SettingsInput } from '../../../lib/config/settings-types.ts';
import { createEventBus } from '../../../local/servers/event-bus.ts';
import { type MessagingServer, startMessagingServer } from '../../../local/servers/s3-sqs-sns.ts';
import { cliFault } from '../../aws-cli.ts';
import { rowsOf, sectionOf } from '../../infra/operations-document.ts';
import { prose, slugOf } from '../../markdown.ts';
import { expectValidOutput } from '../../output-schema.ts';
import { runHere } from '../run-cli.ts';

const before = { ...process.env };
const VPC = 'vpc-0123456789abcdef0';
let folder: string;
let server: MessagingServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sweepwatch-pre-'));
  server = await startMessagingServer({
    region: 'eu-central-1',
    accountId: '000000000000',
    mailbox: folder,
    emit: () => undefined,
  });
  const { s3, sqs } = server.clients;
  for (const Bucket of ['org-logs', 'other-logs'])
    await s3.send(
      new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' } }),
    );
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: 'org-logs',
      NotificationConfiguration: { EventBridgeConfiguration: {} },
    }),
  );
  await s3.send(
    new PutObjectCommand({
      Bucket: 'org-logs',
      Key: 'AWSLogs/1/vpcflowlogs/eu-central-1/2026/11/21/x.log.gz',
      Body: 'x',
    }),
  );
  await sqs.send(new CreateQueueCommand({ QueueName: 'theirs' }));
});
beforeEach(() => {
  Object.assign(server.described, { flowLogs: [], concurrency: 1000 });
  server.described.vpcs.clear();
  server.described.vpcs.set(VPC, {});
  server.described.logFilters.clear();
  for (const map of [server.described.denied, server.described.bucketRegions, server.stacks]) map.clear();
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: server.url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
  });
});
afterEach(() => {
  process.env = { ...before };
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function pre(settings: SettingsInput | string) {
  const file = join(folder, 'settings.json');
  writeFileSync(file, typeof settings === 'string' ? settings : JSON.stringify(settings));
  const run = await runHere(['doctor', '--pre', '--config', file, '--region', 'eu-central-1', '--json']);
  expect(run.stderr).toBe('');
  const printed = JSON.parse(run.stdout) as {
    checks: { id: string; status: string; text: string; because?: string; command?: string; see: string }[];
  };
  expectValidOutput('doctor', printed);
  const { checks } = printed;
  return { code: run.code, checks };
}

const READY = {
  deploymentName: 'scans',
  vpcs: [{ vpcId: VPC }],
  emails: ['a@example.com'],
  opsEmails: ['b@example.com'],
};
const EXISTING = { ...READY, vpcs: [], bucket: { existing: { bucket: 'org-logs', flowLogsUnder: 'AWSLogs/' } } };
const flowLog = (n: number) => ({
  ...{
    id: `fl-${n}`,
    resourceId: VPC,
    destinationType: 's3',
    destination: 'arn:aws:s3:::x',
    format: '',
    trafficType: 'ALL',
  },
  ...{ interval: 60, isHive: false, isHourly: false, delivery: 'SUCCESS' as const, error: '' },
});

test.each([
  ['a new bucket', READY],
  ['an existing bucket', EXISTING],
])('%s in a prepared account has no failure and no warning', async (_, settings) => {
  const { code, checks } = await pre(settings);
  expect(checks.filter(({ status }) => status === 'warn' || status === 'FAIL')).toEqual([]);
  expect(checks.map(({ id }) => id)).toEqual(PRE_CHECKS.map(({ id }) => id));
  expect(code).toBe(0);
});

type Fault = readonly [
  what: string,
  id: string,
  status: 'warn' | 'FAIL',
  says: RegExp,
  settings: SettingsInput | string,
  make?: () => unknown,
];
const filterTo = (name: string) => ({ name, destination: `arn:aws:lambda:eu-central-1:000000000000:function:${name}` });

const FAULTS: readonly Fault[] = [
  ['settings that are no JSON', 'settings.file', 'FAIL', /cannot be used/, '{'],
  ['a setting that is unknown', 'settings.file', 'FAIL', /cannot be used/, { ...READY, nonsense: 1 } as SettingsInput],
  [
    'a log group that feeds two collectors',
    'account.log-groups',
    'FAIL',
    /\/aws\/eks\/shop\/cluster already has 2 subscription filters: datadog, splunk/,
    { ...READY, signals: { kubernetes: [{ cluster: 'shop' }] } },
    () => server.described.logFilters.set('/aws/eks/shop/cluster', [filterTo('datadog'), filterTo('splunk')]),
  ],
  [
    'a log group that does not exist',
    'account.log-groups',
    'FAIL',
    /the log group \/hosts\/audit does not exist in eu-central-1/,
    { ...READY, signals: { hosts: [{ logGroup: '/hosts/audit' }] } },
  ],
  ['nobody for alerts', 'settings.subscribers', 'warn', /emails is empty/, { ...READY, emails: [] }],
  ['no log', 'settings.logs', 'warn', /vpcs is empty/, { ...READY, vpcs: [] }],
  [
    'a deployment that failed before',
    'account.stack',
    'FAIL',
    /stack scans is ROLLBACK_COMPLETE/,
    READY,
    () => server.stacks.set('scans', { status: 'ROLLBACK_COMPLETE', outputs: {} }),
  ],
  [
    'a VPC of another Region',
    'account.vpcs',
    'FAIL',
    /does not exist in eu-central-1/,
    READY,
    () => server.described.vpcs.clear(),
  ],
  [
    'VPCs with the same addresses',
    'account.scopes',
    'warn',
    /vpc-0123456789abcdef0 \(10\.0\.0\.0\/16\) and vpc-0fedcba9876543210 \(10\.0\.0\.0\/16\) overlap and share the scope/,
    { ...READY, vpcs: [{ vpcId: VPC }, { vpcId: 'vpc-0fedcba9876543210' }] },
    () => server.described.vpcs.set('vpc-0fedcba9876543210', {}),
  ],
  [
    'a VPC with a flow log',
    'account.flow-logs',
    'warn',
    /already has a flow log/,
    READY,
    () => server.described.flowLogs.push(flowLog(1)),
  ],
  [
    'a VPC with two',
    'account.flow-logs',
    'FAIL',
    /already has 2 flow logs/,
    READY,
    () => server.described.flowLogs.push(flowLog(1), flowLog(2)),
  ],
  [
    'a small quota',
    'account.concurrency',
    'warn',
    /Lambda allows 10 executions/,
    READY,
    () => {
      server.described.concurrency = 10;
    },
  ],
  [
    'a name that is taken',
    'bucket.name',
    'FAIL',
    /other-logs exists already/,
    { ...READY, bucket: { new: { name: 'other-logs' } } },
  ],
  [
    'a bucket that does not exist',
    'bucket.name',
    'FAIL',
    /no-logs does not exist/,
    { ...READY, bucket: { existing: { bucket: 'no-logs' } } },
  ],
  [
    'a bucket of another Region',
    'bucket.name',
    'FAIL',
    /is in us-east-1/,
    EXISTING,
    () => server.described.bucketRegions.set('org-logs', 'us-east-1'),
  ],
  [
    'EventBridge that is off',
    'bucket.announces',
    'FAIL',
    /does not send its events/,
    { ...READY, bucket: { existing: { bucket: 'other-logs' } } },
  ],
  [
    'a notification for the same prefix',
    'bucket.announces',
    'FAIL',
    /keys AWSLogs\/\.\.\. exists already/,
    { ...READY, bucket: { existing: { bucket: 'org-logs', events: 'notification', flowLogsUnder: 'AWSLogs/' } } },
    () =>
      server.clients.s3.send(
        new PutBucketNotificationConfigurationCommand({
          Bucket: 'org-logs',
          NotificationConfiguration: {
            EventBridgeConfiguration: {},
            QueueConfigurations: [
              {
                QueueArn: 'arn:aws:sqs:eu-central-1:000000000000:theirs',
                Events: ['s3:ObjectCreated:*'],
                Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'AWSLogs/' }] } },
              },
            ],
          },
        }),
      ),
  ],
  [
    'a bucket without objects',
    'bucket.readable',
    'warn',
    /has no object/,
    { ...READY, bucket: { existing: { bucket: 'other-logs' } } },
  ],
  [
    'a key that denies',
    'bucket.readable',
    'FAIL',
    /cannot be read: .*kms:Decrypt/,
    EXISTING,
    () =>
      server.described.denied.set(
        's3:GetObject',
        'not authorized to perform: kms:Decrypt because no resource-based policy allows it',
      ),
  ],
];

const named = FAULTS.map(([what, id, status, says, settings, make]) => ({ what, id, status, says, settings, make }));
test.each(named)('$what is named', async ({ id, status, says, settings, make }) => {
  await make?.();
  const { code, checks } = await pre(settings);
  const [found, ...others] = checks.filter((line) => line.id === id && says.test(line.text));
  expect([found?.status, others]).toEqual([status, []]);
  expect(found!.because).toBeTruthy();
  const [program, ...words] = found!.command!.split(' ');
  if (program === 'aws') expect([found!.command, cliFault(words)]).toEqual([found!.command, undefined]);
  else expect(found!.command).toMatch(/^(npm run synth|npx --no-install sweepwatch (doctor --pre|setup domains) )/);
  if (status === 'FAIL') expect(code).toBe(1);
});

describe('where the stack exists', () => {
  const deploy = (outputs: Record<string, string>) =>
    server.stacks.set('scans', { status: 'CREATE_COMPLETE', outputs });
  const wrong = async (settings: SettingsInput) => {
    const { code, checks } = await pre(settings);
    return { code, wrong: checks.flatMap(({ id, status }) => (/ok|skip/.test(status) ? [] : [`${status} ${id}`])) };
  };
  const NAMED = { ...READY, bucket: { new: { name: 'other-logs' } } };
  const NOTIFIED = {
    ...EXISTING,
    bucket: { existing: { bucket: 'org-logs', events: 'notification' as const, flowLogsUnder: 'AWSLogs/' } },
  };
  const notifyTheirs = () =>
    server.clients.s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: 'org-logs',
        NotificationConfiguration: {
          EventBridgeConfiguration: {},
          QueueConfigurations: [
            {
              QueueArn: 'arn:aws:sqs:eu-central-1:000000000000:theirs',
              Events: ['s3:ObjectCreated:*'],
              Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'AWSLogs/' }] } },
            },
          ],
        },
      }),
    );

  test('its own bucket and flow log are no trouble', async () => {
    deploy({ LogBucket: 'other-logs', IngestQueue: 'https://sqs/1/mine' });
    const own = { ...flowLog(1), destination: 'arn:aws:s3:::other-logs' };
    server.described.flowLogs.push(own, flowLog(2));
    expect(await wrong(NAMED)).toEqual({ code: 0, wrong: [] });
  });

  test('its own notification is no trouble', async () => {
    deploy({ LogBucket: 'org-logs', IngestQueue: 'https://sqs.eu-central-1.amazonaws.com/000000000000/theirs' });
    await notifyTheirs();
    expect(await wrong(NOTIFIED)).toEqual({ code: 0, wrong: [] });
  });

  test('a bucket, a notification and flow logs of others are warnings', async () => {
    deploy({ LogBucket: 'mine', IngestQueue: 'https://sqs/1/mine' });
    server.described.flowLogs.push(flowLog(1), flowLog(2));
    await notifyTheirs();
    expect(await wrong(NAMED)).toEqual({ code: 0, wrong: ['warn account.flow-logs', 'warn bucket.name'] });
    expect(await wrong(NOTIFIED)).toEqual({ code: 0, wrong: ['warn bucket.announces'] });
  });

  test('a bucket that exists is a warning if the stack may not be looked at', async () => {
    server.described.denied.set('cloudformation:DescribeStacks', 'no');
    expect(await wrong(NAMED)).toEqual({ code: 0, wrong: ['warn bucket.name'] });
  });
});

test('a bucket of another account is listed below its prefix, and who can look at its notifications is named', async () => {
  const owner = '555566667777';
  server.foreignBuckets.set('org-logs', {
    owner,
    region: 'eu-central-1',
    bus: createEventBus(),
    refusalOf: ({ key, prefix }) => (key !== '' || prefix?.startsWith('AWSLogs/') ? undefined : 'AccessDenied'),
  });
  try {
    const { existing } = EXISTING.bucket;
    const { checks } = await pre({ ...EXISTING, bucket: { existing: { ...existing, account: owner } } });
    const found = (id: string) => checks.filter((check) => check.id === id).map(({ status, text }) => [status, text]);
    expect(found('bucket.readable')).toEqual([['ok', expect.stringContaining('newest object')]]);
    expect(found('bucket.announces')).toEqual([
      [
        'skip',
        'notifications: not looked at, because only account 555566667777 may. There run: ' +
          'aws s3api get-bucket-notification-configuration --bucket org-logs --region eu-central-1',
      ],
    ]);
  } finally {
    server.foreignBuckets.delete('org-logs');
  }
});

test('each check has a fault', () => {
  expect(new Set(FAULTS.map(([, id]) => id))).toEqual(new Set(PRE_CHECKS.map(({ id }) => id)));
});

test('without credentials nothing can be looked at', async () => {
  for (const key of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) delete process.env[key];
  const file = join(folder, 'settings.json');
  writeFileSync(file, JSON.stringify(READY));
  const run = await runHere(['doctor', '--config', file, '--region', 'eu-central-1']);
  expect(run).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('no AWS credentials were found') });
});

test('docs/operations.md lists each check, and has the sections that they name', () => {
  const rows = rowsOf(sectionOf('Before a deployment')).map(([id, , permission]) => [
    id!.replaceAll('`', ''),
    permission,
  ]);
  expect(rows).toEqual(PRE_CHECKS.map(({ id, permission }) => [id, permission]));
  const text = prose(readFileSync(join(import.meta.dirname, '../../../docs/operations.md'), 'utf8'));
  const sections = new Set([...text.matchAll(/^#+ (.+)$/gm)].map((match) => slugOf(match[1]!)));
  expect(PRE_CHECKS.filter(({ anchor }) => !sections.has(anchor)).map(({ id }) => id)).toEqual([]);
});
