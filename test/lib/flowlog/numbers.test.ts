/** Whole numbers from bytes: digits only, in range, or NaN. */
import { describe, expect, test } from '@jest/globals';
import { parseNumber } from '../../../lib/flowlog/numbers.ts';
import fc from '../../properties.ts';

const parse = (text: string, max = Number.MAX_SAFE_INTEGER) => {
  const bytes = Buffer.from(`9${text}9`);
  return parseNumber(bytes, 1, bytes.length - 1, max);
};

describe('parseNumber', () => {
  test('reads every safe whole number and only what lies between its bounds', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (value) => expect(parse(String(value))).toBe(value)));
  });

  test('takes the maximum and refuses one more', () => {
    expect(parse('65535', 65_535)).toBe(65_535);
    expect(parse('65536', 65_535)).toBeNaN();
    expect(parse('9007199254740991')).toBe(Number.MAX_SAFE_INTEGER);
    expect(parse('9007199254740993')).toBeNaN();
  });

  test.each(['', '-1', '+1', '1.5', '1e3', '0x1F', '1 2', 'NaN', '٣', '99999999999999999'])('refuses "%s"', (text) => {
    expect(parse(text)).toBeNaN();
  });
});
