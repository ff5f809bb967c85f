/** Commands that find a deployment by its stack, and what they say when they cannot. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTopicCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { FindingsStore } from '../../lib/store/findings-store.ts';
import { type MessagingServer, startMessagingServer } from '../../local/servers/s3-sqs-sns.ts';
import { detection } from '../lib/store/fixture/findings.ts';
import { type Embedded, startEmbedded } from '../lib/store/fixture/tables.ts';
import { runHere } from './run-cli.ts';

const before = { ...process.env };
let folder: string;
let server: MessagingServer;
let embedded: Embedded;
let table: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sweepwatch-stack-'));
  const options = { region: 'eu-central-1', accountId: '000000000000', mailbox: folder, emit: () => undefined };
  server = await startMessagingServer(options);
  embedded = await startEmbedded();
  table = (await embedded.tables()).findings;
  const store = new FindingsStore({ client: embedded.client(), table, retentionDays: 365 });
  await store.upsert(detection({}), { fragments: 1, judgedAt: 1 }, false, Date.now() / 1000);
  server.stacks.set('scans', { status: 'CREATE_COMPLETE', outputs: { FindingsTable: table } });
  server.stacks.set('two', {
    status: 'CREATE_COMPLETE',
    outputs: { FindingsTable: 'another', SecondFindingsTable: table },
  });
  server.stacks.set('broken', { status: 'ROLLBACK_COMPLETE', outputs: {} });
  server.stacks.set('foreign', { status: 'CREATE_COMPLETE', outputs: { Website: 'https://example.com' } });
}, 30_000);
beforeEach(() => {
  const keys = ['AWS_PROFILE', 'AWS_REGION', 'AWS_DEFAULT_REGION', 'SWEEPWATCH_STACK', 'SWEEPWATCH_FINDINGS_TABLE'];
  for (const key of keys) delete process.env[key];
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: server.url,
    AWS_ENDPOINT_URL_DYNAMODB: embedded.server.url,
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
  await embedded.stop();
  rmSync(folder, { recursive: true, force: true });
});

const REGION = ['--region', 'eu-central-1'];
const list = (...args: string[]) =>
  runHere(['findings', 'list', '--since', '2026-11-01', '--format', 'ndjson', ...args]);
const add = (...args: string[]) =>
  runHere([
    'suppress',
    'add',
    '--source',
    '10.0.3.22/32',
    '--owner',
    'me',
    '--reason',
    'a test',
    '--expires',
    new Date(Date.now() + 30 * 86_400_000).toISOString(),
    ...args,
  ]);

describe('--stack', () => {
  test('finds the table, and changes nothing in the environment', async () => {
    const environment = { ...process.env };
    const { code, stdout, stderr } = await list('--stack', 'scans', ...REGION);
    expect([code, stderr, stdout.trim().split('\n').length]).toEqual([0, '', 1]);
    expect(process.env).toEqual(environment);
  });

  test('is what printed commands name', async () => {
    const { stderr } = await add('--stack', 'scans', ...REGION);
    expect(stderr).toMatch(/suppress remove [0-9a-f]{8} --stack scans --region eu-central-1\n$/);
    const { id } = JSON.parse((await list('--stack', 'scans', ...REGION)).stdout) as { id: string };
    const { stdout } = await runHere(['findings', 'show', id, '--stack', 'scans', ...REGION]);
    expect(stdout).toContain(`findings show ${id} --stack scans --region eu-central-1`);
  });

  test('finds the operations topic, which hears of a rule that is wide, and of no other', async () => {
    const { sns } = server.clients;
    const topic = (await sns.send(new CreateTopicCommand({ Name: 'operations' }))).TopicArn!;
    await sns.send(new SubscribeCommand({ TopicArn: topic, Protocol: 'email', Endpoint: 'ops@example.com' }));
    const outputs = { FindingsTable: table, OperationsTopic: topic };
    server.stacks.set('told', { status: 'CREATE_COMPLETE', outputs });
    const until = new Date(Date.now() + 10 * 86_400_000).toISOString();
    const told = ['--stack', 'told', ...REGION, '--expires', until, '--by', 'alice\n'];
    expect((await add(...told)).stderr).not.toContain('operations');
    const { code, stdout, stderr } = await add(...told, '--source', '10.0.0.0/16');
    expect(code).toBe(0);
    expect(stderr).toContain(
      'operations were told, because the rule covers 10.0.0.0/16, which is wider than a /24 or an IPv6 /64\n',
    );
    await server.background.settle();
    const mails = readdirSync(folder).filter((name) => name.endsWith('.eml'));
    const mail = readFileSync(join(folder, mails[0]!), 'utf8').replaceAll('=\r\n', '');
    expect(mails).toHaveLength(1);
    expect(mail).toContain('Subject: Suppression added: 10.0.0.0/16');
    expect(mail).toContain(`Rule ${stdout.trim()}, owner me, added by alice?.`);
  });

  test('without a topic that it may use, the rule is added and the command says that nobody was told', async () => {
    const OperationsTopic = 'arn:aws:sns:eu-central-1:000000000000:gone';
    server.stacks.set('untold', { status: 'CREATE_COMPLETE', outputs: { FindingsTable: table, OperationsTopic } });
    const wide = ['--source', '10.0.0.0/16'];
    const gone = await add('--stack', 'untold', ...REGION, ...wide);
    expect(gone).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[0-9a-f]{8}\n$/) });
    expect(gone.stderr).toMatch(
      /operations could not be told that .* \(NotFound.*\)\. Tell them, or allow sns:Publish on arn:/,
    );
    const none = await add('--table', table, ...REGION, ...wide);
    expect(none).toMatchObject({ code: 0, stderr: expect.stringContaining('operations were not told that the rule') });
  });

  test('finds a further detector by the prefix of its outputs, and printed commands name it', async () => {
    const further = [...REGION, '--stack', 'two', '--detector', 'Second'];
    expect(await list(...further)).toMatchObject({ code: 0, stderr: '' });
    expect((await add(...further)).stderr).toMatch(/ --stack two --detector Second --region eu-central-1\n$/);
    expect(await list(...REGION, '--stack', 'two', '--detector', 'Third')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('has no output ThirdFindingsTable'),
    });
  });

  test('tells whether signals arrive, without which no namespace is watched', async () => {
    const outputs = { FindingsTable: table, SignalsFunction: 'signals' };
    server.stacks.set('signalled', { status: 'CREATE_COMPLETE', outputs });
    const scope = ['--namespace', 'shop', '--for', '1d', '--owner', 'me', '--reason', 'a test'];
    const watch = (stack: string) => runHere(['watch', 'add', ...scope, '--stack', stack, ...REGION]);
    expect(await watch('signalled')).toMatchObject({ code: 0 });
    expect(await watch('scans')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        '--namespace needs signals, and this deployment reads none. Watch --source or --instance, or see the setting "signals"',
      ),
    });
  });

  test('can come from the environment, where it takes precedence over a table', async () => {
    Object.assign(process.env, {
      SWEEPWATCH_STACK: 'scans',
      SWEEPWATCH_FINDINGS_TABLE: 'missing',
      AWS_REGION: 'eu-central-1',
    });
    expect(await list()).toMatchObject({ code: 0 });
  });

  test.each([
    [
      'a stack that is not there',
      ['--stack', 'nowhere'],
      'no stack nowhere in eu-central-1 in this account. Give the deploymentName of the settings',
    ],
    [
      'a stack whose first deployment failed',
      ['--stack', 'broken'],
      'stack broken in eu-central-1 is in state ROLLBACK_COMPLETE',
    ],
    ['a stack of something else', ['--stack', 'foreign'], 'stack foreign in eu-central-1 has no output FindingsTable'],
    [
      'a stack and a table',
      ['--stack', 'scans', '--table', 'x'],
      "option '--table <NAME>' cannot be used with option '--stack <NAME>'",
    ],
    ['neither', [], 'no deployment given. Give --stack NAME (or set $SWEEPWATCH_STACK), --table NAME, or --local'],
  ])('%s is wrong usage', async (_, args, message) => {
    expect(await list(...args, ...REGION)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(message),
    });
  });
});

describe('account and Region', () => {
  let files = 0;
  const config = (text: string) => {
    // The SDK reads a file once.
    const file = join(folder, `config-${++files}`);
    writeFileSync(file, text);
    Object.assign(process.env, { AWS_CONFIG_FILE: file });
  };

  test('come from a profile, whatever the environment says', async () => {
    config('[profile soc]\nregion = eu-central-1\naws_access_key_id = theirs\naws_secret_access_key = secret\n');
    process.env.AWS_PROFILE = 'nobody';
    expect(await list('--stack', 'scans', '--profile', 'soc')).toMatchObject({ code: 0, stderr: '' });
    expect((await add('--stack', 'scans', '--profile', 'soc')).stderr).toContain(
      '--stack scans --profile soc --region eu-central-1',
    );
  });

  test('no Region', async () => {
    expect(await list('--stack', 'scans')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no AWS Region is set. Give --region REGION'),
    });
  });

  test('no credentials', async () => {
    for (const key of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) delete process.env[key];
    expect(await list('--stack', 'scans', ...REGION)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no AWS credentials were found. Give --profile NAME'),
    });
    const detected = await runHere(['detect', 's3://our-logs/AWSLogs/', ...REGION]);
    expect(detected).toMatchObject({ code: 1, stderr: expect.stringContaining('no AWS credentials were found') });
  });

  test('an SSO session that has expired', async () => {
    config(
      '[profile sso]\nregion = eu-central-1\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n[sso-session s]\nsso_start_url = https://sso.invalid/start\nsso_region = eu-central-1\n',
    );
    expect(await list('--stack', 'scans', '--profile', 'sso')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the SSO session has expired or was never started. Run "aws sso login"'),
    });
  });
});
