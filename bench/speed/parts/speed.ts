/** `detect` among what users would otherwise run, over one file of each workload and format. */
import type { Table } from '../../table.ts';
import type { Log } from '../../workload/files.ts';
import { alternate, type Measured, type Rounds, ratioOf, spreadOf } from '../alternate.ts';
import { answerText, judge } from '../answer.ts';
import { speedBudget, type Verdict, verdictOf } from '../budgets.ts';
import { available, type Contestant, detect, duckdb, gunzip } from '../contestants.ts';
import { onlyRecord, ordinaryLog, scatteredLog } from '../logs.ts';
import { count, mebibytes, seconds, spread, times } from '../numbers.ts';
import type { Part } from '../part.ts';

const WORKLOADS = [
  { name: 'ordinary', logOf: ordinaryLog },
  { name: 'scattered', logOf: scatteredLog },
] as const;

export const speed: Part = async ({ records, rounds }) => {
  const only = await onlyRecord();
  const verdicts: Verdict[] = [];
  const tables: Table[] = [];
  const notes: string[] = [];
  for (const { name, logOf } of WORKLOADS)
    for (const layout of ['v2', 'v5'] as const) {
      const log = await logOf(records, layout);
      const { present, absent } = await available(layout);
      const entries = present.map((contestant) => ({ key: contestant.name, contestant, path: log.path }));
      const measured = await alternate(entries, only, rounds);
      verdicts.push(
        verdictOf(speedBudget(name, layout, 'gunzip'), ratio(measured, gunzip)!),
        verdictOf(speedBudget(name, layout, 'duckdb'), ratio(measured, duckdb)),
      );
      tables.push(tableOf(`${layout}, ${name} traffic`, log, present, measured));
      const answer = judge(measured.get(detect.name)![0]!.run.stdout, log.labels);
      notes.push(
        `${layout}, ${name}: scans found ${answerText(answer)}.`,
        ...absent.map((absentee) => `${absentee}: not on this machine.`),
      );
      notes.push(...disagreement(present, measured));
    }
  return { verdicts, tables, text: `${TEXT}\n\n${notes.join(' ')}` };
};

const TEXT = `Each contestant is its own process. They run in turn, round after round. *wall* is the time from the start of the process to its end.
*net* subtracts the start, which is the time of the same command for a file of one record. Neither includes npx. *to gunzip* compares the
whole processes of one round, and is the median over the rounds. gunzip is Node's, in pieces of 1 MB. \`detect\` does all its work: it reads,
parses and classifies every record, decides and prints. DuckDB, mawk and readline only count the distinct (source, target, port). DuckDB uses
all cores.

In *ordinary* traffic the same clients keep using the same services: about twenty records are of one contact. In *scattered* traffic a record
is of a new contact in one case out of four or five: outside clients and sites by the thousand, and 40,000 sources of noise that come back.

If a limit is missed, the reasons are these:

- One thread unpacks. One other thread does everything else, about 200 to 500 ns per record. The more contacts are new, the more of it is the
  look-up of addresses and contacts, which miss the processor's caches.
- The decision then takes some tenths of a second where few sources may be scanning. In scattered traffic it takes two to three seconds, because
  thousands of noisy sources may be members of a campaign, and only their contacts together tell that they are not.
- The ratio depends on the processor. On an AMD EPYC, where gunzip alone took 1.9 s instead of 1.2 s, \`detect\` took 1.69 times as long in
  ordinary version 2 traffic (1 December 2026). It waits for memory more than gunzip does, and gains less by a faster processor.
- Less work per record would mean less detection.
- A version 2 line is half as long as a version 5 line and takes as much work, so version 2 is the harder format.
- Other work on the machine slows \`detect\` more than gunzip, because \`detect\` needs two processors and gunzip one.

Tried, and not kept:

- A larger cache of address texts is slower: it displaces the tables from the processor's caches.
- Reading the digits of addresses with SIMD, without that cache, gains nothing: the time goes to the look-up that follows.
- Lines in batches, so that look-ups overlap, help scattered traffic by a fifth of the kernel's time and cost ordinary traffic a tenth.
- Unpacking in a worker that shares memory with the kernel gains nothing while the kernel is the slower of the two.
- Threads that read neighbouring files instead of the next one gain nothing: one file already keeps two processors busy.`;

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
