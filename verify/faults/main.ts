/**
 * `npm run faults`: the stack on the local cloud, part by part, while what it runs on fails. `--only PART` (repeatable) runs
 * one part, `--minutes N` bounds the soak, `--seed K` chooses what fails when. Ends with a table, and with 1 when a part failed.
 */
import { parseArgs } from 'node:util';
import { printTable } from '../../bench/table.ts';
import { megabytes, PARTS } from './parts.ts';
import { assemble } from './stack.ts';
import type { Trial } from './trial.ts';

const DEFAULT_MINUTES = 3;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { only: { type: 'string', multiple: true }, minutes: { type: 'string' }, seed: { type: 'string' } },
  });
  const names = Object.keys(PARTS);
  const unknown = values.only?.find((name) => !names.includes(name));
  if (unknown !== undefined) return refuse(`--only takes one of ${names.join(', ')}, got "${unknown}"`);
  const minutes = Number(values.minutes ?? DEFAULT_MINUTES);
  if (!(minutes >= 0 && minutes <= 600)) return refuse(`--minutes must be between 0 and 600, got "${values.minutes}"`);
  const seed = values.seed ?? '1';
  const assembly = assemble();
  const rows: string[][] = [];
  let failures = 0;
  try {
    for (const name of values.only ?? names) {
      process.stderr.write(`${name}\n`);
      for (const trial of await PARTS[name]!({ assembly, seed, minutes })) {
        for (const problem of trial.problems) process.stderr.write(`  ${problem}\n`);
        failures += trial.problems.length;
        rows.push(rowOf(name, trial));
      }
    }
  } finally {
    if (rows.length) process.stdout.write(`${printTable({ title: '', header: HEADER, rows })}\n`);
  }
  process.stderr.write(failures ? `${failures} problems, seed ${seed}\n` : `no problem, seed ${seed}\n`);
  return failures ? 1 : 0;
}

const HEADER = [
  'part',
  'injected',
  'objects',
  'findings expected / arrived',
  'messages / mails',
  'duplicates / allowed',
  'poison expected / found',
  'redriven',
  'peak memory of ingest, first / last third',
  'seconds',
  'verdict',
];

function rowOf(part: string, trial: Trial): string[] {
  return [
    trial.name === 'all' ? part : trial.name,
    trial.injected,
    String(trial.objects),
    `${trial.expected} / ${trial.arrived}`,
    `${trial.messages} / ${trial.mails}`,
    `${trial.duplicates} / ${trial.allowed}`,
    `${trial.poison} / ${trial.poisonFound}`,
    String(trial.redriven),
    trial.memory ? trial.memory.map(megabytes).join(' / ') : '-',
    trial.seconds.toFixed(0),
    trial.problems.length ? 'FAILED' : 'passed',
  ];
}

function refuse(message: string): number {
  process.stderr.write(`${message}\n`);
  return 2;
}

process.exitCode = await main();
