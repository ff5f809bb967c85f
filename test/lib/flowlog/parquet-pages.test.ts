/** Pages of Parquet columns, made by hand: what is as it must be passes, and each lie is refused before it is believed. */
import { describe, expect, test } from '@jest/globals';
import { type ColumnClaims, checkPages } from '../../../lib/flowlog/parquet-pages.ts';
import { readStruct } from '../../../lib/flowlog/thrift.ts';

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
const zigzag = (value: number): number[] => varint(value < 0 ? -value * 2 - 1 : value * 2);

type Fields = Readonly<Record<number, number | boolean | object>>;

/** A struct of Thrift's compact protocol: whole numbers, booleans and structs by their ids. */
function struct(fields: Fields): number[] {
  let before = 0;
  const bytes = Object.entries(fields).flatMap(([name, value]) => {
    const [type, body] =
      typeof value === 'number'
        ? [5, zigzag(value)]
        : typeof value === 'boolean'
          ? [value ? 1 : 2, []]
          : [12, struct(value as Fields)];
    const id = Number(name);
    const head = ((id - before) << 4) | type;
    before = id;
    return [head, ...body];
  });
  return [...bytes, 0];
}

const PLAIN = 0;
const DICTIONARY = 8;
const page = (fields: Fields, body: readonly number[]) =>
  Uint8Array.from([...struct({ 2: body.length, 3: body.length, ...fields }), ...body]);
const data = (values: number, encoding: number, body: readonly number[], fields: Fields = {}) =>
  page({ 1: 0, ...fields, 5: { 1: values, 2: encoding, 3: 3, 4: 3 } }, body);
const dictionary = (values: number, body: readonly number[]) => page({ 1: 2, 7: { 1: values, 2: 0 } }, body);
const dataV2 = (header: Fields, body: readonly number[]) => page({ 1: 3, 8: header }, body);
/** Levels of a page of the first version: their length stands before them. */
const levels = (...runs: number[]) => [runs.length, 0, 0, 0, ...runs];
/** A run of equal numbers below 256. */
const run = (length: number, value: number) => [...varint(length * 2), value];
const text = (value: string) => [value.length, 0, 0, 0, ...Buffer.from(value)];
const TEXTS = { type: 'BYTE_ARRAY', rows: 2, isOptional: false, isCompressed: false };
const NUMBERS = { ...TEXTS, type: 'INT32' };
const together = (...pages: Uint8Array[]) => Uint8Array.from(pages.flatMap((each) => [...each]));
const dict = dictionary(2, [...text('a'), ...text('bc')]);
const int = [1, 0, 0, 0];

describe('valid pages', () => {
  const cases: readonly [string, ColumnClaims, Uint8Array][] = [
    ['plain texts', TEXTS, data(2, PLAIN, [...text('a'), ...text('')])],
    ['plain numbers, and more than their bytes', NUMBERS, data(2, PLAIN, [...int, ...int, 0])],
    ['two pages', NUMBERS, together(data(1, PLAIN, int), data(1, PLAIN, int))],
    ['an equal run of places in a dictionary', TEXTS, together(dict, data(2, DICTIONARY, [1, ...run(2, 1)]))],
    ['packed places, filled up to eight', TEXTS, together(dict, data(2, DICTIONARY, [1, 3, 0b10]))],
    ['packed places, filled up to more, as DuckDB does', TEXTS, together(dict, data(2, DICTIONARY, [1, 5, 0b10, 0]))],
    ['places of no bits', TEXTS, together(dict, data(2, DICTIONARY, [0]))],
    ['a missing value', { ...NUMBERS, isOptional: true }, data(2, PLAIN, [...levels(3, 0b01), ...int])],
    ['none but missing values', { ...NUMBERS, isOptional: true }, data(2, DICTIONARY, levels(...run(2, 0)))],
    ['an empty run', { ...NUMBERS, isOptional: true }, data(2, PLAIN, [...levels(...run(0, 0), ...run(2, 0))])],
    [
      'a page of the second version',
      { ...NUMBERS, isOptional: true },
      dataV2({ 1: 2, 2: 1, 3: 2, 4: PLAIN, 5: 2, 6: 0, 7: false }, [3, 0b10, ...int]),
    ],
    [
      'the second version without levels',
      NUMBERS,
      dataV2({ 1: 2, 2: 0, 3: 2, 4: PLAIN, 5: 0, 6: 0 }, [...int, ...int]),
    ],
    ['booleans as runs', { ...NUMBERS, type: 'BOOLEAN' }, data(2, 3, [2, 0, 0, 0, ...run(2, 1)])],
  ];
  test.each(cases.map(([name, claims, chunk]) => [name, claims, chunk] as const))('%s', (_, claims, chunk) => {
    // The one that has a dictionary page missing is the one without any value.
    const whole = claims.isOptional ? together(dictionary(1, [...int, ...int]), chunk) : chunk;
    expect(checkPages(whole, claims)).toEqual([]);
  });

  test('have a check each where they are compressed, which sees them whole', () => {
    const claims = { ...TEXTS, isCompressed: true };
    const chunk = together(page({ 1: 2, 2: 999, 7: { 1: 1, 2: 0 } }, [7, 7]), data(2, DICTIONARY, [7], { 2: 999 }));
    const [first, second, ...others] = checkPages(chunk, claims);
    expect(others).toEqual([]);
    first!(Uint8Array.from(text('a')));
    second!(Uint8Array.from([1, ...run(2, 0)]));
    expect(() => first!(Uint8Array.from(text('a').slice(0, -1)))).toThrow('a text goes on beyond its page');
    expect(() => second!(Uint8Array.from([1, ...run(2, 1)]))).toThrow('got 1 where numbers are below 1');
  });

  test('of the second version may be left uncompressed in a compressed column', () => {
    const header = { 1: 2, 2: 0, 3: 2, 4: PLAIN, 5: 0, 6: 0, 7: false };
    expect(checkPages(dataV2(header, [...int, ...int]), { ...NUMBERS, isCompressed: true })).toEqual([]);
  });
});

describe('pages that lie are refused', () => {
  const optional = { ...NUMBERS, isOptional: true };
  const v2 = (header: Fields, body: readonly number[] = [3, 0b10, ...int]) =>
    dataV2({ 1: 2, 2: 1, 3: 2, 4: PLAIN, 5: 2, 6: 0, ...header }, body);
  const cases: readonly [string, string, ColumnClaims, Uint8Array][] = [
    ['fewer rows than the footer says', 'goes on beyond the end', NUMBERS, data(1, PLAIN, int)],
    ['more rows', 'a page claims 3 of 2 rows', NUMBERS, data(3, PLAIN, [...int, ...int, ...int])],
    ['more rows, of the second version', 'a page claims 3 of 2 rows', optional, v2({ 1: 3, 3: 3 })],
    ['a negative number of values', 'the number of values of a page must be from 0', NUMBERS, data(-1, PLAIN, int)],
    ['a negative size', 'the compressed size of a page must be from 0', NUMBERS, data(2, PLAIN, int, { 3: -4 })],
    [
      'a size of gigabytes',
      'the size of a page must be from 0',
      NUMBERS,
      data(2, PLAIN, [...int, ...int], { 2: 2 ** 31 }),
    ],
    ['a size beyond the column', 'goes on beyond its column', NUMBERS, data(2, PLAIN, int, { 3: 99 })],
    [
      'another size than it has',
      'a page has 8 bytes and claims 9',
      NUMBERS,
      data(2, PLAIN, [...int, ...int], { 2: 9 }),
    ],
    ['too few numbers', '2 values do not fit into 4 bytes', NUMBERS, data(2, PLAIN, int)],
    ['a text beyond the page', 'a text goes on beyond its page', TEXTS, data(2, PLAIN, [...text('a'), 9, 0, 0, 0])],
    ['texts beyond the page', 'a text goes on beyond its page', TEXTS, data(2, PLAIN, text('a'))],
    ['no dictionary', 'a missing dictionary', TEXTS, data(2, DICTIONARY, [1, ...run(2, 0)])],
    ['an empty dictionary', 'an empty dictionary', TEXTS, together(dictionary(0, []), data(2, DICTIONARY, [0]))],
    [
      'places beyond the dictionary',
      'got 2 where numbers',
      TEXTS,
      together(dict, data(2, DICTIONARY, [2, ...run(2, 2)])),
    ],
    ['places of 33 bits', 'have 33 bits', TEXTS, together(dict, data(2, DICTIONARY, [33, ...run(2, 2)]))],
    [
      'a run of billions',
      'a run has 1073741823 numbers where 2 are left',
      optional,
      data(2, PLAIN, levels(...run(2 ** 30 - 1, 0))),
    ],
    // The one that made hyparquet loop for ever: nothing is packed, and its count goes down from there.
    ['an empty packed run', 'a run has 0 numbers', optional, data(2, PLAIN, levels(1, 0))],
    ['packed levels beyond the page', 'a run goes on beyond its page', optional, data(2, PLAIN, levels(0xff, 0x01, 0))],
    ['runs that end early', 'runs end before', optional, data(2, PLAIN, levels(...run(1, 0)))],
    ['a length without end', 'runs end before', optional, data(2, PLAIN, levels(128, 128, 128, 128, 128, 128, 1))],
    ['levels above the maximum', 'got 7 where numbers are below 2', optional, data(2, PLAIN, levels(...run(2, 7)))],
    ['levels beyond the page', 'the levels of a page go on', optional, data(2, PLAIN, [200, 0, 0, 0])],
    ['levels cut short', 'a page is cut short', optional, data(2, PLAIN, [1])],
    ['other nulls than its levels', '1 values are missing, the page claims 0', optional, v2({ 2: 0 })],
    ['other rows than values', 'other rows than values', optional, v2({ 3: 1 })],
    ['repetitions', 'other rows than values', optional, v2({ 6: 1 })],
    ['nulls where all values are there', 'in a column that has all', NUMBERS, v2({})],
    ['a type to come', 'the unknown type 9', NUMBERS, page({ 1: 9 }, [])],
    ['no header of its kind', 'no header of its kind', NUMBERS, page({ 1: 0 }, [])],
    ['runs of numbers', 'runs of values are for booleans', NUMBERS, data(2, 3, [2, 0, 0, 0, ...run(2, 1)])],
  ];
  test.each(cases)('with %s', (_, message, claims, chunk) => {
    expect(() => checkPages(chunk, claims)).toThrow(message);
  });
});

describe('a struct', () => {
  test('gives its numbers, booleans and structs, and passes over all else', () => {
    const bytes = Uint8Array.from([
      ...[0x15, 7, 0x11, 0x12, 0x18, 2, 1, 2, 0x17, 1, 2, 3, 4, 5, 6, 7, 8],
      ...[0x19, 0x25, 2, 4, 0x19, 0x11, 1, 0x1a, 0x1c, 0x15, 2, 0, 0x1c, 0x13, 5, 0, 0x06, 40, 6, 0],
    ]);
    const { numbers, structs, end } = readStruct(bytes, 0);
    expect([...numbers]).toEqual([
      [1, -4],
      [2, 1],
      [3, 0],
      [20, 3],
    ]);
    expect([...structs.keys()]).toEqual([9]);
    expect([...structs.get(9)!.numbers]).toEqual([[1, 5]]);
    expect(end).toBe(bytes.length);
  });

  test.each([
    ['that does not end', [0x15, 2], 'goes on beyond the end'],
    ['with a number of too many digits', [0x15, ...Array<number>(12).fill(255), 0], 'too many digits'],
    ['with a text that is too long', [0x18, 99, 0], 'a value goes on beyond the end'],
    ['with a list that claims billions', [0x19, 0xf5, 255, 255, 255, 255, 15, 0], 'goes on beyond the end'],
    ['of an unknown kind', [0x1d, 0], 'the unknown type 13'],
    ['nested without end', Array<number>(99).fill(0x1c), 'nested too deeply'],
  ])('%s is refused', (_, bytes, message) => {
    expect(() => readStruct(Uint8Array.from(bytes), 0)).toThrow(message);
  });
});
