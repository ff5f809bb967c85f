/** `sweepwatch findings ack` and `close`: what people say of findings, and where it shows. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Finding, isoTime } from '../../lib/finding/model.ts';
import { FindingsStore } from '../../lib/store/findings-store.ts';
import { expectValidFinding } from '../finding-schema.ts';
import { detection } from '../lib/store/fixture/findings.ts';
import { type Embedded, startEmbedded } from '../lib/store/fixture/tables.ts';
import { expectValidOutput } from '../output-schema.ts';
import { runner } from './deployed.ts';
import { findingsOf, type Run } from './run-cli.ts';

let embedded: Embedded;
let run: (...args: string[]) => Promise<Run>;
let store: FindingsStore;
const now = Date.now() / 1000;
const id = (digit: string) => digit.repeat(24);
const times = { firstSeen: isoTime(now - 3600), lastSeen: isoTime(now - 3500), detectedAt: isoTime(now - 3550) };

beforeAll(async () => {
  embedded = await startEmbedded();
});
afterAll(() => embedded.stop());
beforeEach(async () => {
  const { findings: table } = await embedded.tables();
  run = runner(embedded, table);
  store = new FindingsStore({ client: embedded.client(), table, retentionDays: 365 });
  await add('1');
});

const add = (digit: string, parts: Partial<Finding> = {}) =>
  store.upsert(
    { ...detection({ id: id(digit), ...times, ...parts }), anchorHour: Math.floor((now - 3600) / 3600) },
    { fragments: 1, judgedAt: now },
    false,
    now,
  );
const stored = async (digit: string): Promise<Finding> => {
  const { finding } = (await store.byId(id(digit)))!;
  expectValidFinding(finding);
  return finding;
};
const say = (command: string, digit: string, ...args: string[]) => run('findings', command, id(digit), ...args);

describe('findings ack', () => {
  test('names who looks at a finding, with a note', async () => {
    expect(await say('ack', '1', '--by', 'alice', '--note', 'asked the owner')).toEqual({
      code: 0,
      stdout: `${id('1')}\n`,
      stderr: '',
    });
    expect(await stored('1')).toMatchObject({
      status: 'open',
      acknowledged: { by: 'alice' },
      notes: [{ by: 'alice', text: 'asked the owner' }],
    });
    expect((await run('findings', 'list')).stdout).toMatch(/ acknowledged /);
  });

  test('by a second person keeps the first, says so, and adds the note', async () => {
    await say('ack', '1', '--by', 'alice');
    const { stderr } = await say('ack', '1', '--by', 'bob', '--note', 'me too');
    expect(stderr).toMatch(/^alice looks at it already, since 20/);
    expect(await stored('1')).toMatchObject({ acknowledged: { by: 'alice' }, notes: [{ by: 'bob' }] });
  });

  test('refuses a twenty-first note, and loses none of those before', async () => {
    for (let n = 0; n < 20; n++) await say('ack', '1', '--by', 'alice', '--note', `${n}`);
    expect(await say('ack', '1', '--by', 'alice', '--note', 'more')).toEqual({
      code: 1,
      stdout: '',
      stderr: `finding ${id('1')} has 20 notes, and 20 is the most. Leave out --note\n`,
    });
    expect((await stored('1')).notes).toHaveLength(20);
  });

  test('of many people at once loses no note', async () => {
    const names = ['ann', 'ben', 'cleo', 'dan', 'eve', 'fay'];
    const runs = await Promise.all(names.map((name) => say('ack', '1', '--by', name, '--note', name)));
    expect(runs.map(({ code }) => code)).toEqual(names.map(() => 0));
    expect((await stored('1')).notes?.map(({ by }) => by).sort()).toEqual(names);
  });
});

describe('findings close', () => {
  test('closes with a verdict, which list, show, CSV, OCSF and the page show', async () => {
    const { code, stderr } = await say('close', '1', '--by', 'alice', '--verdict', 'benign', '--note', 'inventory <b>');
    expect([code, stderr]).toEqual([
      0,
      `finding ${id('1')} is closed as benign. It stays quiet unless its severity rises above high\n`,
    ]);
    expect(await stored('1')).toMatchObject({
      status: 'closed',
      closedBecause: 'analyst',
      verdict: 'benign',
      verdictGiven: { by: 'alice', severity: 'high' },
    });
    expect((await run('findings', 'list')).stdout).toMatch(/ closed: benign /);
    const { stdout: shown } = await run('findings', 'show', id('1'));
    expect(shown).toMatch(/\nREVIEW\n {2}alice closed it at 20\S+ as benign\.\n {2}20\S+ alice: inventory <b>\n/);
    expect(shown).toContain('Nothing is left to do. It stays quiet unless its severity rises.');
    expect((await run('findings', 'list', '--format', 'csv')).stdout).toMatch(/,closed,analyst,benign,alice,20/);
    const [ocsf] = findingsOf(await run('findings', 'list', '--format', 'ocsf'));
    expect(ocsf).toMatchObject({
      status_id: 4,
      verdict_id: 5,
      metadata: { profiles: ['incident'] },
      comment: expect.stringContaining('alice: inventory'),
    });
    const file = join(mkdtempSync(join(tmpdir(), 'sweepwatch-')), 'report.html');
    await run('findings', 'export', '--report', file);
    expect(readFileSync(file, 'utf8')).toMatch(/closed: benign[\s\S]+alice: inventory &lt;b&gt;/);
  });

  test('is found by the verdict', async () => {
    await add('2');
    await say('close', '1', '--by', 'alice', '--verdict', 'tuned');
    const found = async (verdict: string) =>
      findingsOf(await run('findings', 'list', '--format', 'ndjson', '--verdict', verdict)).map((each) => each.id[0]);
    expect([await found('tuned'), await found('none'), await found('true')]).toEqual([['1'], ['2'], []]);
  });

  test('takes the later of two verdicts, and notes the earlier one', async () => {
    await say('close', '1', '--by', 'alice', '--verdict', 'benign');
    await say('close', '1', '--by', 'bob', '--verdict', 'true');
    expect(await stored('1')).toMatchObject({
      verdict: 'true',
      verdictGiven: { by: 'bob' },
      notes: [{ by: 'bob', text: expect.stringMatching(/^the verdict before was benign, by alice at 20/) }],
    });
  });

  test('of a finding that merged gives the verdict to the surviving one, and says so', async () => {
    await add('2', { status: 'closed', closedBecause: 'merged', mergedInto: id('3') });
    await add('3', { status: 'closed', closedBecause: 'merged', mergedInto: id('1') });
    const { code, stdout, stderr } = await say('close', '2', '--by', 'alice', '--verdict', 'true');
    expect([code, stdout]).toEqual([0, `${id('1')}\n`]);
    expect(stderr).toContain(`finding ${id('2')} became part of finding ${id('3')}, which takes what you say\n`);
    expect(stderr).toContain(`finding ${id('3')} became part of finding ${id('1')}, which takes what you say\n`);
    expect(await stored('1')).toMatchObject({ closedBecause: 'analyst', verdict: 'true' });
    expect((await stored('2')).verdict).toBeUndefined();
  });

  test('of a finding that was refuted records the verdict and says that it stays refuted', async () => {
    await add('2', { status: 'closed', closedBecause: 'refuted' });
    const { stderr } = await say('close', '2', '--by', 'alice', '--verdict', 'benign');
    expect(stderr).toContain('later evidence had refuted finding');
    expect(await stored('2')).toMatchObject({ closedBecause: 'refuted', verdict: 'benign' });
  });

  test('of an unknown id exits with 1 and says where ids are shown', async () => {
    expect(await say('close', '9', '--by', 'alice', '--verdict', 'true')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('"findings list" shows the ids'),
    });
  });
});

describe('findings stats', () => {
  test('says that nothing is known without verdicts', async () => {
    expect((await run('findings', 'stats')).stdout).toMatch(
      /^KIND +FINDINGS .*\nvertical-scan +1 .*unknown\nall +1 .*unknown\n\nNo finding has a verdict, so the precision is unknown\. Give verdicts with "findings close"\.\n$/,
    );
    expect((await run('findings', 'stats', '--kind', 'block-scan')).stdout).toBe('no findings\n');
  });

  test('gives the precision of each kind with its interval, and says how much is judged', async () => {
    for (const digit of ['2', '3', '4']) await add(digit);
    await say('close', '2', '--by', 'alice', '--verdict', 'true');
    await say('close', '3', '--by', 'alice', '--verdict', 'benign');
    const { stdout } = await run('findings', 'stats');
    expect(stdout).toMatch(/\nvertical-scan +4 +0 +0 +2 +1 +1 +0 +50% \(9% to 91%\)\n/);
    expect(stdout).toContain('2 verdicts on 4 findings.');
    expect(stdout).toContain('Findings without a verdict may be better or worse');
    const rows = findingsOf(await run('findings', 'stats', '--format', 'ndjson', '--since', '1d'));
    expect(rows).toMatchObject([
      { kind: 'vertical-scan', precision: 0.5, interval: [0.0945, 0.9055] },
      { kind: 'all' },
    ]);
    const printed = JSON.parse((await run('findings', 'stats', '--format', 'json')).stdout);
    expect(printed).toEqual(rows);
    expectValidOutput('findings-stats', printed);
  });
});

describe('wrong usage ends with 2 and says what was expected', () => {
  test.each([
    [['ack', id('1')], `required option '--by <NAME>' not specified`],
    [['ack', id('1'), '--by', ' '], '--by must name a person'],
    [['ack', id('1'), '--by', 'a', '--note', ''], '--note is empty'],
    [['ack', id('1'), '--by', 'a', '--note', 'x'.repeat(501)], '--note must have at most 500 characters, got 501'],
    [['close', id('1'), '--by', 'a'], `required option '--verdict <VERDICT>' not specified`],
    [['close', id('1'), '--by', 'a', '--verdict', 'maybe'], 'Allowed choices are true, benign, tuned'],
  ])('%j', async (args, message) => {
    expect(await run('findings', ...args)).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining(message) });
  });
});
