/** What is shown of lines that were not read: printable, short, and nothing that a terminal would obey. */
import { describe, expect, test } from '@jest/globals';
import { excerpt, SKIP_REASONS } from '../../../lib/flowlog/skipped.ts';
import fc from '../../properties.ts';

describe('excerpt', () => {
  test('is printable ASCII of at most 80 characters and a mark for the rest, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = excerpt(bytes);
        expect(text).toMatch(/^[\x20-\x7e]*$/);
        expect(text).toHaveLength(bytes.length > 80 ? 83 : bytes.length);
      }),
    );
  });

  test('shows escape sequences and invisible characters as question marks', () => {
    expect(excerpt(Buffer.from('\u001b[31mred\u0007 \u202etxt'))).toBe('?[31mred? ???txt');
  });
});

test('Every reason says in words what was expected', () => {
  for (const text of Object.values(SKIP_REASONS)) expect(text.split(' ').length).toBeGreaterThan(4);
});
