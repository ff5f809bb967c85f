/**
 * Forms in which other tools save flow logs: tables, lines after a time, other encodings. All give the records of the
 * plain text.
 */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { DEFAULT_FIELDS } from '../../../lib/flowlog/fields.ts';
import { formOf } from '../../../lib/flowlog/text-forms.ts';
import { read } from './recorder.ts';
import { ALL_FIELDS, chunkedSource, line, log, rows, START, type Values } from './sample-logs.ts';

const values: Values[] = rows(30);
const lines = values.map((row) => line(row));
const plain = async () => (await read(log(values))).records;
const quoted = (text: string) =>
  text
    .split(' ')
    .map((cell) => `"${cell}"`)
    .join(',');
const names = (separator: string, nameOf: (name: string) => string) => DEFAULT_FIELDS.map(nameOf).join(separator);
const underscored = (name: string) => name.replaceAll('-', '_');
const inCamelCase = (name: string) =>
  ({ srcaddr: 'srcAddr', dstaddr: 'dstAddr', srcport: 'srcPort', dstport: 'dstPort' })[name] ??
  name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
const table = (header: string, row: (text: string) => string, end = '\n') => [header, ...lines.map(row), ''].join(end);

describe('A table gives the records of the plain lines', () => {
  test.each([
    ['as Athena saves it', table(quoted(names(' ', underscored)), quoted)],
    ['with Windows line ends', table(quoted(names(' ', underscored)), quoted, '\r\n')],
    ['without quotes', table(names(',', underscored), (text) => text.replaceAll(' ', ','))],
    [
      'with spaces behind the commas',
      table(
        names(', ', (name) => name),
        (text) => text.replaceAll(' ', ', '),
      ),
    ],
    ['with semicolons', table(names(';', underscored), (text) => text.replaceAll(' ', ';'))],
    [
      'with tabs and quotes',
      table(
        names('\t', (name) => `"${name}"`),
        (text) => quoted(text).replaceAll(',', '\t'),
      ),
    ],
    [
      'with names in capitals',
      table(
        names(',', (name) => name.toUpperCase()),
        (text) => text.replaceAll(' ', ','),
      ),
    ],
    ['with the names of Logs Insights', table(names(',', inCamelCase), (text) => text.replaceAll(' ', ','))],
    ['without a header', lines.map((text) => `${text.replaceAll(' ', ',')}\n`).join('')],
    ['with a mark before it', `\uFEFF${table(names(',', underscored), (text) => text.replaceAll(' ', ','))}`],
    ['of messages, as the console saves it', table('timestamp,message', (text) => `1790000040000,${text}`)],
    [
      'of messages, as Logs Insights saves it',
      table('@timestamp,@message', (text) => `2026-09-21 14:14:00.000,"${text}"`),
    ],
  ])('%s', async (_how, text) => {
    for (const source of [text, gzipSync(text), chunkedSource(Buffer.from(text), 7)]) {
      const { report, records } = await read(source);
      expect(report).toMatchObject({ records: 30, skipped: [] });
      expect(report).not.toHaveProperty('error');
      expect(records).toEqual(await plain());
    }
  });

  test('with the columns of former Athena tables', async () => {
    const header =
      'version,account,interfaceid,sourceaddress,destinationaddress,sourceport,destinationport,protocol,numpackets,numbytes,starttime,endtime,action,logstatus';
    expect((await read(table(header, (text) => text.replaceAll(' ', ',')))).records).toEqual(await plain());
  });

  test('with nothing in cells, times in words, and columns that are no fields', async () => {
    const at = (seconds: number) => new Date(seconds * 1000).toISOString().replace('T', ' ').replace('Z', '');
    const header = 'srcaddr,dstaddr,srcport,dstport,protocol,tcp_flags,start,end,action,date,instance_id';
    const row = `10.0.0.1,10.0.0.2,1,2,6,,${at(START)},${at(START + 60)} UTC,REJECT,2026/11/21,two words`;
    const { report, records } = await read(`${header}\n${row}\n`);
    expect(report).not.toHaveProperty('error');
    expect(records).toMatchObject([
      {
        source: '10.0.0.1',
        targetPort: 2,
        tcpFlags: -1,
        start: START,
        end: START + 60,
        identity: { 'instance-id': 'two%20words' },
      },
    ]);
  });

  test('counts a row with too few cells as such', async () => {
    const { report } = await read(`${names(',', underscored)}\n${lines[0]!.replaceAll(' ', ',')}\n2,x\n`);
    expect(report).toMatchObject({
      records: 1,
      skipped: [{ reason: 'too few columns', firstLine: 3, excerpt: '2 x' }],
    });
  });
});

describe('Lines after a time', () => {
  test.each([
    ['of an export task', '2026-11-21T14:14:00.000Z '],
    ['of aws logs tail', '2026-11-21T14:14:00.123000+00:00 eni-0a1-all '],
    ['of aws logs tail, short', '2026-11-21T14:14:00 '],
  ])('%s give the records of the plain lines', async (_which, before) => {
    expect((await read(lines.map((text) => `${before}${text}\n`).join(''))).records).toEqual(await plain());
    const all = values.map((row) => `${before}${line(row, ALL_FIELDS)}\n`).join('');
    expect((await read(all, { fields: ALL_FIELDS })).records).toHaveLength(30);
  });

  test('are read as they are where the fields name the time', async () => {
    const text = lines.map((row) => `2026-11-21T14:14:00.000Z ${row}\n`).join('');
    expect((await read(text, { fields: ['timestamp', ...DEFAULT_FIELDS] })).records).toEqual(await plain());
  });

  test('with other columns than expected are refused with the way out', async () => {
    const { report } = await read(`2026-11-21T14:14:00.000Z ${line({}, ALL_FIELDS)}\n`);
    expect(report.error).toContain('a time precedes the columns');
    expect(report.error).toContain('--fields');
  });
});

describe('Text in another encoding', () => {
  const utf16 = (text: string, isBigEndian = false) => {
    const bytes = Buffer.from(text, 'utf16le');
    return isBigEndian ? bytes.swap16() : bytes;
  };

  test.each([
    ['UTF-16, as PowerShell writes it', utf16(`\uFEFF${log(values)}`)],
    ['UTF-16 without a mark', utf16(log(values))],
    ['UTF-16, high bytes first', utf16(`\uFEFF${log(values)}`, true)],
    ['UTF-16, high bytes first, without a mark', utf16(log(values), true)],
    ['UTF-16 of a table', utf16(`\uFEFF${table(names(',', underscored), (text) => text.replaceAll(' ', ','))}`)],
    ['spaces that do not break', Buffer.from(log(values).replaceAll(' ', '\u00a0'))],
  ])('%s gives the records of the plain lines', async (_which, bytes) => {
    for (const size of [1, 4095, 1 << 20]) {
      const { report, records } = await read(chunkedSource(bytes, size));
      expect(report).not.toHaveProperty('error');
      expect(records).toEqual(await plain());
    }
  });
});

test('Plain lines have no form, and pass through untouched', () => {
  for (const fields of [DEFAULT_FIELDS, ALL_FIELDS]) {
    expect(formOf(fields.join(' '), 14)).toBeUndefined();
    expect(formOf(fields.join('\t'), 14)).toBeUndefined();
    expect(formOf(line({}, fields), 14)).toBeUndefined();
  }
});

test('Values separated by commas that no header names are refused with the way out', async () => {
  const { report } = await read(`${line({}, ALL_FIELDS).replaceAll(' ', ',')}\n`);
  expect(report.error).toContain('comma-separated (CSV)');
});
