/**
 * Text of untrusted origin (tags, names, object keys, bytes of log files) made safe for where it goes. The only sanitizer:
 *
 * | where it goes | function | what stays | what becomes of the rest |
 * |---|---|---|---|
 * | e-mail, subject | {@link plain} | printable ASCII | `?` |
 * | shell line | {@link shellWord} | printable ASCII, quoted as one word | `?` |
 * | terminal | {@link printable}, {@link printableLines} | all that shows | `?` |
 * | JSON | {@link jsonText} | every value | escaped |
 * | structured log | {@link loggable} | every text | `?` for what a viewer obeys |
 * | message about bytes | {@link excerpt} | printable ASCII, cut to a length | `?` |
 */

/** Printable ASCII only; anything else becomes "?". */
export const plain = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?');

/** Characters that some terminal or viewer obeys, or shows as nothing, though JSON lets them stand; other controls it escapes. */
const OBEYED = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** JSON of a value that a terminal shows as it is: the same value to every parser, what could be obeyed escaped. */
export const jsonText = (value: unknown, indent = 0): string =>
  JSON.stringify(value, undefined, indent).replace(OBEYED, escaped);

/** A value within JSON that somebody else writes, a log line say: texts with "?" for what could be obeyed. */
export const loggable = (value: unknown): unknown => (typeof value === 'string' ? value.replace(OBEYED, '?') : value);

/** `\u` and four digits for each half of a character. */
const escaped = (character: string): string =>
  character.replace(/./gs, (half) => `\\u${half.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** A value of untrusted origin as a word for a shell line, which no program takes for anything but a value. */
export const shellWord = (text: string): string => quoted(valueText(text));

/**
 * Text that is to be a program's argument: `?` before what would be taken for an option, or, by `aws`, for the name of a
 * file or page whose contents to send.
 */
export const valueText = (text: string): string => (/^(-|[a-z][a-z0-9+.-]*:\/\/)/i.test(text) ? `?${text}` : text);

/** One word of a shell line: single-quoted unless it needs no quotes, control characters replaced. */
export function quoted(text: string): string {
  const safe = plain(text);
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(safe) ? safe : `'${safe.replaceAll("'", `'\\''`)}'`;
}

/** Text for a terminal: what it might obey, or show as nothing, becomes "?". */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '?');

/** The same for text of several lines. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');

/** Printable ASCII of untrusted bytes, cut to a length. */
export function excerpt(bytes: Uint8Array, limit = 80): string {
  const text = plain(Buffer.from(bytes.subarray(0, limit)).toString('latin1'));
  return bytes.length > limit ? `${text}...` : text;
}
