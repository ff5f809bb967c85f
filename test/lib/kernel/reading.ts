/** What a collector makes of logs, as sorted lines of text: two collectors are equal when these are. */
import { expect } from '@jest/globals';
import type { Random } from '../../../bench/random.ts';
import { Collector } from '../../../lib/evidence/builder.ts';
import type { SeenContact } from '../../../lib/evidence/evidence.ts';
import { hashKey } from '../../../lib/evidence/keyed-hash.ts';
import { ColumnsError } from '../../../lib/flowlog/columns.ts';
import { LineParser } from '../../../lib/flowlog/line-parser.ts';
import type { FlowLogConsumer } from '../../../lib/flowlog/record.ts';
import { ReferenceCollector } from '../../reference/collector.ts';

/** Options of both collectors: with networks and domains of their own, so that these are compared as well. */
export const OPTIONS = {
  key: hashKey('a test'),
  internal: ['203.0.113.128/25', '2001:db8:1::/48'],
  routingDomains: { shared: ['vpc-1', 'vpc-2'] },
};

type AnyCollector = Collector | ReferenceCollector;

const PIECE = 300_000;

/** Bytes in pieces of random sizes: as many of a few bytes as of some hundred thousand. */
export function piecesOf(bytes: Uint8Array, random: Random): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let from = 0; from < bytes.length; ) {
    const to = from + Math.ceil(PIECE ** random.next());
    pieces.push(bytes.subarray(from, to));
    from = to;
  }
  return pieces;
}

/** What was read of one file: counts, and the lines that were not read with their reasons and places. */
export interface FileReading {
  readonly parser: LineParser;
  /** What was wrong with the header. */
  readonly error?: string;
}

/** Reads one file, given in pieces, into a sink. */
export function readInto(sink: FlowLogConsumer, pieces: readonly Uint8Array[]): FileReading {
  const parser = new LineParser(sink);
  try {
    for (const piece of pieces) parser.push(piece);
    parser.end();
    return { parser };
  } catch (error) {
    if (!(error instanceof ColumnsError)) throw error;
    return { parser, error: error.message };
  }
}

const fileText = ({ parser, error }: FileReading): string => {
  const { lines, skipped, rows } = parser;
  const { records, noData, skipData } = rows;
  return JSON.stringify({ error, lines, records, noData, skipData, skipped: [...skipped.values()] });
};

/** Text of an object, whatever the order of its keys. */
const textOf = (value: object): string =>
  Object.entries(value)
    .map(([name, part]) => `${name}=${typeof part === 'object' ? `{${textOf(part)}}` : part}`)
    .sort()
    .join(' ');

/** What there is of a contact: all fields, so that none is left out of the comparison. */
const FIELDS = Object.keys({
  target: 0,
  port: 0,
  protocol: 0,
  seen: 0,
  hash: 0,
  firstStart: 0,
  firstEnd: 0,
  lastEnd: 0,
  minutesLow: 0,
  minutesHigh: 0,
  sourcePort: 0,
  packetBytes: 0,
  flows: 0,
} satisfies Record<keyof SeenContact, 0>) as (keyof SeenContact)[];

const contactText = (contact: SeenContact): string => FIELDS.map((field) => contact[field]).join(' ');

/** All that a collector yields. */
export function evidenceOf(collector: AnyCollector): string[] {
  const texts: string[] = [];
  for (const { panes, ...source } of collector.sources()) {
    texts.push(textOf(source));
    for (const [at, { contacts, ...pane }] of panes.entries()) {
      texts.push(`${source.scope} ${source.address} pane ${at}: ${textOf(pane)}`);
      for (const contact of contacts)
        texts.push(`${source.scope} ${source.address} ${pane.hour}: ${contactText(contact)}`);
    }
  }
  for (const { scope, source, inside, hour, contact } of collector.contactsWith(() => true))
    texts.push(
      `contact: ${scope} ${source} ${inside} ${hour} ${contact.target} ${contact.port} ${contact.protocol} ${contact.seen} ${contact.firstStart}`,
    );
  for (const { hour, target, count } of collector.outsideReach()) texts.push(`reach: ${hour} ${target} ${count}`);
  return [`log time: ${collector.logTime}`, ...texts.sort()];
}

/** Lines that one list has and the other has not, a few of them. */
function differences(actual: readonly string[], expected: readonly string[]): string[] {
  if (actual.length === expected.length && actual.every((text, at) => text === expected[at])) return [];
  const [known, found] = [new Set(expected), new Set(actual)];
  const additional = actual.filter((text) => !known.has(text)).map((text) => `kernel:    ${text}`);
  const missing = expected.filter((text) => !found.has(text)).map((text) => `reference: ${text}`);
  return [...additional.slice(0, 5), ...missing.slice(0, 5)];
}

/** The reference, with some files read whole. */
export function referenceOf(files: readonly Uint8Array[]): ReferenceCollector {
  const reference = new ReferenceCollector(OPTIONS);
  for (const file of files) readInto(reference, [file]);
  return reference;
}

/** How kernel and reference differ on some files (nothing: they are equal), and how the kernel read each. */
export function compare(
  files: readonly Uint8Array[],
  random: Random,
): { readonly differences: readonly string[]; readonly readings: readonly FileReading[] } {
  const collector = new Collector(OPTIONS);
  const reference = new ReferenceCollector(OPTIONS);
  const readings = files.map((file) => readInto(collector, piecesOf(file, random)));
  const expected = files.map((file) => readInto(reference, [file]));
  return {
    differences: [
      ...differences(readings.map(fileText), expected.map(fileText)),
      ...differences(evidenceOf(collector), evidenceOf(reference)),
    ],
    readings,
  };
}

/** Expects kernel and reference to be equal on some files. Returns how the kernel read each. */
export function expectEqual(files: readonly Uint8Array[], random: Random): readonly FileReading[] {
  const { differences, readings } = compare(files, random);
  expect(differences).toEqual([]);
  return readings;
}
