/** The fast parser against the plain one: on the captured log, and on generated ones with every kind of damage. */
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from '../../properties.ts';
import { read } from './recorder.ts';
import { referenceParse } from './reference-parser.ts';
import { ALL_FIELDS, line, START } from './sample-logs.ts';

const CAPTURED = gunzipSync(readFileSync(new URL('../../data/lab/pod-nmap-1024.log.gz', import.meta.url)));

async function expectEqualReadings(text: Buffer | string): Promise<void> {
  const expected = await referenceParse(text);
  const { report, records } = await read(typeof text === 'string' ? Buffer.from(text) : text);
  // Jest's own comparison takes seconds for as many records as the captured log has.
  const differs = records.findIndex((record, at) => !isDeepStrictEqual(record, expected.records[at]));
  if (differs >= 0) expect(records[differs]).toEqual(expected.records[differs]);
  expect(records.length).toBe(expected.records.length);
  expect({
    lines: report.lines,
    noData: report.noData,
    skipData: report.skipData,
    skipped: report.skipped.reduce((sum, { count }) => sum + count, 0),
  }).toEqual({
    lines: expected.lines,
    noData: expected.noData,
    skipData: expected.skipData,
    skipped: expected.skipped.length,
  });
  // Every line is accounted for, once.
  expect(report.lines).toBe(
    report.records + report.noData + report.skipData + expected.skipped.length + expected.headers + expected.blank,
  );
  for (const { firstLine } of report.skipped) expect(expected.skipped).toContain(firstLine);
  if (expected.skipped.length)
    expect(Math.min(...report.skipped.map(({ firstLine }) => firstLine))).toBe(expected.skipped[0]);
}

const NEEDED = 'srcaddr dstaddr srcport dstport protocol start end action log-status'.split(' ');

const value = fc.oneof(
  { weight: 4, arbitrary: fc.constant('-') },
  fc.constantFrom('0', '1', '6', '17', '65535', '65536', '100000000', '-1', '1e3', '0x10', '+5', '9007199254740993'),
  fc.constantFrom(
    '10.0.0.1',
    '999.1.1.1',
    '1.2.3',
    '01.2.3.4',
    '::1',
    '2001:db8::',
    '::ffff:1.2.3.4',
    '1:2',
    'fe80::1%e',
  ),
  fc.constantFrom('ACCEPT', 'REJECT', 'accept', 'OK', 'NODATA', 'SKIPDATA', 'ingress', 'egress', 'type', 'start'),
  fc.constantFrom(String(START), String(START - 100), '1515713491200', '0'),
  fc.ipV4(),
  fc.ipV6(),
);
const damage = fc.dictionary(fc.constantFrom(...NEEDED, 'tcp-flags', 'pkt-srcaddr', ...ALL_FIELDS), value, {
  maxKeys: 3,
});
const separator = fc.constantFrom(' ', '  ', '\t', ' \t ');
const someLine = fc.oneof(
  { weight: 8, arbitrary: damage.map((values) => ({ values })) },
  { weight: 1, arbitrary: fc.constantFrom('', '   ', '# note', 'OK', '5 6 7').map((raw) => ({ raw })) },
  { weight: 1, arbitrary: fc.constant({ header: true }) },
);
const someLog = fc.record({
  fields: fc
    .tuple(fc.subarray(ALL_FIELDS.filter((field) => !NEEDED.includes(field))), fc.integer())
    .chain(([extra]) => fc.shuffledSubarray([...NEEDED, ...extra], { minLength: NEEDED.length + extra.length })),
  lines: fc.array(someLine, { maxLength: 20 }),
  separator,
  newline: fc.constantFrom('\n', '\r\n'),
  isEnded: fc.boolean(),
});

describe('The parser reads the same as the reference parser', () => {
  test('from the captured log of the lab', async () => {
    await expectEqualReadings(CAPTURED);
  });

  test('from generated logs of any fields in any order, with any damage', async () => {
    await fc.assert(
      fc.asyncProperty(someLog, async ({ fields, lines, separator, newline, isEnded }) => {
        const texts = lines.map((item) => {
          if ('raw' in item) return item.raw;
          if ('header' in item) return fields.join(separator);
          return line(item.values, fields).replaceAll(' ', separator);
        });
        await expectEqualReadings([fields.join(separator), ...texts].join(newline) + (isEnded ? newline : ''));
      }),
      { numRuns: 300 },
    );
  });
});
