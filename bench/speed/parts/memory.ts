/** What `detect` holds in memory over inputs that are made to grow it, and what it gives up then. */
import { type Log, logFile } from '../../workload/files.ts';
import { contactFlood, noiseFlood, sourceFlood } from '../../workload/floods.ts';
import { bomb, endlessLine } from '../../workload/hostile.ts';
import { ordinary } from '../../workload/ordinary.ts';
import { answerText, judge } from '../answer.ts';
import { BUDGETS, megabytes, verdictOf } from '../budgets.ts';
import { detect } from '../contestants.ts';
import { ordinaryLog, scatteredLog } from '../logs.ts';
import { count, mebibytes, seconds } from '../numbers.ts';
import { type Part, type Scale, SEED } from '../part.ts';

interface Scenario {
  readonly name: string;
  readonly log: () => Promise<Log>;
  /** The flood itself scans: findings about it are right. */
  readonly areOthersScanners?: boolean;
}

/** Of outside clients a tenth is refused now and then. */
const SOMETIMES_REFUSED = 0.1;
const CONTACTS_EACH = 200;
/** A line of `detect` that tells no trouble: the count at the end. */
const CLOSING = /^[\d,]+ records? in [\d,]+ files?: /;

export const memory: Part = async (scale) => {
  const rows: string[][] = [];
  let most: number | undefined;
  for (const { name, log: make, areOthersScanners } of scenariosOf(scale)) {
    const log = await make();
    process.stderr.write(`${name}\n`);
    const run = await detect.run(log.path);
    const given = run.stderr.split('\n').filter((line) => line && !CLOSING.test(line));
    if (run.peakBytes !== undefined) most = Math.max(most ?? 0, run.peakBytes);
    rows.push([
      name,
      count(log.records),
      mebibytes(log.bytes),
      run.peakBytes === undefined ? `ended with ${run.code}` : mebibytes(run.peakBytes),
      seconds(run.seconds),
      log.labels.length
        ? answerText(judge(run.stdout, log.labels, areOthersScanners))
        : `none to find, ${linesIn(run.stdout)} reported`,
      given.map((line) => plain(line, log.path)).join('; ') || '-',
    ]);
  }
  const header = ['input', 'records', 'unpacked', 'peak memory', 'wall', 'scans found', 'dropped, as `detect` says it'];
  return {
    verdicts: [verdictOf(BUDGETS.memory, most === undefined ? undefined : megabytes(most))],
    tables: [{ title: '', header, rows }],
    text: TEXT,
  };
};

const TEXT = `Peak resident memory of the whole process, including Node, in one run. All logs are v5, in one file. A probe flood is a sample without repeats
of all 65,535 ports on 4,096 hosts. In the log of random order, the
records of one day come in random order.`;

const scenariosOf = ({
  records,
  noiseSources,
  probes,
  sources,
  scanners,
  interfaces,
  bombBytes,
}: Scale): Scenario[] => [
  { name: 'ordinary traffic', log: () => ordinaryLog(records, 'v5') },
  { name: 'scattered traffic', log: () => scatteredLog(records, 'v5') },
  {
    name: 'scattered traffic, four times as much',
    log: () => scatteredLog(4 * records, 'v5'),
    // Its sources of noise come back so often that they scan.
    areOthersScanners: true,
  },
  {
    name: `${count(noiseSources)} outside sources, one to three contacts each`,
    log: () => logFile(`noise ${noiseSources}`, () => noiseFlood({ seed: SEED, count: noiseSources })),
  },
  {
    name: 'one source, 65,535 ports of 4,096 hosts',
    log: () => logFile(`probes ${probes}`, () => contactFlood({ seed: SEED, count: probes })),
  },
  {
    name: `${count(sources)} sources, ${CONTACTS_EACH} contacts each, a tenth refused`,
    log: () =>
      logFile(`sources ${sources}`, () => sourceFlood({ seed: SEED, count: sources, refused: SOMETIMES_REFUSED })),
  },
  {
    name: `${count(scanners)} sources, ${CONTACTS_EACH} contacts each, all refused`,
    log: () => logFile(`scanners ${scanners}`, () => sourceFlood({ seed: SEED, count: scanners, refused: 1 })),
    areOthersScanners: true,
  },
  {
    name: `${count(interfaces)} interfaces`,
    log: () =>
      logFile(`interfaces ${interfaces} ${records}`, () => ordinary({ seed: SEED, records, interfaces, vpcs: 10 })),
  },
  {
    name: 'a day in no order of time',
    log: () =>
      logFile(`random order ${records}`, () => ordinary({ seed: SEED, records, intervals: 1440, order: 'random' })),
  },
  { name: 'gzip bomb: one byte, again and again', log: () => bomb('bomb of a byte', 'x', bombBytes) },
  { name: 'gzip bomb: empty lines', log: () => bomb('bomb of newlines', '\n', bombBytes) },
  { name: 'a line without end', log: () => endlessLine(bombBytes / 4) },
];

const linesIn = (text: string): number => text.split('\n').filter(Boolean).length;

/** A message without the path and the excerpt, as a table can hold it. */
const plain = (line: string, path: string): string =>
  line
    .replace(`${path}: `, '')
    .replace(/: "[^"]*"?$/, '')
    .replaceAll('|', ' ')
    .slice(0, 200);
