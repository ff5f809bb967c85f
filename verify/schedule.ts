/** Which parts of `npm run verify` run at the same time on two cores. */
import type { Part } from './parts.ts';

/** Parts that run one after the other. */
type Lane = readonly Part[];

/** Batches, one after another. The lanes of a batch run side by side. A part that needs two cores is its own batch. */
export function batchesOf(parts: readonly Part[]): readonly (readonly Lane[])[] {
  const lanes: [Part[], Part[]] = [[], []];
  const minutesOf = (lane: Lane) => lane.reduce((sum, { minutes }) => sum + minutes, 0);
  // The longest first, each to the lane that ends sooner.
  const single = parts.filter(({ cores }) => cores === 1).sort((a, b) => b.minutes - a.minutes);
  for (const part of single) lanes[minutesOf(lanes[0]) <= minutesOf(lanes[1]) ? 0 : 1].push(part);
  const alone = parts.filter(({ cores }) => cores === 2).map((part) => [[part]]);
  return single.length ? [...alone, lanes.filter((lane) => lane.length)] : alone;
}
