/** `sweepwatch findings`: looking findings up and having one explained. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readSince } from '../../cli/commands/findings.ts';
import { type Finding, isoTime } from '../../lib/finding/model.ts';
import { FindingsStore } from '../../lib/store/findings-store.ts';
import { expectValidFinding } from '../finding-schema.ts';
import { detection } from '../lib/store/fixture/findings.ts';
import { type Embedded, startEmbedded } from '../lib/store/fixture/tables.ts';
import { runner } from './deployed.ts';
import type { Run } from './run-cli.ts';

let embedded: Embedded;
let run: (...args: string[]) => Promise<Run>;
const now = Date.now() / 1000;
const DAY = 86_400;
const id = (digit: string) => digit.repeat(24);

beforeAll(async () => {
  embedded = await startEmbedded();
  const { findings: table } = await embedded.tables();
  run = runner(embedded, table);
  const store = new FindingsStore({ client: embedded.client(), table, retentionDays: 365 });
  const add = async (digit: string, at: number, parts: Partial<Finding>, targets: string[] = ['10.0.12.30']) => {
    const times = { firstSeen: isoTime(at), lastSeen: isoTime(at + 60), detectedAt: isoTime(at + 30) };
    await store.upsert(
      { ...detection({ id: id(digit), ...times, ...parts }, targets), anchorHour: Math.floor(at / 3600) },
      { fragments: 1, judgedAt: at },
      false,
      now,
    );
  };
  await add('1', now - 3600, {});
  await add('2', now - 2 * DAY, {
    severity: 'low',
    direction: 'inbound',
    source: { scope: 'internet', address: '198.51.100.7' },
    status: 'closed',
    closedBecause: 'ended',
  });
  await add('3', now - 20 * DAY, { severity: 'critical' });
  await add(
    '4',
    now - 1800,
    {
      source: { scope: 'other', address: '10.0.7.105' },
      kind: 'horizontal-scan',
      actor: { kind: 'pod', name: 'web-1', namespace: 'shop', user: 'alice', at: isoTime(now - 1800) },
    },
    Array.from({ length: 120 }, (_, n) => `10.5.${n}.1`),
  );
});
afterAll(() => embedded.stop());

const list = async (...args: string[]): Promise<string[]> => {
  const { code, stdout, stderr } = await run('findings', 'list', '--format', 'ndjson', ...args);
  expect([code, stderr]).toEqual([0, '']);
  const found = stdout
    .split('\n')
    .filter(Boolean)
    .map((text) => JSON.parse(text) as Finding);
  for (const each of found) expectValidFinding(each);
  return found.map((each) => each.id[0]!);
};

describe('findings list', () => {
  test('gives the last seven days, oldest detection first', async () => {
    expect(await list()).toEqual(['2', '1', '4']);
  });

  test.each<[string, string[], string[]]>([
    ['since a span', ['--since', '2h'], ['1', '4']],
    ['since a day', ['--since', isoTime(now - 30 * DAY).slice(0, 10)], ['3', '2', '1', '4']],
    ['of a severity or above', ['--severity', 'high'], ['1', '4']],
    ['of a source, in whatever scope', ['--source', '10.0.7.105'], ['1', '4']],
    ['of a source in one scope', ['--source', '10.0.7.105', '--scope', 'other'], ['4']],
    ['of a kind', ['--kind', 'horizontal-scan'], ['4']],
    ['of an actor, by a part of any of its names', ['--actor', 'Alic'], ['4']],
    ['of an actor that did nothing', ['--actor', 'bob'], []],
    ['of a target', ['--target', '10.0.12.30'], ['2', '1']],
    ['of a target that only its network stands for', ['--target', '10.5.110.77'], ['4']],
    ['of a target and a severity', ['--target', '10.0.12.30', '--severity', 'high'], ['1']],
    ['of a target that nobody touched', ['--target', '10.0.12.31'], []],
    ['that are open', ['--open'], ['1', '4']],
  ])('%s', async (_, args, expected) => {
    expect(await list(...args)).toEqual(expected);
  });

  test('prints a table for people, and says so when it is empty', async () => {
    expect((await run('findings', 'list')).stdout).toMatch(/^SEVERITY +KIND .*\n(.*\n){3}$/);
    expect((await run('findings', 'list', '--severity', 'critical')).stdout).toBe('no findings\n');
  });
});

test('findings list writes a page with the names of the deployment', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'sweepwatch-')), 'report.html');
  expect(await run('findings', 'list', '--report', file)).toMatchObject({
    code: 0,
    stderr: `report written to ${file}\n`,
  });
  const page = readFileSync(file, 'utf8');
  for (const one of ['1', '2', '4']) expect(page).toContain(`id="finding-${id(one)}"`);
  expect(page).toContain('--table findings-1');
});

describe('findings show', () => {
  test('explains the finding, also what would have suppressed it', async () => {
    const { code, stdout } = await run('findings', 'show', id('1'));
    expect(code).toBe(0);
    expect(stdout).toContain('WHY IT FIRED');
    expect(stdout).toContain('NOT VISIBLE\n  no known gaps in the log\n');
    expect(stdout).toContain(
      'WHAT WOULD HAVE SUPPRESSED IT\n  failed-ports-of-one-target-5m: detection.failuresIn5Minutes of at least 13 (was 8)\n',
    );
    expect(stdout).toMatch(/\n {2}or the suppression --source 10\.0\.7\.105\/32\n$/);
  });

  test('gives one as JSON', async () => {
    expect(JSON.parse((await run('findings', 'show', id('2'), '--format', 'json')).stdout)).toMatchObject([
      { id: id('2') },
    ]);
  });

  test('with an unknown id exits with 1 and says where ids are shown', async () => {
    expect(await run('findings', 'show', 'nope')).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('no finding nope in findings-1. "findings list" shows the ids'),
    });
  });
});

describe('wrong usage ends with 2 and says what was expected', () => {
  test.each([
    [['findings'], 'Usage: sweepwatch findings'],
    [['findings', 'show'], `missing required argument 'ID': id from "findings list" or an alert`],
    [['findings', 'list', '--scope', 'x'], '--scope needs --source'],
    [['findings', 'list', '--since', 'yesterday'], '--since must be a date such as 2026-11-21'],
    [
      ['findings', 'list', '--severity', 'grave'],
      `option '--severity <LEVEL>' argument 'grave' is invalid. Allowed choices are informational, low`,
    ],
    [
      ['findings', 'list', '--format', 'xml'],
      `option '--format <FORMAT>' argument 'xml' is invalid. Allowed choices are table, ndjson, json, ocsf.`,
    ],
    [['findings', 'list', '--colour'], "unknown option '--colour'"],
  ])('%j', async (args, message) => {
    expect(await run(...args)).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining(message) });
  });

  test('no table at all', async () => {
    const { SWEEPWATCH_FINDINGS_TABLE: table } = process.env;
    delete process.env.SWEEPWATCH_FINDINGS_TABLE;
    expect(await run('findings', 'list')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no deployment given. Give --stack NAME'),
    });
    expect(await run('findings', 'list', '--local')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no local cloud is running here'),
    });
    process.env.SWEEPWATCH_FINDINGS_TABLE = table;
  });
});

test('a table that does not exist ends with 1 and its name', async () => {
  for (const query of [[], ['--target', '10.0.0.1'], ['--source', '10.0.0.1', '--scope', 'x']]) {
    const { code, stderr } = await run('findings', 'list', '--table', 'missing-table', ...query);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('sweepwatch: no table missing-table in us-east-1. Give'),
    ]);
  }
});

test('help is data, and the exit code is 0', async () => {
  expect(await run('findings', '--help')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Usage: sweepwatch findings'),
    stderr: '',
  });
});

test.each([
  ['90m', now - 5400],
  ['7d', now - 7 * DAY],
  ['2026-11-21', Date.UTC(2026, 10, 21) / 1000],
  ['2026-11-21T08:00:00Z', Date.UTC(2026, 10, 21, 8) / 1000],
])('since %s is read', (text, expected) => {
  expect(readSince(text, now)).toBe(expected);
});
