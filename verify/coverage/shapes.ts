/** The labelled logs of `test/data`: each file with the scans that are in it and the traps around them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One scan. Times are epoch seconds of the first and the last probe. */
export interface Label {
  readonly name: string;
  readonly sources: readonly string[];
  /** Further addresses that a log of version 2 shows as the source: a node in front of its pods. */
  readonly sources_v2?: readonly string[];
  readonly kind: string;
  readonly first: number;
  readonly last: number;
  /** Addresses and networks, separated by blanks or commas. */
  readonly targets: string;
  /** `yes` where absent. */
  readonly detectable?: 'yes' | 'no' | 'maybe' | 'v5 only' | 'only by target' | 'with a long window';
  /** Distinct contacts, given for scans that are slow or hard. */
  readonly contacts?: number;
  readonly why?: string;
}

/** Ordinary traffic that looks like a scan to somebody. */
interface Trap {
  readonly source: string;
  readonly kind: string;
  readonly why: string;
}

export interface Labels {
  readonly labels: readonly Label[];
  readonly benign: readonly Trap[];
}

/** A log file with its labels. */
export interface Shape extends Labels {
  readonly name: string;
  /** Captured in the lab, or made to order. */
  readonly origin: 'lab' | 'shapes';
  /** `v5` with flags and packet addresses (v7 with ECS fields too), `v2` the default format. */
  readonly format: 'v5' | 'v2';
  readonly path: string;
}

const DATA = join(import.meta.dirname, '../../test/data');
const ORIGINS = ['lab', 'shapes'] as const;

/** All shapes in the order of their names (numbers by value). The format without flags follows the one with flags. */
export function allShapes(): Shape[] {
  return ORIGINS.flatMap((origin) => {
    const folder = join(DATA, origin);
    const logs = readdirSync(folder).filter((file) => file.endsWith('.log.gz'));
    return logs.sort(byName).map((log) => {
      const [name, format] = log.endsWith('.v2.log.gz')
        ? ([log.replace('.v2.log.gz', ''), 'v2'] as const)
        : ([log.replace('.log.gz', ''), 'v5'] as const);
      const { labels, benign } = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Labels;
      return { name, origin, format, labels, benign, path: join(folder, log) };
    });
  });
}

const byName = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });
