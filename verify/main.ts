/**
 * `npm run verify`: everything at length, part by part, and a table at the end. `--only PART` (repeatable) runs one part. Ends with
 * 1 when a part failed. What a part prints is shown when it ends.
 */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { printTable } from '../bench/table.ts';
import { PARTS, type Part } from './parts.ts';
import { batchesOf } from './schedule.ts';

interface Ended {
  readonly part: Part;
  readonly seconds: number;
  readonly code: number;
}

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { only: { type: 'string', multiple: true } } });
  const names = PARTS.map(({ name }) => name);
  const unknown = values.only?.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    console.error(`--only takes one of ${names.join(', ')}, got "${unknown}"`);
    return 2;
  }
  const ended: Ended[] = [];
  for (const lanes of batchesOf(PARTS.filter(({ name }) => values.only?.includes(name) ?? true)))
    await Promise.all(
      lanes.map(async (lane) => {
        for (const part of lane) ended.push(await run(part));
      }),
    );
  const rows = PARTS.flatMap((part) => ended.filter((each) => each.part === part)).map(({ part, seconds, code }) => [
    part.name,
    part.proves,
    `${part.minutes} min`,
    `${(seconds / 60).toFixed(1)} min`,
    code === 0 ? 'passed' : `FAILED (${code})`,
  ]);
  console.log(printTable({ title: '', header: ['part', 'proves', 'expected', 'took', 'result'], rows }));
  return ended.some(({ code }) => code !== 0) ? 1 : 0;
}

/** Runs a part to its end, and prints what it said. */
async function run(part: Part): Promise<Ended> {
  console.error(`${part.name}: about ${part.minutes} min`);
  const started = performance.now();
  const [command, ...args] = part.command;
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const code = await new Promise<number>((resolve) => {
    child.on('error', () => resolve(1));
    child.on('close', (status) => resolve(status ?? 1));
  });
  const seconds = (performance.now() - started) / 1000;
  console.log(`===== ${part.name}: ${code === 0 ? 'passed' : 'FAILED'} after ${seconds.toFixed(0)} s\n${output}`);
  return { part, seconds, code };
}
