/** What a run of the fuzzer says: a table, each failure with how to see it again, and one line that sums up. */
import { printTable } from '../../bench/table.ts';
import { folderOf } from './corpus.ts';
import type { FileCoverage } from './coverage.ts';
import type { FoundFailure, Result } from './run.ts';
import type { Target } from './target.ts';

/** At least so many of the inputs must get past the header, or they test nothing but its refusal. */
const LEAST_PAST = 0.5;

/** The files in which bytes from elsewhere are given a meaning. */
const TAKEN_APART = /^lib\/(flowlog\/|pipeline\/object-events|window\/(codec|columns|layout))/;

/** Inputs by target, in proportion to their weights, at least one each. */
export function shareOut(targets: readonly Target[], inputs: number): { target: Target; count: number }[] {
  const weights = targets.reduce((sum, { weight }) => sum + weight, 0);
  return targets.map((target) => ({ target, count: Math.max(1, Math.round((inputs * target.weight) / weights)) }));
}

const percent = (part: number, whole: number) => `${whole ? Math.round((1000 * part) / whole) / 10 : 0} %`;

export function tableOf(results: readonly Result[]): string {
  return printTable({
    title: 'Fuzzing',
    header: ['target', 'inputs', 'past the header', 'outcomes', 'slowest input', 'memory grew by'],
    rows: results.map(({ target, inputs, past, outcomes, slowest, grown }) => [
      target,
      String(inputs),
      percent(past, inputs),
      [...outcomes]
        .sort(([, a], [, b]) => b - a)
        .map(([outcome, count]) => `${outcome} ${count}`)
        .join(', '),
      `${Math.round(slowest.ms)} ms (number ${slowest.index})`,
      `${Math.round(grown / 2 ** 20)} MiB`,
    ]),
  });
}

export const failureText = (target: string, seed: string, { index, what, stack, small }: FoundFailure, file: string) =>
  [
    `FAILED ${target}, input ${index}: ${what.slice(0, 1000)}`,
    ...stack.split('\n').slice(1, 4),
    `  ${small.length} bytes in ${file}; again: npm run fuzz -- --target '${target}' --try ${file}`,
    `  or: npm run fuzz -- --target '${target}' --seed ${seed} --from ${index} --inputs 1`,
    `  once it is fixed, move the file to verify/fuzz/corpus/${folderOf(target)}/, under a name that says what was wrong`,
  ].join('\n');

export function summaryOf(
  results: readonly Result[],
  coverage: readonly FileCoverage[],
): { readonly text: string; readonly isSound: boolean } {
  const sum = (of: (result: Result) => number) => results.reduce((total, result) => total + of(result), 0);
  const [inputs, past, failures] = [
    sum((each) => each.inputs),
    sum((each) => each.past),
    sum((each) => each.failures.length),
  ];
  const lines = coverage.reduce((total, file) => total + file.lines, 0);
  const missed = coverage.reduce((total, file) => total + file.missed.length, 0);
  const taken = coverage.filter(({ file }) => TAKEN_APART.test(file));
  const takenLines = taken.reduce((total, file) => total + file.lines, 0);
  const takenMissed = taken.reduce((total, file) => total + file.missed.length, 0);
  const files = coverage
    .map(({ file, lines: own, missed: none }) => `  ${file}: ${own - none.length} of ${own}`)
    .join('\n');
  // Of one target by itself, such as Parquet, fewer may get there.
  const isPastEnough = results.length === 1 || past >= inputs * LEAST_PAST;
  const text = [
    `lines run by the first 3000 inputs of each (the kernel, which is WebAssembly, is not counted): ${lines - missed} of ${lines}, ${percent(lines - missed, lines)}`,
    files,
    `where input is taken apart (readers, events, stored fragments): ${takenLines - takenMissed} of ${takenLines}, ${percent(takenLines - takenMissed, takenLines)}`,
    `${inputs} inputs, ${percent(past, inputs)} past the header${isPastEnough ? '' : `: fewer than ${percent(LEAST_PAST, 1)}`}, ${failures} failed`,
  ].join('\n');
  return { text, isSound: failures === 0 && isPastEnough };
}
