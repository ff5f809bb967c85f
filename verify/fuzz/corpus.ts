/**
 * Inputs that failed once, in corpus/TARGET/NAME.bin: the gate tries each of them again. After a failure is fixed, the file that
 * the fuzzer wrote for it is added there under a name that says what was wrong.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from './target.ts';
import { TARGETS as REAL } from './targets.ts';

const FOLDER = join(import.meta.dirname, 'corpus');

/** The folder of a target in the corpus. */
export const folderOf = (target: string): string => target.replaceAll(' ', '-');

/** The files of each target that has any, by the name of the target. */
export function corpusFiles(): ReadonlyMap<string, readonly string[]> {
  return new Map(
    readdirSync(FOLDER)
      .sort()
      .map((folder) => {
        const target = REAL.find(({ name }) => folderOf(name) === folder);
        if (!target) throw new Error(`corpus/${folder} belongs to no target; rename it after one of targets.ts`);
        return [target.name, readdirSync(join(FOLDER, folder)).sort()];
      }),
  );
}

/** The targets with past failures for inputs, one after the other. */
export const TARGETS: readonly Target[] = [...corpusFiles()].map(([name, files]) => ({
  ...REAL.find((target) => target.name === name)!,
  input: (_, index) => readFileSync(join(FOLDER, folderOf(name), files[index]!)),
}));
