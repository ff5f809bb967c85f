/**
 * `npm run simulate -- --seeds N [--from K]` runs the histories of N seeds and tables their faults; `--seed K` runs one and
 * prints it. Exit 1 where something that was promised did not hold.
 */
import { parseArgs } from 'node:util';
import { runHistory } from './history.ts';
import { load } from './modules.ts';
import { Tally } from './tally.ts';

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '100' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
    },
  });
  const shipped = await load();
  if (values.seed !== undefined) {
    const log: string[] = [];
    const { violations } = await runHistory(Number(values.seed), { shipped, log, isTracing: true });
    console.log(log.join('\n'));
    for (const violation of violations) console.log(`VIOLATED: ${violation}`);
    return violations.length ? 1 : 0;
  }
  const tally = new Tally();
  const [from, count] = [Number(values.from), Number(values.seeds)];
  for (let seed = from; seed < from + count; seed++) {
    const result = await runHistory(seed, { shipped, isTracing: seed % 20 === 0 });
    tally.add(result);
    if (!result.violations.length) continue;
    console.log(`seed ${seed} fails; npm run simulate -- --seed ${seed} prints its history`);
    for (const violation of result.violations.slice(0, 5)) console.log(`  ${violation}`);
  }
  console.log(tally.table());
  return tally.failed ? 1 : 0;
}
