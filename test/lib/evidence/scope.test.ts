/** Scopes: public addresses have one, private ones that of their routing domain. */
import { expect, test } from '@jest/globals';
import { Collector } from '../../../lib/evidence/builder.ts';
import { hashKey } from '../../../lib/evidence/keyed-hash.ts';
import { Scopes } from '../../../lib/evidence/scope.ts';
import { readFlowLog } from '../../../lib/flowlog/read.ts';
import { bufferSource } from '../../../lib/flowlog/source.ts';
import { collect, findingsIn, NOON, probe, row, vertical } from '../scan/traffic.ts';

test('a public address has one scope, whoever logs it', () => {
  const scopes = new Scopes({ prod: ['vpc-1'] });
  expect(scopes.of({ isPrivate: false, vpcId: 'vpc-1', accountId: '1' })).toBe('internet');
});

test('a private address belongs to its routing domain, else to its account, else to nobody known', () => {
  const scopes = new Scopes({ prod: ['vpc-1', 'vpc-2'], lab: ['vpc-3'] });
  expect(scopes.of({ isPrivate: true, vpcId: 'vpc-1', accountId: '1' })).toBe('prod');
  expect(scopes.of({ isPrivate: true, vpcId: 'vpc-2', accountId: '2' })).toBe('prod');
  expect(scopes.of({ isPrivate: true, vpcId: 'vpc-3', accountId: '1' })).toBe('lab');
  expect(scopes.of({ isPrivate: true, vpcId: 'vpc-9', accountId: '1' })).toBe('1');
  expect(scopes.of({ isPrivate: true })).toBe('unknown');
});

test('a private address without an interface in the log is in the scope of the log that shows it', async () => {
  const collector = await collect([probe({ from: '10.1.1.1', to: '10.0.9.9', port: 22, at: NOON, seenBy: 'target' })]);
  const source = [...collector.sources()].find(({ address }) => address === '10.1.1.1');
  expect(source!.scope).toBe('111122223333');
});

test('the same private address in two routing domains is two sources', async () => {
  const options = { routingDomains: { prod: ['vpc-1'], lab: ['vpc-2'] } };
  const scopesIn = async (vpc: string) =>
    [...(await collect([[row({ 'vpc-id': vpc })]], options)).sources()].map(({ scope }) => scope);
  expect(await scopesIn('vpc-1')).toEqual(['prod']);
  expect(await scopesIn('vpc-2')).toEqual(['lab']);
});

test('keeps equal addresses of two accounts in one file apart', async () => {
  const collector = await collect([
    [
      row({ 'account-id': '111111111111', 'interface-id': 'eni-1', dstport: 22 }),
      row({ 'account-id': '222222222222', 'interface-id': 'eni-2', dstport: 23 }),
      row({ 'account-id': '111111111111', 'interface-id': 'eni-1', dstport: 24 }),
    ],
  ]);
  expect(portsByScope(collector)).toEqual({ '111111111111': [22, 24], '222222222222': [23] });
});

test('keeps equal IPv6 addresses of two accounts apart', async () => {
  const from = { srcaddr: 'fd00::5', dstaddr: 'fd00::9' };
  const collector = await collect([
    [row({ ...from, 'account-id': '111111111111', 'interface-id': 'eni-1', dstport: 22 })],
    [row({ ...from, 'account-id': '222222222222', 'interface-id': 'eni-2', dstport: 23 })],
  ]);
  expect(portsByScope(collector)).toEqual({ '111111111111': [22], '222222222222': [23] });
});

test('takes an interface whose account is unknown to be of the account that its file names', async () => {
  const collector = await collect([
    [
      row({ 'interface-id': 'eni-1', dstport: 22 }),
      row({ 'account-id': 'unknown', 'interface-id': 'eni-of-a-service', dstport: 23 }),
    ],
  ]);
  expect(portsByScope(collector)).toEqual({ '111122223333': [22, 23] });
});

test('takes records without an interface to be of the account that their own file names', async () => {
  const fields = 'account-id srcaddr dstaddr srcport dstport protocol start end action';
  const file = (account: string, port: number) =>
    `${fields}\n${account} 10.0.0.1 10.0.0.2 40000 ${port} 6 ${NOON} ${NOON} REJECT\n`;
  const collector = new Collector({ key: hashKey('a test') });
  for (const [account, port] of [
    ['1', 22],
    ['2', 23],
    ['1', 24],
  ] as const)
    await readFlowLog(bufferSource('file', Buffer.from(file(account, port))), collector);
  expect(portsByScope(collector)).toEqual({ 1: [22, 24], 2: [23] });
});

test('lists a target that an outside source contacted in two networks once, as the deployment stores it', async () => {
  const from = { srcaddr: '198.51.100.7', dstaddr: '10.0.0.2', 'flow-direction': 'ingress' };
  const collector = await collect([
    [row({ ...from, 'account-id': '1', 'interface-id': 'eni-1' })],
    [row({ ...from, 'account-id': '2', 'interface-id': 'eni-2' })],
  ]);
  const [source, ...others] = [...collector.sources()];
  expect(others).toEqual([]);
  expect(source).toMatchObject({ scope: 'internet', panes: [{ contacts: [{ target: '10.0.0.2', port: 80 }] }] });
});

test('tells a scan although a namesake in another account succeeds at all that it fails at', async () => {
  const scan = vertical(30, { fate: 'rejected', also: { 'account-id': '1', 'interface-id': 'eni-1' } });
  const work = vertical(60, { fate: 'established', also: { 'account-id': '2', 'interface-id': 'eni-2' } });
  expect(await findingsIn([...scan, ...work])).toMatchObject([{ kind: 'vertical-scan', source: { scope: '1' } }]);
});

test('adds up no scan from the few ports that namesakes in two accounts fail at', async () => {
  const few = (account: string, firstPort: number) =>
    vertical(5, { fate: 'rejected', firstPort, also: { 'account-id': account, 'interface-id': `eni-${account}` } });
  expect(await findingsIn([...few('1', 1000), ...few('2', 2000)])).toEqual([]);
  expect(await findingsIn([...few('1', 1000), ...few('1', 2000)])).toHaveLength(1);
});

test('hands scopes on between collectors by name', async () => {
  const account = (id: string) => row({ 'account-id': id, 'interface-id': `eni-${id}`, dstport: Number(id) });
  const whole = await collect([[account('1')], [account('2')]]);
  whole.absorb((await collect([[account('3')], [account('2')], [account('1')]])).drain());
  expect(portsByScope(whole)).toEqual({ 1: [1], 2: [2], 3: [3] });
});

function portsByScope(collector: Collector): Record<string, number[]> {
  const sources = [...collector.sources()].filter(({ panes }) => panes.some(({ contacts }) => contacts.length));
  return Object.fromEntries(
    sources.map(({ scope, panes }) => [
      scope,
      panes.flatMap(({ contacts }) => contacts.map(({ port }) => port)).sort(),
    ]),
  );
}
