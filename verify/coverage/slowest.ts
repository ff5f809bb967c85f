/** The longest interval between two probes at which a scan is still found. */

const MINUTE = 60;
const range = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, n) => from + n * step);

/**
 * Seconds: every tenth below one, every second to two minutes, every minute to an hour, every two minutes to 12 hours.
 */
const INTERVALS = [
  0.01,
  0.05,
  ...range(1, 9, 1).map((tenth) => tenth / 10),
  ...range(1, 119, 1),
  ...range(2 * MINUTE, 60 * MINUTE, MINUTE),
  ...range(62 * MINUTE, 720 * MINUTE, 2 * MINUTE),
];
/**
 * The search goes up in steps of n intervals, then halves the range between the last found and the first missed one.
 */
const STRIDE = 16;

/**
 * The longest interval that is found, if all shorter ones that were tried are found too. Undefined if none is found.
 */
export async function slowestInterval(isFound: (interval: number) => Promise<boolean>): Promise<number | undefined> {
  let found = -1;
  let missed = INTERVALS.length;
  for (let at = 0; at < INTERVALS.length; at += STRIDE) {
    if (!(await isFound(INTERVALS[at]!))) {
      missed = at;
      break;
    }
    found = at;
  }
  while (missed - found > 1) {
    const middle = (found + missed) >> 1;
    if (await isFound(INTERVALS[middle]!)) found = middle;
    else missed = middle;
  }
  return INTERVALS[found];
}
