/** Bytes to lines: headers, line ends, long lines, places, and pieces of any size. */
import { describe, expect, test } from '@jest/globals';
import { DEFAULT_FIELDS } from '../../../lib/flowlog/fields.ts';
import { LineParser } from '../../../lib/flowlog/line-parser.ts';
import fc from '../../properties.ts';
import { Recorder, read, skips } from './recorder.ts';
import { ALL_FIELDS, chunkedSource, line, log, rows, TRANSIT_GATEWAY_FIELDS, type Values } from './sample-logs.ts';

describe('A header', () => {
  test('may be missing: the 14 default fields are then expected', async () => {
    expect((await read(`${line()}\n`)).records).toEqual((await read(log([{}]))).records);
  });

  test('may be missing: the fields named by the caller are then expected', async () => {
    const fields = 'end srcaddr dstaddr srcport dstport protocol action'.split(' ');
    const { report, records } = await read(`${line({}, fields)}\n`, { fields });
    expect(report).toMatchObject({ lines: 1, records: 1 });
    expect(records[0]).toMatchObject({ source: '10.0.0.1', targetPort: 443 });
  });

  test('overrules the fields named by the caller', async () => {
    const fields = 'end srcaddr dstaddr srcport dstport protocol action'.split(' ');
    expect((await read(log([{}]), { fields })).records).toHaveLength(1);
  });

  test('may come again in the middle', async () => {
    const text = log([{}]);
    const { report, records } = await read(text + text);
    expect(report).toMatchObject({ lines: 4, records: 2, skipped: [] });
    expect(records[1]).toEqual(records[0]);
  });

  test('in the middle may name other columns, which hold from there on', async () => {
    const { report, records, layouts } = await read(log([{}]) + log([{}], ALL_FIELDS.toReversed()));
    expect(report).toMatchObject({ lines: 4, records: 2, skipped: [] });
    expect(records.map(({ source }) => source)).toEqual(['10.0.0.1', '10.0.7.7']);
    expect(layouts.map((columns) => columns.indexOf('tcp-flags') >= 0)).toEqual([false, true]);
  });

  test('in the middle that lacks what detection needs ends the reading, and names what is missing', async () => {
    const { report } = await read(`${log([{}, {}])}version srcaddr dstaddr srcport dstport protocol end\n${line()}\n`);
    expect(report).toMatchObject({ lines: 4, records: 2 });
    expect(report.error).toMatch(/^the header lacks action or tcp-flags, which detection needs/);
  });

  test('that names a field twice is refused', async () => {
    const { report } = await read(log([{}], [...ALL_FIELDS, 'srcaddr']));
    expect(report.error).toBe('the header names srcaddr twice, in columns 4 and 55');
    expect(report.records).toBe(0);
  });

  test('is not seen in a line of data whose tags are called like fields', async () => {
    const fields = ['interface-tag', ...ALL_FIELDS.filter((name) => name !== 'interface-tag')];
    const tags = { 'interface-tag': 'region', 'instance-tag': 'type', 'asg-tag': 'start' };
    const { report } = await read(log([{}, tags, {}], fields));
    expect(report).toMatchObject({ lines: 4, records: 3, skipped: [] });
    expect(report.error).toBeUndefined();
  });

  test('may begin with a byte order mark', async () => {
    const fields = ['srcaddr', ...DEFAULT_FIELDS.filter((name) => name !== 'srcaddr')];
    expect((await read(`\uFEFF${log([{}], fields)}`)).report).toMatchObject({ lines: 2, records: 1 });
  });

  test('after lines that are no records still counts', async () => {
    const { report } = await read(`# exported by hand\n${log([{}])}`);
    expect(report).toMatchObject({ lines: 3, records: 1 });
    expect(skips(report)).toEqual({ 'too few columns': 1 });
  });

  test.each([
    ['VPC', ALL_FIELDS],
    ['Transit Gateway', TRANSIT_GATEWAY_FIELDS],
  ])('of %s logs spelled with underscores is the same header', async (_kind, fields) => {
    const spelled = fields.map((name) => name.replaceAll('-', '_')).join(' ');
    expect((await read(`${spelled}\n${line({}, fields)}\n`)).records).toEqual((await read(log([{}], fields))).records);
  });
});

describe('Lines', () => {
  test('may end in CRLF, may be separated by runs of spaces and tabs, and the last needs no end', async () => {
    const plain = await read(log([{}, {}]));
    const spaced = log([{}, {}]).replaceAll(' ', ' \t  ').replaceAll('\n', '\r\n').trimEnd();
    const { report, records } = await read(`  ${spaced}`);
    expect(report).toMatchObject({ lines: 3, records: 2, skipped: [] });
    expect(records).toEqual(plain.records);
  });

  test('that are empty are no records, are not skipped, and count for the places of others', async () => {
    const { report } = await read(`\n\n${log([{}])}\r\n   \nrubbish\n`);
    expect(report).toMatchObject({ lines: 7, records: 1 });
    expect(report.skipped).toEqual([{ reason: 'too few columns', count: 1, firstLine: 7, excerpt: 'rubbish' }]);
  });

  test('that are too long are skipped in whole with their beginning shown, and the next is read', async () => {
    const long = `${'x'.repeat(60)}\u001b${'y'.repeat(1_000_000)}`;
    for (const size of [2_000_000, 65_536, 70_000, 1000]) {
      const { report } = await read(chunkedSource(Buffer.from(`${log([{}])}${long}\n${line()}\n`), size));
      expect(report).toMatchObject({ lines: 4, records: 2 });
      expect(report.skipped).toEqual([
        { reason: 'line too long', count: 1, firstLine: 3, excerpt: `${'x'.repeat(60)}?${'y'.repeat(19)}...` },
      ]);
    }
  });

  test('of 64 KiB are not too long, of one byte more they are', async () => {
    const padded = (length: number) => line() + ' '.repeat(length - line().length);
    for (const size of [200_000, 4096, 65_537]) {
      const { report } = await read(chunkedSource(Buffer.from(`${padded(65_536)}\n${padded(65_537)}\n`), size));
      expect(report).toMatchObject({ lines: 2, records: 1 });
      expect(skips(report)).toEqual({ 'line too long': 1 });
    }
  });

  test('hold the place of the first under each reason, and the count of all', async () => {
    const bad: Values[] = [{ dstport: '70000' }, {}, { srcaddr: 'x' }, { srcport: '70000' }, { dstaddr: 'y' }];
    const { report } = await read(log([{}, ...bad]));
    expect(report.skipped.map(({ reason, count, firstLine }) => [reason, count, firstLine])).toEqual([
      ['bad port', 2, 3],
      ['bad address', 2, 5],
    ]);
  });
});

describe('Pieces of any size give the same result as the whole', () => {
  const text = Buffer.from(
    `${log([...rows(4), { dstport: '70000' }], ALL_FIELDS).replaceAll('\n', '\r\n')}\n${log(rows(2))}rubbish\n${line()}`,
  );

  test('cut in two at every byte', async () => {
    const whole = await read(text);
    for (let at = 0; at <= text.length; at++) {
      const recorder = new Recorder();
      const parser = new LineParser(recorder);
      parser.push(text.subarray(0, at));
      parser.push(text.subarray(at));
      parser.end();
      expect(recorder.records).toEqual(whole.records);
      expect([...parser.skipped.values()]).toEqual(whole.report.skipped);
      expect(parser.lines).toBe(whole.report.lines);
    }
  });

  test('cut anywhere, any number of times, in one buffer that is used again for each', async () => {
    const whole = await read(text);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: text.length }), { maxLength: 30 }), (cuts) => {
        const recorder = new Recorder();
        const parser = new LineParser(recorder);
        const buffer = Buffer.alloc(text.length);
        let from = 0;
        for (const to of [...cuts.toSorted((a, b) => a - b), text.length]) {
          parser.push(buffer.subarray(0, text.copy(buffer, 0, from, to)));
          from = to;
        }
        parser.end();
        expect(recorder.records).toEqual(whole.records);
        expect([...parser.skipped.values()]).toEqual(whole.report.skipped);
      }),
    );
  });

  test('no bytes whatever make it throw anything but a word about the header', () => {
    const words = fc.constantFrom(
      ...ALL_FIELDS,
      '-',
      '6',
      '10.0.0.1',
      String.fromCharCode(0),
      '\n',
      '\r',
      'OK',
      '\u00ff',
    );
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.array(words, { maxLength: 60 }).map((parts) => Buffer.from(parts.join(' '), 'latin1')),
    );
    fc.assert(
      fc.property(bytes, (junk) => {
        const parser = new LineParser(new Recorder());
        try {
          parser.push(junk);
          parser.end();
        } catch (error) {
          expect((error as Error).name).toBe('ColumnsError');
        }
      }),
      { numRuns: 500 },
    );
  });
});
