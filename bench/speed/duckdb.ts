/** DuckDB, a rival that only the benchmark runs: bench/package.json names it, and bench/node_modules holds it. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '..');
/** A variable, so that the compiler asks for no types of a package that most checkouts lack. */
const PACKAGE: string = '@duckdb/node-api';

/** The part of DuckDB's interface that the benchmark calls. */
interface DuckDb {
  readonly DuckDBInstance: {
    create(path: string): Promise<{
      connect(): Promise<{ runAndReadAll(sql: string): Promise<{ getRows(): unknown[][] }> }>;
    }>;
  };
}

/** @throws when it is not installed, or has no binary for this machine. */
export const loadDuckdb = (): Promise<DuckDb> => import(PACKAGE) as Promise<DuckDb>;

/** Whether {@link loadDuckdb} works here. */
export const hasDuckdb = (): Promise<boolean> =>
  loadDuckdb().then(
    () => true,
    () => false,
  );

/**
 * Installs the versions of bench/package-lock.json. Where that fails, the benchmark leaves DuckDB out.
 * @param say takes a line about what happens.
 * @param command installs, in the folder of the benchmark.
 */
export function installDuckdb(say: (line: string) => void, command: readonly string[] = ['npm', 'ci']): void {
  say(`DuckDB is not installed. Running "${command.join(' ')}" in bench/ (once, 70 MB) ...`);
  // On Windows npm is npm.cmd, which only a shell finds.
  const { status, error } = spawnSync(command[0]!, command.slice(1), {
    cwd: FOLDER,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status === 0) say('DuckDB is installed in bench/node_modules.');
  else
    say(`DuckDB could not be installed (${error?.message ?? `exit status ${status}`}). The benchmark leaves it out.`);
}
