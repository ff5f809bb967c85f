/**
 * How a local cloud begins and ends: no process outlives it, another emulator may replace its servers, and idle says
 * what is busy.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type LocalCloudEvent, startLocalCloud } from '../../local/cloud.ts';
import { type FixtureAssembly, fixtureTemplate, writeFixture } from './fixture/template.ts';

let fixture: FixtureAssembly;
beforeAll(() => {
  fixture = writeFixture();
});
afterAll(() => fixture.remove());

const start = (options: Partial<Parameters<typeof startLocalCloud>[0]> = {}) =>
  startLocalCloud({ assembly: fixture.folder, stack: fixture.stack, mailbox: fixture.mailbox, ...options });

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const answers = (url: string) =>
  fetch(url).then(
    () => true,
    () => false,
  );

test('when its process is killed, its children die too', async () => {
  const script = fileURLToPath(new URL('./fixture/started-cloud.ts', import.meta.url));
  const child = spawn(process.execPath, [script, fixture.folder, fixture.stack, fixture.mailbox], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { dynamodbUrl, functionPid } = JSON.parse(String(line)) as { dynamodbUrl: string; functionPid: number };
  expect([isAlive(functionPid), await answers(dynamodbUrl)]).toEqual([true, true]);
  child.kill('SIGKILL');
  await once(child, 'exit');
  for (let tries = 0; tries < 100 && (isAlive(functionPid) || (await answers(dynamodbUrl))); tries++) await delay(20);
  expect([isAlive(functionPid), await answers(dynamodbUrl)]).toEqual([false, false]);
});

test('stopping ends functions and servers, and can be asked for twice', async () => {
  const cloud = await start();
  const { pid } = (await cloud.invoke('Ticker')) as { pid: number };
  await Promise.all([cloud.stop(), cloud.stop()]);
  expect([isAlive(pid), await answers(cloud.dynamodbUrl), await answers(cloud.endpointUrl)]).toEqual([
    false,
    false,
    false,
  ]);
});

test('idle names what is busy when time runs out', async () => {
  const cloud = await start();
  try {
    const invocation = cloud.invoke('Worker', {
      Records: [{ messageId: 'm', body: '{"Records":[{"s3":{"bucket":{},"object":{"key":"hang"}}}]}' }],
    });
    const failure = expect(invocation).rejects.toThrow('Task timed out after 2.00 seconds');
    await expect(cloud.idle(50)).rejects.toThrow(/not idle after 50 ms: .*function Worker runs/);
    await failure;
    await cloud.idle(10_000);
  } finally {
    await cloud.stop();
  }
});

const withOtherEmulator = async (use: (endpoint: string) => Promise<void>): Promise<void> => {
  const other = await start({ template: { Resources: { Unused: { Type: 'AWS::SQS::Queue' } } } });
  try {
    await use(other.endpointUrl);
  } finally {
    await other.stop();
  }
};

test('another emulator can serve S3, SQS and SNS, and what it does not receive is listed', async () => {
  await withOtherEmulator(async (endpoint) => {
    const template = fixtureTemplate();
    delete template.Resources.Routed;
    const events: LocalCloudEvent[] = [];
    const cloud = await start({ endpoint, template, onEvent: (event) => events.push(event) });
    const s3 = new S3Client({ endpoint, region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
    try {
      expect(cloud.endpointUrl).toBe(endpoint);
      const reason = 'the emulator at the given endpoint handles e-mail';
      expect(cloud.inert).toContainEqual({ logicalId: 'AlertMail', type: 'AWS::SNS::Subscription', reason });
      await cloud.idle(10_000);
      events.length = 0;
      await s3.send(new PutObjectCommand({ Bucket: cloud.outputs.Bucket, Key: 'logs/elsewhere.log', Body: 'x' }));
      for (let tries = 0; tries < 200 && events.length === 0; tries++) await delay(10);
      await cloud.idle(10_000);
      expect(events.map(({ type }) => type)).toContain('function finished');
    } finally {
      s3.destroy();
      await cloud.stop();
    }
  });
});

test('an event pattern needs the embedded servers', async () => {
  await withOtherEmulator(async (endpoint) => {
    await expect(start({ endpoint })).rejects.toThrow(
      'Routed (AWS::Events::Rule): EventPattern needs the embedded servers',
    );
  });
});
