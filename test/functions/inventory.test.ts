/** The inventory of addresses in a deployment: settle takes snapshots, and judges know dark addresses like `detect`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Inventory } from '../../lib/evidence/inventory.ts';
import type { Finding } from '../../lib/finding/model.ts';
import { type Cidr, parseCidr } from '../../lib/net/cidr.ts';
import { createDocumentClient } from '../../lib/store/clients.ts';
import { type InventoryHead, InventoryStore } from '../../lib/store/inventory-store.ts';
import { findingsOf, runHere } from '../cli/run-cli.ts';
import { HOUR, holding, snapshotText, subnetOf, times } from '../lib/evidence/snapshots.ts';
import { answer, file, line } from '../lib/pipeline/fixture/flow-logs.ts';
import { type RunningStack, startStack } from './fixture/stack.ts';
import { checkPermissions } from './permissions.cases.ts';

jest.setTimeout(200_000);

const OWNER = '000000000000';
const SCANNER = '10.0.7.105';
const NOW = Math.floor(Date.now() / 1000);
const FROM = NOW - 1500;
/** Every other host of a /24 in no order, each asked with four packets, as an ordinary client does. */
const HOSTS = Array.from({ length: 40 }, (_, n) => `10.0.9.${10 + 2 * ((n * 37) % 101)}`);
const patient = (from: string, to: string, at: number) =>
  line({ from, to, fromPort: 41_000 + at, toPort: 22, flags: 2, end: FROM + at, direction: 'egress', packets: 4 });
const LOG = file([
  ...HOSTS.map((host, at) => patient(SCANNER, host, at)),
  ...HOSTS.map((host, at) => patient('10.0.7.106', host.replace('10.0.9.', '10.0.8.'), at)),
  answer({ from: '10.0.7.200', to: '10.0.7.201', port: 443, end: NOW - 400 }),
]);
const HELD = HOSTS.map((host) => host.replace('10.0.9.', '10.0.8.'));

/** Settle takes one snapshot in five minutes of its clock. This is the beginning of five of them. */
const START = Math.ceil(NOW / 300) * 300;
/** Sets the clock of the functions to some seconds after the beginning. */
const setClock = (seconds: number) => stack.putForward(Math.round(START + seconds - Date.now() / 1000));

let stack: RunningStack;
let folder: string;
const store = (keptDays = 10) =>
  new InventoryStore({
    client: createDocumentClient(),
    tables: { windows: stack.cloud.outputs.WindowsTable!, findings: stack.cloud.outputs.FindingsTable! },
    keptDays,
  });
const head = async (): Promise<InventoryHead> => (await store().read()).head;
const linesOf = (message: string) =>
  stack.events
    .flatMap((event) => (event.type === 'function output' && event.line.startsWith('{') ? [event.line] : []))
    .map((text) => JSON.parse(text) as Record<string, unknown>)
    .filter((each) => each.message === message);
const about = ({ source, severity, kind, reasons }: Finding) => ({
  ...{ address: source?.address, severity, kind },
  reasons: reasons.map(({ text }) => text),
});
const byAddress = (a: { address?: string | undefined }, b: typeof a) =>
  String(a.address).localeCompare(String(b.address));

/** What settle noted over the last days: the interfaces of a VPC, and half of its hosts. */
async function noteThePast(): Promise<void> {
  const spans = [{ from: NOW - 80 * HOUR, to: NOW - HOUR }];
  const past = new Inventory();
  past.addRecord({
    ...{ vpcId: 'vpc-1', owner: OWNER, subnets: [parseCidr('10.0.0.0/16') as Cidr] },
    seen: [[OWNER, spans]],
    held: [SCANNER, '10.0.7.106', ...HELD].map((name) => [name, spans] as const),
  });
  await store().write({ at: NOW - HOUR, inventory: past, since: NOW - 80 * HOUR, interfaces: 1 });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sweepwatch-inventory-'));
  stack = await startStack('inventory');
  const { described } = stack.cloud;
  described.mostInPage = 10;
  described.subnets = [{ id: 'subnet-1', vpc: 'vpc-1', account: OWNER, cidrs: ['10.0.0.0/16'] }];
  described.interfaces = [
    { id: 'eni-scanner', vpc: 'vpc-1', account: OWNER, addresses: [SCANNER, '10.0.7.106'] },
    ...HELD.map((address) => ({ id: `eni-${address}`, vpc: 'vpc-1', account: OWNER, addresses: [address] })),
  ];
  await noteThePast();
});
afterAll(async () => {
  await stack.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a scan of addresses that nobody has is found as by detect with the same snapshots', async () => {
  stack.cloud.described.throttled.set('ec2:DescribeNetworkInterfaces', 2);
  setClock(10);
  await stack.settle();
  await stack.put('AWSLogs/123456789012/vpcflowlogs/us-east-1/a.log.gz', LOG);
  await stack.cloud.idle(60_000);
  expect(linesOf('inventory taken')).toMatchObject([{ interfaces: 41, vpcs: 1 }]);
  const found = (await stack.findings()).map(({ finding }) => about(finding)).sort(byAddress);
  expect(found).toMatchObject([
    { address: SCANNER, severity: 'medium' },
    { address: '10.0.7.106', severity: 'low' },
  ]);
  writeFileSync(join(folder, 'flow.log.gz'), LOG);
  const snapshots = times(NOW - 80 * HOUR, NOW + HOUR, HOUR).map((at) =>
    snapshotText(at, [holding([SCANNER, '10.0.7.106', ...HELD])], [subnetOf('10.0.0.0/16')]),
  );
  const files = snapshots.map((text, at) => {
    const name = join(folder, `${at}.json`);
    writeFileSync(name, text);
    return ['--inventory', name];
  });
  const run = await runHere(['detect', join(folder, 'flow.log.gz'), '--format', 'ndjson', ...files.flat()]);
  expect(findingsOf(run).map(about).sort(byAddress)).toEqual(found);
});

const atStack = ['--stack', 'inventory', '--region', 'us-east-1'];

test('findings why shows dark contacts, and doctor says how old the inventory is', async () => {
  const { finding } = (await stack.findings()).find(({ finding: { source } }) => source?.address === SCANNER)!;
  const why = await runHere(['findings', 'why', finding.id, ...atStack, '--format', 'ndjson']);
  expect(why.stderr).toBe('');
  expect(why.stdout).toContain('"context":"dark address, patiently"');
  const { stdout } = await runHere(['doctor', ...atStack, '--only', 'inventory']);
  expect(stdout).toMatch(/^ *ok +inventory\.age: 41 network interfaces of 1 VPC noted /m);
});

test('a second run in the same five minutes takes no further snapshot', async () => {
  setClock(200);
  await stack.settle();
  expect(linesOf('inventory taken')).toHaveLength(1);
});

test('refused calls leave the inventory as it is, and fail the run once they last for half an hour', async () => {
  const before = await head();
  stack.cloud.described.denied.set('ec2:DescribeSubnets', 'You are not authorized to perform this operation.');
  setClock(600);
  await stack.settle();
  const noted = await head();
  expect(noted).toMatchObject({
    at: before.at,
    failure: 'UnauthorizedOperation: You are not authorized to perform this operation.',
  });
  setClock(2500);
  await expect(stack.settle()).rejects.toThrow(
    /1 parts of the run failed.*no snapshot of network interfaces for 3\d minutes/,
  );
  expect(await head()).toMatchObject({ at: before.at, failedAt: noted.failedAt });
  stack.cloud.described.denied.clear();
  setClock(2900);
  await stack.settle();
  const after = await head();
  expect(after.at).toBeGreaterThan(before.at!);
  expect(after).not.toHaveProperty('failure');
});

test('an inventory with missing parts is not used, and settle begins a new one', async () => {
  const { at } = await head();
  await createDocumentClient().send(
    new UpdateCommand({
      TableName: stack.cloud.outputs.FindingsTable,
      Key: { pk: 'inventory', sk: 'head' },
      UpdateExpression: 'SET #at = :at, whole.#at = :at, whole.ring = :ring',
      ExpressionAttributeNames: { '#at': 'at' },
      ExpressionAttributeValues: { ':at': at! + 1, ':ring': 3 },
    }),
  );
  setClock(3700);
  await stack.settle();
  expect(linesOf('inventory not used')).toMatchObject([{ level: 'WARN', trouble: '0 of its 1 parts are there' }]);
  const fresh = await head();
  expect(fresh.since).toBe(fresh.at);
});

/** Whether settle judges a finding again by these clocks depends on the time of day. Other tests prove these calls. */
const withoutJudging = (): RunningStack => {
  const { aws, dynamodb } = stack.recorders.Settle;
  const isOfTime = ({ action, resource }: { readonly action: string; readonly resource: string }) =>
    action === 'sqs:SendMessage' ||
    (action === 'dynamodb:BatchWriteItem' && resource.endsWith(`/${stack.cloud.outputs.FindingsTable}`));
  for (const { calls } of [aws, dynamodb]) calls.splice(0, calls.length, ...calls.filter((call) => !isOfTime(call)));
  return stack;
};

checkPermissions('an inventory of addresses', withoutJudging);
