/** `sweepwatch suppress`: rules that silence, each with an owner, a reason and an end. */
import { userInfo } from 'node:os';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SuppressionsStore } from '../../lib/store/suppressions-store.ts';
import { type Embedded, startEmbedded } from '../lib/store/fixture/tables.ts';
import { runner } from './deployed.ts';
import type { Run } from './run-cli.ts';

let embedded: Embedded;
let table: string;
let store: SuppressionsStore;
let run: (...args: string[]) => Promise<Run>;
beforeAll(async () => {
  embedded = await startEmbedded();
  table = (await embedded.tables()).findings;
  store = new SuppressionsStore(embedded.client(), table);
  run = runner(embedded, table);
});
afterAll(() => embedded.stop());

/** Some days ahead, as the program takes it. */
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
const END = inDays(60);
const options = {
  '--source': '10.0.3.22/32',
  '--owner': 'soc',
  '--reason': 'approved scanner',
  '--expires': END,
};
const add = (changes: Record<string, string | undefined> = {}) =>
  run(
    'suppress',
    'add',
    ...Object.entries({ ...options, ...changes }).flatMap(([name, value]) =>
      value === undefined ? [] : [name, value],
    ),
  );

test('a rule is added, listed and removed', async () => {
  const added = await add();
  const id = added.stdout.trim();
  expect(added).toMatchObject({
    code: 0,
    stderr: expect.stringContaining(`Undo: npx --no-install sweepwatch suppress remove ${id} --table `),
  });
  expect((await run('suppress', 'list')).stdout).toBe(`${id}\tactive\t10.0.3.22/32\t${END}\tsoc\tapproved scanner\n`);
  expect(await run('suppress', 'remove', id)).toEqual({ code: 0, stdout: '', stderr: '' });
  expect((await run('suppress', 'list')).stdout).toBe('');
});

test('each change is kept with who and when, and the rule as it was', async () => {
  const before = JSON.parse((await run('suppress', 'history', '--format', 'json')).stdout).length;
  const id = (await add({ '--by': 'alice\u001b[2J', '--ports': '22' })).stdout.trim();
  await run('suppress', 'remove', id, '--by', 'bob');
  await run('suppress', 'remove', id, '--by', 'carol');
  const { code, stdout } = await run('suppress', 'history');
  expect(code).toBe(0);
  const lines = stdout.trim().split('\n').slice(before);
  const rest = `${process.env.AWS_ACCESS_KEY_ID}\t${id}\t10.0.3.22/32, ports 22\t${END}\tsoc\tapproved scanner`;
  expect(lines.map((line) => line.slice(line.indexOf('\t') + 1))).toEqual([
    `added\talice?[2J\t${rest}`,
    `removed\tbob\t${rest}`,
  ]);
  for (const line of lines) expect(Math.abs(Date.parse(line.split('\t')[0]!) - Date.now())).toBeLessThan(60_000);
  const changes = JSON.parse((await run('suppress', 'history', '--format', 'json')).stdout);
  expect(changes.slice(before)).toMatchObject([
    { change: 'added', rule: { id, source: '10.0.3.22/32', ports: '22', owner: 'soc' } },
    { change: 'removed', by: 'bob' },
  ]);
});

test('a change without a name has that of the login', async () => {
  const id = (await add()).stdout.trim();
  const changes = JSON.parse((await run('suppress', 'history', '--format', 'json')).stdout);
  expect(changes.at(-1)).toMatchObject({ change: 'added', by: userInfo().username, rule: { id } });
  await run('suppress', 'remove', id);
});

test('a rule may go by the actor, without a source', async () => {
  const added = await add({
    '--source': undefined,
    '--namespace': 'ci',
    '--service-account': 'ci/runner',
    '--user': 'a*',
  });
  expect(added).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('alerts about namespace ci, service account ci/runner, user a* are silent until'),
  });
  const id = added.stdout.trim();
  expect(await store.list()).toMatchObject([{ id, namespace: 'ci', serviceAccount: 'ci/runner', user: 'a*' }]);
  await run('suppress', 'remove', id);
});

test('a rule may go by the target, too', async () => {
  const added = await add({ '--source': '0.0.0.0/0', '--target': '10.0.9.0/24' });
  const id = added.stdout.trim();
  expect(added).toMatchObject({
    code: 0,
    stderr: expect.stringContaining(`alerts about 0.0.0.0/0 to 10.0.9.0/24 are silent until ${END}`),
  });
  expect(await store.list()).toMatchObject([{ id, source: '0.0.0.0/0', target: '10.0.9.0/24' }]);
  expect((await run('suppress', 'list')).stdout).toContain(`${id}\tactive\t0.0.0.0/0 to 10.0.9.0/24\t${END}\t`);
  await run('suppress', 'remove', id);
});

test('a rule may go by instance, interface and service, and be limited to ports and a kind', async () => {
  const scope = {
    '--source': undefined,
    '--instance': 'i-0a1',
    '--interface': 'eni-0a1',
    '--ecs-service': 'prod/scanner',
    '--ports': '22,8000-8100',
    '--kind': 'vertical-scan',
  };
  const id = (await add(scope)).stdout.trim();
  expect((await run('suppress', 'list')).stdout).toBe(
    `${id}\tactive\tinstance i-0a1, interface eni-0a1, ECS service prod/scanner, ports 22,8000-8100, kind vertical-scan\t${END}\tsoc\tapproved scanner\n`,
  );
  await run('suppress', 'remove', id);
});

test('a rule may be limited to times of the week, in UTC if no time zone is given', async () => {
  const weekly = ['--weekly', 'Sat 02:00-06:00', '--weekly', 'Mon-Fri 22:00-04:00'];
  const added = await run('suppress', 'add', ...Object.entries(options).flat(), ...weekly);
  expect(added.stderr).toContain('10.0.3.22/32, weekly Sat 02:00-06:00, Mon-Fri 22:00-04:00 (UTC) are silent until');
  const berlin = await add({ '--weekly': 'Sat 02:00-06:00', '--time-zone': 'Europe/Berlin' });
  expect(await store.list()).toContainEqual(
    expect.objectContaining({ weekly: 'Sat 02:00-06:00', timeZone: 'Europe/Berlin' }),
  );
  for (const { stdout } of [added, berlin]) await run('suppress', 'remove', stdout.trim());
});

test('a rule alerts when its scanner changes, unless it is asked not to', async () => {
  const watching = (await add()).stdout.trim();
  const quiet = (await run('suppress', 'add', ...Object.entries(options).flat(), '--ignore-changes')).stdout.trim();
  const rules = new Map((await store.list()).map((rule) => [rule.id, rule.alertsOnChange]));
  expect([rules.get(watching), rules.get(quiet)]).toEqual([true, undefined]);
  for (const id of [watching, quiet]) await run('suppress', 'remove', id);
});

test('a rule may last a year if that is asked for, and not longer', async () => {
  expect(await add({ '--expires': inDays(200) })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('With --long it may be 366'),
  });
  const long = (days: number) =>
    run('suppress', 'add', ...Object.entries({ ...options, '--expires': inDays(days) }).flat(), '--long');
  const added = await long(360);
  expect(added.code).toBe(0);
  expect(await long(368)).toMatchObject({ code: 2, stderr: expect.stringContaining('at most 366 days ahead') });
  await run('suppress', 'remove', added.stdout.trim());
});

test('a rule that shares findings with another one is added, and the other is named', async () => {
  const wide = (await add({ '--source': '10.0.3.0/24' })).stdout.trim();
  const covered = await add();
  expect(covered.stderr).toContain(`rule ${wide} (10.0.3.0/24) of soc already covers all of it, until ${END}\n`);
  const wider = await add({ '--source': '10.0.0.0/16' });
  expect(wider.stderr).toContain(`rule ${wide} (10.0.3.0/24) of soc covers some of it too, until ${END}\n`);
  const beside = await add({ '--source': '10.9.0.0/16' });
  expect(beside.stderr).not.toContain(' of soc ');
  for (const { id } of await store.list()) await run('suppress', 'remove', id);
});

test('a rule that somebody put there by hand and that silences nothing is listed as void', async () => {
  await store.add({ id: 'all', source: '0.0.0.0/0', owner: 'o', reason: 'r', expires: '2099-01-31' });
  expect((await run('suppress', 'list')).stdout).toContain('all\tvoid\t0.0.0.0/0\t');
  await store.remove('all');
});

test('removing what is not there ends with 1', async () => {
  expect(await run('suppress', 'remove', 'nope')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no suppression nope in'),
  });
});

test('rules of others are listed too: expired ones, and ones that name no time', async () => {
  await store.add({ id: 'old', source: '10.0.0.0/8', owner: 'o', reason: 'r', expires: '2020-01-01' });
  const item = {
    pk: 'suppressions',
    sk: 'suppression#odd',
    id: 'odd',
    source: '10.0.0.0/8',
    owner: 'o',
    reason: 'r\u001b[2J',
  };
  await embedded.client().send(new PutCommand({ TableName: table, Item: { ...item, expires: 'next week' } }));
  const { code, stdout } = await run('suppress', 'list');
  expect(code).toBe(0);
  expect(stdout).toContain('old\texpired\t');
  expect(stdout).toContain('odd\texpired\t10.0.0.0/8\tnext week\to\tr?[2J');
});

describe('wrong usage ends with 2, says what was expected, and adds nothing', () => {
  test.each<[string, Record<string, string | undefined>, string]>([
    ['no CIDR', { '--source': '10.0.3.22' }, 'source must be a CIDR such as 10.0.3.22/32, got "10.0.3.22"'],
    ['an impossible CIDR', { '--source': '10.0.3.22/33' }, 'source must be a CIDR'],
    ['no CIDR for a target', { '--target': 'web' }, 'target must be a CIDR such as 10.0.9.0/24, got "web"'],
    [
      'everything',
      { '--source': '0.0.0.0/0' },
      'source must not cover every address unless a target limits the rule, got 0.0.0.0/0',
    ],
    [
      'all of IPv6',
      { '--source': '::/0' },
      'source must not cover every address unless a target limits the rule, got ::/0',
    ],
    ['nobody', { '--owner': undefined }, "required option '--owner <NAME>' not specified"],
    ['no reason', { '--reason': ' ' }, 'reason must say why'],
    ['no end', { '--expires': undefined }, "required option '--expires <DATE>' not specified"],
    ['no date', { '--expires': 'soon' }, '--expires must be a date such as 2027-01-31, got "soon"'],
    ['an empty owner', { '--owner': '' }, '--owner must name the person responsible for the rule'],
    ['a kind that no finding has', { '--kind': 'moon-scan' }, '--kind must be one of vertical-scan, '],
    ['no port', { '--ports': 'ssh' }, '--ports must be a list such as 22,443,8000-8100, got "ssh"'],
    ['no service', { '--ecs-service': '*' }, '--ecs-service must hold more than stars and blanks'],
    ['no time of the week', { '--weekly': 'Saturday' }, '--weekly must be a time such as "Sat 02:00-06:00"'],
    ['no time zone', { '--weekly': 'Sat 02:00-06:00', '--time-zone': 'Mars' }, '--time-zone must be a name such as'],
    ['a time zone alone', { '--time-zone': 'UTC' }, '--time-zone is only for a rule with weekly times'],
    ['too long', { '--expires': inDays(95) }, '--expires must be at most 90 days ahead'],
    ['the past', { '--expires': '2020-01-01' }, 'expires must be in the future, got 2020-01-01'],
  ])('%s', async (_, changes, message) => {
    const before = await store.list();
    expect(await add(changes)).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining(message) });
    expect(await store.list()).toEqual(before);
  });

  test.each([
    [['suppress'], 'Usage: sweepwatch suppress'],
    [['suppress', 'remove'], `missing required argument 'ID': id from "suppress list"`],
  ])('%j', async (args, message) => {
    expect(await run(...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });
});

test('help is data, and the exit code is 0', async () => {
  expect(await run('suppress', '--help')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Usage: sweepwatch suppress'),
  });
});
