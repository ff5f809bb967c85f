/**
 * `node verify/life/main.ts --seed N --interfaces 250 --hours 168 --networks 4`: makes weeks of ordinary network life, has `sweepwatch
 * detect` judge them, and prints false alarms by situation. Ends with 1 when more than `--limit` of medium severity or above come in
 * 1,000 interface-weeks. docs/life.md describes the options.
 */
import { parseArgs } from 'node:util';
import { printTable } from '../../bench/table.ts';
import { ACTORS } from './actors/index.ts';
import { detect, removeFolder, writeFiles } from './detect.ts';
import { generate } from './generate.ts';
import { type Alarm, alarmsOf, describe, isLoud, tableOf } from './tally.ts';

interface Options {
  readonly seed: string;
  readonly interfaces: number;
  readonly hours: number;
  readonly only?: readonly string[];
  /** Folder that keeps the files. */
  readonly write?: string;
  readonly hasDetails: boolean;
}

/** What came of one network. */
interface Judged {
  readonly alarms: readonly Alarm[];
  readonly composition: ReadonlyMap<string, number>;
  readonly interfaces: number;
}

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      interfaces: { type: 'string', default: '250' },
      hours: { type: 'string', default: '168' },
      networks: { type: 'string', default: '1' },
      limit: { type: 'string', default: '0' },
      write: { type: 'string' },
      only: { type: 'string', multiple: true },
      details: { type: 'boolean', default: false },
    },
  });
  const [interfaces, hours, networks, limit] = [values.interfaces, values.hours, values.networks, values.limit].map(
    Number,
  ) as [number, number, number, number];
  const names = ACTORS.map(({ name }) => name);
  const unknown = values.only?.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    console.error(`--only takes one of ${names.join(', ')}, got "${unknown}"`);
    return 2;
  }
  if (!(interfaces > 0 && hours > 0 && networks > 0 && limit >= 0)) {
    console.error('--interfaces, --hours and --networks must be above 0, and --limit at least 0');
    return 2;
  }
  const judged: Judged[] = [];
  for (let number = 1; number <= networks; number++) {
    const seed = networks === 1 ? values.seed : `${values.seed}/${number}`;
    const write = values.write && (networks === 1 ? values.write : `${values.write}/${number}`);
    const { only, details: hasDetails } = values;
    judged.push(await judge({ seed, interfaces, hours, hasDetails, ...(only && { only }), ...(write && { write }) }));
  }
  const alarms = judged.flatMap((one) => one.alarms);
  const composition = new Map<string, number>();
  for (const one of judged)
    for (const [name, count] of one.composition) composition.set(name, (composition.get(name) ?? 0) + count);
  const weeks = (judged.reduce((sum, one) => sum + one.interfaces, 0) * hours) / 168 / 1000;
  console.log(printTable({ title: '', ...tableOf(alarms, composition, weeks) }));
  const rate = alarms.filter(isLoud).length / weeks;
  console.log(`${rate.toFixed(1)} false alarms of medium or above in 1,000 interface-weeks, at most ${limit} allowed`);
  return rate > limit ? 1 : 0;
}

/** Makes the life of one network, and has it judged. */
async function judge({ seed, interfaces, hours, only, write, hasDetails }: Options): Promise<Judged> {
  const started = performance.now();
  const life = generate({ seed, interfaces, hours, ...(only && { only }) });
  const { folder, records } = writeFiles(life.files, write);
  const generated = performance.now();
  const { findings, said } = await detect(folder).finally(() => {
    if (write === undefined) removeFolder(folder);
  });
  const seconds = (from: number, to: number) => `${((to - from) / 1000).toFixed(0)} s`;
  const time = `generated in ${seconds(started, generated)}, judged in ${seconds(generated, performance.now())}`;
  console.log(
    `seed ${seed}: ${life.interfaces} interfaces, ${hours} hours, ${records.toLocaleString('en')} records, ${time}`,
  );
  // Lost intervals are part of the traffic. Whatever else the command says matters: skipped lines, or a limit that it reached.
  for (const line of said.split('\n').filter((text) => !text.includes('SKIPDATA'))) console.log(`    ${line}`);
  const alarms = alarmsOf(findings, life.ledger);
  if (hasDetails) for (const alarm of alarms) console.log(describe(alarm));
  return { alarms, composition: life.composition, interfaces: life.interfaces };
}
