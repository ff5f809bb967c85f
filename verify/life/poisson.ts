/** The exact 95 % interval of a Poisson mean for a count (Garwood 1936): no normal approximation, since counts are small. */

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Means under which the count, or one further out, has a probability of 2.5 % on either side. */
export function poissonInterval(count: number): Interval {
  const tail = 0.025;
  return {
    low: count === 0 ? 0 : meanWhere((mean) => 1 - atMost(count - 1, mean) >= tail, count),
    high: meanWhere((mean) => atMost(count, mean) <= tail, count),
  };
}

/** The least mean for which a condition holds that stays true above it. */
function meanWhere(holds: (mean: number) => boolean, count: number): number {
  let low = 0;
  let high = 2 * count + 20;
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Probability of at most `count` events, summed in logarithms so that large means do not underflow. */
function atMost(count: number, mean: number): number {
  if (mean === 0) return 1;
  let logTerm = -mean;
  let sum = Math.exp(logTerm);
  for (let k = 1; k <= count; k++) {
    logTerm += Math.log(mean / k);
    sum += Math.exp(logTerm);
  }
  return Math.min(1, sum);
}
