/** The kernel's tables of addresses and interfaces: one number for one of them, whatever its spelling and their number. */
import { describe, expect, test } from '@jest/globals';
import { NO_ADDRESS } from '../../../lib/flowlog/address.ts';
import { KernelAddresses, KernelInterfaceNames } from '../../../lib/kernel/kernel-tables.ts';
import { KIND_INSIDE, KIND_UNCOUNTED } from '../../../lib/kernel/rows.ts';
import { freshKernel } from './fresh-kernel.ts';

describe('the addresses', () => {
  test('have one number for every spelling of one address, and another for others', () => {
    const table = new KernelAddresses(freshKernel());
    expect(table.internText('2001:db8::1')).toBe(table.internText('2001:DB8:0:0:0:0:0:1'));
    expect(table.internText('10.0.0.1')).toBe(table.internText('::ffff:10.0.0.1'));
    expect(table.internText('10.0.0.2')).not.toBe(table.internText('10.0.0.1'));
    expect(table.internText('nonsense')).toBeUndefined();
    expect(table.text(NO_ADDRESS)).toBe('-');
    expect(table.isIpv4(table.internText('10.0.0.1')!)).toBe(true);
    expect(table.isIpv4(table.internText('::1')!)).toBe(false);
  });

  test('are a hundred thousand, kept apart while the table grows', () => {
    const table = new KernelAddresses(freshKernel());
    const ids = Array.from({ length: 100_000 }, (_, value) => {
      table.beginRow();
      return table.internIpv4((value * 40_009) >>> 0);
    });
    expect(new Set(ids).size).toBe(100_000);
    expect(ids.every((id, value) => table.word(id, 3) === (value * 40_009) >>> 0)).toBe(true);
    expect(table.internIpv4((99_999 * 40_009) >>> 0)).toBe(ids[99_999]);
  });

  test('are of a kind each, asked of the host', () => {
    const table = new KernelAddresses(freshKernel());
    const kindOf = (text: string) => table.kind(table.internText(text)!);
    expect(['10.0.0.1', '224.0.0.1', '8.8.8.8'].map(kindOf)).toEqual([KIND_INSIDE, KIND_UNCOUNTED, 0]);
  });

  test('are tied to nobody at first', () => {
    const table = new KernelAddresses(freshKernel());
    const id = table.internText('10.0.0.1')!;
    expect([table.owner(id), table.rank(id)]).toEqual([0, 0]);
  });
});

describe('the names of interfaces', () => {
  const intern = (table: KernelInterfaceNames, text: string) => {
    const bytes = Buffer.from(`x${text}x`, 'latin1');
    return table.intern(bytes, 1, bytes.length - 1);
  };

  test('have one number each, in runs and between others', () => {
    const table = new KernelInterfaceNames(freshKernel());
    const ids = ['eni-1', 'eni-1', 'eni-2', 'eni-1', 'eni-10', 'e', 'eni-12345678'].map((text) => intern(table, text));
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

  test('do not depend on a buffer that stays as it was', () => {
    const table = new KernelInterfaceNames(freshKernel());
    const buffer = Buffer.from('eni-1');
    const first = table.intern(buffer, 0, 5);
    buffer.write('eni-2');
    expect(table.text(table.intern(buffer, 0, 5))).toBe('eni-2');
    expect(table.text(first)).toBe('eni-1');
  });

  test('differ in their first 48 bytes or not at all', () => {
    const table = new KernelInterfaceNames(freshKernel());
    for (let length = 1; length <= 80; length++) {
      const [one, other] = [`${'a'.repeat(length - 1)}x`, `${'a'.repeat(length - 1)}\u00e9`];
      expect(table.text(intern(table, one))).toBe(one.slice(0, 48));
      expect(intern(table, one) === intern(table, other)).toBe(length > 48);
    }
  });

  test('beyond the most that are held stand for none, and are counted', () => {
    const kernel = freshKernel();
    const table = new KernelInterfaceNames(kernel);
    const ids = Array.from({ length: 32_770 }, (_, at) => intern(table, `eni-${at}`));
    expect(new Set(ids.slice(0, 32_767)).size).toBe(32_767);
    expect(ids.slice(32_767)).toEqual([0, 0, 0]);
    expect(kernel.run.unnamedInterfaces()).toBe(3);
    expect(ids.every((id, at) => id === 0 || table.text(id) === `eni-${at}`)).toBe(true);
    expect(intern(table, 'eni-77')).toBe(ids[77]);
  });
});
