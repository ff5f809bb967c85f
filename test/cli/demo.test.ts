/** The demo proves itself: it ends in an alert, and with any part of the pipeline broken it fails and names the part. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startMessagingServer } from '../../local/servers/s3-sqs-sns.ts';
import { expectValidFinding } from '../finding-schema.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const STACK = 'sweepwatch-demo';

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Template {
  Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>;
}

let folder: string;
let assembly: string;

async function run(command: string, args: string[], cwd: string, env: Record<string, string> = {}): Promise<Run> {
  const child = start(command, args, cwd, env);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, ...output };
}

function start(command: string, args: string[], cwd: string, env: Record<string, string> = {}) {
  return spawn(process.execPath, [join(ROOT, command), ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
}

const demo = (from: string) => run('cli/sweepwatch.mjs', ['demo', '--assembly', from], folder);

/** A copy of the assembly with its template changed. */
function broken(name: string, change: (template: Template) => void): string {
  const copy = join(folder, name);
  cpSync(assembly, copy, { recursive: true });
  const file = join(copy, `${STACK}.template.json`);
  const template = JSON.parse(readFileSync(file, 'utf8')) as Template;
  change(template);
  writeFileSync(file, JSON.stringify(template));
  return copy;
}

function idOf(template: Template, type: string, part: string): string {
  const id = Object.keys(template.Resources).find(
    (key) => template.Resources[key]?.Type === type && key.includes(part),
  );
  if (!id) throw new Error(`the template has no ${type} whose id contains ${part}`);
  return id;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sweepwatch-demo-'));
  assembly = join(folder, 'cdk.out');
  const settings = join(folder, 'settings.json');
  writeFileSync(
    settings,
    JSON.stringify({ deploymentName: STACK, emails: ['analyst@example.com'], digestHourUtc: null }),
  );
  const synthesis = await run(
    'node_modules/.bin/cdk',
    ['synth', '--quiet', '--output', assembly, '--context', `settings=${settings}`],
    ROOT,
  );
  if (synthesis.code !== 0) throw new Error(synthesis.stderr);
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the demo', () => {
  test('ends in the alert mail and the findings table', async () => {
    const { code, stdout, stderr } = await demo(assembly);
    expect(stderr).not.toContain('demo failed');
    expect(code).toBe(0);
    expect(stdout).toMatch(/high +vertical-scan +lateral +10\.0\.7\.105 +10\.0\.12\.30 +1024 +1019 +5/);
    expect(stdout).toMatch(
      /Subject: \[high\] lateral vertical scan by 10\.0\.7\.105 on 10\.0\.12\.30: 5 services answered \([0-9a-f]{8}\)/,
    );
    expect(stdout).toContain('WHAT TO DO NOW');
  }, 60_000);

  test('fails and names the queue when a queue is renamed and what refers to it is not', async () => {
    let id = '';
    const { code, stderr } = await demo(
      broken('renamed-queue', (template) => {
        id = idOf(template, 'AWS::SQS::Queue', 'AlertQueue');
        template.Resources[`${id}Renamed`] = template.Resources[id]!;
        delete template.Resources[id];
      }),
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/demo failed: .*AlertQueue/);
    expect(stderr).toContain(id);
  }, 60_000);

  test('fails and names the variable when a function lacks an environment variable', async () => {
    const { code, stderr } = await demo(
      broken('dropped-variable', (template) => {
        const ingest = template.Resources[idOf(template, 'AWS::Lambda::Function', 'Ingest')]!;
        const { Variables } = ingest.Properties.Environment as { Variables: Record<string, unknown> };
        delete Variables.WINDOWS_TABLE;
      }),
    );
    expect(code).toBe(1);
    expect(stderr).toContain('demo failed: ingest function');
    expect(stderr).toContain('WINDOWS_TABLE');
  }, 60_000);

  test('fails and names the subscription when the subscription is missing', async () => {
    const { code, stderr } = await demo(
      broken('no-subscription', (template) => {
        delete template.Resources[idOf(template, 'AWS::SNS::Subscription', 'analyst')];
      }),
    );
    expect(code).toBe(1);
    expect(stderr).toContain('demo failed: e-mail subscription');
  }, 60_000);

  test('fails and names the alert function when its bundle cannot publish', async () => {
    const copy = broken('broken-publish', () => {});
    const bundles = readdirSync(copy, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('index.mjs'),
    );
    let changed = 0;
    for (const name of bundles) {
      const file = join(copy, name);
      const text = readFileSync(file, 'utf8');
      if (!text.includes('MessageStructure:"json"')) continue;
      writeFileSync(
        file,
        text.replace(/TopicArn:(\w+),Subject:/, 'TopicArn:"arn:aws:sns:eu-central-1:000000000000:nowhere",Subject:'),
      );
      changed++;
    }
    expect(changed).toBeGreaterThan(0);
    const { code, stderr } = await demo(copy);
    expect(code).toBe(1);
    expect(stderr).toContain('demo failed: alert function');
  }, 60_000);

  test('runs on another emulator that AWS_ENDPOINT_URL names, which then keeps the mail', async () => {
    const mailbox = join(folder, 'other-mail');
    const other = await startMessagingServer({
      region: 'eu-central-1',
      accountId: '000000000000',
      mailbox,
      emit: () => {},
    });
    try {
      const { code, stdout } = await run('cli/sweepwatch.mjs', ['demo', '--assembly', assembly], folder, {
        AWS_ENDPOINT_URL: other.url,
      });
      expect(stdout).toContain(`the emulator at ${other.url}`);
      expect(code).toBe(0);
      expect(readdirSync(mailbox)).toHaveLength(2);
    } finally {
      await other.stop();
    }
  }, 60_000);

  test('kept running answers the commands of another shell, and ends on Ctrl-C', async () => {
    const kept = start('cli/sweepwatch.mjs', ['demo', '--keep', '--assembly', assembly], folder);
    try {
      let printed = '';
      for await (const chunk of kept.stdout) {
        printed += chunk;
        if (printed.includes('endpoints:')) break;
      }
      const list = await run('cli/sweepwatch.mjs', ['findings', 'list', '--local', '--format', 'ndjson'], folder);
      expect(list).toMatchObject({ code: 0, stderr: '' });
      const finding = JSON.parse(list.stdout);
      expectValidFinding(finding);
      const shown = await run('cli/sweepwatch.mjs', ['findings', 'show', finding.id, '--local'], folder);
      expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining('WHAT WOULD HAVE SUPPRESSED IT') });
    } finally {
      kept.kill('SIGINT');
    }
    const [code] = await once(kept, 'exit');
    expect(code).toBe(0);
    expect((await run('cli/sweepwatch.mjs', ['findings', 'list', '--local'], folder)).code).toBe(2);
  }, 60_000);
});
