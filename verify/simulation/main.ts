/**
 * `npm run simulate -- --seeds N [--from K]` runs the histories of N seeds and prints a table of their faults.
 *
 * - `--seed K` (repeatable) runs one and prints it.
 * - `--gate` runs the seeds that `npm test` runs.
 * - `--choose COUNT` chooses as many of the N seeds for the gate, and writes them to seeds.json.
 * - `--planted NAME` (or `all`) shows which seed finds a known bug.
 *
 * The exit code is 1 where a promise did not hold, or where a planted bug was not found.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { AwaitPoint } from './cloud.ts';
import type { Kind } from './faults.ts';
import { type HistoryResult, runHistory } from './history.ts';
import { load } from './modules.ts';
import { BUGS, type Bug, plant } from './planted.ts';
import { choose, seedsOfGate, writeChosen } from './seeds.ts';
import { Tally, type Told } from './tally.ts';

/** Each so many histories every call's place is noted, not only those where a function is stopped. */
const TRACED = 20;
/** Histories that a process runs before another takes its place. */
const AT_A_TIME = 50;
/** Processes that run histories now. */
const running = new Set<ChildProcess>();

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '100' },
      from: { type: 'string' },
      seed: { type: 'string', multiple: true },
      gate: { type: 'boolean' },
      choose: { type: 'string' },
      planted: { type: 'string' },
      // runAll starts its processes with it.
      part: { type: 'boolean' },
    },
  });
  const [from, count] = [numberOf('from', values.from ?? '1'), numberOf('seeds', values.seeds)];
  const range = Array.from({ length: count }, (_, n) => from + n);
  if (values.planted !== undefined) {
    const bugs = values.planted === 'all' ? BUGS : BUGS.filter(({ name }) => name === values.planted);
    if (!bugs.length) throw new Error(`--planted takes all or one of: ${BUGS.map(({ name }) => name).join('; ')}`);
    return findAll(bugs, values.from === undefined ? undefined : from, count);
  }
  if (values.seed) return print(values.seed.map((seed) => numberOf('seed', seed)));
  if (values.part) {
    console.log(JSON.stringify(await runHere(range)));
    return 0;
  }
  const tally = values.gate ? await runHere(seedsOfGate()) : await runAll(from, count);
  console.log(tally.table());
  if (values.choose !== undefined) {
    const chosen = choose(tally.covered, numberOf('choose', values.choose));
    const wanted = new Set(chosen);
    const some = new Tally();
    some.cover(tally.covered.filter(({ seed }) => wanted.has(seed)));
    writeChosen(chosen, count);
    console.log(
      `${chosen.length} seeds are written to seeds.json: ${some.coverage()}; all ${count}: ${tally.coverage()}`,
    );
  }
  return tally.failed || tally.missing ? 1 : 0;
}

function numberOf(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`--${name} takes a whole number, got "${text}"`);
  return Number(text);
}

/** Runs histories in as many processes as there are processors, some at a time. */
async function runAll(from: number, count: number): Promise<Tally> {
  const tally = new Tally();
  const starts = Array.from({ length: Math.ceil(count / AT_A_TIME) }, (_, n) => from + n * AT_A_TIME).values();
  let done = 0;
  const work = async () => {
    for (const start of starts) {
      const some = Math.min(AT_A_TIME, from + count - start);
      const told = await runApart(start, some);
      if (told) tally.merge(told);
      else {
        tally.missing++;
        console.log(`seeds ${start} to ${start + some - 1} are missing: their process failed`);
      }
      done += some;
      console.error(`${done} of ${count} histories, ${tally.failed} with something that did not hold`);
    }
  };
  // Who stops it early sees what there is by then.
  process.once('SIGINT', () => {
    for (const child of running) child.kill();
    console.log(`stopped early\n${tally.table()}`);
    process.exit(1);
  });
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return tally;
}

/** Runs histories in a separate process. Returns the results, or undefined if the process failed. */
function runApart(from: number, count: number): Promise<Told | undefined> {
  const args = [fileURLToPath(import.meta.url), '--from', String(from), '--seeds', String(count), '--part'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return new Promise((resolve) => {
    child.on('close', () => {
      running.delete(child);
      const lines = text.trimEnd().split('\n');
      const last = lines.pop() ?? '';
      if (lines.length) console.log(lines.join('\n'));
      resolve(last.startsWith('{') ? (JSON.parse(last) as Told) : undefined);
    });
  });
}

/** Runs histories in this process. */
async function runHere(seeds: readonly number[]): Promise<Tally> {
  const shipped = await load();
  const tally = new Tally();
  for (const seed of seeds) {
    const result = await runHistory(seed, { shipped, isTracing: seed % TRACED === 0 }).catch((error) =>
      brokenOff(seed, error),
    );
    tally.add(result);
    if (!result.violations.length) continue;
    console.log(`seed ${seed} fails; npm run simulate -- --seed ${seed} prints its history`);
    for (const violation of result.violations.slice(0, 5)) console.log(`  ${violation}`);
    console.log('  once it is fixed, add the seed to "failed" in verify/simulation/seeds.json, with what it found');
  }
  return tally;
}

/** A history that ended with an error of the simulation's own. */
function brokenOff(seed: number, error: unknown): HistoryResult {
  return {
    seed,
    violations: [`broke off: ${(error as Error).stack ?? error}`],
    faults: new Map<Kind, number>(),
    points: { seen: new Set<AwaitPoint>(), crashed: new Set<AwaitPoint>() },
    findings: 0,
    messages: 0,
    repeated: 0,
    calls: 0,
  };
}

async function print(seeds: readonly number[]): Promise<number> {
  const shipped = await load();
  let failed = 0;
  for (const seed of seeds) {
    const log: string[] = [];
    const { violations } = await runHistory(seed, { shipped, log });
    console.log(log.join('\n'));
    for (const violation of violations) console.log(`VIOLATED: ${violation}`);
    failed += violations.length;
  }
  return failed ? 1 : 0;
}

/** Looks for each bug, from the seed on that found it last, or from another. Each is planted in a copy of all modules. */
async function findAll(bugs: readonly Bug[], from: number | undefined, count: number): Promise<number> {
  let found = 0;
  for (const bug of bugs) if (await find(bug, from ?? bug.foundBy ?? 1, count)) found++;
  console.log(`${found} of ${bugs.length} planted bugs found`);
  return found === bugs.length ? 0 : 1;
}

async function find(bug: Bug, from: number, count: number): Promise<boolean> {
  const shipped = await load(plant(bug));
  for (let seed = from; seed < from + count; seed++) {
    const { violations } = await runHistory(seed, { shipped });
    if (!violations.length) continue;
    console.log(`${bug.name}: found by seed ${seed}, after ${seed - from + 1}: ${violations[0]}`);
    return true;
  }
  console.log(`${bug.name}: NOT found by ${count} seeds from ${from} on`);
  return false;
}
