/**
 * `npm run cost`: counts what a day costs and writes docs/cost.md. `--full` runs every record instead of timing a
 * sample, and more noise. `--quick` runs two hours of a small account and prints what it would write.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { printTable } from '../table.ts';
import { billOf } from './bill.ts';
import { type Counted, runDay } from './day.ts';
import { documentOf, noiseTable, summary, type Told } from './document.ts';
import { extrapolate } from './extrapolate.ts';
import { deployed } from './template.ts';
import { SCANS, type Workload } from './traffic.ts';

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
};
const QUICK: Workload = { ...DAY, interfaces: 60, rounds: 24, noiseADay: 100_000, clientsADay: 10_000 };

const { values } = parseArgs({
  options: { full: { type: 'boolean' }, quick: { type: 'boolean' }, worker: { type: 'string' } },
});
if (values.worker !== undefined) process.send!(await runDay(JSON.parse(values.worker), deployed()));
else await main();

async function main(): Promise<void> {
  const workload = { ...(values.quick ? QUICK : DAY), ...(values.full && { repeats: REPEATS }) };
  const of = deployed();
  const amounts = values.quick ? [0] : values.full ? [...NOISE, MORE_NOISE] : NOISE;
  const more = values.full
    ? { records: 0, bytes: 0, storedBytes: 0, cpuSeconds: 0 }
    : await extrapolate(workload, REPEATS);
  const rounds = Math.min(workload.rounds, NOISE_ROUNDS);
  const runs = await all([workload, ...amounts.map((noiseADay) => ({ ...workload, rounds, repeats: 1, noiseADay }))]);
  const [counted, ...others] = runs as [Counted, ...Counted[]];
  const byNoise = [counted, ...others].sort((a, b) => a.workload.noiseADay - b.workload.noiseADay);
  const told: Told = { counted, deployed: of, bill: billOf(counted, of, more), more, repeats: REPEATS, byNoise };
  for (const table of [summary(told), noiseTable(byNoise)]) console.log(`${table.title}\n${printTable(table)}\n`);
  if (values.quick) return;
  writeFileSync(DOCUMENT, documentOf(told));
  console.log(`${relative(process.cwd(), DOCUMENT)} written`);
}

/** Runs workloads in processes of their own, so that none measures what another left behind. */
async function all(workloads: readonly Workload[]): Promise<Counted[]> {
  const results: Counted[] = [];
  const queue = workloads.entries();
  const next = async () => {
    for (const [at, workload] of queue) {
      console.error(`running ${workload.rounds} rounds with ${workload.noiseADay} sources of noise a day`);
      results[at] = await resultOf(fork(import.meta.filename, ['--worker', JSON.stringify(workload)]));
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, next));
  return results;
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
