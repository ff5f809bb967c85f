/** Field names and headers: the 54 fields, what a header is, what one must hold. */
import { describe, expect, test } from '@jest/globals';
import { columnMap, isHeader } from '../../../lib/flowlog/columns.ts';
import {
  DEFAULT_FIELDS,
  FIELD_VERSIONS,
  fieldList,
  isKnownField,
  normalizeFieldName,
} from '../../../lib/flowlog/fields.ts';
import { ALL_FIELDS, TRANSIT_GATEWAY_FIELDS } from './sample-logs.ts';

describe('Fields', () => {
  test('there are 54 in versions 2 to 11, as many in each as AWS documents', () => {
    const perVersion: Record<number, number> = {};
    for (const version of FIELD_VERSIONS.values()) perVersion[version] = (perVersion[version] ?? 0) + 1;
    expect(FIELD_VERSIONS.size).toBe(54);
    expect(perVersion).toEqual({ 2: 14, 3: 7, 4: 4, 5: 4, 7: 10, 8: 1, 9: 1, 10: 1, 11: 12 });
  });

  test('the 36 columns of Transit Gateway logs are known too', () => {
    expect(TRANSIT_GATEWAY_FIELDS).toHaveLength(36);
    expect(TRANSIT_GATEWAY_FIELDS.filter((name) => !isKnownField(name))).toEqual([]);
  });

  test('Parquet spells them with underscores', () => {
    expect(normalizeFieldName('pkt_src_aws_service')).toBe('pkt-src-aws-service');
    expect(normalizeFieldName('pktSrcAddr')).toBe('pkt-srcaddr');
    expect(normalizeFieldName('$${log-status}')).toBe('log-status');
    expect(normalizeFieldName('Field_of_tomorrow')).toBe('field-of-tomorrow');
    expect(ALL_FIELDS.every((name) => isKnownField(normalizeFieldName(name.replaceAll('-', '_').toUpperCase())))).toBe(
      true,
    );
  });
});

describe('isHeader', () => {
  test('knows a header by two field names, whatever else it names', () => {
    expect(isHeader(['version', 'account-id'])).toBe(true);
    expect(isHeader(['field-of-2030', 'srcaddr', 'another', 'dstaddr'])).toBe(true);
    expect(isHeader(['tcp-flags'])).toBe(true);
    expect(isHeader(['region', 'ACCEPT', 'OK'])).toBe(false);
    expect(isHeader(['hello', 'world'])).toBe(false);
  });
});

describe('columnMap', () => {
  test('finds every field wherever it stands', () => {
    const reversed = ALL_FIELDS.toReversed();
    const columns = columnMap(reversed);
    for (const [at, name] of reversed.entries()) expect(columns.indexOf(name)).toBe(at);
    expect(columns.kind).toBe('vpc');
    expect(columnMap(DEFAULT_FIELDS).indexOf('tcp-flags')).toBe(-1);
  });

  test('recognises Transit Gateway logs by their columns', () => {
    expect(columnMap(TRANSIT_GATEWAY_FIELDS).kind).toBe('transit-gateway');
  });

  test('refuses a name that stands twice and says where', () => {
    expect(() => columnMap([...DEFAULT_FIELDS, 'srcaddr'])).toThrow(
      'the header names srcaddr twice, in columns 4 and 15',
    );
    expect(() => columnMap([...DEFAULT_FIELDS, 'account_id'])).toThrow('names account-id twice');
  });

  test.each([
    ['srcaddr', 'pkt-srcaddr or srcaddr'],
    ['dstaddr', 'pkt-dstaddr or dstaddr'],
    ['srcport', 'srcport'],
    ['dstport', 'dstport'],
    ['protocol', 'protocol'],
    ['action', 'action or tcp-flags'],
  ])('refuses a header without %s and names it', (field, named) => {
    const fields = DEFAULT_FIELDS.filter((name) => name !== field);
    expect(() => columnMap(fields)).toThrow(
      `the header lacks ${named}, which detection needs. It has: ${fields.join(' ')}`,
    );
  });

  test('names all that is missing at once', () => {
    expect(() => columnMap(['version', 'srcaddr', 'protocol'], '--fields')).toThrow(
      '--fields lacks pkt-dstaddr or dstaddr, srcport, dstport, end or start, action or tcp-flags',
    );
  });

  test('takes the packet addresses for the addresses, one time for both, and flags for the action', () => {
    const fields = 'pkt-srcaddr pkt-dstaddr srcport dstport protocol start tcp-flags'.split(' ');
    expect(columnMap(fields).names).toEqual(fields);
  });
});

test('A list of fields may be pasted as any program writes it', () => {
  const expected = ['srcaddr', 'dstaddr', 'log-status', 'field-of-tomorrow'];
  for (const text of [
    expected.map((name) => `$\{${name}}`).join(' '),
    expected.map((name) => `$$\{${name}}`).join('\\n'),
    expected.map((name) => `$\{!${name}}`).join(''),
    '"srcaddr", "dstaddr",\n  "log-status",\r\n\t"field-of-tomorrow"',
    "['srcaddr', 'dstaddr', 'log-status', 'field-of-tomorrow']",
    'srcaddr;dstaddr|log-status \\\n field-of-tomorrow',
    'srcaddr\u00a0dstaddr\u00a0log-status\u00a0field-of-tomorrow',
  ])
    expect(fieldList(text)).toEqual(expected);
});
