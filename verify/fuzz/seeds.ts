/** Small pieces of the logs in `test/data`: what inputs are mutants of. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, constants as zlib } from 'node:zlib';

/** A header with some rows under it, without line ends. A log of version 2 has no header of its own, and gets one. */
export interface Seed {
  readonly name: string;
  readonly header: string;
  readonly rows: readonly string[];
}

const DATA = join(import.meta.dirname, '../../test/data');
const FEW_ROWS = 60;
/** Of a gzip: more than so many rows take. */
const OPENING_BYTES = 16 * 1024;
/** Rows enough for any of the scans in `test/data/shapes`. */
const MANY_ROWS = 1200;
const DEFAULT =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status';

function seedsIn(folder: string, most: number): Seed[] {
  return readdirSync(join(DATA, folder))
    .filter((name) => name.endsWith('.log.gz'))
    .sort()
    .map((name) => {
      const bytes = readFileSync(join(DATA, folder, name));
      const opening = most > FEW_ROWS ? bytes : bytes.subarray(0, OPENING_BYTES);
      const text = gunzipSync(opening, { finishFlush: zlib.Z_SYNC_FLUSH }).toString('latin1');
      const lines = text
        .split('\n')
        .slice(0, most + 1)
        .filter(Boolean);
      const hasHeader = /srcaddr/.test(lines[0]!);
      return {
        name,
        header: hasHeader ? lines[0]! : DEFAULT,
        rows: lines.slice(hasHeader ? 1 : 0),
      };
    });
}

let loaded: readonly Seed[] | undefined;

/** Captured and synthetic logs, of version 2 and later, with IPv4 and IPv6. */
export function seeds(): readonly Seed[] {
  loaded ??= [...seedsIn('shapes', FEW_ROWS), ...seedsIn('lab', FEW_ROWS)];
  return loaded;
}

let scans: readonly Seed[] | undefined;

/** Whole logs with scans of every kind in them. */
export function longSeeds(): readonly Seed[] {
  scans ??= seedsIn('shapes', MANY_ROWS);
  return scans;
}
