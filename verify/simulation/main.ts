/**
 * `npm run simulate -- --seeds N [--from K]` runs the histories of N seeds and tables their faults; `--seed K` runs one and
 * prints it; `--planted NAME` (or `all`) shows by which seed a known bug is found. Exit 1 where something that was promised
 * did not hold, or a planted bug is not found.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { AwaitPoint } from './cloud.ts';
import type { Kind } from './faults.ts';
import { runHistory } from './history.ts';
import { load, type Shipped } from './modules.ts';
import { BUGS, plant } from './planted.ts';
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
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      planted: { type: 'string' },
      // Of runAll, for its processes.
      part: { type: 'boolean' },
    },
  });
  const [from, count] = [numberOf('from', values.from), numberOf('seeds', values.seeds)];
  if (values.planted === 'all') return findAll(values.seeds);
  const bug = values.planted === undefined ? undefined : BUGS.find(({ name }) => name === values.planted);
  if (values.planted !== undefined && !bug)
    throw new Error(`--planted takes all or one of: ${BUGS.map(({ name }) => name).join('; ')}`);
  const shipped = await load(bug && plant(bug));
  if (values.seed !== undefined) return print(shipped, numberOf('seed', values.seed));
  if (bug) return find(shipped, bug.name, from, count);
  return values.part ? runPart(shipped, from, count) : runAll(from, count);
}

function numberOf(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`--${name} takes a whole number, got "${text}"`);
  return Number(text);
}

/** Runs histories in as many processes as there are processors, some at a time. */
async function runAll(from: number, count: number): Promise<number> {
  const tally = new Tally();
  const starts = Array.from({ length: Math.ceil(count / AT_A_TIME) }, (_, n) => from + n * AT_A_TIME).values();
  let done = 0;
  let broken = 0;
  const work = async () => {
    for (const start of starts) {
      const some = Math.min(AT_A_TIME, from + count - start);
      const told = await runApart(start, some);
      if (told) tally.merge(told);
      else {
        broken++;
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
  console.log(tally.table());
  return tally.failed || broken ? 1 : 0;
}

/** Histories in a process of their own; what they came to, or nothing where the process failed. */
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

/** The histories of such a process. */
async function runPart(shipped: Shipped, from: number, count: number): Promise<number> {
  const tally = new Tally();
  for (let seed = from; seed < from + count; seed++) {
    const result = await runHistory(seed, { shipped, isTracing: seed % TRACED === 0 }).catch(brokenOff);
    tally.add(result);
    if (!result.violations.length) continue;
    console.log(`seed ${seed} fails; npm run simulate -- --seed ${seed} prints its history`);
    for (const violation of result.violations.slice(0, 5)) console.log(`  ${violation}`);
  }
  console.log(JSON.stringify(tally));
  return 0;
}

/** A history that ended with an error of the simulation's own. */
function brokenOff(error: unknown) {
  return {
    violations: [`broke off: ${(error as Error).stack ?? error}`],
    faults: new Map<Kind, number>(),
    points: { seen: new Set<AwaitPoint>(), crashed: new Set<AwaitPoint>() },
    findings: 0,
    messages: 0,
    repeated: 0,
    calls: 0,
  };
}

async function print(shipped: Shipped, seed: number): Promise<number> {
  const log: string[] = [];
  const { violations } = await runHistory(seed, { shipped, log });
  console.log(log.join('\n'));
  for (const violation of violations) console.log(`VIOLATED: ${violation}`);
  return violations.length ? 1 : 0;
}

async function find(shipped: Shipped, name: string, from: number, count: number): Promise<number> {
  for (let seed = from; seed < from + count; seed++) {
    const { violations } = await runHistory(seed, { shipped });
    if (!violations.length) continue;
    console.log(`${name}: found by seed ${seed}, after ${seed - from + 1}: ${violations[0]}`);
    return 0;
  }
  console.log(`${name}: NOT found by ${count} seeds`);
  return 1;
}

/** Each bug in a process of its own: modules are planted once. */
function findAll(seeds: string): number {
  const missed = BUGS.filter(({ name }) => {
    const args = [fileURLToPath(import.meta.url), '--seeds', seeds, '--planted', name];
    return spawnSync(process.execPath, args, { stdio: 'inherit' }).status !== 0;
  });
  console.log(`${BUGS.length - missed.length} of ${BUGS.length} planted bugs found`);
  return missed.length ? 1 : 0;
}
