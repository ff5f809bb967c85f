/** `detect` among what users would otherwise run, over one file of each format. */
import type { Table } from '../../table.ts';
import type { Log } from '../../workload/files.ts';
import { alternate, type Measured, type Rounds, ratioOf, spreadOf } from '../alternate.ts';
import { answerText, judge } from '../answer.ts';
import { BUDGETS, type Verdict, verdictOf } from '../budgets.ts';
import { available, type Contestant, detect, duckdb, gunzip } from '../contestants.ts';
import { onlyRecord, ordinaryLog } from '../logs.ts';
import { count, mebibytes, seconds, spread, times } from '../numbers.ts';
import type { Part } from '../part.ts';

const FORMATS = {
  v2: { gunzip: BUDGETS.overGunzipV2, duckdb: BUDGETS.overDuckdbV2 },
  v5: { gunzip: BUDGETS.overGunzipV5, duckdb: BUDGETS.overDuckdbV5 },
} as const;

export const speed: Part = async ({ records, rounds }) => {
  const only = await onlyRecord();
  const verdicts: Verdict[] = [];
  const tables: Table[] = [];
  const notes: string[] = [];
  for (const layout of ['v2', 'v5'] as const) {
    const log = await ordinaryLog(records, layout);
    const { present, absent } = await available(layout);
    const entries = present.map((contestant) => ({ key: contestant.name, contestant, path: log.path }));
    const measured = await alternate(entries, only, rounds);
    const overGunzip = ratio(measured, gunzip)!;
    const overDuckdb = ratio(measured, duckdb);
    verdicts.push(verdictOf(FORMATS[layout].gunzip, overGunzip), verdictOf(FORMATS[layout].duckdb, overDuckdb));
    tables.push(tableOf(layout, log, present, measured));
    const answer = judge(measured.get(detect.name)![0]!.run.stdout, log.labels);
    notes.push(
      `${layout}: scans found ${answerText(answer)}.`,
      ...absent.map((name) => `${name}: not on this machine.`),
    );
    notes.push(...disagreement(present, measured));
  }
  return { verdicts, tables, text: `${TEXT}\n\n${notes.join(' ')}` };
};

const TEXT = `Each contestant is its own process. They run in turn, round after round. *wall* is the time from the start of the process to its end. *net*
subtracts the start, which is the time of the same command for a file of one record. Neither includes npx. *to gunzip* compares net times
of the same round, and is the median over the rounds. \`detect\` does all its work: it reads, parses and classifies every record, decides and
prints. DuckDB, mawk and readline only count the distinct (source, target, port). DuckDB uses all cores.

If the limit is missed, the reasons are these:

- One thread unpacks. One other thread does everything else, about 200 to 300 ns per record. Half of that is parsing. A third is the look-up
  of addresses and contacts, which miss the processor's caches.
- The decision then takes a tenth to a fifth of a second.
- Less work per record would mean less detection.
- A version 2 line is half as long as a version 5 line and takes as much work, so version 2 is the harder format.
- Other work on the machine slows \`detect\` more than gunzip, because \`detect\` needs two processors and gunzip one.`;

const ratio = (measured: Rounds, other: Contestant): number | undefined => {
  const theirs = measured.get(other.name);
  return theirs && ratioOf(measured.get(detect.name)!, theirs);
};

function tableOf(layout: string, log: Log, present: readonly Contestant[], measured: Rounds): Table {
  const limit = measured.get(gunzip.name)!;
  const { records, bytes, gzipBytes } = log;
  return {
    title: `${layout}: ${count(records)} records, ${mebibytes(bytes)} in ${mebibytes(gzipBytes)} (${(bytes / gzipBytes).toFixed(1)} to 1)`,
    header: ['contestant', 'wall: median (spread)', 'net', 'to gunzip', 'records a second', 'peak memory'],
    rows: present.map(({ name }) => {
      const rounds = measured.get(name)!;
      const net = spreadOf(rounds.map((round) => round.net)).median;
      return [
        name,
        spread(spreadOf(rounds.map(({ run }) => run.seconds))),
        seconds(net),
        times(ratioOf(rounds, limit)),
        `${(records / net / 1e6).toFixed(2)} million`,
        mebibytes(peakOf(rounds)),
      ];
    }),
  };
}

const peakOf = (rounds: readonly Measured[]): number | undefined => {
  const peaks = rounds.flatMap(({ run }) => run.peakBytes ?? []);
  return peaks.length ? Math.max(...peaks) : undefined;
};

/** Those who count the same must count the same. */
function disagreement(present: readonly Contestant[], measured: Rounds): string[] {
  const counts = new Set(
    present.filter(({ counts }) => counts).map(({ name }) => measured.get(name)![0]!.run.stdout.trim()),
  );
  return counts.size > 1 ? [`The counts differ: ${[...counts].join(', ')}.`] : [];
}
