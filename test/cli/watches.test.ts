/** `sweepwatch watch`: rules that raise sensitivity, each with an owner, a reason and an end. */

import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { isoTime } from '../../lib/finding/model.ts';
import { watchLine } from '../../lib/notify/commands.ts';
import { WatchesStore } from '../../lib/store/watches-store.ts';
import { wordsOf } from '../lib/notify/shell.ts';
import { type Embedded, itemsOf, startEmbedded } from '../lib/store/fixture/tables.ts';
import { expectValidOutput } from '../output-schema.ts';
import { runner } from './deployed.ts';
import type { Run } from './run-cli.ts';

let embedded: Embedded;
let table: string;
let store: WatchesStore;
let run: (...args: string[]) => Promise<Run>;
beforeAll(async () => {
  embedded = await startEmbedded();
  table = (await embedded.tables()).findings;
  store = new WatchesStore(embedded.client(), table);
  run = runner(embedded, table);
});
afterAll(() => embedded.stop());

const DAY = 86_400;
const options = { '--source': '10.0.7.105/32', '--for': '7d', '--owner': 'alice', '--reason': 'incident 4711' };
const add = (changes: Record<string, string | undefined> = {}, ...more: string[]) =>
  run(
    'watch',
    'add',
    ...Object.entries({ ...options, ...changes }).flatMap(([name, value]) =>
      value === undefined ? [] : [name, value],
    ),
    ...more,
  );
const near = (iso: string, seconds: number) =>
  expect(Math.abs(Date.parse(iso) / 1000 - (Date.now() / 1000 + seconds))).toBeLessThan(60);

test('a watch is added, listed and ended, and stays in the table after its end', async () => {
  const added = await add();
  const id = added.stdout.trim();
  expect(added).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(
      new RegExp(
        `^10.0.7.105/32 is judged at high sensitivity until .*, within a minute. Undo: npx --no-install sweepwatch watch remove ${id} --table `,
      ),
    ),
  });
  const [watch] = await store.list();
  near(watch!.from, 0);
  near(watch!.until, 7 * DAY);
  expect((await run('watch', 'list')).stdout).toBe(
    `${id}\tactive\t10.0.7.105/32\thigh\t${watch!.from}\t${watch!.until}\talice\tincident 4711\n`,
  );
  const listed = JSON.parse((await run('watch', 'list', '--json')).stdout);
  expect(listed).toEqual([{ ...watch, state: 'active' }]);
  expectValidOutput('watch-list', listed);
  expect(await run('watch', 'remove', id)).toEqual({ code: 0, stdout: '', stderr: '' });
  expect((await run('watch', 'list')).stdout).toContain(`${id}\tended\t`);
  expect(await run('watch', 'remove', id)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`watch ${id} has ended in ${table}. "watch list" shows the ids`),
  });
  const item = (await itemsOf(embedded.client(), table)).find(({ sk }) => sk === `watch#${id}`);
  expect(Math.round((Number(item!.expiresAt) - Date.now() / 1000) / DAY)).toBe(94);
});

test.each<[string, string, string | undefined]>([
  ['an account', '123456789012', '123456789012'],
  ['a VPC', 'vpc-1', undefined],
])('the command that an alert prints adds a watch of its source in %s', async (_, scope, account) => {
  const tables = { findings: table, region: 'eu-central-1' };
  const line = watchLine(tables, '9d0ab14e681bdf08386e67fe', { address: '10.0.7.105', scope });
  const [npx, flag, name, ...words] = wordsOf(line);
  expect([npx, flag, name]).toEqual(['npx', '--no-install', 'sweepwatch']);
  const { code, stdout } = await run(...words);
  expect(code).toBe(0);
  const watch = (await store.list()).find(({ id }) => id === stdout.trim());
  expect(watch?.account).toBe(account);
  expect(watch).toMatchObject({
    source: '10.0.7.105/32',
    owner: 'YOU',
    reason: 'finding 9d0ab14e681bdf08386e67fe',
    sensitivity: 'high',
  });
});

test('a watch may go by target, instance, subnet and account, begin earlier and end at a time', async () => {
  const until = isoTime(Date.now() / 1000 + 2 * DAY);
  const scope = {
    '--source': '10.0.7.0/24',
    '--target': '10.0.9.0/24',
    '--instance': 'i-0a1',
    '--subnet': 'subnet-0a1',
    '--account': '123456789012',
    '--sensitivity': 'medium',
    '--for': undefined,
    '--until': until,
    '--since': '2h',
  };
  const watch = JSON.parse((await add(scope, '--json')).stdout);
  expect(watch).toMatchObject({ target: '10.0.9.0/24', subnet: 'subnet-0a1', sensitivity: 'medium', until });
  near(watch.from, -7200);
  expect((await run('watch', 'list')).stdout).toContain(
    `${watch.id}\tactive\t10.0.7.0/24 to 10.0.9.0/24, instance i-0a1, subnet subnet-0a1, account 123456789012\tmedium\t`,
  );
  expect((await add({ '--source': undefined, '--target': '10.0.9.0/24' })).stderr).toContain(
    'any source to 10.0.9.0/24',
  );
});

test('each change is kept with who and when', async () => {
  const id = (await add({ '--by': 'alice\u001b[2J' })).stdout.trim();
  await run('watch', 'remove', id, '--by', 'bob');
  const lines = (await run('watch', 'history')).stdout.trim().split('\n').slice(-2);
  expect(lines.map((line) => line.split('\t').slice(1, 7))).toEqual([
    ['added', 'alice?[2J', process.env.AWS_ACCESS_KEY_ID, id, '10.0.7.105/32', 'high'],
    ['removed', 'bob', process.env.AWS_ACCESS_KEY_ID, id, '10.0.7.105/32', 'high'],
  ]);
  const changes = JSON.parse((await run('watch', 'history', '--json')).stdout);
  expect(changes.at(-1)).toMatchObject({ change: 'removed', by: 'bob', rule: { id, owner: 'alice' } });
});

test('a watch that was written by hand and is invalid is void', async () => {
  const Item = { pk: 'watches', sk: 'watch#hand', id: 'hand', source: 'all\u001b[2J', from: 'x', until: 'y' };
  await embedded.client().send(new PutCommand({ TableName: table, Item }));
  expect((await run('watch', 'list')).stdout).toContain('hand\tvoid\tall?[2J\t');
  expectValidOutput('watch-list', JSON.parse((await run('watch', 'list', '--json')).stdout));
});

test.each<[string, Record<string, string | undefined>, string]>([
  [
    'no scope',
    { '--source': undefined },
    '--source must say whom to watch, or one of target, instance, subnet, account, namespace',
  ],
  [
    'an address without a length',
    { '--source': '10.0.7.105' },
    '--source must be a CIDR such as 10.0.3.22/32, got "10.0.7.105"',
  ],
  [
    'a wide source',
    { '--source': '10.0.0.0/8' },
    '--source must be a /16 or narrower, got 10.0.0.0/8. To raise sensitivity for all, change the setting "sensitivity"',
  ],
  ['a wide target', { '--target': '2001:db8::/32' }, '--target must be a /48 or narrower'],
  ['a bad instance', { '--instance': 'web' }, '--instance must be an instance id such as'],
  ['a bad subnet', { '--subnet': 'web' }, '--subnet must be a subnet id such as'],
  ['a bad account', { '--account': '12' }, '--account must be an account id such as'],
  [
    'an account alone',
    { '--source': undefined, '--account': '123456789012' },
    '--account must come with another part such as source or subnet, since a whole account is too much to watch',
  ],
  ['no end', { '--for': undefined }, '--for must say how long the watch lasts, such as 7d, or --until when it ends'],
  ['a bad span', { '--for': 'week' }, '--for must be a span such as 12h or 7d, got "week"'],
  ['a bad end', { '--for': undefined, '--until': 'soon' }, '--until must be a date such as 2026-12-01, got "soon"'],
  ['an end in the past', { '--for': undefined, '--until': '2020-01-01' }, '--until must be in the future'],
  ['a late end', { '--for': '31d' }, '--until must be at most 30 days ahead'],
  ['an early start', { '--since': '4d' }, '--since must be at most 3 days back and not ahead'],
  ['no owner', { '--owner': ' ' }, '--owner must name the person responsible for the watch'],
  ['no reason', { '--reason': ' ' }, '--reason must say why sensitivity is raised'],
])('%s is refused with what to do', async (_, changes, message) => {
  const before = (await store.list()).length;
  expect(await add(changes)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  expect(await store.list()).toHaveLength(before);
});
