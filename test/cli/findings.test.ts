/** `sweepwatch findings`: looking findings up and having one explained. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readTime } from '../../cli/finding-filters.ts';
import { type Finding, isoTime } from '../../lib/finding/model.ts';
import { FindingsStore } from '../../lib/store/findings-store.ts';
import { expectValidFinding } from '../finding-schema.ts';
import { detection } from '../lib/store/fixture/findings.ts';
import { type Embedded, startEmbedded } from '../lib/store/fixture/tables.ts';
import { runner } from './deployed.ts';
import { findingsOf, type Run } from './run-cli.ts';

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
    const ports = { count: 3, exact: true, sample: [1, 2, 3] };
    await store.upsert(
      { ...detection({ id: id(digit), ports, ...times, ...parts }, targets), anchorHour: Math.floor(at / 3600) },
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
  await add('3', now - 20 * DAY, { severity: 'critical', ports: { count: 90, exact: true, sample: [7, 8] } });
  await add(
    '4',
    now - 1800,
    {
      source: { scope: 'other', address: '10.0.7.105', accountId: '210987654321', vpcId: 'vpc-1' },
      ports: { count: 1, exact: true, sample: [445] },
      kind: 'horizontal-scan',
      watchedBy: 'w1',
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
    ['that were judged under a watch', ['--watched'], ['4']],
    ['of a watch', ['--watched-by', 'w1'], ['4']],
    ['of a watch that found nothing', ['--watched-by', 'w2'], []],
    ['that are open', ['--open'], ['1', '4']],
    ['that are open, by status', ['--status', 'open'], ['1', '4']],
    ['that are closed', ['--status', 'closed'], ['2']],
    ['that were closed for a reason', ['--status', 'refuted'], []],
    ['of a port', ['--port', '445'], ['4']],
    ['of a direction', ['--direction', 'inbound'], ['2']],
    ['of an account, by the account of the interface', ['--account', '210987654321'], ['4']],
    ['of an account, by the scope of the source', ['--account', '123456789012'], ['1']],
    ['of a VPC', ['--vpc', 'vpc-1'], ['4']],
    ['of a port and a status', ['--port', '2', '--status', 'ended'], ['2']],
    ['until a span back', ['--until', '1d'], ['2']],
    ['between two times', ['--since', '30d', '--until', '3d'], ['3']],
  ])('%s', async (_, args, expected) => {
    expect(await list(...args)).toEqual(expected);
  });

  test('prints a table for people, and says so when it is empty', async () => {
    expect((await run('findings', 'list')).stdout).toMatch(/^SEVERITY +KIND .*\n(.*\n){3}$/);
    expect((await run('findings', 'list', '--severity', 'critical')).stdout).toBe('no findings\n');
  });
});

test('findings of more ports than they name are counted when one port is asked for', async () => {
  expect(await run('findings', 'list', '--since', '30d', '--port', '443', '--severity', 'critical')).toEqual({
    code: 0,
    stdout: 'no findings\n',
    stderr: '1 further finding may be about port 443: more ports were tried than these findings name\n',
  });
});

describe('findings export', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sweepwatch-'));

  test('writes the findings that list would list, to stdout', async () => {
    const [exported, listed] = await Promise.all([
      run('findings', 'export', '--since', '30d'),
      run('findings', 'list', '--since', '30d', '--format', 'ndjson'),
    ]);
    expect(exported).toMatchObject({ code: 0, stderr: '' });
    expect(findingsOf(exported)).toEqual(findingsOf(listed));
    expect(findingsOf(exported)).toHaveLength(4);
  });

  test('replaces a file in one step and says how much is in it', async () => {
    const file = join(folder, 'out.csv');
    for (const args of [
      ['--severity', 'high'],
      ['--kind', 'horizontal-scan'],
    ])
      expect(await run('findings', 'export', '--format', 'csv', '--output', file, ...args)).toMatchObject({
        code: 0,
        stdout: '',
      });
    const [heading, row, end] = readFileSync(file, 'utf8').split('\n');
    expect(heading).toMatch(/^id,status,closed_because,verdict,/);
    expect(row).toMatch(/^4{24},open,,,,,,,,high,80,horizontal-scan,lateral,10\.0\.7\.105,other,210987654321,vpc-1,/);
    expect(end).toBe('');
    expect(readdirSync(folder)).toEqual(['out.csv']);
  });

  test('writes only the page if only a page is asked for', async () => {
    const file = join(folder, 'out.html');
    const { code, stdout } = await run('findings', 'export', '--report', file, '--direction', 'inbound');
    expect([code, stdout]).toEqual([0, '']);
    expect(readFileSync(file, 'utf8')).toContain(`id="finding-${id('2')}"`);
  });

  test('names what is wrong with a file, and leaves nothing behind', async () => {
    expect(await run('findings', 'export', '--output', join(folder, 'none/out.csv'))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/out\.csv: the folder does not exist\n$/),
    });
    expect(await run('findings', 'export', '--output', folder)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('this is a folder'),
    });
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
    [['findings', 'list', '--until', 'tomorrow'], '--until must be a date such as 2026-11-21'],
    [['findings', 'list', '--since', '2026-11-21', '--until', '2026-11-20'], '--until is before --since'],
    [['findings', 'list', '--open', '--status', 'ended'], '--open contradicts --status ended'],
    [['findings', 'list', '--port', '70000'], 'Expected a number from 0 to 65535.'],
    [
      ['findings', 'list', '--severity', 'grave'],
      `option '--severity <LEVEL>' argument 'grave' is invalid. Allowed choices are informational, low`,
    ],
    [
      ['findings', 'list', '--format', 'xml'],
      `option '--format <FORMAT>' argument 'xml' is invalid. Allowed choices are table, ndjson, json, csv, ocsf, ocsf-1.3, ocsf-1.6.`,
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
  expect(readTime('--since', text, now)).toBe(expected);
});
