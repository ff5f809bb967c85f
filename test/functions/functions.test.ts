/** The bundled functions on the local cloud, as the template wires them: what a person gets, whatever the queues deliver. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Finding } from '../../lib/finding/model.ts';
import { Allowance } from '../../lib/store/allowance.ts';
import { createDocumentClient } from '../../lib/store/clients.ts';
import { expectValidFinding } from '../finding-schema.ts';
import { file, scan } from '../lib/pipeline/fixture/flow-logs.ts';
import { type RunningStack, startStack } from './fixture/stack.ts';
import { checkPermissions } from './permissions.cases.ts';

/** How long the cloud may take to come to rest: many times what a machine at rest takes. */
const LIMIT_MS = 100_000;
jest.setTimeout(3 * LIMIT_MS);

let stack: RunningStack;
const now = Math.floor(Date.now() / 1000) - 300;
const rejectedBy = (from: string, outcome: 'rejected' | 'unanswered' = 'rejected', end = now) =>
  file(scan(outcome, { from, count: 20, end }));
const key = (name: string) => `AWSLogs/123456789012/vpcflowlogs/us-east-1/${name}`;
const idle = () => stack.cloud.idle(LIMIT_MS);
const sources = async () => (await stack.findings()).map(({ finding }) => finding.source?.address).sort();
const notification = (...keys: string[]) =>
  JSON.stringify({
    Records: keys.map((each) => ({
      eventVersion: '2.1',
      eventName: 'ObjectCreated:Put',
      s3: {
        bucket: { name: stack.cloud.outputs.LogBucket },
        object: { key: encodeURIComponent(each).replaceAll('%20', '+') },
      },
    })),
  });

beforeAll(async () => {
  stack = await startStack('functions', { High: { severity: ['high', 'critical'] }, Low: { severity: ['low'] } });
  await idle();
});
afterAll(() => stack.stop());

describe('a new file', () => {
  test('whose key holds spaces and signs becomes an alert, as JSON to subscribers whose filter it passes', async () => {
    await stack.put(key('2026/a b+c%20 (ü).log.gz'), rejectedBy('10.0.7.1'));
    await idle();
    expect(stack.told()).toEqual([
      expect.stringMatching(/^\[high\] lateral vertical scan by 10\.0\.7\.1 on .+ \([0-9a-f]{8}\)$/),
    ]);
    const bodies = (await stack.take('High')).map((body) => JSON.parse(body) as Finding & { event: string });
    expect(bodies).toMatchObject([
      { event: 'opened', severity: 'high', source: { address: '10.0.7.1' }, contacts: { failed: 20 } },
    ]);
    const { event: _event, ...finding } = bodies[0]!;
    expectValidFinding(finding);
    expect(await stack.take('Low')).toEqual([]);
  });

  test('that is announced twice is one alert', async () => {
    await stack.put(key('twice.log.gz'), rejectedBy('10.0.7.2'));
    await stack.send('IngestQueue', notification(key('twice.log.gz')));
    await idle();
    await stack.send('IngestQueue', notification(key('twice.log.gz'), key('twice.log.gz')));
    await idle();
    expect(stack.told()).toEqual([expect.stringContaining('10.0.7.2')]);
  });
});

test('an announcement of a finding that comes twice is one alert', async () => {
  const { pk, sk } = (await stack.findings())[0]!;
  for (let n = 0; n < 3; n++) await stack.send('AlertQueue', JSON.stringify({ pk, sk }));
  await idle();
  expect(stack.told()).toEqual([]);
});

test('each of several objects in one message is read, and a deleted one is skipped with a warning', async () => {
  const before = stack.events.length;
  await stack.put('elsewhere/a.log.gz', rejectedBy('10.0.7.3'));
  await stack.put('elsewhere/b.log.gz', rejectedBy('10.0.7.4'));
  await stack.send('IngestQueue', notification('elsewhere/a.log.gz', 'elsewhere/gone.log.gz', 'elsewhere/b.log.gz'));
  await idle();
  expect(await sources()).toEqual(expect.arrayContaining(['10.0.7.3', '10.0.7.4']));
  const lines = stack.events.slice(before).flatMap((event) => (event.type === 'function output' ? [event.line] : []));
  expect(
    lines.filter((each) => each.includes('object is gone') && each.includes('WARN') && each.includes('gone.log.gz')),
  ).toHaveLength(1);
  expect(await stack.take('IngestDeadLetters')).toEqual([]);
  stack.told();
});

test('an object whose name tries a terminal is read, and named in the log as text', async () => {
  const before = stack.events.length;
  const name = key('x\u001b]8;;https://evil.example\u0007 \u202etxt.exe\u2028\u009b31m {"level":"ERROR"}.log.gz');
  await stack.put(name, rejectedBy('10.0.7.8'));
  await stack.put(`${name}-damaged`, Buffer.from('no flow log \u009b\n\u001b[2J'));
  await idle();
  expect(stack.told()).toEqual([expect.stringContaining('10.0.7.8')]);
  const lines = stack.events.slice(before).flatMap((event) => (event.type === 'function output' ? [event.line] : []));
  const about = lines.filter((each) => each.includes('evil.example'));
  expect(about.length).toBeGreaterThanOrEqual(2);
  for (const each of lines) expect(each).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  const levels = about.map((each) => (JSON.parse(each) as { level: string }).level);
  expect(new Set(levels)).toEqual(new Set(['INFO', 'ERROR']));
  await stack.take('IngestDeadLetters');
});

test('only an unreadable file becomes a dead letter after its tries, and its readable part is used', async () => {
  const whole = rejectedBy('10.0.7.5');
  await stack.send('IngestQueue', 'hello');
  await stack.put(key('damaged.log.gz'), whole.subarray(0, whole.length - 8));
  await stack.put(key('fine.log.gz'), rejectedBy('10.0.7.6'));
  await stack.send('AlertQueue', '{"hello":"world"}');
  await idle();
  expect(await sources()).toEqual(expect.arrayContaining(['10.0.7.5', '10.0.7.6']));
  expect(stack.told().sort()).toEqual([expect.stringContaining('10.0.7.5'), expect.stringContaining('10.0.7.6')]);
  const dead = await stack.take('IngestDeadLetters');
  expect(
    dead.map((body) => (body === 'hello' ? body : (JSON.parse(body).Records[0].s3.object.key as string))).sort(),
  ).toEqual([key('damaged.log.gz'), 'hello']);
  expect(await stack.take('AlertDeadLetters')).toEqual(['{"hello":"world"}']);
});

test('the schedule settles what nobody answered, and closes what is over', async () => {
  await stack.put(key('old.log.gz'), rejectedBy('10.0.7.7', 'unanswered', now - 3 * 3600));
  await idle();
  expect(await sources()).not.toContain('10.0.7.7');
  await stack.settle();
  await idle();
  const settled = (await stack.findings()).find(({ finding }) => finding.source?.address === '10.0.7.7');
  expect(settled?.finding).toMatchObject({ status: 'closed', closedBecause: 'ended', contacts: { unanswered: 20 } });
  expect(settled?.announced).toMatchObject({ severity: 'high' });
  expect(stack.told()).toEqual([expect.stringContaining('10.0.7.7')]);
});

test('an alert that a storm holds is sent by the next scheduled run', async () => {
  const documents = createDocumentClient();
  const allowance = new Allowance(documents, stack.cloud.outputs.FindingsTable!, 50);
  const time = Date.now() / 1000;
  // All places of these five minutes, and of the next, should they begin meanwhile.
  for (const slot of [time, time + 300])
    for (let n = 0; n < 50; n++) await allowance.take('high inside', `a${n}`, slot);
  documents.destroy();
  await stack.put(key('storm.log.gz'), rejectedBy('10.0.7.9'));
  await idle();
  expect(stack.told()).toEqual([]);
  await stack.settle();
  await idle();
  expect(stack.told()).toEqual([
    expect.stringMatching(/^Sweepwatch alert storm: 1 alert in one message, worst high \(/),
  ]);
  const held = (await stack.findings()).find(({ finding }) => finding.source?.address === '10.0.7.9');
  expect(held?.announced).toMatchObject({ severity: 'high', inStorm: true });
  const mails = stack.events.flatMap((event) => (event.type === 'mail written' ? [event.file] : []));
  const mail = readFileSync(mails.at(-1)!, 'utf8').replace(/=\r?\n/g, '');
  expect(mail).toContain('ALERT STORM: 1 alert in one message');
  expect(mail).toContain(held!.finding.id);
});

test('each alert was one mail', () => {
  const mails = stack.events.flatMap((event) => (event.type === 'mail written' ? [event.file] : []));
  const published = stack.events.filter(({ type }) => type === 'message published');
  expect(mails).toHaveLength(published.length);
  expect(readdirSync(mails[0]!.replace(/[^/]+$/, ''))).toHaveLength(mails.length);
});

checkPermissions('a new bucket', () => stack);
