/** Text: single lines among good ones, headers over good rows, and whole files cut anywhere and handed on in any pieces. */
import { hash, type Random, randomOf } from '../../../bench/random.ts';
import { Collector } from '../../../lib/evidence/builder.ts';
import { hashKey } from '../../../lib/evidence/keyed-hash.ts';
import { ColumnsError } from '../../../lib/flowlog/columns.ts';
import { FIELD_VERSIONS } from '../../../lib/flowlog/fields.ts';
import { LineParser } from '../../../lib/flowlog/line-parser.ts';
import { type FileReport, readFlowLog } from '../../../lib/flowlog/read.ts';
import type { FlowLogConsumer } from '../../../lib/flowlog/record.ts';
import type { ByteSource } from '../../../lib/flowlog/source.ts';
import { pipe } from '../../../test/lib/flowlog/sample-logs.ts';
import { mutated } from '../../../test/lib/kernel/mutate.ts';
import { someLog } from '../../../test/lib/kernel/some-log.ts';
import { checkSums, checkText, type Told } from '../account.ts';
import { inSomeForm } from '../mutate/forms.ts';
import { mutatedHeader, mutatedLine } from '../mutate/lines.ts';
import { PlainSink } from '../plain-sink.ts';
import { type Seed, seeds } from '../seeds.ts';
import { must, pick, type Target, type Verdict } from '../target.ts';

const READERS = ['lib/flowlog', 'lib/kernel/line-reader.ts'];
const KEY = hashKey('fuzzing');
/** Inputs that one collector takes: by then its tables have been full, and been made room in, again and again. */
const INPUTS_PER_COLLECTOR = 3000;
const FEW_CONTACTS = 2000;
/** Lines that were looked at no further than their number of columns, or not at all. */
const UNREAD = new Set(['too few columns', 'too many columns', 'line too long', 'cut short']);

export interface Reading extends Told {
  readonly error?: string;
}

/** Reads a text that is all there. */
export function readAtOnce(text: Uint8Array, sink: FlowLogConsumer): Reading {
  const parser = new LineParser(sink);
  let error: string | undefined;
  try {
    parser.push(text);
    parser.end();
  } catch (fault) {
    if (!(fault instanceof ColumnsError)) throw fault;
    error = fault.message;
  }
  const { lines, rows, account } = parser;
  const { records, noData, skipData } = rows;
  const skipped = [...parser.skipped.values()];
  return { lines, records, noData, skipData, skipped, account, ...(error !== undefined && { error }) };
}

const plain = new PlainSink();
let kernel: Collector | undefined;
let taken = 0;

function kernelSink(): Collector {
  if (!kernel || taken++ % INPUTS_PER_COLLECTOR === 0) kernel = new Collector({ key: KEY, mostContacts: FEW_CONTACTS });
  return kernel;
}

/** Reads a text in both ways. The results must be equal, and the account must hold. */
function readBoth(text: Uint8Array): Reading {
  plain.reset();
  const reading = readAtOnce(text, plain);
  checkText(reading, text);
  const { records, noData, skipData } = reading;
  must(
    plain.records === records && plain.statuses === noData + skipData,
    () => `${plain.records} records were handed on, ${records} told of`,
  );
  const [told, other] = [reading, readAtOnce(text, kernelSink())].map((each) => JSON.stringify(each));
  must(told === other, () => `the kernel tells\n${other}\nthe plain parser\n${told}`);
  return reading;
}

/** A line without the readers' white space at its ends. JavaScript's white space is wider, for instance 0xa0. */
function bare(line: string): string {
  let [from, to] = [0, line.length];
  while (from < to && line.charCodeAt(from) <= 0x20) from++;
  while (to > from && line.charCodeAt(to - 1) <= 0x20) to--;
  return line.slice(from, to);
}

/** A line, and how it must be read wherever it stands under its header. */
const isData = (line: string): boolean => / OK( |$)/.test(line);

const lines: Target = {
  name: 'lines',
  weight: 590,
  covers: READERS,
  input: (random) => {
    const { header, rows } = pick(seeds(), random);
    const [good, bad, other] = [pick(rows, random), pick(rows, random), pick(rows, random)];
    const newline = random.next() < 0.9 ? '\n' : '\r\n';
    const before = Buffer.from(`${header}${newline}${good}${newline}`);
    return Buffer.concat([before, mutatedLine(bad, random), Buffer.from(`${newline}${other}${newline}`)]);
  },
  run: (input) => {
    const reading = readBoth(input);
    const { records, noData, skipData, skipped, account, error } = reading;
    // A line that is a header changes what the others are.
    if (!error && account.headers === 1) {
      const text = Buffer.from(input).toString('latin1').split('\n');
      const known = knownRows(bare(text[0]!));
      const good = text.slice(1).filter((line) => known.has(bare(line))).length;
      must(records >= good, () => `${good} good lines, of which ${records} were read`);
    }
    const looked = skipped.filter(({ reason }) => !UNREAD.has(reason));
    const isPast = error === undefined && (records + noData + skipData > 2 || looked.length > 0);
    const [first] = skipped;
    return { isPast, outcome: error ? 'header refused' : first ? `skipped: ${first.reason}` : 'read' };
  },
};

const rowsOf = new Map<string, ReadonlySet<string>>();
function knownRows(header: string): ReadonlySet<string> {
  if (!rowsOf.size)
    for (const seed of seeds())
      rowsOf.set(seed.header, new Set([...(rowsOf.get(seed.header) ?? []), ...seed.rows.filter(isData)]));
  return rowsOf.get(header) ?? new Set();
}

const NEEDED: readonly (readonly string[])[] = [
  ['srcaddr', 'pkt-srcaddr'],
  ['dstaddr', 'pkt-dstaddr'],
  ['srcport'],
  ['dstport'],
  ['protocol'],
  ['start', 'end'],
  ['action', 'tcp-flags'],
];

/** Whether a header is plainly one: known names and unknown ones in letters, none twice, all there that is needed. */
function isPlainHeader(line: string): boolean {
  const names = line
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .trim()
    .split(/[ \t\r]+/)
    .map((name) => name.toLowerCase().replaceAll('_', '-'));
  const isWord = names.every((name) => /^[a-z][a-z0-9-]*$/.test(name));
  const isUnique = new Set(names).size === names.length;
  const isKnown = names.filter((name) => FIELD_VERSIONS.has(name)).length > 1;
  const isWhole = NEEDED.every((choices) => choices.some((name) => names.includes(name)));
  // More columns than any format has are split no further.
  return isWord && isUnique && isKnown && isWhole && names.length < 128;
}

const headers: Target = {
  name: 'headers',
  weight: 190,
  covers: READERS,
  input: (random) => {
    const { header, rows } = pick(seeds(), random);
    const mutant = Buffer.from(mutatedHeader(header, random));
    const names = header.split(' ');
    const columns = mutant
      .toString('utf8')
      .replace('\ufeff', '')
      .trim()
      .split(/\s+/)
      .map((name) => name.toLowerCase().replaceAll('_', '-'));
    // Rows as that header says they are, so that a good header is one of good rows.
    const written = Array.from({ length: 3 }, () => {
      const values = new Map(
        pick(rows, random)
          .split(' ')
          .map((value, at) => [names[at]!, value]),
      );
      return columns.map((name) => values.get(name) ?? '-').join(' ');
    });
    const second = random.next() < 0.1 ? `${header}\n${rows[0]}\n` : '';
    return Buffer.concat([mutant, Buffer.from(`\n${written.join('\n')}\n${second}`)]);
  },
  run: (input) => {
    const reading = readBoth(input);
    const { error, records, noData, skipData, skipped, account } = reading;
    const text = Buffer.from(input).toString('latin1').split('\n');
    const [first = ''] = text;
    if (isPlainHeader(first)) {
      must(account.headers > 0, () => `a plain header was not taken for one: ${error ?? JSON.stringify(skipped)}`);
      const wrong = skipped.find(({ reason }) => reason === 'too few columns' || reason === 'too many columns');
      must(
        !wrong || text.length > 5,
        () => `rows under a plain header have another number of columns: ${wrong!.excerpt}`,
      );
    }
    const isPast = account.headers > 0 && records + noData + skipData + skipped.length > 0;
    return {
      isPast,
      outcome: error ? 'header refused' : skipped.length ? 'rows skipped' : records ? 'read' : 'no rows',
    };
  },
};

/** A source of the bytes in pieces whose sizes the bytes themselves decide, so that they alone are the input. */
function piecesSource(bytes: Uint8Array): ByteSource {
  const seed = String(hash(Buffer.from(bytes.subarray(0, 2000)).toString('latin1') + bytes.length));
  const pieces = async function* () {
    const random = randomOf(seed);
    for (let at = 0; at < bytes.length; ) {
      const to = at + Math.ceil(Math.max(bytes.length, 64) ** random.next());
      yield bytes.subarray(at, to);
      at = to;
    }
  };
  // Now and then a pipe, which is read once and has no ranges.
  if (randomOf(seed).next() < 0.2) return pipe(pieces());
  return { name: 'fuzzed', size: bytes.length, open: pieces, range: async (from, to) => bytes.subarray(from, to) };
}

/** Reads a whole file twice, in pieces by the kernel and by the plain parser. The results must agree. */
export async function readFile(bytes: Uint8Array): Promise<FileReport> {
  plain.reset();
  const report = await readFlowLog(piecesSource(bytes), plain);
  must(plain.records === report.records, () => `${plain.records} records were handed on, ${report.records} told of`);
  const other = await readFlowLog(piecesSource(bytes), new Collector({ key: KEY, mostContacts: FEW_CONTACTS }));
  const [told, again] = [JSON.stringify(report), JSON.stringify(other)];
  must(told === again, () => `the kernel tells\n${again}\nthe plain parser\n${told}`);
  return report;
}

/** Whether the columns of any line of a file were read. */
export const wasLookedAt = ({ records, noData, skipData, skipped }: FileReport): boolean =>
  records + noData + skipData > 0 || skipped.some(({ reason }) => !UNREAD.has(reason));

export const outcomeOf = ({ error, skipped, records }: FileReport): string =>
  error ? (records ? 'error, some read' : 'error') : skipped.length ? 'lines skipped' : 'read';

export function someFile({ header, rows }: Seed, random: Random): Buffer {
  const from = random.whole(0, rows.length - 1);
  const some = rows.slice(from, from + random.whole(1, 30));
  const texts = some.map((row) => (random.next() < 0.1 ? mutatedLine(row, random) : Buffer.from(row)));
  const newline = Buffer.from(random.next() < 0.9 ? '\n' : '\r\n');
  return Buffer.concat([Buffer.from(header), newline, ...texts.flatMap((text) => [text, newline])]);
}

const files: Target = {
  name: 'text files',
  weight: 15,
  covers: READERS,
  input: (random) => {
    const whole =
      random.next() < 0.5
        ? someFile(pick(seeds(), random), random)
        : Buffer.from(someLog(random.whole(1, 30), random).lines.join('\n'), 'latin1');
    const damaged = random.next() < 0.3 ? Buffer.from(mutated(whole, random)) : whole;
    if (random.next() < 0.02)
      return Buffer.from(pick(['%PDF-1.7', 'PK\u0003\u0004', '{}', '', '\n\n', '\u0000'], random));
    return damaged.subarray(0, random.next() < 0.5 ? damaged.length : random.whole(0, damaged.length));
  },
  run: async (input): Promise<Verdict> => {
    const report = await readFile(input);
    if (report.bytes) {
      must(
        report.bytes === input.length || report.account.refused > 0,
        () => `${report.bytes} of ${input.length} bytes`,
      );
      checkText(report, input.subarray(0, report.bytes));
    }
    must(report.bytes > 0 || report.error !== undefined, () => 'nothing was read, and nothing is said');
    return { outcome: outcomeOf(report), isPast: wasLookedAt(report) };
  },
};

const forms: Target = {
  name: 'text that other tools saved',
  weight: 15,
  covers: READERS,
  input: (random) => {
    const saved = inSomeForm(someFile(pick(seeds(), random), random).toString('utf8'), random);
    const damaged = random.next() < 0.3 ? Buffer.from(mutated(saved, random)) : saved;
    return damaged.subarray(0, random.next() < 0.7 ? damaged.length : random.whole(0, damaged.length));
  },
  run: async (input): Promise<Verdict> => {
    const report = await readFile(input);
    // The text that was read is not the text of the file, so only its sums can be checked.
    checkSums(report, report.bytes);
    must(
      report.bytes > 0 || report.error !== undefined || !input.length,
      () => 'nothing was read, and nothing is said',
    );
    return { outcome: outcomeOf(report), isPast: wasLookedAt(report) };
  },
};

export const TEXT: readonly Target[] = [lines, headers, files, forms];
