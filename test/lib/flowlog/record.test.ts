/** Interned interface ids: one number for one text, also when the buffers they came in are used again. */
import { describe, expect, test } from '@jest/globals';
import { StringTable } from '../../../lib/flowlog/record.ts';

describe('StringTable', () => {
  const intern = (table: StringTable, text: string) => {
    const bytes = Buffer.from(`x${text}x`);
    return table.intern(bytes, 1, bytes.length - 1);
  };

  test('gives one text one id, in runs and between others', () => {
    const table = new StringTable();
    const ids = ['eni-1', 'eni-1', 'eni-2', 'eni-1', 'eni-10'].map((text) => intern(table, text));
    expect(ids.map((id) => table.text(id))).toEqual(['eni-1', 'eni-1', 'eni-2', 'eni-1', 'eni-10']);
    expect(new Set(ids).size).toBe(3);
    expect(table.internText('eni-2')).toBe(ids[2]);
  });

  test('keeps 0 for none', () => {
    const table = new StringTable();
    expect([table.internText('-'), table.internText('')]).toEqual([0, 0]);
    expect([table.text(0), table.text(99)]).toEqual(['-', '-']);
  });

  test('does not trust a buffer to stay as it was', () => {
    const table = new StringTable();
    const buffer = Buffer.from('eni-1');
    const first = table.intern(buffer, 0, 5);
    buffer.write('eni-2');
    expect(table.text(table.intern(buffer, 0, 5))).toBe('eni-2');
    expect(table.text(first)).toBe('eni-1');
  });
});
