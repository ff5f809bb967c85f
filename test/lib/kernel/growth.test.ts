/** The kernel's tables grow, are emptied, and are united with those of another kernel: the reference knows no difference. */

import { describe, expect, test } from '@jest/globals';
import { randomOf } from '../../../bench/random.ts';
import { Collector } from '../../../lib/evidence/builder.ts';
import type { CollectorOptions } from '../../../lib/evidence/collector-options.ts';
import type { FlowLogConsumer } from '../../../lib/flowlog/record.ts';
import type { Drained } from '../../../lib/kernel/drained.ts';
import { atLength } from '../../tier.ts';
import type { Values } from '../flowlog/sample-logs.ts';
import { answered, at, crowd, DIRECTED, hostAt, sent, textOf, UNDIRECTED } from './crowd.ts';
import { freshKernel } from './fresh-kernel.ts';
import { evidenceOf, OPTIONS, piecesOf, readInto, referenceOf } from './reading.ts';

const random = randomOf('growth');

/** A collector with some files, read in pieces of any size. */
function collectorOf(files: readonly Uint8Array[], options: Partial<CollectorOptions> = {}): Collector {
  const collector = new Collector({ ...OPTIONS, ...options });
  for (const file of files) readInto(collector, piecesOf(file, random));
  return collector;
}

/** The same row by row: the way of all lines that are no ordinary ones. */
function rowByRow(files: readonly Uint8Array[], options: Partial<CollectorOptions> = {}): Collector {
  const collector = new Collector({ ...OPTIONS, ...options });
  const rows: FlowLogConsumer = {
    columns: (columns) => collector.columns(columns),
    enter: (row) => collector.enter(row),
    record: (record) => collector.record(record),
    status: (row) => collector.status(row),
  };
  for (const file of files) readInto(rows, [file]);
  return collector;
}

/** Compares two bodies of evidence without printing a hundred thousand lines. */
function expectSameEvidence(collector: Collector, files: readonly Uint8Array[]): void {
  const [found, expected] = [evidenceOf(collector), evidenceOf(referenceOf(files))];
  const known = new Set(expected);
  expect(found.filter((text) => !known.has(text)).slice(0, 5)).toEqual([]);
  expect(found).toHaveLength(expected.length);
  expect(collector.dropped).toEqual({ sources: 0, contacts: 0, ofInterfaces: 0 });
}

/** As many sources as targets, all of them different, and fewer interfaces. */
const pairs = (count: number): Values[] =>
  Array.from({ length: count }, (_, n) =>
    at(n % 5000, {
      ...sent(hostAt(`10.${n >> 16}`, n & 0xffff), hostAt(`172.${16 + (n >> 16)}`, n & 0xffff)),
      'interface-id': `eni-${n % 5000}`,
      'vpc-id': `vpc-${n % 5}`,
      'instance-id': `i-${n % 5000}`,
    }),
  );

describe('tables that grow', () => {
  const sizes: [count: number, growth: string][] = [
    [4000, 'not at all'],
    [4200, 'once'],
    [33_000, 'twice'],
  ];
  test.each(sizes.slice(0, atLength(2, 3)))(
    'to %i contacts (%s), as many hours and twice as many addresses',
    (count) => {
      const file = textOf(pairs(count));
      expectSameEvidence(collectorOf([file]), [file]);
    },
  );

  test('to a bound that is no power of two, and stay below it', () => {
    const file = textOf(pairs(9000));
    expectSameEvidence(collectorOf([file], { mostContacts: 20_001 }), [file]);
  });

  test('to no bound whose rows could not be numbered', () => {
    expect(() => freshKernel({ mostRows: 13_000_001 })).toThrow('mostRows must be at most 13000000');
  });

  test('by few sources with many contacts, and by many contacts with few targets', () => {
    const scans = Array.from({ length: atLength(20_000, 60_000) }, (_, n) =>
      at(n % 5000, sent(hostAt('10.1', n % 40), hostAt('10.2', n % 7), { dstport: String(1 + ((n * 7) % 60_000)) })),
    );
    const file = textOf(scans);
    expectSameEvidence(collectorOf([file]), [file]);
  });

  test('row by row as well', () => {
    const file = textOf(pairs(6000));
    expectSameEvidence(rowByRow([file]), [file]);
  });
});

describe('what several kernels read', () => {
  const files = [0, 1, 2, 3].map((n) => textOf(crowd(2500, 400, random), n % 2 ? DIRECTED : UNDIRECTED));

  /** A collector that takes over what one for each file had read. */
  const unitedFiles = (some: readonly Uint8Array[]): Collector =>
    united((spill) => {
      for (const file of some) spill(collectorOf([file]).drain());
    });

  /** A collector that takes over what `read` hands on. */
  function united(read: (spill: (drained: Drained) => void) => void): Collector {
    const whole = new Collector(OPTIONS);
    // As between threads: nothing is shared.
    read((drained) => whole.absorb(structuredClone(drained)));
    return whole;
  }

  test('file by file is what one reads of all, in any order', () => {
    for (const order of [files, files.toReversed()]) expectSameEvidence(unitedFiles(order), files);
  });

  test('is what one reads of all where one takes over what the other had read', () => {
    const whole = collectorOf(files.slice(0, 2));
    whole.absorb(collectorOf(files.slice(2)).drain());
    expectSameEvidence(whole, files);
  });

  test('of sources with more contacts than are kept is the same sample', () => {
    const scan = (from: number) =>
      textOf(Array.from({ length: 5000 }, (_, n) => sent('10.0.0.9', '10.0.0.8', { dstport: String(from + n) })));
    const scans = [scan(1), scan(3000), scan(9000)];
    expectSameEvidence(unitedFiles(scans), scans);
    // One of them is a sample already, and the other adds nothing to it.
    const few = textOf([sent('10.0.0.7', '10.0.0.8'), sent('10.0.0.9', '10.0.0.8', { dstport: '1' })]);
    for (const some of [[scans[0]!], [scans[0]!, few], [few, scans[0]!]]) expectSameEvidence(unitedFiles(some), some);
  });

  test('of answers alone has the times of all of them', () => {
    const request = sent('10.0.0.9', '10.0.0.8');
    const answers = [300, 100, 900].map((second) => textOf([at(second, answered(request))]));
    for (const order of [answers, answers.toReversed()]) expectSameEvidence(unitedFiles(order), order);
  });

  test('of probes and answers apart has the times of the probes', () => {
    const request = sent('10.0.0.9', '10.0.0.8');
    const [probes, answers] = [
      [at(100, request), at(50, request)],
      [at(10, answered(request)), at(900, answered(request))],
    ].map((rows) => textOf(rows));
    for (const order of [
      [probes!, answers!],
      [answers!, probes!],
    ])
      expectSameEvidence(unitedFiles(order), order);
  });

  test('is handed on whenever a table is full, and nothing is lost', () => {
    let times = 0;
    const whole = united((spill) => {
      const part = collectorOf(files, {
        mostContacts: 1000,
        spill: (drained) => {
          times++;
          spill(drained);
        },
      });
      expect(part.dropped).toEqual({ sources: 0, contacts: 0, ofInterfaces: 0 });
      spill(part.drain());
    });
    expect(times).toBeGreaterThan(5);
    expectSameEvidence(whole, files);
  });

  test('is handed on row by row as well', () => {
    let times = 0;
    const whole = united((spill) => {
      const part = rowByRow(files, {
        mostContacts: 1000,
        spill: (drained) => {
          times++;
          spill(drained);
        },
      });
      spill(part.drain());
    });
    expect(times).toBeGreaterThan(5);
    expectSameEvidence(whole, files);
  });

  test('may be drained again and again: what was handed on is not held any more', () => {
    const part = new Collector(OPTIONS);
    const whole = united((spill) => {
      for (const file of files) {
        readInto(part, [file]);
        spill(part.drain());
      }
    });
    expect([...part.sources()]).toEqual([]);
    expectSameEvidence(whole, files);
  });
});
