/** `npm run coverage -- --jitter SEED`: recall and silence must hold for the same traffic in other clothes. */
import { readFileSync } from 'node:fs';
import type { Finding } from '../../lib/finding/model.ts';
import { judgeShapes } from './coverage.ts';
import { findingsOf } from './detector.ts';
import { jitter } from './jitter.ts';
import { type Score, score } from './score.ts';
import type { Shape } from './shapes.ts';

/** The seeds of `7` or of `1..20`. Empty for any other text. */
export function seedsOf(text: string): number[] {
  const [, from, to = from] = /^(\d+)(?:\.\.(\d+))?$/.exec(text) ?? [];
  if (from === undefined) return [];
  return Array.from({ length: Math.max(0, Number(to) - Number(from) + 1) }, (_, n) => Number(from) + n);
}

/** Replays every shape with every seed and prints what changed. Returns the number of misses and false alarms. */
export async function runJitter(seeds: readonly number[], print: (line: string) => void): Promise<number> {
  const unjittered = await judgeShapes();
  let lost = 0;
  for (const seed of seeds) {
    let lostHere = 0;
    for (const { shape, score: before } of unjittered) {
      const { failures, changes, what } = await replay(shape, before, seed);
      lostHere += failures.length;
      for (const failure of failures) print(`seed ${seed}: ${shape.name} ${shape.format}: ${failure} (${what})`);
      // With one seed there is room to say how each shape fared.
      if (seeds.length === 1 && !failures.length)
        print(`seed ${seed}: ${shape.name} ${shape.format}: ${changes.join('; ') || 'as before'} (${what})`);
    }
    print(`seed ${seed}: ${lostHere ? `${lostHere} lost` : 'recall and silence hold'}`);
    lost += lostHere;
  }
  print(`${seeds.length} seeds, ${unjittered.length} logs: ${lost ? `${lost} lost` : 'recall and silence hold'}`);
  return lost;
}

interface Outcome {
  /** Scans that are found in the unchanged log and missed now, and new alarms. */
  readonly failures: readonly string[];
  /** What else is different. */
  readonly changes: readonly string[];
  readonly what: string;
}

/** One shape under one seed. */
export async function replay(shape: Shape, before: Score, seed: number): Promise<Outcome> {
  const jittered = jitter(readFileSync(shape.path), shape, `${seed} ${shape.name} ${shape.format}`);
  const after = score(await findingsOf(jittered.files), jittered, shape.format);
  const nameOf = ({ source, sources }: Finding): string => {
    const address = source?.address ?? sources?.sample[0] ?? '';
    return jittered.original.get(address) ?? address;
  };
  const changes: string[] = [];
  const failures = after.falseAlarms
    .filter((alarm) => !before.falseAlarms.some(({ source }) => source?.address === nameOf(alarm)))
    .map((alarm) => `false alarm: ${alarm.kind} ${alarm.severity} of ${nameOf(alarm)}: ${alarm.reasons[0]?.text}`);
  for (const { label, finding } of after.verdicts) {
    const old = before.verdicts.find((verdict) => verdict.label.name === label.name)?.finding;
    if (!old) changes.push(finding ? `${label.name} found now` : `${label.name} missed as before`);
    else if (!finding) failures.push(`${label.name} missed`);
    else changes.push(...differences(old, finding).map((difference) => `${label.name} ${difference}`));
  }
  return { failures, changes, what: jittered.what };
}

const differences = (before: Finding, after: Finding): string[] =>
  [
    before.kind !== after.kind && `${before.kind} became ${after.kind}`,
    before.severity !== after.severity && `${before.severity} became ${after.severity}`,
    before.contactsAtDetection !== after.contactsAtDetection &&
      `${before.contactsAtDetection} contacts became ${after.contactsAtDetection}`,
  ].filter((text) => text !== false);
