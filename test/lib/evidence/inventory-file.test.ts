/** Files of the inventory: used whole, or refused with a reason. */
import { describe, expect, test } from '@jest/globals';
import { InventoryError, readInventoryFile } from '../../../lib/evidence/inventory-file.ts';
import { holding, interfaceOf, subnetOf } from './snapshots.ts';

const AT = '2026-11-30T10:00:00Z';
const SECONDS = Date.parse(AT) / 1000;
const page = (of: readonly unknown[], more = {}) => ({ NetworkInterfaces: of, ...more });
const [ONE, TWO] = [holding(['10.0.9.4']), holding(['10.0.9.5'])];
const read = (document: unknown, time?: string) => readInventoryFile(JSON.stringify(document), time);
const idsIn = (document: unknown, time?: string) => read(document, time).snapshot?.interfaces.map(({ id }) => id);

function refusalOf(document: unknown, time?: string): string {
  try {
    readInventoryFile(typeof document === 'string' ? document : JSON.stringify(document), time);
  } catch (error) {
    expect(error).toBeInstanceOf(InventoryError);
    return (error as Error).message;
  }
  return 'it was read';
}

describe('a file', () => {
  test('may hold the time and both outputs', () => {
    const { snapshot, subnets } = read({
      at: AT,
      interfaces: page([ONE]),
      subnets: { Subnets: [subnetOf('10.0.9.0/24')] },
    });
    expect(snapshot).toMatchObject({ at: SECONDS, interfaces: [{ vpcId: 'vpc-1', addresses: ['10.0.9.4'] }] });
    expect(subnets).toMatchObject([{ vpcId: 'vpc-1', cidrs: [{ bits: 120 }] }]);
  });

  test('may be an output of the CLI, with a time said beside it', () => {
    expect(read(page([ONE]), AT).snapshot?.at).toBe(SECONDS);
    expect(read(page([ONE]), '2026-11-30T12:00:00+02:00').snapshot?.at).toBe(SECONDS);
    expect(read({ at: '2026-11-29T10:00:00Z', interfaces: page([ONE]) }, AT).snapshot?.at).toBe(SECONDS);
  });

  test('may hold only subnets, which need no time', () => {
    expect(read({ Subnets: [subnetOf('10.0.9.0/24')] })).not.toHaveProperty('snapshot');
  });

  test('may hold the pages of an answer', () => {
    const pages = [page([ONE], { NextToken: 'more' }), page([TWO])];
    expect(idsIn(pages, AT)).toEqual(['eni-10.0.9.4', 'eni-10.0.9.5']);
    expect(idsIn({ at: AT, interfaces: pages })).toEqual(['eni-10.0.9.4', 'eni-10.0.9.5']);
  });

  test('may name interfaces without an address if they are for EFA alone', () => {
    expect(idsIn(page([interfaceOf('eni-1', { InterfaceType: 'efa-only' })]), AT)).toEqual(['eni-1']);
  });

  test('may leave out lists that are empty', () => {
    const {
      PrivateIpAddresses: _,
      Ipv6Addresses: __,
      ...short
    } = interfaceOf('eni-1', { PrivateIpAddress: '10.0.9.4' });
    expect(read(page([short]), AT).snapshot?.interfaces).toMatchObject([{ addresses: ['10.0.9.4'], prefixes: [] }]);
  });
});

describe('a file is refused', () => {
  test.each([
    ['that a failed call left empty', '', 'is empty, as a call that failed leaves it'],
    ['that is cut short', '{"NetworkInterfaces": [', 'is not JSON'],
    ['with something else', { Vpcs: [] }, 'contains neither NetworkInterfaces nor Subnets'],
    ['that lacks further pages', page([ONE], { NextToken: 'more' }), 'has a NextToken'],
    [
      'that lacks further pages before the subnets',
      [page([ONE], { NextToken: 'more' }), { Subnets: [] }],
      'the last page of NetworkInterfaces has a NextToken',
    ],
    ['with a list of what --query left', [['eni-1']], 'has a page that is not an object'],
    ['with interfaces without addresses', page([interfaceOf('eni-1')]), 'names no address of eni-1'],
    ['with interfaces without a VPC', page([{ ...ONE, VpcId: undefined }]), 'has no VpcId in eni-10.0.9.4'],
    ['with text for an address', page([holding(['10.0.9'])]), 'has an address of eni-10.0.9 that is not understood'],
    ['with text for a prefix', page([{ ...ONE, Ipv4Prefixes: [{ Ipv4Prefix: 'x' }] }]), 'has a block of eni-10.0.9.4'],
    ['with something else than a list', { NetworkInterfaces: {} }, 'has NetworkInterfaces that are not a list'],
    ['with subnets without an owner', { Subnets: [{ ...subnetOf('10.0.9.0/24'), OwnerId: '' }] }, 'has no OwnerId'],
  ])('%s', (_, document, reason) => {
    expect(refusalOf(document, AT)).toContain(reason);
  });

  test('without a time, and with one that is not understood', () => {
    expect(refusalOf(page([ONE]))).toContain('has no time');
    for (const at of ['yesterday', '2026-11-30', '2026-11-30T10:00:00', 1_764_496_800])
      expect(refusalOf({ at, interfaces: page([ONE]) })).toContain('has a time that is not understood');
  });
});
