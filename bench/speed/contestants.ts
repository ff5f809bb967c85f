/** Who is measured: each a process of its own over a log, from its start to its end. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { LAYOUTS, type LayoutName } from '../workload/layout.ts';
import { hasDuckdb } from './duckdb.ts';
import { type Run, run, runNode } from './run.ts';

export interface Contestant {
  readonly name: string;
  /** A run over a file. */
  run(path: string): Promise<Run>;
  /** It prints the number of distinct (source, target, port), which must be the same for all. */
  readonly counts?: boolean;
  /** Its start takes long enough to be taken off: what it takes over one record. */
  readonly hasStart: boolean;
}

const PROJECT = join(import.meta.dirname, '../..');
const COMMAND = join(PROJECT, 'cli/sweepwatch.mjs');
const RIVAL = join(import.meta.dirname, 'rival.ts');

/** The whole `detect` command. `env` may limit its workers. */
export const detect: Contestant = {
  name: 'sweepwatch detect',
  run: (path) => runNode([COMMAND, 'detect', path, '--format', 'ndjson']),
  hasStart: true,
};

const rival = (name: string, label: string, counts: boolean): Contestant => ({
  name: label,
  run: (path) => runNode([RIVAL, name, path]),
  counts,
  hasStart: true,
});

/** `detect` over an audit log alone. */
export const auditOnly: Contestant = {
  name: 'sweepwatch detect --audit',
  run: (path) => runNode([COMMAND, 'detect', '--audit', path, '--format', 'ndjson']),
  hasStart: true,
};

export const jsonLines = rival('json', 'Node readline and JSON.parse', false);
export const gunzip = rival('gunzip', 'gunzip alone', false);
export const duckdb = rival('duckdb', 'DuckDB, distinct count', true);
const readline = rival('readline', 'Node readline and split, distinct count', true);

/** `gzip -dc | mawk` with the column numbers of a layout. */
function mawk(layout: LayoutName): Contestant {
  const { fields } = LAYOUTS[layout];
  const columns = ['srcaddr', 'dstaddr', 'dstport'].map((name) => `$${fields.indexOf(name) + 1}`);
  const program = `NR > 1 { key = ${columns.join(' " " ')}; if (!(key in seen)) { seen[key]; count++ } } END { print count }`;
  return {
    name: 'gzip -dc, mawk, distinct count',
    run: (path) => run('sh', ['-c', 'gzip -dc -- "$1" | mawk "$2"', 'sh', path, program]),
    counts: true,
    hasStart: false,
  };
}

/** Those who can run on this machine. */
export async function available(
  layout: LayoutName,
): Promise<{ readonly present: Contestant[]; readonly absent: string[] }> {
  const hasMawk = spawnSync('mawk', ['-W', 'version']).error === undefined;
  const isDuckdbThere = await hasDuckdb();
  const awk = mawk(layout);
  return {
    present: [gunzip, detect, ...(isDuckdbThere ? [duckdb] : []), ...(hasMawk ? [awk] : []), readline],
    absent: [...(isDuckdbThere ? [] : [duckdb.name]), ...(hasMawk ? [] : [awk.name])],
  };
}
