/**
 * `npm run cost`: counts what a day costs and writes docs/cost.md. `--full` runs every record instead of timing a
 * sample, and more noise. `--quick` runs two hours of a small account and prints what it would write. `--log FILE` runs a
 * log that you have, cut into files of five minutes, and prints its bill and its findings. `--only audit` runs an audit log
 * alone, and writes docs/cost-signals.md.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { printTable } from '../table.ts';
import { logFile } from '../workload/files.ts';
import { scatteredTraffic } from '../workload/scattered.ts';
import { billOf } from './bill.ts';
import { type Counted, type CountedDay, type CountedLog, runDay, runLog } from './day.ts';
import { countsTable, documentOf, linesOf, sideBySide, summary, type Told } from './document.ts';
import { extrapolate } from './extrapolate.ts';
import { failuresTable, noiseTable, recordsTable } from './growth.ts';
import { auditBill, runAudit } from './signals.ts';
import { signalsDocument } from './signals-document.ts';
import { deployed } from './template.ts';
import { SCANS, type Workload } from './traffic.ts';

const SIGNALS_DOCUMENT = join(import.meta.dirname, '../../docs/cost-signals.md');
/** Of the audit log. */
const AUDIT_BYTES = 10 ** 8;
const DOCUMENT = join(import.meta.dirname, '../../docs/cost.md');
/** Further numbers of noise sources per day at which the same account is run. */
const NOISE = [0, 500_000, 1_000_000];
/** Of those runs: as many rounds as the slowest of the scans takes to be found. */
const NOISE_ROUNDS = Math.max(...SCANS.map(({ rounds }) => rounds));
const MORE_NOISE = 4_000_000;
/** Runs at the same time. Each also has an embedded database. */
const PARALLEL = 2;
const REPEATS = 20;
const DAY: Workload = {
  interfaces: 400,
  flowLogs: 2,
  rounds: 288,
  noiseADay: 2_000_000,
  clientsADay: 100_000,
  contacts: 12,
  repeats: 1,
  stale: { oneIn: 20, hosts: 1 },
};
/** Half of the inside sources have a failure in each file, and a contact is repeated once. As many rounds as it runs. */
const FAILING = { stale: { oneIn: 2, hosts: 3 }, repeats: 2, rounds: 36 };
/** Six hours of traffic that hardly repeats, made for the benchmark of speed. */
const SCATTERED_RECORDS = 2_000_000;
/** Further sizes of that log, as shares of it. */
const SHARES = [0.25, 0.5, 2.5];
/** The inside sources that fail: one in so many, beside the runs above. */
const FAILING_ONE_IN = [16, 8, 4];
const QUICK: Workload = { ...DAY, interfaces: 60, rounds: 24, noiseADay: 100_000, clientsADay: 10_000 };

/** Of a workload that was run whole. */
const NOTHING_MORE = { records: 0, bytes: 0, storedBytes: 0, cpuSeconds: 0 };

/** A workload of this bench, or a log that is cut into files of five minutes. */
type Job = Workload | { readonly log: string };

const { values } = parseArgs({
  options: {
    full: { type: 'boolean' },
    quick: { type: 'boolean' },
    log: { type: 'string', multiple: true },
    only: { type: 'string' },
    worker: { type: 'string' },
  },
});
if (values.worker !== undefined) process.send!(await runJob(JSON.parse(values.worker)));
else if (values.only === 'audit') await tellAudit();
else if (values.only !== undefined) throw new Error(`--only takes audit, got "${values.only}"`);
else if (values.log) for (const path of values.log) await tellLog(path);
else await main();

/** Runs a log and prints what it costs, by what, and what was found in it. */
async function tellLog(path: string): Promise<void> {
  const of = deployed();
  const counted: CountedLog = await runLog(path, of, console.error);
  const bill = billOf(counted, of, NOTHING_MORE);
  for (const table of [
    summary({ bill }),
    sideBySide([{ name: path, counted, bill }]),
    linesOf('Marginal, per day', bill.marginal),
    countsTable(counted),
  ])
    console.log(`${table.title}\n${printTable(table)}\n`);
  console.log(`${counted.findings.length} findings\n${counted.findings.join('\n')}`);
}

/** Runs an audit log, prints its bill, and writes the page about it. */
async function tellAudit(): Promise<void> {
  const of = deployed({ signals: { kubernetes: [{ cluster: 'shop' }] } });
  const counted = await runAudit(values.quick ? AUDIT_BYTES / 10 : AUDIT_BYTES, of);
  const page = signalsDocument(counted, auditBill(counted, of), of);
  console.log(page);
  if (!values.quick) writeFileSync(SIGNALS_DOCUMENT, page);
}

async function main(): Promise<void> {
  const workload = { ...(values.quick ? QUICK : DAY), ...(values.full && { repeats: REPEATS }) };
  const of = deployed();
  const amounts = values.quick ? [0] : values.full ? [...NOISE, MORE_NOISE] : NOISE;
  const more = values.full ? NOTHING_MORE : await extrapolate(workload, REPEATS);
  const rounds = Math.min(workload.rounds, NOISE_ROUNDS);
  const failing = { ...workload, ...FAILING, rounds: Math.min(workload.rounds, FAILING.rounds) };
  const scatteredRecords = values.quick ? SCATTERED_RECORDS / 20 : SCATTERED_RECORDS;
  const scatteredLog = async (records: number) =>
    (await logFile(`scattered cost v5 ${records}`, () => scatteredTraffic({ seed: 'cost', records }))).path;
  // A small log of this traffic cannot be made smaller.
  const shares = values.quick ? [] : SHARES;
  const logs = await Promise.all(shares.map((share) => scatteredLog(scatteredRecords * share)));
  const runs = await all([
    workload,
    failing,
    { log: await scatteredLog(scatteredRecords) },
    ...amounts.map((noiseADay) => ({ ...workload, rounds, repeats: 1, noiseADay })),
    ...FAILING_ONE_IN.map((oneIn) => ({ ...failing, stale: { ...failing.stale, oneIn } })),
    ...logs.map((log) => ({ log })),
  ]);
  const [counted, countedFailing, countedScattered] = runs as [CountedDay, CountedDay, CountedLog];
  const [failingAt, logsAt] = [3 + amounts.length, 3 + amounts.length + FAILING_ONE_IN.length];
  const others = runs.slice(3, failingAt) as CountedDay[];
  const byNoise = [counted, ...others].sort((a, b) => a.workload.noiseADay - b.workload.noiseADay);
  const moreFailing = runs.slice(failingAt, logsAt) as CountedDay[];
  const byFailures = [countedFailing, ...moreFailing].sort((a, b) => b.workload.stale.oneIn - a.workload.stale.oneIn);
  const byRecords = [countedScattered, ...(runs.slice(logsAt) as CountedLog[])].sort((a, b) => a.records - b.records);
  const bill = billOf(counted, of, more);
  const workloads = [
    { name: 'the workload', counted, bill },
    {
      name: 'failures in half of the inside sources, few repeats',
      counted: countedFailing,
      bill: billOf(countedFailing, of, NOTHING_MORE),
    },
    { name: 'scattered traffic', counted: countedScattered, bill: billOf(countedScattered, of, NOTHING_MORE) },
  ];
  const told: Told = { counted, deployed: of, bill, more, repeats: REPEATS, byNoise, workloads, byRecords, byFailures };
  for (const table of [
    ...[summary(told), sideBySide(workloads), noiseTable(byNoise)],
    ...[recordsTable(byRecords), failuresTable(byFailures)],
  ])
    console.log(`${table.title}\n${printTable(table)}\n`);
  if (values.quick) return;
  writeFileSync(DOCUMENT, documentOf(told));
  console.log(`${relative(process.cwd(), DOCUMENT)} written`);
}

/** Runs jobs in processes of their own, so that none measures what another left behind. */
async function all(jobs: readonly Job[]): Promise<Counted[]> {
  const results: Counted[] = [];
  const queue = jobs.entries();
  const next = async () => {
    for (const [at, job] of queue) {
      console.error('log' in job ? `running ${job.log}` : `running ${job.rounds} rounds, noise ${job.noiseADay} a day`);
      results[at] = await resultOf(fork(import.meta.filename, ['--worker', JSON.stringify(job)]));
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, next));
  return results;
}

async function runJob(job: Job): Promise<Counted> {
  return 'log' in job ? runLog(job.log, deployed(), console.error) : runDay(job, deployed());
}

async function resultOf(child: ChildProcess): Promise<Counted> {
  let result: Counted | undefined;
  child.on('message', (message) => {
    result = message as Counted;
  });
  const [code] = await once(child, 'exit');
  if (code !== 0 || !result) throw new Error(`a run ended with code ${code}`);
  return result;
}
