/**
 * `npm run fuzz -- --inputs N [--seed K] [--target NAME ...]`: tries N inputs, divided between the targets or some of
 * them, and prints the results and which lines were run. Exits with 1 if any input fails, and writes a minimized copy
 * of it to a file. `--from I` begins with another input, `--try FILE --target NAME` tries one file, `--missed` lists
 * the lines never run. `--planted` tries mistakes that were planted around the targets instead, all or those that
 * `--target` names. It exits with 1 if any of them is not found.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { corpusFiles, folderOf } from './corpus.ts';
import { coverageOf } from './coverage.ts';
import { EXPECTED, TARGETS as PLANTED } from './planted.ts';
import { failureText, shareOut, summaryOf, tableOf } from './report.ts';
import { type Result, runTarget } from './run.ts';
import { TARGETS } from './targets.ts';

const FOLDER = '.local/fuzz';

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    target: { type: 'string', multiple: true },
    try: { type: 'string' },
    missed: { type: 'boolean', default: false },
    planted: { type: 'boolean', default: false },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  if (values.planted) return planted();
  const inputs = Number(values.inputs);
  const from = Number(values.from);
  if (!Number.isSafeInteger(inputs) || inputs < 1 || !Number.isSafeInteger(from) || from < 0)
    return wrong(`--inputs and --from must be whole numbers, got ${values.inputs} and ${values.from}`);
  const chosen = TARGETS.filter(({ name }) => values.target === undefined || values.target.includes(name));
  if (!chosen.length)
    return wrong(
      `--target must be one of ${TARGETS.map(({ name }) => name).join(', ')}, got ${values.target?.join(', ')}`,
    );
  if (values.try !== undefined) {
    if (chosen.length !== 1) return wrong('--try needs one --target');
    await chosen[0]!.setUp?.();
    console.log(await chosen[0]!.run(readFileSync(values.try)));
    return 0;
  }
  const fallenBack = await pastFailures(chosen.map(({ name }) => name));
  const registry = new URL('./targets.ts', import.meta.url);
  const results: Result[] = [];
  for (const { target, count } of shareOut(chosen, inputs)) {
    const began = performance.now();
    const result = await runTarget(target.name, { registry, seed: values.seed, inputs: count, from, coverage: true });
    const seconds = Math.round((performance.now() - began) / 1000);
    console.error(`${target.name}: ${result.inputs} inputs, ${result.failures.length} failed (${seconds} s)`);
    results.push(result);
  }
  const covers = chosen.flatMap(({ covers: paths }) => paths);
  const coverage = coverageOf(
    covers,
    results.flatMap((result) => result.coverage),
  );
  console.log(tableOf(results));
  if (values.missed) for (const { file, missed } of coverage) console.log(`${file}: ${missed.join(' ') || 'none'}`);
  for (const { target, failures } of results) {
    for (const failure of failures) {
      mkdirSync(FOLDER, { recursive: true });
      const file = join(FOLDER, `${folderOf(target)}-${values.seed}-${failure.index}.bin`);
      writeFileSync(file, failure.small);
      console.log(failureText(target, values.seed, failure, file));
    }
  }
  const { text, isSound } = summaryOf(results, coverage);
  console.log(text);
  return isSound && !fallenBack ? 0 : 1;
}

/** Tries all inputs that failed once. Returns how many fail again. */
async function pastFailures(targets: readonly string[]): Promise<number> {
  const registry = new URL('./corpus.ts', import.meta.url);
  let [tried, failed] = [0, 0];
  for (const [name, files] of corpusFiles()) {
    if (!targets.includes(name)) continue;
    const { failures } = await runTarget(name, { registry, seed: '', inputs: files.length, minimizing: 0 });
    for (const { index, what } of failures)
      console.log(`FAILED again: corpus/${folderOf(name)}/${files[index]}: ${what}`);
    tried += files.length;
    failed += failures.length;
  }
  console.log(`${tried} past failures tried again, ${failed} failed`);
  return failed;
}

/** Whether each planted mistake is found, for what it is. */
async function planted(): Promise<number> {
  const registry = new URL('./planted.ts', import.meta.url);
  const limits = { inputs: 3000, patience: 3000, mostBytes: 160 * 1024 * 1024, mostFailures: 1, minimizing: 300 };
  const chosen = PLANTED.filter(({ name }) => values.target === undefined || values.target.includes(name));
  if (!chosen.length) return wrong(`--target must be one of ${PLANTED.map(({ name }) => name).join(', ')}`);
  let missed = 0;
  for (const { name } of chosen) {
    const { failures } = await runTarget(name, { registry, seed: values.seed, ...limits });
    const [failure] = failures;
    const isFound = failure !== undefined && EXPECTED[name]!.test(failure.what);
    const where = failure
      ? `input ${failure.index}, ${failure.input.length} bytes, ${failure.small.length} of them needed`
      : '';
    console.log(
      `${isFound ? 'found ' : 'MISSED'} "${name}": ${failure ? `${failure.what.slice(0, 80)} (${where})` : 'nothing'}`,
    );
    if (!isFound) missed++;
  }
  console.log(`${chosen.length - missed} of ${chosen.length} planted mistakes found`);
  return missed ? 1 : 0;
}

function wrong(message: string): number {
  console.error(message);
  return 2;
}
