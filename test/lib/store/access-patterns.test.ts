/** Every command line that an alert prints about the tables does, as printed, what it says. */
import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { type AttributeValue, DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isoTime } from '../../../lib/finding/model.ts';
import {
  listBySource,
  queryByDay,
  queryById,
  queryBySource,
  queryByTarget,
  showFinding,
  suppressItem,
  suppressLine,
} from '../../../lib/notify/commands.ts';
import { scopeToSilence, suppressionOf } from '../../../lib/notify/suppression.ts';
import { FindingsStore } from '../../../lib/store/findings-store.ts';
import { SHARDS } from '../../../lib/store/keys.ts';
import { SuppressionsStore } from '../../../lib/store/suppressions-store.ts';
import { detection, finding, HOUR, SOURCE } from './fixture/findings.ts';
import { type Embedded, startEmbedded } from './fixture/tables.ts';

const run = promisify(execFile);
let embedded: Embedded;
let dynamodb: DynamoDBClient;
let tables: { findings: string; region: string };
const NOW = HOUR * 3600 + 900;
const now = Date.now() / 1000;
const ours = finding({
  id: '0123456789abcdef01234567',
  firstSeen: isoTime(now - 300),
  lastSeen: isoTime(now),
  detectedAt: isoTime(now),
});
const other = finding({
  id: 'f'.repeat(24),
  severity: 'low',
  source: { scope: 'internet', address: '198.51.100.7' },
  status: 'closed',
  closedBecause: 'ended',
});

beforeAll(async () => {
  embedded = await startEmbedded();
  tables = { findings: (await embedded.tables()).findings, region: 'us-east-1' };
  const store = new FindingsStore({ client: embedded.client(), table: tables.findings, retentionDays: 365 });
  const version = { fragments: 1, judgedAt: NOW };
  const targets = Array.from({ length: 150 }, (_, n) => `10.0.${n < 100 ? 12 : 13}.${n}`);
  await store.upsert({ ...detection(ours, targets), anchorHour: Math.floor(now / 3600) }, version, false, now);
  await store.upsert(detection(other, ['10.9.9.9']), version, false, now);
  dynamodb = new DynamoDBClient({
    endpoint: embedded.server.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
});
afterAll(async () => {
  dynamodb.destroy();
  await embedded.stop();
});

/** The words of a line, split by a shell, as `--option value` pairs behind three plain words. */
function parse(line: string): { words: string[]; options: Record<string, string> } {
  const script = `set -- ${line}\nprintf '%s\\0' "$@"`;
  const words = execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
  const options: Record<string, string> = {};
  for (let at = 3; at < words.length; at += 2) options[words[at]!] = words[at + 1]!;
  return { words, options };
}

type Row = Record<string, AttributeValue>;

/** Sends what `aws dynamodb query` would send. Returns the rows. */
async function query(line: string): Promise<Row[]> {
  const { words, options } = parse(line);
  expect(words.slice(0, 3)).toEqual(['aws', 'dynamodb', 'query']);
  const known = [
    '--table-name',
    '--region',
    '--index-name',
    '--key-condition-expression',
    '--expression-attribute-names',
    '--expression-attribute-values',
  ];
  expect(known).toEqual(expect.arrayContaining(Object.keys(options)));
  expect(options['--region']).toBe('us-east-1');
  const { Items = [] } = await dynamodb.send(
    new QueryCommand({
      TableName: options['--table-name'],
      IndexName: options['--index-name'],
      KeyConditionExpression: options['--key-condition-expression'],
      ExpressionAttributeNames: options['--expression-attribute-names']
        ? JSON.parse(options['--expression-attribute-names'])
        : undefined,
      ExpressionAttributeValues: JSON.parse(options['--expression-attribute-values']!),
    }),
  );
  return Items;
}

const allShards = async (line: (shard: number) => string) =>
  (await Promise.all(Array.from({ length: SHARDS }, (_, shard) => query(line(shard))))).flat();
/** As the output OpenFindings of the stack prints it, in any order. */
const openFindings = (shard: number) =>
  `aws dynamodb query --table-name ${tables.findings} --region us-east-1 --index-name open ` +
  `--key-condition-expression 'openShard = :shard' ` +
  `--expression-attribute-values '{":shard":{"S":"open#'${shard}'"}}'`;
const ids = (rows: Row[]) => rows.map(({ id, targetOf }) => id?.S ?? targetOf?.S);

describe('the printed query', () => {
  test('by source gives the findings of that source', async () => {
    expect(ids(await query(queryBySource(tables, SOURCE)))).toEqual([ours.id]);
    expect(ids(await query(queryBySource(tables, other.source!)))).toEqual([other.id]);
  });

  test('by id gives that finding, whole', async () => {
    const [row, ...more] = await query(queryById(tables, ours.id));
    expect(row).toMatchObject({
      id: { S: ours.id },
      severity: { S: 'high' },
      source: { M: { address: { S: SOURCE.address } } },
    });
    expect(Object.keys(row!)).toEqual(expect.arrayContaining(Object.keys(ours)));
    expect(more).toEqual([]);
  });

  test('by target gives the finding for each of its first hundred targets and for the networks of the others', async () => {
    expect(ids(await query(queryByTarget(tables, '10.0.12.99')))).toEqual([ours.id]);
    expect(ids(await query(queryByTarget(tables, '10.0.13.0/24')))).toEqual([ours.id]);
    expect(ids(await query(queryByTarget(tables, '10.9.9.9')))).toEqual([other.id]);
  });

  test('by day and severity gives what began on the day, from the severity on', async () => {
    const day = ours.firstSeen.slice(0, 10);
    expect(ids(await allShards((shard) => queryByDay(tables, day, shard, 3)))).toEqual([ours.id]);
    expect(ids(await allShards((shard) => queryByDay(tables, day, shard, 4)))).toEqual([]);
    expect(ids(await allShards((shard) => queryByDay(tables, other.firstSeen.slice(0, 10), shard, 0)))).toContain(
      other.id,
    );
  });

  test('of open findings gives the open ones', async () => {
    expect(ids(await allShards(openFindings))).toEqual([ours.id]);
  });

  test('asks for exactly one source, whatever is in its name', async () => {
    const hostile = { scope: `a'; touch x; '`, address: '10.0.0.1' };
    expect(await query(queryBySource(tables, hostile))).toEqual([]);
  });
});

test('the printed put-item makes a suppression that is honoured', async () => {
  const until = isoTime(now + 7 * 86_400).slice(0, 10);
  const { words, options } = parse(suppressItem(tables, ours.id, scopeToSilence(ours)!, until));
  expect(words.slice(0, 3)).toEqual(['aws', 'dynamodb', 'put-item']);
  await dynamodb.send(new PutItemCommand({ TableName: options['--table-name'], Item: JSON.parse(options['--item']!) }));
  const rules = await new SuppressionsStore(embedded.client(), tables.findings).list();
  expect(suppressionOf(ours, rules, now)).toMatchObject({
    id: ours.id.slice(0, 12),
    source: '10.0.7.105/32',
    owner: 'YOU',
  });
  expect(suppressionOf(ours, rules, now + 8 * 86_400)).toBeUndefined();
  expect(suppressionOf(other, rules, now)).toBeUndefined();
});

test('the printed put-item for a campaign makes one that goes by the target', async () => {
  const campaign = finding({ id: 'c'.repeat(24), source: null, sources: { count: 40, sample: ['203.0.113.9'] } });
  const until = isoTime(now + 7 * 86_400).slice(0, 10);
  const { options } = parse(suppressItem(tables, campaign.id, scopeToSilence(campaign)!, until));
  await dynamodb.send(new PutItemCommand({ TableName: options['--table-name'], Item: JSON.parse(options['--item']!) }));
  const rules = await new SuppressionsStore(embedded.client(), tables.findings).list();
  expect(suppressionOf(campaign, rules, now)).toMatchObject({ source: '0.0.0.0/0', target: '10.0.12.30/32' });
});

describe('the printed line of the project, run by a shell,', () => {
  const shell = async (line: string) => {
    expect(line).toMatch(/^npx --no-install sweepwatch /);
    return run('/bin/sh', ['-c', line], { env: { ...process.env, ...embedded.environment }, cwd: process.cwd() });
  };

  test('explains the finding', async () => {
    const { stdout } = await shell(showFinding(tables, ours.id));
    expect(stdout).toContain(`Finding ${ours.id}`);
    expect(stdout).toContain('HIGH: lateral vertical scan');
  });

  test('lists what else the source did', async () => {
    const { stdout } = await shell(listBySource(tables, SOURCE));
    expect(stdout).toContain(ours.id);
    expect(stdout).not.toContain(other.id);
  });

  test('silences the source', async () => {
    const { stdout } = await shell(
      suppressLine(tables, { source: '198.51.100.7/32' }, isoTime(now + 86_400 * 7).slice(0, 10)),
    );
    // Another test's rule goes by the target, and covers it too.
    const rules = (await new SuppressionsStore(embedded.client(), tables.findings).list()).filter(
      ({ target }) => target === undefined,
    );
    expect(suppressionOf(other, rules, now)).toMatchObject({ id: stdout.trim(), source: '198.51.100.7/32' });
  });
});
