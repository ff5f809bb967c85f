/**
 * gzip with one member or several, cut anywhere, damaged anywhere: everything decodable is passed on, and the fault is
 * reported.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { free, GzipError, gunzip } from '../../../lib/flowlog/gunzip.ts';
import { read, skips } from './recorder.ts';
import { chunkedSource, line, log, pieces, pipe, rows } from './sample-logs.ts';

const CAPTURED = readFileSync(new URL('../../data/lab/pod-nmap-1024.log.gz', import.meta.url));

/** What `gunzip` hands on, and the error it ends with. */
async function decode(bytes: Uint8Array, size = 65_536): Promise<{ output: Buffer; error?: Error }> {
  const chunks: Buffer[] = [];
  const take = (chunk: Uint8Array) => void chunks.push(Buffer.from(chunk));
  try {
    await gunzip(pieces(bytes, size), () => pieces(bytes, size), take);
    return { output: Buffer.concat(chunks) };
  } catch (error) {
    return { output: Buffer.concat(chunks), error: error as Error };
  }
}

const text = Buffer.from(log(rows(2000)));
const whole = gzipSync(text);

describe('Pieces that are freed once they were read', () => {
  const [large, small] = [40_000, 100].map((count) => Buffer.from(log(rows(count)))) as [Buffer, Buffer];

  test('give up their memory, and no byte of those behind them', async () => {
    const members = Buffer.concat([gzipSync(small), gzipSync(large), gzipSync(small)]);
    for (const size of [1000, 65_536, 1 << 20]) {
      const copies: Buffer[] = [];
      let freed = 0;
      const take = (chunk: Uint8Array) => {
        copies.push(Buffer.from(chunk));
        free(chunk);
        if (chunk.length === 0) freed++;
      };
      await gunzip(pieces(members, size), () => undefined, take);
      expect(Buffer.concat(copies).equals(Buffer.concat([small, large, small]))).toBe(true);
      // A piece that ends within zlib's buffer stays, because zlib goes on behind it.
      expect(freed).toBe(Math.floor((large.length + 2 * small.length) / (256 * 1024)));
    }
  });

  test('are read to the last record', async () => {
    const { records } = await read(chunkedSource(gzipSync(large), 65_536));
    expect(records).toHaveLength(40_000);
  });
});

describe('Whole gzip', () => {
  test('of several members is their text in order, in pieces of any size', async () => {
    const members = Buffer.concat([whole, gzipSync(''), gzipSync(`${line()}\n`), whole]);
    const expected = Buffer.concat([text, Buffer.from(`${line()}\n`), text]);
    for (const size of [5, 1000, 1 << 20]) expect((await decode(members, size)).output.equals(expected)).toBe(true);
  });

  test('with zeros behind it, as tapes pad, is whole', async () => {
    expect((await decode(Buffer.concat([whole, Buffer.alloc(700)]))).error).toBeUndefined();
  });

  test('with empty pieces between does not stall', async () => {
    const gappy = async function* () {
      for await (const piece of pieces(whole, 100)) {
        yield new Uint8Array(0);
        yield piece;
      }
    };
    const { report } = await read(pipe(gappy()));
    expect(report).toMatchObject({ records: 2000 });
    expect(report.error).toBeUndefined();
  });

  test('of the lab is read to its last line', async () => {
    const { report } = await read(CAPTURED);
    expect(report).toMatchObject({ lines: 59_597, records: 59_049, skipped: [] });
    expect(report.lines).toBe(report.records + report.noData + report.skipData + 1);
  });
});

describe('Behind the last gzip member', () => {
  test.each([
    ['a line end', '\n', 'after the gzip data 1 byte follows that is not gzip data'],
    ['text', 'trailing garbage', 'after the gzip data 16 bytes follow that are not gzip data'],
    ['zeros and more', '\0\0\0x', 'after the gzip data 4 bytes follow that are not gzip data'],
  ])('%s is named, and nothing is said to be missing', async (_what, garbage, message) => {
    for (const size of [1000, 1 << 20]) {
      const { output, error } = await decode(Buffer.concat([whole, Buffer.from(garbage)]), size);
      expect(output.equals(text)).toBe(true);
      expect(error).toBeInstanceOf(GzipError);
      expect(error!.message).toBe(`${message} and left out. All the gzip data was read`);
    }
  });

  test('a member whose first byte is damaged is not taken for padding', async () => {
    for (const first of [0, 0x1e, 0xff]) {
      const second = Buffer.from(whole);
      second[0] = first;
      for (const size of [1000, whole.length, 1 << 20]) {
        const { output, error } = await decode(Buffer.concat([whole, second]), size);
        expect(output.equals(text)).toBe(true);
        expect(error!.message).toMatch(/^the gzip data is corrupt \(.+\)\. Fetch it again$/);
      }
    }
  });
});

describe('gzip within gzip', () => {
  test('is read as what it holds, also from a pipe', async () => {
    for (const layers of [2, 3]) {
      let bytes: Buffer = whole;
      for (let at = 1; at < layers; at++) bytes = gzipSync(bytes);
      for (const source of [chunkedSource(bytes, 100), chunkedSource(bytes, 1 << 20), pipe(pieces(bytes, 1000))]) {
        const { report } = await read(source);
        expect(report).toMatchObject({ records: 2000, skipped: [] });
        expect(report).not.toHaveProperty('error');
      }
    }
  });

  test('that is cut short, inside or outside, says so', async () => {
    const twice = gzipSync(whole);
    for (const bytes of [gzipSync(whole.subarray(0, whole.length / 2)), twice.subarray(0, twice.length / 2)])
      expect((await read(bytes)).report.error).toBe(
        'the gzip data ends before its trailer: the file is cut short. Fetch it again',
      );
  });
});

describe('gzip that is cut short', () => {
  test('gives all that is decodable, wherever it is cut, and says so', async () => {
    const cuts = Array.from({ length: 60 }, (_, at) => 2 + Math.floor((at * (whole.length - 3)) / 59));
    let longest = 0;
    for (const cut of cuts) {
      const { output, error } = await decode(whole.subarray(0, cut));
      expect(error).toBeInstanceOf(GzipError);
      expect(error!.message).toBe('the gzip data ends before its trailer: the file is cut short. Fetch it again');
      expect(text.subarray(0, output.length).equals(output)).toBe(true);
      expect(output.length).toBeGreaterThanOrEqual(longest);
      longest = output.length;
    }
    expect(longest).toBe(text.length);
  });

  test('counts the line it is cut in, and reads those before', async () => {
    const cut = whole.subarray(0, whole.length / 2);
    const decoded = (await decode(cut)).output.toString();
    const { report, records } = await read(cut);
    const complete = decoded.split('\n').length - 1;
    expect(complete).toBeGreaterThan(500);
    expect(report).toMatchObject({ lines: complete + 1, records: complete - 1 });
    expect(report.skipped).toMatchObject([{ reason: 'cut short', count: 1, firstLine: complete + 1 }]);
    expect(records).toHaveLength(report.records);
    expect(report.error).toMatch('cut short');
  });

  test('between two members is cut short too, and gives the first in whole', async () => {
    const { output, error } = await decode(Buffer.concat([whole, whole.subarray(0, 5)]));
    expect(output.equals(text)).toBe(true);
    expect(error).toBeInstanceOf(GzipError);
  });

  test('gives its records from a pipe as well, which cannot be read again', async () => {
    const { report } = await read(pipe(pieces(CAPTURED.subarray(0, 300_000), 65_536)));
    expect(report.records).toBeGreaterThan(15_000);
    expect(report.error).toMatch('cut short');
  });
});

describe('gzip that is corrupt', () => {
  const single = gunzipSync(whole);

  test('gives every byte that stands before the damage, wherever that is', async () => {
    for (let at = 3; at < whole.length - 8; at += Math.ceil(whole.length / 15)) {
      const damaged = Buffer.from(whole);
      damaged[at] = damaged[at]! ^ 0xff;
      const before = (await decode(whole.subarray(0, at))).output;
      const { output } = await decode(damaged);
      expect(output.subarray(0, before.length).equals(before)).toBe(true);
      expect((await read(damaged)).report.error).toMatch('the gzip data is corrupt');
    }
  });

  test('loses no line that was whole before the damage', async () => {
    // The member before is whole: whatever is wrong behind it, none of its lines may be lost.
    const behind = [Buffer.from([0x1f, 0x8b, 1, 2, 3]), Buffer.from(whole)];
    behind[1]![10] = 0xff;
    for (const garbage of behind) {
      for (const size of [100, 65_536, 1 << 20]) {
        const { output, error } = await decode(Buffer.concat([whole, garbage]), size);
        expect(output.subarray(0, single.length).equals(single)).toBe(true);
        expect(error).toBeInstanceOf(GzipError);
        expect(error!.message).toMatch(/^the gzip data is corrupt \(.+\)\. Fetch it again$/);
      }
    }
  });

  test('with a wrong checksum gives every line, and the fault', async () => {
    const damaged = Buffer.from(whole);
    damaged[damaged.length - 6] = damaged.at(-6)! ^ 1;
    const { report } = await read(damaged);
    expect(report).toMatchObject({ lines: 2001, records: 2000, skipped: [] });
    expect(report.error).toMatch('the gzip data is corrupt (incorrect data check)');
  });

  test('gives most of its records when its damage lies late', async () => {
    const damaged = Buffer.from(CAPTURED);
    damaged.fill(0xff, 800_000, 800_010);
    const { report } = await read(chunkedSource(damaged, 65_536));
    expect(report.records).toBeGreaterThan(45_000);
    expect(report.error).toMatch('the gzip data is corrupt');
    expect(skips(report)).toHaveProperty(['cut short'], 1);
  });
});
