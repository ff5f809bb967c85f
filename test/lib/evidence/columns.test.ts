/** Columns of numbers: what goes in comes out, and nothing is read beyond the end. */
import { describe, expect, test } from '@jest/globals';
import { ColumnError, ColumnReader, ColumnWriter } from '../../../lib/evidence/columns.ts';
import fc from '../../properties.ts';

test('numbers, words, bytes and texts come back in order', () => {
  const entry = fc.record({
    number: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    word: fc.integer({ min: 0, max: 0xffffffff }),
    byte: fc.integer({ min: 0, max: 255 }),
    text: fc.string({ unit: 'grapheme', maxLength: 200 }),
  });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 50 }), (entries) => {
      const column = new ColumnWriter();
      for (const { number, word, byte, text } of entries) {
        column.number(number);
        column.word(word);
        column.byte(byte);
        column.text(text);
      }
      const reader = new ColumnReader(column.done());
      const read = entries.map(() => ({
        number: reader.number(),
        word: reader.word(),
        byte: reader.byte(),
        text: reader.text(),
      }));
      expect(read).toEqual(entries);
      expect(reader.left).toBe(0);
    }),
  );
});

test.each([
  [0, 1],
  [127, 1],
  [128, 2],
  [16_384, 3],
])('the number %i takes %i bytes', (value, bytes) => {
  const column = new ColumnWriter();
  column.number(value);
  expect(column.done()).toHaveLength(bytes);
});

describe('a reader refuses', () => {
  test('what is cut short', () => {
    for (const read of ['byte', 'number', 'word', 'text'] as const)
      expect(() => new ColumnReader(Uint8Array.of())[read]()).toThrow(ColumnError);
    expect(() => new ColumnReader(Uint8Array.of(5, 65)).text()).toThrow(ColumnError);
    expect(() => new ColumnReader(Uint8Array.of(128)).number()).toThrow(ColumnError);
  });

  test('a number that never ends', () => {
    expect(() => new ColumnReader(new Uint8Array(20).fill(255)).number()).toThrow('too many digits');
  });
});
