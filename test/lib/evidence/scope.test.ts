/** Scopes: public addresses have one, private ones that of their routing domain. */
import { expect, test } from '@jest/globals';
import { Scopes } from '../../../lib/evidence/scope.ts';
import { collect, NOON, probe, row } from '../scan/traffic.ts';

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
