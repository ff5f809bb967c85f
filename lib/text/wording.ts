/** Words for numbers and values in messages. */

/** A number with its noun: `1 port`, `2 ports`. */
export const countOf = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const MOST = 80;

/** A value as JSON, cut to a length; "nothing" where there is none. */
export function shown(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // JSON.parse reads what is nested more deeply than JSON.stringify can write.
    return 'something nested too deeply';
  }
  if (text === undefined) return 'nothing';
  return text.length > MOST ? `${text.slice(0, MOST - 3)}...` : text;
}
