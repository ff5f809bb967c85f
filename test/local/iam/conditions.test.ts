/** Condition operators, against the published reference: each with values that hold, do not hold, and are not there. */
import { describe, expect, test } from '@jest/globals';
import { allowsUnder } from './request.ts';

type Value = string | string[] | undefined;

test.each<[operator: string, expected: string | string[], actual: Value, holds: boolean]>([
  ['StringEquals', 'a', 'a', true],
  ['StringEquals', 'a', 'A', false],
  ['StringEquals', 'a*', 'ab', false],
  ['StringEquals', ['x', 'a'], 'a', true],
  ['StringEquals', 'a', undefined, false],
  ['StringEqualsIfExists', 'a', undefined, true],
  ['StringEqualsIfExists', 'a', 'b', false],
  ['StringNotEquals', 'a', 'b', true],
  ['StringNotEquals', ['a', 'b'], 'b', false],
  ['StringNotEquals', 'a', undefined, true],
  ['StringEqualsIgnoreCase', 'aB', 'Ab', true],
  ['StringNotEqualsIgnoreCase', 'aB', 'Ab', false],
  ['StringLike', 'a*c?', 'abbcd', true],
  ['StringLike', 'a*c?', 'abbc', false],
  ['StringNotLike', 'a*', 'abc', false],
  ['ArnEquals', 'arn:aws:s3:::logs', 'arn:aws:s3:::logs', true],
  ['ArnEquals', 'arn:aws:s3:::log?', 'arn:aws:s3:::logs', true],
  ['ArnLike', 'arn:aws:sqs:*:1:*', 'arn:aws:sqs:us-east-1:1:q', true],
  ['ArnLike', 'arn:aws:sqs:*:1:*', 'arn:aws:sqs:us-east-1:2:q', false],
  ['ArnLike', 'arn:aws:s3*', 'arn:aws:s3:::logs', false],
  ['ArnLike', 'arn:aws:*:q', 'arn:aws:sqs:us-east-1:1:q', false],
  ['ArnLike', 'arn:aws:logs:r:1:*', 'arn:aws:logs:r:1:log-group:g:*', true],
  ['ArnLike', '*', 'arn:aws:s3:::logs', false],
  ['ArnNotLike', 'arn:aws:s3:::l*', 'arn:aws:s3:::logs', false],
  ['ArnLikeIfExists', 'arn:aws:s3:::logs', undefined, true],
  ['Bool', 'true', 'true', true],
  ['Bool', 'true', 'false', false],
  ['Bool', 'false', undefined, false],
  ['BoolIfExists', 'false', undefined, true],
  ['NumericEquals', '10', '10.0', true],
  ['NumericNotEquals', '10', '11', true],
  ['NumericLessThan', '10', '9', true],
  ['NumericLessThan', '10', '10', false],
  ['NumericLessThanEquals', '10', '10', true],
  ['NumericGreaterThan', '9', '10', true],
  ['NumericGreaterThanEquals', '10', '9', false],
  ['DateLessThan', '2026-01-01T00:00:00Z', '2025-12-31T23:59:59Z', true],
  ['DateGreaterThan', '1767225600', '2025-12-31T23:59:59Z', false],
  ['DateEquals', '1767225600', '2026-01-01T00:00:00Z', true],
  ['DateNotEquals', '1767225600', '2026-01-01T00:00:00Z', false],
  ['IpAddress', '10.0.0.0/8', '10.1.2.3', true],
  ['IpAddress', '10.0.0.0/8', '11.1.2.3', false],
  ['IpAddress', '2001:db8::/32', '2001:db8::1', true],
  ['IpAddress', '10.0.0.1', '10.0.0.1', true],
  ['NotIpAddress', ['10.0.0.0/8', '192.168.0.0/16'], '192.168.1.1', false],
  ['BinaryEquals', 'QUJD', 'QUJD', true],
  ['Null', 'true', undefined, true],
  ['Null', 'true', 'a', false],
  ['Null', 'false', 'a', true],
  ['ForAnyValue:StringEquals', ['a', 'b'], ['c', 'a'], true],
  ['ForAnyValue:StringEquals', ['a', 'b'], ['c', 'd'], false],
  ['ForAnyValue:StringEquals', 'a', undefined, false],
  ['ForAllValues:StringEquals', ['a', 'b'], ['b', 'a'], true],
  ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'c'], false],
  ['ForAllValues:StringEquals', 'a', undefined, true],
  ['ForAllValues:StringNotLike', 'a*', ['ab', 'cd'], false],
  ['ForAnyValue:StringNotEquals', 'a', ['a', 'b'], true],
])('%s of %j, asked with %j: %s', (operator, expected, actual, holds) => {
  expect(allowsUnder({ [operator]: { 'x:Key': expected } }, { 'x:key': actual })).toBe(holds);
});

describe('several conditions', () => {
  const both = { StringEquals: { 'x:a': '1', 'x:b': '2' }, Bool: { 'x:c': 'true' } };
  test('must all hold', () => {
    expect(allowsUnder(both, { 'x:a': '1', 'x:b': '2', 'x:c': 'true' })).toBe(true);
    expect(allowsUnder(both, { 'x:a': '1', 'x:b': '3', 'x:c': 'true' })).toBe(false);
    expect(allowsUnder(both, { 'x:a': '1', 'x:b': '2', 'x:c': 'false' })).toBe(false);
  });
});

describe('a policy variable', () => {
  const equals = (value: string) => ({ StringEquals: { 'x:key': value } });
  const like = (value: string) => ({ StringLike: { 'x:key': value } });
  const variable = (text: string) => `\${${text}}`;

  test('stands for the value of its key, literally', () => {
    expect(allowsUnder(equals(`home/${variable('x:name')}`), { 'x:key': 'home/ann', 'x:name': 'ann' })).toBe(true);
    expect(allowsUnder(like(`${variable('x:name')}/*`), { 'x:key': 'bob/1', 'x:name': '*' })).toBe(false);
    expect(allowsUnder(like(`${variable('x:name')}/*`), { 'x:key': '*/1', 'x:name': '*' })).toBe(true);
  });

  test('without value matches nothing, or its default', () => {
    expect(allowsUnder(equals(variable('x:name')), { 'x:key': '', 'x:name': undefined })).toBe(false);
    expect(allowsUnder(equals(variable("x:name, 'all'")), { 'x:key': 'all', 'x:name': undefined })).toBe(true);
  });

  test('writes the special characters', () => {
    expect(allowsUnder(like(`a${variable('*')}`), { 'x:key': 'a*' })).toBe(true);
    expect(allowsUnder(like(`a${variable('*')}`), { 'x:key': 'ab' })).toBe(false);
    expect(allowsUnder(like(`a${variable('$')}b`), { 'x:key': 'a$b' })).toBe(true);
  });

  test('keeps its colon in an ARN', () => {
    const arn = { ArnLike: { 'x:key': `arn:aws:sqs:*:${variable('x:account')}:q` } };
    expect(allowsUnder(arn, { 'x:key': 'arn:aws:sqs:r:1:q', 'x:account': '1' })).toBe(true);
    expect(allowsUnder(arn, { 'x:key': 'arn:aws:sqs:r:2:q', 'x:account': '1' })).toBe(false);
  });
});

test.each<[string, object, Record<string, Value>, RegExp]>([
  [
    'an unknown operator',
    { StringMatches: { 'x:key': 'a' } },
    { 'x:key': 'a' },
    /StringMatches is not a condition operator/,
  ],
  ['NullIfExists', { NullIfExists: { 'x:key': 'true' } }, {}, /NullIfExists is not a condition operator/],
  ['a key that is not modelled', { StringEquals: { 'x:other': 'a' } }, { 'x:key': 'a' }, /x:other is not modelled/],
  [
    'a plain operator on several values',
    { StringEquals: { 'x:key': 'a' } },
    { 'x:key': ['a', 'b'] },
    /expected ForAllValues or ForAnyValue/,
  ],
  ['text where a number is expected', { NumericEquals: { 'x:key': 'ten' } }, { 'x:key': '10' }, /ten is not a number/],
  ['text where a date is expected', { DateEquals: { 'x:key': 'soon' } }, { 'x:key': '10' }, /soon is not a date/],
  [
    'text where a network is expected',
    { IpAddress: { 'x:key': 'home' } },
    { 'x:key': '10.0.0.1' },
    /is not an address/,
  ],
  ['a malformed variable', { StringEquals: { 'x:key': `\${a b}` } }, { 'x:key': 'a' }, /not a policy variable/],
])('%s is an error', (_, condition, given, message) => {
  expect(() => allowsUnder(condition, given)).toThrow(message);
});
