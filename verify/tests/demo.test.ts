/** The demo as a user starts it, which synthesizes, and on deployments with one part broken each, which it names. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { startMessagingServer } from '../../local/servers/s3-sqs-sns.ts';
import { demoFolder, idOf } from '../../test/cli/demo-process.ts';
import { sharedAssembly } from '../../test/deployments/assembly.ts';

const demo = demoFolder();
afterAll(() => demo.remove());

test('synthesizes its own stack and ends in the alert', async () => {
  const { code, stdout, stderr } = await demo.run(['demo']);
  expect(stderr).not.toContain('demo failed');
  expect(stderr).toContain('synthesizing the stack (cdk synth)');
  expect(stdout).toMatch(
    /Subject: \[high\] lateral vertical scan by 10\.0\.7\.105 on 10\.0\.12\.30: 5 services answered \([0-9a-f]{8}\)/,
  );
  expect(stdout).toContain('Next steps:');
  expect(code).toBe(0);
});

test('runs on another emulator that AWS_ENDPOINT_URL names, which then keeps the mail', async () => {
  const mailbox = join(demo.folder, 'other-mail');
  const other = await startMessagingServer({
    region: 'eu-central-1',
    accountId: '000000000000',
    mailbox,
    emit: () => {},
  });
  try {
    const { code, stdout } = await demo.run(['demo', '--assembly', sharedAssembly()], { AWS_ENDPOINT_URL: other.url });
    expect(stdout).toContain(`the emulator at ${other.url}`);
    expect(code).toBe(0);
    expect(readdirSync(mailbox)).toHaveLength(2);
  } finally {
    await other.stop();
  }
});

describe('fails and names', () => {
  test('the queue when a queue is renamed and what refers to it is not', async () => {
    let id = '';
    const { code, stderr } = await demo.runBroken((template) => {
      id = idOf(template, 'AWS::SQS::Queue', 'AlertQueue');
      template.Resources[`${id}Renamed`] = template.Resources[id]!;
      delete template.Resources[id];
    });
    expect(stderr).toMatch(/demo failed: .*AlertQueue/);
    expect(stderr).toContain(id);
    expect(code).toBe(1);
  });

  test('the subscription when the subscription is missing', async () => {
    const { code, stderr } = await demo.runBroken((template) => {
      delete template.Resources[idOf(template, 'AWS::SNS::Subscription', 'analyst')];
    });
    expect(stderr).toContain('demo failed: e-mail subscription');
    expect(code).toBe(1);
  });

  test('the alert function when its bundle cannot publish', async () => {
    let changed = 0;
    const { code, stderr } = await demo.runBroken((_, copy) => {
      const bundles = readdirSync(copy, { recursive: true, encoding: 'utf8' }).filter((name) =>
        name.endsWith('index.mjs'),
      );
      for (const file of bundles.map((name) => join(copy, name))) {
        const text = readFileSync(file, 'utf8');
        const nowhere = 'TopicArn:"arn:aws:sns:eu-central-1:000000000000:nowhere",Subject:';
        const broken = text.replace(/TopicArn:(\w+),Subject:/, nowhere);
        if (broken === text) continue;
        writeFileSync(file, broken);
        changed++;
      }
    });
    expect(changed).toBeGreaterThan(0);
    expect(stderr).toContain('demo failed: alert function');
    expect(code).toBe(1);
  });
});

test('fails and names the variable when a function lacks an environment variable', async () => {
  const { code, stderr } = await demo.runBroken((template) => {
    const ingest = template.Resources[idOf(template, 'AWS::Lambda::Function', 'Ingest')]!;
    const { Variables } = ingest.Properties.Environment as { Variables: Record<string, unknown> };
    delete Variables.WINDOWS_TABLE;
  });
  expect(stderr).toContain('demo failed: ingest function');
  expect(stderr).toContain('WINDOWS_TABLE');
  expect(code).toBe(1);
}, 300_000);
