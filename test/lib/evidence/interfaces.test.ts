/** Who stands behind an address: told from the records of interfaces, whatever their order. */
import { describe, expect, test } from '@jest/globals';
import type { SourceEvidence } from '../../../lib/evidence/evidence.ts';
import fc from '../../properties.ts';
import { collect, DEFAULT_FORMAT, NOON, probe, type Row, row } from '../scan/traffic.ts';

const NODE = { 'interface-id': 'eni-node', 'instance-id': 'i-0node', 'vpc-id': 'vpc-1' };

async function sourceIn(rows: readonly Row[], address: string, format?: string): Promise<SourceEvidence | undefined> {
  const collector = await collect([rows], format ? { format } : {});
  return [...collector.sources()].find((source) => source.address === address);
}

describe('the holder of an address', () => {
  test('is the interface that sends from it, with all that its records say', async () => {
    const source = await sourceIn(
      [
        row({
          srcaddr: '10.0.0.5',
          'interface-id': 'eni-5',
          'instance-id': 'i-5',
          'vpc-id': 'vpc-5',
          'subnet-id': 'subnet-5',
        }),
      ],
      '10.0.0.5',
    );
    expect(source!.identity).toEqual({
      interfaceId: 'eni-5',
      fields: { 'account-id': '111122223333', 'instance-id': 'i-5', 'vpc-id': 'vpc-5', 'subnet-id': 'subnet-5' },
    });
  });

  test('is never the interface of its target', async () => {
    const rows = probe({ from: '10.1.1.1', to: '10.0.9.9', port: 22, at: NOON, seenBy: 'target' });
    expect((await sourceIn(rows, '10.1.1.1'))!.identity).toBeUndefined();
  });

  test('of a pod is its node, as the one behind which it stands, by packet addresses', async () => {
    const rows = [
      row({
        ...NODE,
        srcaddr: '10.0.0.10',
        'pkt-srcaddr': '10.0.64.7',
        dstaddr: '10.0.9.9',
        'pkt-dstaddr': '10.0.9.9',
      }),
      row({
        ...NODE,
        srcaddr: '10.0.0.10',
        'pkt-srcaddr': '10.0.0.10',
        dstaddr: '10.0.9.9',
        'pkt-dstaddr': '10.0.9.9',
      }),
    ];
    expect((await sourceIn(rows, '10.0.64.7'))!.identity).toMatchObject({
      interfaceId: 'eni-node',
      behind: true,
      fields: { 'instance-id': 'i-0node' },
    });
    const node = (await sourceIn(rows, '10.0.0.10'))!.identity!;
    expect(node.interfaceId).toBe('eni-node');
    expect(node).not.toHaveProperty('behind');
  });

  test('is its own interface rather than a node, and a node rather than a gateway, in any order of the records', async () => {
    const pod = { 'pkt-srcaddr': '10.0.64.7', dstaddr: '10.0.9.9', 'pkt-dstaddr': '10.0.9.9' };
    const gateway = row({ ...pod, srcaddr: '10.0.0.2', 'interface-id': 'eni-aaa-gateway' });
    const node = row({ ...pod, srcaddr: '10.0.0.10', ...NODE });
    const own = row({ ...pod, srcaddr: '10.0.64.7', 'interface-id': 'eni-own' });
    const holderIn = async (rows: readonly Row[]) => (await sourceIn(rows, '10.0.64.7'))!.identity!.interfaceId;
    for (const rows of [
      [gateway, node, own],
      [own, node, gateway],
      [node, own, gateway],
    ])
      expect(await holderIn(rows)).toBe('eni-own');
    const otherNode = row({ ...pod, srcaddr: '10.0.0.11', ...NODE, 'interface-id': 'eni-node-2' });
    for (const rows of [
      [node, otherNode],
      [otherNode, node],
    ])
      expect(await holderIn(rows)).toBe('eni-node');
    expect(await holderIn([gateway, node])).toBe('eni-node');
    expect(await holderIn([node, gateway])).toBe('eni-node');
  });

  test('of an outside address that a gateway forwards is not the gateway', async () => {
    const rows = [
      row({ 'interface-id': 'eni-nat', srcaddr: '10.0.0.2', 'pkt-srcaddr': '203.0.113.9', dstaddr: '10.0.9.9' }),
    ];
    const source = (await sourceIn(rows, '203.0.113.9'))!;
    expect(source.identity).toBeUndefined();
    expect(source.inside).toBe(false);
  });

  test('names the ECS task, and keeps what some records leave out', async () => {
    const ecs = {
      'ecs-cluster-name': 'shop',
      'ecs-service-name': 'cart',
      'ecs-task-id': 'f00d',
      'ecs-container-id': 'c0',
    };
    const rows = [
      row({ srcaddr: '10.0.0.5', dstport: 1 }),
      row({ srcaddr: '10.0.0.5', dstport: 2, ...ecs }),
      row({ srcaddr: '10.0.0.5', dstport: 3 }),
    ];
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(rows, { minLength: rows.length }), async (order) => {
        expect((await sourceIn(order, '10.0.0.5'))!.identity!.fields).toMatchObject(ecs);
      }),
      { numRuns: 10 },
    );
  });
});

describe('addresses of logged interfaces', () => {
  test('a public IPv6 address that an interface sends from, or receives at, is inside', async () => {
    const rows = [
      row({ srcaddr: '2001:db8::5', dstaddr: '2001:db8::6', 'interface-id': 'eni-5' }),
      row({ srcaddr: '2001:db8::5', dstaddr: '2001:db8::6', 'interface-id': 'eni-6', 'flow-direction': 'ingress' }),
    ];
    const source = (await sourceIn(rows, '2001:db8::5'))!;
    expect(source.inside).toBe(true);
    expect(source.identity!.interfaceId).toBe('eni-5');
    const received = await sourceIn(
      [rows[1]!, row({ srcaddr: '2001:db8::6', dstaddr: '2001:db8::5', 'interface-id': 'eni-6' })],
      '2001:db8::6',
    );
    expect(received!.inside).toBe(true);
  });

  test('a public address that only visits is outside', async () => {
    const rows = probe({ from: '2001:db8::5', to: '2001:db8::6', port: 22, at: NOON, seenBy: 'target' });
    expect((await sourceIn(rows, '2001:db8::5'))!.inside).toBe(false);
  });
});

describe('a log without flow-direction', () => {
  const at = (interfaceId: string, srcaddr: string, dstaddr: string, dstport = 22) =>
    row({ 'interface-id': interfaceId, srcaddr, dstaddr, dstport });

  test('an interface holds the one address that all its records have in common', async () => {
    const rows = [at('eni-1', '10.0.0.1', '10.0.0.2'), at('eni-1', '10.0.0.3', '10.0.0.1')];
    expect((await sourceIn(rows, '10.0.0.1', DEFAULT_FORMAT))!.identity).toMatchObject({ interfaceId: 'eni-1' });
    expect((await sourceIn(rows, '10.0.0.3', DEFAULT_FORMAT))!.identity).toBeUndefined();
  });

  test('the inside one of two common addresses is its own, and with two inside ones neither is', async () => {
    const mixed = [at('eni-1', '10.0.0.1', '203.0.113.5')];
    expect((await sourceIn(mixed, '10.0.0.1', DEFAULT_FORMAT))!.identity).toMatchObject({ interfaceId: 'eni-1' });
    const both = [at('eni-1', '10.0.0.1', '10.0.0.2')];
    expect((await sourceIn(both, '10.0.0.1', DEFAULT_FORMAT))!.identity).toBeUndefined();
  });

  test('an interface whose records have nothing in common holds no address', async () => {
    const rows = [at('eni-1', '10.0.0.1', '10.0.0.2'), at('eni-1', '10.0.0.3', '10.0.0.4')];
    for (const address of ['10.0.0.1', '10.0.0.3'])
      expect((await sourceIn(rows, address, DEFAULT_FORMAT))!.identity).toBeUndefined();
  });
});
