/** Round robin over contestants and files, so that a machine that slows down slows all of them down. */
import type { Contestant } from './contestants.ts';
import type { Run } from './run.ts';

/** One contestant over one log. */
export interface Entry {
  readonly key: string;
  readonly contestant: Contestant;
  readonly path: string;
}

/** What one round found: the whole run, and the time without the start. */
export interface Measured {
  readonly run: Run;
  readonly net: number;
}

export type Rounds = ReadonlyMap<string, readonly Measured[]>;

/** Runs every entry once a round, each contestant's start (over one record) too. A failed run ends it all. */
export async function alternate(entries: readonly Entry[], onlyRecord: string, rounds: number): Promise<Rounds> {
  const all = new Map<string, Measured[]>(entries.map(({ key }) => [key, []]));
  for (let round = 0; round < rounds; round++) {
    const starts = new Map<Contestant, number>();
    for (const { contestant } of entries)
      if (contestant.hasStart && !starts.has(contestant))
        starts.set(contestant, (await succeeded(contestant, onlyRecord)).seconds);
    for (const { key, contestant, path } of entries) {
      const run = await succeeded(contestant, path);
      all.get(key)!.push({ run, net: run.seconds - (starts.get(contestant) ?? 0) });
      process.stderr.write(`round ${round + 1} of ${rounds}: ${key}: ${run.seconds.toFixed(2)} s\n`);
    }
  }
  return all;
}

async function succeeded(contestant: Contestant, path: string): Promise<Run> {
  const run = await contestant.run(path);
  if (run.code !== 0)
    throw new Error(`${contestant.name} over ${path} ended with ${run.code}: ${run.stderr.slice(-500)}`);
  return run;
}

/** Median, least and most. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: quantile(sorted, 0.5), least: sorted[0]!, most: sorted.at(-1)! };
}

/** By linear interpolation between the neighbours, of sorted values. */
export function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)]!;
  return low + (sorted[Math.ceil(place)]! - low) * (place - Math.floor(place));
}

/** Median over the rounds of how one stands to another in the same round, both from start to end. */
export const ratioOf = (ours: readonly Measured[], theirs: readonly Measured[]): number =>
  spreadOf(ours.map(({ run }, round) => run.seconds / theirs[round]!.run.seconds)).median;
