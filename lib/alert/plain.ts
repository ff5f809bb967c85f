/** Text of untrusted origin (tags, names, ids out of log fields) made safe for mails, subjects and shell lines. */

/** Printable ASCII only; anything else becomes "?". */
export const plain = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?');

/** A number with its noun: `1 port`, `2 ports`. */
export const countOf = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** A word for a shell line: single-quoted unless it needs no quotes, control characters replaced. */
export function shellWord(text: string): string {
  const safe = plain(text);
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(safe) ? safe : `'${safe.replaceAll("'", `'\\''`)}'`;
}
