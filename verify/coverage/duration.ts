/** Intervals between probes as people write them. */

const HOUR = 3600;
const MINUTE = 60;

/** `0.2 s`, `45 s`, `2 min`, `2 h 54 min`. Whole minutes from two minutes on. */
export function duration(seconds: number): string {
  if (seconds < 2 * MINUTE) return `${seconds} s`;
  const hours = Math.floor(seconds / HOUR);
  const minutes = Math.round((seconds - hours * HOUR) / MINUTE);
  return [hours && `${hours} h`, minutes && `${minutes} min`].filter(Boolean).join(' ');
}

/** Seconds of a text that {@link duration} wrote. 0 for any other text. */
export function parseDuration(text: string): number {
  const units: Readonly<Record<string, number>> = { s: 1, min: MINUTE, h: HOUR };
  return [...text.matchAll(/([\d.]+) (s|min|h)\b/g)].reduce((sum, [, n, unit]) => sum + Number(n) * units[unit!]!, 0);
}
