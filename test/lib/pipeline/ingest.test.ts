/**
 * Ingest: turns one object into fragments and judgements, uses what it can of a damaged or odd one, and fails in
 * defined ways.
 */
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { logName, PartlyReadError } from '../../../lib/pipeline/ingest.ts';
import { interfere } from '../store/fixture/faults.ts';
import { type Database, itemsOf, startMemory } from '../store/fixture/tables.ts';
import { type Deployment, newDeployment } from './fixture/deployment.ts';
import { answer, file, keyOf, line, probe, SCANNER, scan, TARGET } from './fixture/flow-logs.ts';

let embedded: Database;
let deployment: Deployment;
beforeAll(async () => {
  embedded = await startMemory();
});
afterAll(() => embedded.stop());
beforeEach(async () => {
  deployment = await newDeployment(embedded);
});

const START = Date.UTC(2026, 10, 21, 10, 10) / 1000;
const NOW = START + 300;
const rejected = scan('rejected', { count: 15, end: START });
/** What is stored, without due marks, since a second delivery may add one. */
const windows = async () =>
  (await itemsOf(deployment.client, deployment.names.windows)).filter(({ pk }) => !String(pk).startsWith('due#'));

test('a scan in one file is a finding as soon as the file is read', async () => {
  const ingested = await deployment.ingest('a', file(rejected), NOW);
  expect(ingested).toMatchObject({ opened: 1, updated: 0, report: { records: 15 } });
  const [stored] = await deployment.stored();
  expect(stored!.finding).toMatchObject({
    severity: 'high',
    kind: 'vertical-scan',
    status: 'open',
    source: { address: SCANNER },
  });
  expect(stored!.finding.targets.sample).toEqual([TARGET]);
});

test('reading it again changes nothing and announces nothing', async () => {
  await deployment.ingest('a', file(rejected), NOW);
  const before = [await deployment.stored(), await windows()];
  deployment.queue.length = 0;
  expect(await deployment.ingest('a', file(rejected), NOW)).toMatchObject({ opened: 0, updated: 0 });
  expect([await deployment.stored(), await windows()]).toEqual(before);
  expect(deployment.queue).toEqual([]);
});

test('a file without records is read, and writes nothing', async () => {
  const none = `5 123456789012 eni-1 - - - - - - - ${START} ${START + 60} - NODATA - - - - - -`;
  expect(await deployment.ingest('a', file([none]), NOW)).toMatchObject({
    fragments: 0,
    report: { records: 0, noData: 1 },
  });
  expect(await deployment.windows.agenda.logTime()).toBe(START + 60);
});

test('lines that cannot be read are counted and the rest is used', async () => {
  const { report, opened } = await deployment.ingest(
    'a',
    file([...rejected, 'one two three', rejected[0]!.replace(TARGET, '10.0.0.999')]),
    NOW,
  );
  expect(opened).toBe(1);
  expect(report.skipped.reduce((sum, { count }) => sum + count, 0)).toBe(2);
});

describe('a damaged file', () => {
  const whole = file([
    ...rejected,
    ...Array.from({ length: 3000 }, (_, n) =>
      probe({ from: `10.9.${n >> 8}.${n & 255}`, port: n + 1, end: START + (n % 60) }),
    ),
  ]);
  const half = whole.subarray(0, Math.floor(whole.length / 2));

  test('is used as far as it can be read, and then fails', async () => {
    const failing = deployment.ingest('a', half, NOW);
    await expect(failing).rejects.toThrow(PartlyReadError);
    await expect(failing).rejects.toThrow(/a\.log\.gz: .*cut short.* \(\d+ records were read and used\)/);
    await expect(failing).rejects.toMatchObject({ ingested: { opened: 1 } });
    expect(await deployment.stored()).toHaveLength(1);
  });

  test('fails each time in the same way, and changes nothing more', async () => {
    await expect(deployment.ingest('a', half, NOW)).rejects.toThrow(PartlyReadError);
    const before = await windows();
    await expect(deployment.ingest('a', half, NOW)).rejects.toThrow(PartlyReadError);
    expect(await windows()).toEqual(before);
  });

  test.each([
    ['a PDF', Buffer.from('%PDF-1.7\n'), 'the file is a PDF'],
    ['empty', Buffer.alloc(0), 'the file is empty'],
    ['a gzip of nothing that is a flow log', gzipSync('hello world\nhow are you\n'), 'no line is a flow log record'],
    [
      'without a column that detection needs',
      gzipSync('version srcaddr dstaddr\n2 10.0.0.1 10.0.0.2\n'),
      'the header lacks',
    ],
  ])('that is %s says so', async (_, body, message) => {
    await expect(deployment.ingest('a', body, NOW)).rejects.toThrow(message);
  });
});

test('one source that cannot be judged does not keep the others waiting, and the object fails', async () => {
  const sources = ['10.0.7.1', '10.0.7.2', '10.0.7.3'];
  const client = embedded.client();
  const isBad = (input: object) => JSON.stringify(input).includes('source#123456789012|10.0.7.1"');
  interfere(client, (operation, input) =>
    operation === 'Query' && isBad(input) ? Promise.reject(new Error('no such luck')) : undefined,
  );
  const lines = sources.flatMap((from) => scan('rejected', { from, count: 15, end: START }));
  await expect(deployment.sibling(client).ingest('a', file(lines), NOW)).rejects.toThrow('no such luck');
  expect((await deployment.stored()).map(({ finding }) => finding.source?.address).sort()).toEqual(sources.slice(1));
});

test('when the table takes no fragments the object fails, and nothing is judged on half of them', async () => {
  const client = embedded.client();
  interfere(client, (operation) => (operation === 'BatchWriteItem' ? Promise.reject(new Error('denied')) : undefined));
  await expect(deployment.sibling(client).ingest('a', file(rejected), NOW)).rejects.toThrow('denied');
  expect(await deployment.stored()).toEqual([]);
  expect(await deployment.windows.agenda.logTime()).toBe(0);
});

test('a record from the future moves the log time no further than clocks may differ', async () => {
  const stray = line({
    from: '10.0.1.1',
    to: TARGET,
    fromPort: 50_000,
    toPort: 1,
    flags: 2,
    end: Date.UTC(2099, 0) / 1000,
  });
  await deployment.ingest('a', file([...rejected, stray]), NOW);
  expect(await deployment.windows.agenda.logTime()).toBe(NOW + 900);
  expect((await deployment.stored())[0]!.finding.status).toBe('open');
});

test('a hundred sources in one file are all judged', async () => {
  const lines = Array.from({ length: 100 }, (_, n) =>
    scan('rejected', { from: `10.0.8.${n}`, count: 12, end: START }),
  ).flat();
  expect(await deployment.ingest('a', file(lines), NOW)).toMatchObject({ opened: 100 });
  expect(await deployment.stored()).toHaveLength(100);
});

test('in a flood of scans from outside the one from inside is judged first', async () => {
  const flood = Array.from({ length: 40 }, (_, n) =>
    scan('rejected', { from: `203.0.113.${n}`, count: 30, end: START }),
  ).flat();
  const client = embedded.client();
  const order: string[] = [];
  interfere(client, (operation, input) => {
    const { pk } = (input.Key ?? {}) as { pk?: string };
    if (operation === 'UpdateItem' && pk?.startsWith('source#')) order.push(pk);
    return undefined;
  });
  // Flow logs are no queue: the one from inside is the last in the file.
  const last = scan('rejected', { count: 15, end: START + 60 });
  await deployment.sibling(client).ingest('a', file([...flood, ...last]), NOW);
  expect(new Set(order).size).toBe(41);
  // Eight are judged at a time.
  expect(order.slice(0, 8)).toContain(`source#123456789012|${SCANNER}`);
});

test('a source that succeeds as often as it fails is not a scanner', async () => {
  const contacts = Array.from({ length: 15 }, (_, n) => ({ port: 1000 + n, end: START + n }));
  const lines = [...rejected, ...contacts.flatMap((contact) => [probe(contact), answer(contact)])];
  expect(await deployment.ingest('a', file(lines), NOW)).toMatchObject({ opened: 0 });
});

test.each([
  [keyOf('x'), '123456789012/eu-central-1/fl-0a1b2c3d'],
  [
    'AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/123456789012_vpcflowlogs_us-east-1_fl-00ff_20261121T1000Z_ab.log.parquet',
    '123456789012/us-east-1/fl-00ff',
  ],
  ['some/other/file.log', 'other'],
])('the log of %s is %s', (key, name) => {
  expect(logName(key)).toBe(name);
});
