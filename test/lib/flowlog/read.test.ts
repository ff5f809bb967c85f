/** Whole files: formats told apart by content, other files refused with a word that helps, memory that does not grow. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { readFlowLog } from '../../../lib/flowlog/read.ts';
import { atLength } from '../../tier.ts';
import { read } from './recorder.ts';
import { chunkedSource, line, log, pieces, pipe, rows } from './sample-logs.ts';

const text = log(rows(30));

describe('Content decides the format, not the name', () => {
  test('text and gzip give the same, also in pieces of any size', async () => {
    const expected = (await read(text)).records;
    expect(expected).toHaveLength(30);
    for (const bytes of [Buffer.from(text), gzipSync(text)]) {
      for (const size of [1, 2, 3, 5, 64, 511, 513])
        expect((await read(chunkedSource(bytes, size))).records).toEqual(expected);
      expect((await read(pipe(pieces(bytes, 100)))).records).toEqual(expected);
    }
  });

  test('the report counts the bytes of text, not of gzip', async () => {
    expect((await read(gzipSync(text))).report.bytes).toBe(text.length);
  });
});

const latin1 = (text: string) => Buffer.from(text, 'latin1');

describe('A file that is no flow log is refused, with what it is and what was expected', () => {
  const expected = 'expected VPC Flow Log records as text, gzip or Parquet';
  const noRecord =
    /^no line is a flow log record: line 1 \(.+\): ".*"\. Expected a header line with field names, or the 14/;
  const files: readonly [string, Uint8Array | string, string | RegExp][] = [
    ['an empty file', '', 'the file is empty. Expected flow log records'],
    ['a PDF', '%PDF-1.7\n1 0 obj\n', `the file is a PDF, ${expected}`],
    ['a zip', 'PK\u0003\u0004\u0014\u0000', `the file is a zip archive, ${expected}. Unpack it first (unzip FILE)`],
    [
      'a tar archive',
      `${'x'.repeat(257)}ustar`,
      `the file is a tar archive, ${expected}. Unpack it first (tar -xf FILE)`,
    ],
    [
      'bzip2',
      'BZh91AY&SY',
      `the file is compressed by bzip2, ${expected}. Decompress it first: bzip2 -dc FILE | sweep`,
    ],
    ['xz', latin1('\xfd7zXZ\x00\x00'), `the file is compressed by xz, ${expected}`],
    ['Zstandard', latin1('\x28\xb5\x2f\xfd\x24'), `the file is compressed by Zstandard, ${expected}`],
    ['LZ4', latin1('\x04\x22\x4d\x18\x64'), `the file is compressed by LZ4, ${expected}`],
    [
      'Firehose JSON',
      '{"message": "2 1"}{"message": "2 1"}',
      /is JSON, .+: jq -r '\.message' FILE \| sweepwatch detect -$/,
    ],
    ['subscription JSON', '{"messageType":"DATA_MESSAGE","logEvents":[]}', /jq -r '\.logEvents\[\]\.message' FILE/],
    ['output of the AWS CLI', '{\n "events": [{"message": "2 1"}]}', /jq -r '\.events\[\]\.message' FILE/],
    ['CloudTrail', '{"Records":[{"eventVersion":"1.08"}]}', /is JSON, .+\. It is a log of CloudTrail$/],
    ['JSON', '{"Records":[{}]}', `the file is JSON, ${expected}`],
    ['a JSON list', '[1,2]', `the file is JSON, ${expected}`],
    [
      'binary data',
      Uint8Array.from({ length: 2000 }, (_, at) => (at * 7) % 256),
      `the file is binary data, ${expected}`,
    ],
    [
      'binary data that begins like text',
      `abcdefgh${'\u0000\u0001'.repeat(99)}`,
      `the file is binary data, ${expected}`,
    ],
    ['one byte', 'x', noRecord],
    ['one newline too few', 'hello', noRecord],
    ['HTML', '<html><body>Access denied</body></html>\n', noRecord],
    ['another log', 'Nov 21 19:17:07 host sshd[1]: Accepted publickey\n'.repeat(9), noRecord],
  ];

  test.each(files)('%s', async (_what, file, message) => {
    const bytes = Buffer.from(file as string);
    for (const source of [chunkedSource(bytes, 1 << 20), chunkedSource(bytes, 1), chunkedSource(gzipSync(bytes), 1)]) {
      const { report, records } = await read(source);
      expect(records).toEqual([]);
      expect(report.error).toMatch(message);
    }
  });

  test('gzip within gzip, more often than anybody does', async () => {
    const four = gzipSync(gzipSync(gzipSync(gzipSync(text))));
    expect((await read(four)).report.error).toBe('the file is gzip within gzip, 4 times over');
  });

  test('a header that lacks what detection needs', async () => {
    const fields = 'version account-id interface-id srcaddr dstaddr protocol start end'.split(' ');
    const { report } = await read(gzipSync(log([{}], fields)));
    expect(report.error).toBe(
      `the header lacks srcport, dstport, action or tcp-flags, which detection needs. It has: ${fields.join(' ')}`,
    );
  });

  test('a list of fields that lacks what detection needs', async () => {
    const { report } = await read(`${line()}\n`, { fields: ['srcaddr', 'dstaddr'] });
    expect(report.error).toMatch(/^the list of fields lacks srcport, dstport, protocol/);
  });
});

describe('A file is no error', () => {
  test('when it holds a header and nothing else', async () => {
    const { report } = await read(log([]));
    expect(report).toMatchObject({ lines: 1, records: 0, skipped: [] });
    expect(report).not.toHaveProperty('error');
  });

  test('when some of its lines are records', async () => {
    const { report } = await read(`${log([{}])}rubbish\n`);
    expect(report).toMatchObject({ lines: 3, records: 1, skipped: [{ count: 1 }] });
    expect(report).not.toHaveProperty('error');
  });
});

describe('The account of a file', () => {
  const skippedLine = 'rubbish\n';
  const file = `${log([{}, {}])}\n \t\r\n${skippedLine}${'x'.repeat(70_000)}\n`;
  const bad = 'version srcaddr dstaddr srcport dstport protocol end\n';
  const whole = { headers: 1, blank: 2, refused: 0, skippedBytes: skippedLine.length + 70_001, unreadBytes: 0 };

  test.each([1, 7, 100_000])('tells of every line and byte once, in pieces of %i', async (size) => {
    const { report } = await read(chunkedSource(Buffer.from(file), size));
    expect(report).toMatchObject({ lines: 7, records: 2, bytes: file.length });
    expect(report.account).toEqual({ ...whole, readBytes: file.length - whole.skippedBytes });
  });

  test('counts what a refused header leaves unread, from that header on', async () => {
    const { report } = await read(file + bad + line());
    expect(report).toMatchObject({ lines: 8, records: 2 });
    expect(report.account).toMatchObject({ refused: 1, unreadBytes: bad.length + line().length });
  });

  test('counts the line that the end of a broken stream cuts', async () => {
    const { report } = await read(gzipSync(file + line()).subarray(0, -8));
    expect(report.error).toMatch('cut short');
    expect(report.account).toMatchObject({ skippedBytes: whole.skippedBytes + line().length });
    expect(report.account.readBytes + report.account.skippedBytes).toBe(report.bytes);
  });
});

test('A pipe is read once, and a second reading fails with that reason', async () => {
  const source = pipe(pieces(Buffer.from(text), 100));
  expect((await read(source)).report.records).toBe(30);
  expect((await read(source)).report.error).toBe('the input has already been read. A pipe can be given only once');
});

test('A fault of the disk is thrown, not taken for a fault of the file', async () => {
  const source = {
    name: 'broken disk',
    open: async function* () {
      yield Buffer.from(text);
      throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
    },
  };
  await expect(read(source)).rejects.toThrow('EIO');
});

describe('Memory stays bounded', () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const MIB = 1 << 20;
  const block = Buffer.from(`${Array.from({ length: 2000 }, (_, at) => line(rows(at + 1)[at])).join('\n')}\n`);
  const endless = async function* (bytes: Uint8Array, total: number) {
    for (let sent = 0; sent < total; sent += bytes.length) yield bytes;
  };

  async function growth(stream: AsyncIterable<Uint8Array>) {
    // What is still referenced, not what merely waits to be collected: that depends on what else the machine does.
    const inUse = () => {
      collectGarbage();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const before = inUse();
    let most = 0;
    let records = 0;
    const sink = {
      columns: () => undefined,
      status: () => undefined,
      record: () => {
        if (++records % 20_000 === 0) most = Math.max(most, inUse() - before);
      },
    };
    const report = await readFlowLog(pipe(stream), sink);
    return { report, records, most: Math.max(most, inUse() - before) };
  }

  const textBytes = atLength(32 * MIB, 64 * MIB);

  test(`over ${textBytes / MIB} MB of text`, async () => {
    const { report, records, most } = await growth(endless(block, textBytes));
    expect(report.bytes).toBeGreaterThan(textBytes);
    expect(report.records).toBe(records);
    expect(most).toBeLessThan(16 * MIB);
  });

  test('over a gzip whose one line is 200 MB long', async () => {
    const member = gzipSync(Buffer.alloc(10 * MIB, 'x'));
    const { report, most } = await growth(endless(member, 20 * member.length));
    expect(report.bytes).toBe(200 * MIB);
    expect(report.skipped).toMatchObject([{ reason: 'line too long', count: 1, firstLine: 1 }]);
    expect(most).toBeLessThan(24 * MIB);
  });
});
