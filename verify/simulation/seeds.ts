/**
 * The seeds of the gate, in seeds.json: those that failed once, which stay for good, and those that were chosen because together
 * they meet as much as many more do.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Covered } from './tally.ts';

const FILE = join(import.meta.dirname, 'seeds.json');

/** Histories of the chosen seeds that meet each kind of fault, where there are as many. */
const OF_EACH_KIND = 3;

interface GateSeeds {
  /** Seeds that failed once, and the mistake that each of them found. */
  readonly failed: readonly { readonly seed: number; readonly found: string }[];
  /** Written by `npm run simulate -- --seeds N --choose COUNT`: the N, and the seeds. */
  readonly chosen: { readonly from: number; readonly seeds: readonly number[] };
}

export const gateSeeds = (): GateSeeds => JSON.parse(readFileSync(FILE, 'utf8')) as GateSeeds;

/** All seeds that `npm test` runs, and that `npm run verify` runs in addition to its own. */
export function seedsOfGate({ failed, chosen } = gateSeeds()): number[] {
  return [...new Set([...failed.map(({ seed }) => seed), ...chosen.seeds])].sort((a, b) => a - b);
}

/** Replaces the chosen seeds. The failed ones stay. */
export function writeChosen(seeds: readonly number[], from: number): void {
  writeFileSync(FILE, `${JSON.stringify({ ...gateSeeds(), chosen: { from, seeds } }, undefined, 2)}\n`);
}

/**
 * Chooses histories, one after the other: each time the one that adds most for the calls that it makes. A point at which a
 * function is stopped counts once, a kind of fault {@link OF_EACH_KIND} times. Stops early where no history adds anything.
 */
export function choose(histories: readonly Covered[], count: number): number[] {
  const wanted = new Map<string, number>();
  for (const { faults, crashed } of histories) {
    for (const kind of faults) wanted.set(`kind ${kind}`, OF_EACH_KIND);
    for (const point of crashed) wanted.set(`point ${point}`, 1);
  }
  const namesOf = ({ faults, crashed }: Covered) => [
    ...faults.map((kind) => `kind ${kind}`),
    ...crashed.map((point) => `point ${point}`),
  ];
  const worthOf = (history: Covered) =>
    namesOf(history).filter((name) => wanted.get(name)! > 0).length / Math.max(1, history.calls);
  const left = new Set(histories);
  const chosen: number[] = [];
  while (chosen.length < count && left.size) {
    const [best] = [...left].sort((a, b) => worthOf(b) - worthOf(a) || a.seed - b.seed) as [Covered];
    if (worthOf(best) === 0) break;
    left.delete(best);
    chosen.push(best.seed);
    for (const name of namesOf(best)) wanted.set(name, wanted.get(name)! - 1);
  }
  return chosen.sort((a, b) => a - b);
}
