/** The kernel's tables of addresses and interfaces: one number for one of them, whatever its spelling and their number. */
import { describe, expect, test } from '@jest/globals';
import { randomOf } from '../../../bench/random.ts';
import { KernelAddresses, KernelInterfaceNames, kindsOf, NO_ADDRESS } from '../../../lib/kernel/kernel-tables.ts';
import { KIND_INSIDE, KIND_PRIVATE, KIND_UNCOUNTED } from '../../../lib/kernel/rows.ts';
import { formatAddress, parseAddress, V4_PREFIX, type Words } from '../../../lib/net/address.ts';
import { isPrivate, isUncounted, Networks } from '../../../lib/net/networks.ts';
import { freshKernel } from './fresh-kernel.ts';

const v4 = (value: number): Words => [0, 0, V4_PREFIX, value >>> 0];
const internText = (table: KernelAddresses, text: string): number => table.intern(parseAddress(text));

describe('the addresses', () => {
  test('have one number for every spelling of one address, and another for others', () => {
    const table = new KernelAddresses(freshKernel());
    expect(internText(table, '2001:db8::1')).toBe(internText(table, '2001:DB8:0:0:0:0:0:1'));
    expect(internText(table, '10.0.0.1')).toBe(internText(table, '::ffff:10.0.0.1'));
    expect(internText(table, '10.0.0.2')).not.toBe(internText(table, '10.0.0.1'));
    expect(table.text(NO_ADDRESS)).toBe('-');
    expect(table.intern(undefined)).toBe(NO_ADDRESS);
  });

  test('are a hundred thousand, kept apart while the table grows', () => {
    const table = new KernelAddresses(freshKernel());
    const ids = Array.from({ length: 100_000 }, (_, value) => {
      table.makeRoom();
      return table.intern(v4(value * 40_009));
    });
    expect(new Set(ids).size).toBe(100_000);
    expect(ids.every((id, value) => table.text(id) === formatAddress(...v4(value * 40_009)))).toBe(true);
    expect(table.intern(v4(99_999 * 40_009))).toBe(ids[99_999]);
  });

  test('are of a kind each, asked of the host', () => {
    const table = new KernelAddresses(freshKernel());
    const kindOf = (text: string) => table.kind(internText(table, text));
    expect(['10.0.0.1', '224.0.0.1', '8.8.8.8'].map(kindOf)).toEqual([KIND_INSIDE | KIND_PRIVATE, KIND_UNCOUNTED, 0]);
  });

  test('have the kind that the ranges say, also in a /16 block that a narrower range divides', () => {
    const networks = new Networks(['203.0.113.0/24', '198.51.100.7/32', '2001:db8::/32', '52.0.0.0/11']);
    const kinds = kindsOf(networks);
    const told = ([w0, w1, w2, w3]: Words) => kinds(w0, w1, w2, w3);
    const expected = (words: Words) =>
      (networks.isInside(words) ? KIND_INSIDE : 0) |
      (isUncounted(words) ? KIND_UNCOUNTED : 0) |
      (isPrivate(words) ? KIND_PRIVATE : 0);
    const random = randomOf('kinds of addresses');
    const edges = ['203.0.113.0', '203.0.113.255', '203.0.114.0', '203.0.0.1', '198.51.100.7', '198.51.100.8']
      .concat(['255.255.255.255', '255.255.255.254', '100.64.0.0', '100.63.255.255', '::1', '2001:db8::1', 'fe80::1'])
      .concat(['52.31.255.255', '52.32.0.0', '127.0.0.1', '169.254.169.254', '224.0.0.1', '0.0.0.0', 'fd00::1', '::2'])
      .map((text) => parseAddress(text)!);
    const anywhere = Array.from({ length: 20_000 }, () => v4(random.next() * 2 ** 32));
    for (const words of [...edges, ...anywhere, ...edges])
      expect([words, told(words)]).toEqual([words, expected(words)]);
  });

  test('are tied to nobody at first', () => {
    const table = new KernelAddresses(freshKernel());
    const id = internText(table, '10.0.0.1');
    expect([table.owner(id), table.rank(id)]).toEqual([0, 0]);
  });
});

describe('the names of interfaces', () => {
  test('have one number each, in runs and between others', () => {
    const table = new KernelInterfaceNames(freshKernel());
    const ids = ['eni-1', 'eni-1', 'eni-2', 'eni-1', 'eni-10', 'e', 'eni-12345678'].map((name) => table.intern(name));
    expect(ids.map((id) => table.text(id))).toEqual([
      'eni-1',
      'eni-1',
      'eni-2',
      'eni-1',
      'eni-10',
      'e',
      'eni-12345678',
    ]);
    expect(new Set(ids).size).toBe(5);
    expect(table.text(0)).toBe('-');
  });

  test('differ in their first 48 bytes or not at all', () => {
    const table = new KernelInterfaceNames(freshKernel());
    for (let length = 1; length <= 80; length++) {
      const [one, other] = [`${'a'.repeat(length - 1)}x`, `${'a'.repeat(length - 1)}\u00e9`];
      expect(table.text(table.intern(one))).toBe(one.slice(0, 48));
      expect(table.intern(one) === table.intern(other)).toBe(length > 48);
    }
  });

  test('beyond the most that are held stand for none, and are counted', () => {
    const kernel = freshKernel();
    const table = new KernelInterfaceNames(kernel);
    const ids = Array.from({ length: 32_770 }, (_, at) => table.intern(`eni-${at}`));
    expect(new Set(ids.slice(0, 32_767)).size).toBe(32_767);
    expect(ids.slice(32_767)).toEqual([0, 0, 0]);
    expect(kernel.run.unnamedInterfaces()).toBe(3);
    expect(ids.every((id, at) => id === 0 || table.text(id) === `eni-${at}`)).toBe(true);
    expect(table.intern('eni-77')).toBe(ids[77]);
  });
});
