/** Parquet flow logs: the same records as from text, whatever the codec, the row groups and the way nothing is written. */

import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { DEFAULT_FIELDS } from '../../../lib/flowlog/fields.ts';
import { type ByteSource, bufferSource } from '../../../lib/flowlog/source.ts';
import { INT64, parquet, type Writing } from './parquet-writing.ts';
import { type PlainRecord, read, skips } from './recorder.ts';
import { ALL_FIELDS, chunkedSource, line, log, pieces, pipe, rows, START, type Values } from './sample-logs.ts';

async function fromText(values: readonly Values[], fields?: readonly string[]): Promise<readonly PlainRecord[]> {
  return (await read(log(values, fields))).records;
}

const sparse: Values[] = rows(50).map((row, at) => ({ ...row, 'pkt-srcaddr': at % 2 ? '-' : '10.9.9.9', bytes: '-' }));

describe('A Parquet file gives the same records as the text', () => {
  test.each([
    ['with the GZIP codec', {}],
    ['with the SNAPPY codec', { codec: 'SNAPPY' }],
    ['with the ZSTD codec', { codec: 'ZSTD' }],
    ['with the BROTLI codec', { codec: 'BROTLI' }],
    ['with the LZ4_RAW codec', { codec: 'LZ4_RAW' }],
    ['without compression', { codec: 'UNCOMPRESSED' }],
    ['in many row groups', { rowGroupSize: 7 }],
    ['with "-" as text', { missing: '-' }],
    ['with fields in another order', { fields: ALL_FIELDS.toReversed() }],
    ['of version 2', { fields: DEFAULT_FIELDS }],
  ] satisfies [string, Writing][])('%s', async (_how, writing: Writing) => {
    const { report, records } = await read(parquet(sparse, writing));
    expect(report).toMatchObject({ lines: 51, records: 50, skipped: [] });
    expect(report).not.toHaveProperty('error');
    expect(records).toEqual(await fromText(sparse, writing.fields ?? ALL_FIELDS));
  });

  test('whatever the file is called, and in pieces of any size, also within a gzip', async () => {
    const expected = await fromText(rows(20), ALL_FIELDS);
    const bytes = parquet(rows(20));
    for (const size of [1, 3, 100, 1 << 20]) {
      expect((await read({ ...chunkedSource(bytes, size), name: 'x.log.gz' })).records).toEqual(expected);
      expect((await read(chunkedSource(gzipSync(bytes), size))).records).toEqual(expected);
    }
  });

  test('from a pipe, which has no ranges', async () => {
    const { records } = await read(pipe(pieces(parquet(rows(20)), 100)));
    expect(records).toEqual(await fromText(rows(20), ALL_FIELDS));
  });

  test('with 64-bit protocol and ports, as Athena declares them', async () => {
    const wide = ['srcport', 'dstport', 'protocol'];
    const columnData = DEFAULT_FIELDS.map((field): ColumnSource => {
      const text = line({}, [field]);
      const name = field.replaceAll('-', '_');
      if (wide.includes(field) || INT64.has(field)) return { name, type: 'INT64', data: [BigInt(text)] };
      return { name, type: 'STRING', data: [text] };
    });
    const { records } = await read(new Uint8Array(parquetWriteBuffer({ columnData })));
    expect(records).toEqual(await fromText([{}]));
  });

  test('when it has no rows at all', async () => {
    const { report } = await read(parquet([]));
    expect(report).toMatchObject({ lines: 1, records: 0, skipped: [] });
    expect(report).not.toHaveProperty('error');
  });
});

describe('Values in Parquet', () => {
  test('may hold spaces and control characters without shifting the columns', async () => {
    const columnData = ALL_FIELDS.map((field): ColumnSource => {
      const value = field === 'instance-tag' ? 'web server\u0000 one\n' : field === 'asg-tag' ? '' : line({}, [field]);
      return { name: field.replaceAll('-', '_'), type: 'STRING', data: [value] };
    });
    const { report, records } = await read(new Uint8Array(parquetWriteBuffer({ columnData })));
    expect(report).toMatchObject({ lines: 2, records: 1, skipped: [] });
    expect(records).toEqual(await fromText([{}], ALL_FIELDS));
  });

  test('may be bytes of fixed length, which add no line either', async () => {
    const forged = `eni-1\n${line({ srcaddr: '192.0.2.66', 'interface-id': 'eni-2' })}\n`;
    const names = DEFAULT_FIELDS.map((name) => ({ name: name.replaceAll('-', '_'), values: line().split(' ') }));
    const buffer = parquetWriteBuffer({
      columnData: names.map(({ name, values }, at) => ({
        name,
        data: name === 'interface_id' ? [Buffer.from(forged)] : [values[at]!],
      })),
      schema: [
        { name: 'root', num_children: names.length },
        ...names.map(({ name }) =>
          name === 'interface_id'
            ? { name, type: 'FIXED_LEN_BYTE_ARRAY' as const, type_length: forged.length }
            : { name, type: 'BYTE_ARRAY' as const, converted_type: 'UTF8' as const },
        ),
      ],
      codec: 'UNCOMPRESSED',
    });
    const { records } = await read(new Uint8Array(buffer));
    expect(records).toHaveLength(1);
    expect(JSON.stringify(records)).not.toContain('"192.0.2.66"');
  });

  test('that are impossible are skipped with their row', async () => {
    const { report } = await read(parquet([{}, { dstport: '100000000' }, { packets: '-5' }, { srcaddr: '999.1.1.1' }]));
    expect(skips(report)).toEqual({ 'bad port': 1, 'bad number': 1, 'bad address': 1 });
    expect(report.skipped[0]!.firstLine).toBe(3);
    expect(report.records).toBe(1);
  });

  test('that are missing where detection needs them make a skipped row, and NODATA rows none', async () => {
    const dashes = Object.fromEntries(DEFAULT_FIELDS.slice(3, 10).map((field) => [field, '-']));
    const noData = { ...dashes, 'pkt-srcaddr': '-', 'pkt-dstaddr': '-', action: '-', 'log-status': 'NODATA' };
    const { report } = await read(parquet([{}, { protocol: '-' }, noData]));
    expect(report).toMatchObject({ records: 1, noData: 1 });
    expect(skips(report)).toEqual({ 'missing value': 1 });
  });
});

describe('Times in Parquet', () => {
  const seconds = [START, START + 59];
  const times = seconds.map((at) => new Date(at * 1000));
  const columns = (time: (name: string) => ColumnSource): ColumnSource[] => [
    ...['srcaddr', 'dstaddr'].map((name) => ({ name, data: ['10.0.0.1', '10.0.0.2'], type: 'STRING' as const })),
    ...['srcport', 'dstport', 'protocol'].map((name) => ({ name, data: [6, 6], type: 'INT32' as const })),
    { name: 'action', data: ['REJECT', 'REJECT'], type: 'STRING' },
    time('end'),
  ];

  test.each([
    ['timestamps', (name: string): ColumnSource => ({ name, data: times, type: 'TIMESTAMP' })],
    ['texts', (name: string): ColumnSource => ({ name, data: seconds.map(String), type: 'STRING' })],
    ['fractions', (name: string): ColumnSource => ({ name, data: seconds, type: 'DOUBLE' })],
  ])('may be %s', async (_which, time) => {
    const { report, records } = await read(new Uint8Array(parquetWriteBuffer({ columnData: columns(time) })));
    expect(report).toMatchObject({ records: 2, skipped: [] });
    expect(records.map(({ end }) => end)).toEqual(seconds);
  });
});

describe('A Parquet file that cannot be read', () => {
  test('because of its codec, is not said to be damaged', async () => {
    const { report } = await read(parquet(rows(3), { codec: 'LZO' }));
    expect(report.error).toMatch(
      /^the Parquet file is compressed by LZO, which is not supported\. Expected SNAPPY, GZIP, ZSTD/,
    );
  });

  test('because it is cut short, is refused wherever it is cut', async () => {
    const whole = parquet(rows(200), { rowGroupSize: 20 });
    for (let at = 4; at < whole.length; at += Math.ceil(whole.length / 40)) {
      const { report } = await read(whole.subarray(0, at));
      expect(report.error).toMatch(
        /^cannot read the footer of the Parquet file \(.+\): it is damaged or cut short. Fetch it again$/,
      );
    }
  });

  test('because a row group is damaged, gives the rows before it and says which are lost', async () => {
    const damaged = parquet(rows(200), { rowGroupSize: 20 });
    // The footer, with its statistics, takes more than half of so small a file.
    damaged.fill(0xff, damaged.length / 6, damaged.length / 6 + 400);
    const { report, records } = await read(damaged);
    const [, from] = /^cannot read rows (\d+) to \d+ of 200 of the Parquet file/.exec(report.error!) ?? [];
    expect(Number(from)).toBeGreaterThan(20);
    expect(records).toEqual((await fromText(rows(200), ALL_FIELDS)).slice(0, Number(from) - 1));
  });

  test('because it holds something else, is refused', async () => {
    const columnData: ColumnSource[] = [{ name: 'city', type: 'STRING', data: ['Ulm'] }];
    const { report } = await read(new Uint8Array(parquetWriteBuffer({ columnData })));
    expect(report.error).toMatch('no line is a flow log record');
  });

  test('because it lacks fields, is refused with those', async () => {
    const { report } = await read(parquet([{}], { fields: DEFAULT_FIELDS.filter((name) => name !== 'srcport') }));
    expect(report.error).toMatch('the header lacks srcport, which detection needs');
  });

  test('because the disk or the network fails, rejects: that is no fault of the file', async () => {
    const bytes = parquet(rows(20));
    for (const reachable of [0, 1]) {
      let asked = 0;
      const source: ByteSource = {
        ...bufferSource('flaky', bytes),
        range: async (start, end) => {
          if (asked++ < reachable) return bytes.subarray(start, end);
          throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
        },
      };
      await expect(read(source)).rejects.toMatchObject({ code: 'ECONNRESET' });
    }
  });
});

describe('A Parquet file whose numbers lie is refused before they are believed', () => {
  /** The file with some bytes of its footer replaced, which is then as long as it says. */
  function withFooter(file: Uint8Array, change: (footer: Buffer) => Buffer): Uint8Array {
    const bytes = Buffer.from(file);
    const at = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
    const footer = change(bytes.subarray(at, -8));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(footer.length);
    return Buffer.concat([bytes.subarray(0, at), footer, length, Buffer.from('PAR1')]);
  }
  const replaced = (from: readonly number[], to: readonly number[]) => (footer: Buffer) => {
    const at = footer.indexOf(Buffer.from(from));
    expect(at).toBeGreaterThanOrEqual(0);
    return Buffer.concat([footer.subarray(0, at), Buffer.from(to), footer.subarray(at + from.length)]);
  };
  const small = parquet(rows(20), { fields: DEFAULT_FIELDS, codec: 'UNCOMPRESSED' });
  /** Twenty as a number of 64 bits under the field that follows the one before: the rows of the file. */
  const TWENTY = [0x16, 40];
  const BILLIONS = [0x16, 0xfe, 0xff, 0xff, 0xff, 0x7f];

  test('such as a number of rows, of the file or of a row group', async () => {
    const { report } = await read(withFooter(small, replaced(TWENTY, BILLIONS)));
    expect(report.records).toBe(20);
    expect(report.error).toMatch(/claims \d+ rows and has 20: it is damaged/);
    const last = (footer: Buffer) => {
      const at = footer.lastIndexOf(Buffer.from(TWENTY));
      return Buffer.concat([footer.subarray(0, at), Buffer.from(BILLIONS), footer.subarray(at + 2)]);
    };
    expect((await read(withFooter(small, last))).report.error).toMatch(
      /\d{10} rows of 14 columns are claimed to be in \d+ bytes/,
    );
  });

  test('such as the length of a list, for which room would be made', async () => {
    // A list of structs, the schema: fifteen or more have their number behind the type.
    const { report } = await read(withFooter(small, replaced([0x19, 0xfc, 15], [0x19, 0xfc, 0xff, 0xff, 0xff, 0x0f])));
    expect(report.error).toMatch('cannot read the footer of the Parquet file (');
  });

  test('such as an invalid name of a column', async () => {
    const text = [0x18, 7, ...Buffer.from('version')];
    // The same bytes as a field of another number: the name is missing.
    const { report } = await read(withFooter(small, replaced(text, [0xf8, ...text.slice(1)])));
    expect(report.error).toMatch(/cannot read the footer of the Parquet file \(.+\)/);
  });

  test('such as a page that claims to be a bomb', async () => {
    const columnData: ColumnSource[] = DEFAULT_FIELDS.map((field) => ({
      name: field.replaceAll('-', '_'),
      type: 'STRING',
      data: [line({}, [field])],
    }));
    const bombs = { GZIP: () => new Uint8Array(gzipSync(Buffer.alloc(64 * 1024 * 1024))) };
    const bytes = new Uint8Array(parquetWriteBuffer({ columnData, codec: 'GZIP', compressors: bombs }));
    expect((await read(bytes)).report.error).toMatch(/cannot read rows 1 to 1 of 1 of the Parquet file/);
  });

  test('such as values whose toString is no function: they are no values of a flow log', async () => {
    const columnData = DEFAULT_FIELDS.map((field): ColumnSource => {
      const name = field.replaceAll('-', '_');
      if (field === 'account-id') return { name, type: 'JSON', data: [{ toString: 1 }] };
      return { name, type: 'STRING', data: [line({}, [field])] };
    });
    const { report } = await read(new Uint8Array(parquetWriteBuffer({ columnData })));
    expect(report.error).toMatch(/cannot read rows 1 to 1 of 1 of the Parquet file/);
  });
});

test('A big row group is fetched and decoded once, however many rows it has', async () => {
  const bytes = parquet(rows(50_000), { fields: DEFAULT_FIELDS, rowGroupSize: 50_000, codec: 'UNCOMPRESSED' });
  let fetched = 0;
  const source: ByteSource = {
    ...bufferSource('counted', bytes),
    range: async (start, end) => {
      fetched += end - start;
      return bytes.subarray(start, end);
    },
  };
  expect((await read(source)).report).toMatchObject({ lines: 50_001, records: 50_000 });
  // The file, and the block at its end in which the footer is looked for.
  expect(fetched).toBeLessThan(bytes.length + 600_000);
});
