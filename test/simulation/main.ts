/**
 * `npm run simulate -- --seeds N [--from K]` runs the histories of N seeds and tables their faults; `--seed K` runs one and
 * prints it; `--planted NAME` (or `all`) shows by which seed a known bug is found. Exit 1 where something that was promised
 * did not hold, or a planted bug is not found.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runHistory } from './history.ts';
import { load, type Shipped } from './modules.ts';
import { BUGS, plant } from './planted.ts';
import { Tally } from './tally.ts';

/** Each so many histories every call's place is noted, not only those where a function is stopped. */
const TRACED = 20;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '100' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      planted: { type: 'string' },
    },
  });
  const [from, count] = [numberOf('from', values.from), numberOf('seeds', values.seeds)];
  if (values.planted === 'all') return findAll(values.seeds);
  const bug = values.planted === undefined ? undefined : BUGS.find(({ name }) => name === values.planted);
  if (values.planted !== undefined && !bug)
    throw new Error(`--planted takes all or one of: ${BUGS.map(({ name }) => name).join('; ')}`);
  const shipped = await load(bug && plant(bug));
  if (values.seed !== undefined) return print(shipped, numberOf('seed', values.seed));
  return bug ? find(shipped, bug.name, from, count) : runAll(shipped, from, count);
}

function numberOf(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`--${name} takes a whole number, got "${text}"`);
  return Number(text);
}

async function runAll(shipped: Shipped, from: number, count: number): Promise<number> {
  const tally = new Tally();
  for (let seed = from; seed < from + count; seed++) {
    const result = await runHistory(seed, { shipped, isTracing: seed % TRACED === 0 });
    tally.add(result);
    if (!result.violations.length) continue;
    console.log(`seed ${seed} fails; npm run simulate -- --seed ${seed} prints its history`);
    for (const violation of result.violations.slice(0, 5)) console.log(`  ${violation}`);
  }
  console.log(tally.table());
  return tally.failed ? 1 : 0;
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
