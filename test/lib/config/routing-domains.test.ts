/** Plans of the setting `routingDomains`. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mergedOverlaps, planDomains, type Vpc } from '../../../lib/config/routing-domains.ts';

const vpc = (id: string, cidr: string, account = '1'): Vpc => ({ id, account, cidrs: [cidr] });
const A = vpc('vpc-a', '10.0.0.0/16');
const B = vpc('vpc-b', '10.1.0.0/16');
const C = vpc('vpc-c', '10.0.128.0/17');
const peering = (...vpcs: string[]) => ({ by: `pcx-${vpcs.join('-')}`, vpcs });

test('VPCs that overlap no other need no entry, connected or not', () => {
  const { routingDomains, groups } = planDomains([A, B], [peering('vpc-a', 'vpc-b')]);
  expect(routingDomains).toEqual({});
  expect(groups).toEqual([{ vpcs: ['vpc-a', 'vpc-b'], connectedBy: ['pcx-vpc-a-vpc-b'] }]);
});

test('connected VPCs share a domain, and one that overlaps them is apart', () => {
  const { routingDomains, apart, torn } = planDomains([A, B, C], [peering('vpc-a', 'vpc-b')]);
  expect(routingDomains).toEqual({ 'vpc-a': ['vpc-a', 'vpc-b'], 'vpc-c': ['vpc-c'] });
  expect(apart).toEqual([{ vpcs: ['vpc-a', 'vpc-c'], cidrs: ['10.0.0.0/16', '10.0.128.0/17'] }]);
  expect(torn).toEqual([]);
});

test('VPCs of different accounts that are connected share a domain', () => {
  const theirs = vpc('vpc-t', '10.7.0.0/16', '2');
  expect(planDomains([A, theirs], [peering('vpc-a', 'vpc-t')]).routingDomains).toEqual({ 'vpc-a': ['vpc-a', 'vpc-t'] });
});

test('VPCs of different accounts that overlap are apart already', () => {
  const { routingDomains, apart } = planDomains([A, { ...C, account: '2' }], []);
  expect([routingDomains, apart]).toEqual([{}, []]);
});

test('two VPCs that overlap stay apart, though both are connected to a third one', () => {
  const { routingDomains, torn } = planDomains([A, B, C], [peering('vpc-a', 'vpc-b'), peering('vpc-b', 'vpc-c')]);
  expect(routingDomains).toEqual({ 'vpc-a': ['vpc-a', 'vpc-b'], 'vpc-c': ['vpc-c'] });
  expect(torn).toEqual([{ vpcs: ['vpc-c', 'vpc-a'], cidrs: ['10.0.128.0/17', '10.0.0.0/16'], by: 'pcx-vpc-b-vpc-c' }]);
});

test('peered transit gateways connect the VPCs on both sides, and are no VPC themselves', () => {
  const theirs = vpc('vpc-t', '10.7.0.0/16', '2');
  const { routingDomains, groups } = planDomains(
    [A, theirs],
    [
      { by: 'tgw-1', vpcs: ['vpc-a'], through: ['tgw-1+tgw-2'] },
      { by: 'tgw-2', vpcs: ['vpc-t'], through: ['tgw-1+tgw-2'] },
    ],
  );
  expect(routingDomains).toEqual({ 'vpc-a': ['vpc-a', 'vpc-t'] });
  expect(groups).toEqual([{ name: 'vpc-a', vpcs: ['vpc-a', 'vpc-t'], connectedBy: ['tgw-1', 'tgw-2'] }]);
});

describe('the present setting', () => {
  test('keeps its names, and VPCs that were not looked at', () => {
    const { routingDomains } = planDomains([A, B], [peering('vpc-a', 'vpc-b')], { shop: ['vpc-b', 'vpc-z'] });
    expect(routingDomains).toEqual({ shop: ['vpc-a', 'vpc-b', 'vpc-z'] });
  });

  test('is torn where VPCs overlap, and the rest gets a name of its own', () => {
    const { routingDomains, torn } = planDomains([A, B, C], [], { shop: ['vpc-a', 'vpc-b', 'vpc-c'] });
    expect(routingDomains).toEqual({ shop: ['vpc-a', 'vpc-b'], 'vpc-c': ['vpc-c'] });
    expect(torn.map(({ by }) => by)).toEqual(['routingDomains']);
  });

  test('does not give one name twice', () => {
    const { routingDomains } = planDomains([A, B, C], [], { 'vpc-c': ['vpc-a'], other: ['vpc-b'] });
    expect(routingDomains).toEqual({ other: ['vpc-b'], 'vpc-c': ['vpc-a'], 'vpc-c-2': ['vpc-c'] });
  });
});

test('an IPv6 block overlaps like one of IPv4', () => {
  const [one, other] = [vpc('vpc-a', 'fd00:1::/56'), vpc('vpc-b', 'fd00:1:0:10::/60')];
  expect(Object.keys(planDomains([one, other], []).routingDomains)).toEqual(['vpc-a', 'vpc-b']);
});

describe('any network', () => {
  const ids = ['vpc-0', 'vpc-1', 'vpc-2', 'vpc-3', 'vpc-4', 'vpc-5'];
  const network = fc.record({
    blocks: fc.tuple(...ids.map(() => fc.integer({ min: 0, max: 3 }))),
    accounts: fc.tuple(...ids.map(() => fc.constantFrom('1', '2'))),
    connections: fc.array(fc.subarray(ids, { minLength: 2 }), { maxLength: 4 }),
  });
  const read = ({ blocks, accounts, connections }: typeof network extends fc.Arbitrary<infer T> ? T : never) => ({
    vpcs: ids.map((id, at) => vpc(id, `10.${blocks[at]}.0.0/16`, accounts[at]!)),
    connections: connections.map((vpcs, at) => ({ by: `pcx-${at}`, vpcs })),
  });
  const scopeBy = (routingDomains: Readonly<Record<string, readonly string[]>>) => (of: Vpc) =>
    Object.entries(routingDomains).find(([, members]) => members.includes(of.id))?.[0] ?? of.account!;

  test('has no two equal addresses in one scope', () => {
    fc.assert(
      fc.property(network, (given) => {
        const { vpcs, connections } = read(given);
        const { routingDomains } = planDomains(vpcs, connections);
        expect(mergedOverlaps(vpcs, scopeBy(routingDomains))).toEqual([]);
      }),
    );
  });

  test('has one scope for connected VPCs unless some of their group overlap', () => {
    fc.assert(
      fc.property(network, (given) => {
        const { vpcs, connections } = read(given);
        const { routingDomains, torn } = planDomains(vpcs, connections);
        fc.pre(torn.length === 0);
        const scopeOf = scopeBy(routingDomains);
        for (const { vpcs: connected } of connections)
          expect(new Set(connected.map((id) => scopeOf(vpcs.find((each) => each.id === id)!))).size).toBe(1);
      }),
    );
  });

  test('has the same plan in any order, and again from its own setting', () => {
    fc.assert(
      fc.property(network, (given) => {
        const { vpcs, connections } = read(given);
        const plan = planDomains(vpcs, connections);
        expect(planDomains([...vpcs].reverse(), [...connections].reverse())).toEqual(plan);
        expect(planDomains(vpcs, connections, plan.routingDomains).routingDomains).toEqual(plan.routingDomains);
      }),
    );
  });
});
