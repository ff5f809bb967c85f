/**
 * `node verify/life/main.ts --seed N --interfaces 1000 --hours 168`: makes a week of ordinary network life, has `sweepwatch detect`
 * judge it, and prints false alarms by situation. Ends with 1 when there are more than `--limit` of medium severity or above in 1,000
 * interface-weeks. `--write DIR` keeps the files, `--only NAME` (repeatable) composes the network of some situations,
 * `--details` prints each false alarm.
 */
import { parseArgs } from 'node:util';
import { printTable } from '../../bench/table.ts';
import { ACTORS } from './actors/index.ts';
import { detect, removeFolder, writeFiles } from './detect.ts';
import { generate } from './generate.ts';
import { alarmsOf, describe, tableOf } from './tally.ts';

/** False alarms of medium or above in 1,000 interface-weeks. */
const LIMIT = 0;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      interfaces: { type: 'string', default: '1000' },
      hours: { type: 'string', default: '168' },
      limit: { type: 'string', default: String(LIMIT) },
      write: { type: 'string' },
      only: { type: 'string', multiple: true },
      details: { type: 'boolean', default: false },
    },
  });
  const [interfaces, hours, limit] = [Number(values.interfaces), Number(values.hours), Number(values.limit)];
  const names = ACTORS.map(({ name }) => name);
  const unknown = values.only?.find((name) => !names.includes(name));
  if (!(interfaces > 0) || !(hours > 0) || !(limit >= 0) || unknown !== undefined) {
    console.error(
      unknown === undefined
        ? '--interfaces and --hours take positive numbers, --limit a number'
        : `--only takes one of ${names.join(', ')}, got "${unknown}"`,
    );
    return 2;
  }
  const started = performance.now();
  const life = generate({ seed: values.seed, interfaces, hours, ...(values.only && { only: values.only }) });
  const { folder, records } = writeFiles(life.files, values.write);
  const generated = performance.now();
  const { findings, said } = await detect(folder);
  if (values.write === undefined) removeFolder(folder);
  const seconds = (from: number, to: number) => `${((to - from) / 1000).toFixed(0)} s`;
  console.log(
    `seed ${values.seed}: ${life.interfaces} interfaces, ${hours} hours, ${records.toLocaleString('en')} records, generated in ${seconds(started, generated)}, judged in ${seconds(generated, performance.now())}`,
  );
  console.log(`detect: ${said.split('\n').at(-1)}`);
  for (const line of said
    .split('\n')
    .slice(0, -1)
    .filter((text) => !text.includes('SKIPDATA')))
    console.log(`detect: ${line}`);
  const alarms = alarmsOf(findings, life.ledger);
  if (values.details) for (const alarm of alarms) console.log(describe(alarm));
  const weeks = (life.interfaces * hours) / 168 / 1000;
  console.log(printTable({ title: '', ...tableOf(alarms, life.composition, weeks) }));
  const loud = alarms.filter(({ isLoud }) => isLoud).length;
  console.log(
    `${(loud / weeks).toFixed(1)} false alarms of medium or above in 1,000 interface-weeks, at most ${limit} allowed`,
  );
  return loud / weeks > limit ? 1 : 0;
}
