/**
 * What reading a log costs, counted instead of timed: how often a byte is copied, a line goes the slow way, the kernel asks
 * its host, evidence is built, and memory grows. A change that makes any of these grow with the records fails here.
 */
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { linesOf } from '../../bench/workload/lines.ts';
import { type OrdinaryOptions, ordinary } from '../../bench/workload/ordinary.ts';
import { deliveriesOf } from '../../bench/workload/workload.ts';
import { detectionSettings } from '../../lib/detections/settings.ts';
import { Collector } from '../../lib/evidence/builder.ts';
import { Interfaces } from '../../lib/evidence/interfaces.ts';
import { LineParser } from '../../lib/flowlog/line-parser.ts';
import { RowReader } from '../../lib/flowlog/row-reader.ts';
import { Kernel } from '../../lib/kernel/kernel.ts';
import { Networks } from '../../lib/net/networks.ts';
import { judgeAll } from '../../lib/pipeline/judge-all.ts';
import { logText, NOON, probe, vertical } from '../lib/scan/traffic.ts';

const CHUNK = 256 * 1024;
const INTERFACES = 180;
/** Bytes of an interface's name that count. */
const LONGEST_NAME = 48;
/** Records of an interface that are looked at for the texts in them: sixteen, and eight of those after. */
const LOOKS = 24;

const logOf = (options: Partial<OrdinaryOptions>) => {
  const workload = ordinary({ seed: 'counted', records: 40_000, interfaces: INTERFACES, ...options });
  return Buffer.concat([...linesOf(workload, deliveriesOf(workload))]);
};

/** Tells of each block of text that is copied into a kernel. Shorter pieces are names of interfaces. */
function countCopies(count: (bytes: number) => void): void {
  const memoryOfKernel = Object.getOwnPropertyDescriptor(Kernel.prototype, 'bytes')!.get!;
  jest.spyOn(Kernel.prototype, 'bytes', 'get').mockImplementation(function (this: Kernel) {
    const bytes: Uint8Array = memoryOfKernel.call(this);
    bytes.set = (source, at) => {
      if (source.length > LONGEST_NAME) count(source.length);
      Uint8Array.prototype.set.call(bytes, source, at);
    };
    return bytes;
  });
}

/** Reads a log and counts what was done for it. */
async function read(log: Buffer) {
  const counts = { bytesCopied: 0, linesSplitByHost: 0, kindsAsked: 0, looks: 0, evidenceBuilt: 0 };
  countCopies((bytes) => {
    counts.bytesCopied += bytes;
  });
  const split = jest.spyOn(RowReader.prototype, 'split');
  const kinds = jest.spyOn(Networks.prototype, 'isInside');
  const looks = jest.spyOn(Interfaces.prototype, 'look');
  const collector = new Collector({ key: [1, 2] });
  const parser = new LineParser(collector);
  for (let at = 0; at < log.length; at += CHUNK) parser.push(log.subarray(at, at + CHUNK));
  parser.end();
  counts.linesSplitByHost = split.mock.calls.length;
  counts.kindsAsked = kinds.mock.calls.length;
  counts.looks = looks.mock.calls.length;
  const suspects = jest.spyOn(collector, 'suspects');
  const context = {
    settings: detectionSettings('medium'),
    secret: 'counted',
    networks: new Networks(),
    logTime: collector.logTime,
    overdueBefore: Number.POSITIVE_INFINITY,
  };
  const findings = await judgeAll(collector, context);
  const [least, floors] = suspects.mock.calls[0]!;
  counts.evidenceBuilt = [...collector.suspects(least, floors)].length;
  return { ...counts, records: parser.rows.records, all: [...collector.sources()].length, findings, collector };
}

afterEach(() => {
  jest.restoreAllMocks();
});

describe('the work done for a log', () => {
  test.each([
    ['v2', { layout: 'v2' }],
    ['v5', { layout: 'v5' }],
    ['permuted columns', { layout: 'permuted' }],
    ['IPv6', { layout: 'v5', isIpv6: true }],
    ['v7', { layout: 'v7' }],
  ] as const)(
    'is a copy of each byte, and hardly anything for a line outside the kernel: %s',
    async (_name, options) => {
      const log = logOf(options);
      const work = await read(log);
      const chunks = Math.ceil(log.length / CHUNK);
      expect(work.records).toBeGreaterThan(35_000);
      // The host carries over a line that a chunk cuts off, and the header.
      expect(work.bytesCopied).toBeLessThanOrEqual(log.length);
      expect(work.bytesCopied).toBeGreaterThan(log.length * 0.99);
      expect(work.linesSplitByHost).toBeLessThanOrEqual(chunks + 1);
      expect(work.looks).toBeLessThanOrEqual(LOOKS * INTERFACES);
      expect(work.findings).not.toEqual([]);
    },
  );

  test('grows with addresses and failed probes, not with records', async () => {
    const once = logOf({ layout: 'v5' });
    const header = once.indexOf(0x0a) + 1;
    const work = await read(once);
    jest.restoreAllMocks();
    // The same traffic four times over: more records of the same contacts.
    const again = await read(Buffer.concat([once, ...Array(3).fill(once.subarray(header))]));
    expect(again.records).toBe(4 * work.records);
    expect(again.kindsAsked).toBe(work.kindsAsked);
    expect(again.looks).toBeLessThanOrEqual(LOOKS * INTERFACES);
    expect(again.evidenceBuilt).toBe(work.evidenceBuilt);
    expect(memoryOf(again.collector)).toBe(memoryOf(work.collector));
  });

  test('is no evidence for the sources of which nothing can be told', async () => {
    const work = await read(logOf({ layout: 'v5' }));
    expect(work.all).toBeGreaterThan(500);
    expect(work.evidenceBuilt).toBeLessThan(work.all / 4);
  });

  test('is no evidence for outside sources that come back all day, a few failures at a time', async () => {
    const SOURCES = 50;
    const comingBack = Array.from({ length: SOURCES * 12 }, (_, n) =>
      probe({
        from: `203.0.${n % SOURCES}.9`,
        to: `10.0.9.${n % 7}`,
        port: 1000 + n,
        at: NOON + Math.floor(n / SOURCES) * 3000,
        fate: 'rejected',
        seenBy: 'target',
      }),
    );
    const scan = vertical(20, { from: '198.51.100.1', seenBy: 'target', every: 5 });
    const work = await read(Buffer.from(`${logText([...comingBack.flat(), ...scan])}\n`));
    expect(work.all).toBe(SOURCES + 1);
    expect(work.evidenceBuilt).toBe(1);
    expect(work.findings).toHaveLength(1);
  });
});

/** Bytes of the kernel behind a collector. */
function memoryOf(collector: Collector): number {
  const words = jest.spyOn(Kernel.prototype, 'bytes', 'get');
  collector.interfaces.text(1);
  const bytes = words.mock.results.at(-1)!.value as Uint8Array;
  words.mockRestore();
  return bytes.length;
}

test('the plain lane, which the kernel replaces, splits every line: the counts above can fail', () => {
  const log = logOf({ layout: 'v2' });
  const split = jest.spyOn(RowReader.prototype, 'split');
  let records = 0;
  const sink = {
    columns: () => undefined,
    record: () => {
      records++;
    },
    status: () => undefined,
  };
  const parser = new LineParser(sink);
  parser.push(log);
  parser.end();
  expect(split.mock.calls.length).toBe(parser.lines);
  expect(records).toBeGreaterThan(35_000);
});
