/** `sweepwatch suppress`: rules that silence, each with an owner, a reason and an end. */
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

const options = {
  '--source': '10.0.3.22/32',
  '--owner': 'soc',
  '--reason': 'approved scanner',
  '--expires': '2099-01-31',
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
  expect((await run('suppress', 'list')).stdout).toBe(
    `${id}\tactive\t10.0.3.22/32\t2099-01-31\tsoc\tapproved scanner\n`,
  );
  expect(await run('suppress', 'remove', id)).toEqual({ code: 0, stdout: '', stderr: '' });
  expect((await run('suppress', 'list')).stdout).toBe('');
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
    stderr: expect.stringContaining('alerts about 0.0.0.0/0 to 10.0.9.0/24 are silent until 2099-01-31'),
  });
  expect(await store.list()).toMatchObject([{ id, source: '0.0.0.0/0', target: '10.0.9.0/24' }]);
  expect((await run('suppress', 'list')).stdout).toContain(`${id}\tactive\t0.0.0.0/0 to 10.0.9.0/24\t2099-01-31\t`);
  await run('suppress', 'remove', id);
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
