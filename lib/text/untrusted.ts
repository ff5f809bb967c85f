/**
 * Text of untrusted origin (tags, names, object keys, bytes of log files) made safe for its destination. The only
 * sanitizer:
 *
 * | destination | function | what stays | what the rest becomes |
 * |---|---|---|---|
 * | e-mail, subject | {@link plain} | printable ASCII | `?` |
 * | shell line | {@link shellWord} | printable ASCII, quoted as one word | `?` |
 * | terminal | {@link printable}, {@link printableLines} | all visible characters | `?` |
 * | CSV | {@link csvCell} | all visible characters, quoted | `?`, formulas after `'` |
 * | chat | {@link chatText} | printable ASCII, markup and links neutralized | `?` |
 * | code in a chat | {@link chatCode} | printable ASCII, mentions and backticks neutralized | `?` |
 * | HTML | {@link htmlText} | all visible characters, markup escaped | `?` |
 * | JSON | {@link jsonText} | every value | escaped |
 * | structured log | {@link loggable} | every text | `?` for control characters of viewers |
 * | message about bytes | {@link excerpt} | printable ASCII, cut to a length | `?` |
 */

/** Keeps printable ASCII and replaces everything else with "?". */
export const plain = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?');

/**
 * Characters that JSON allows but that some terminal or viewer interprets or does not show. JSON escapes other control
 * characters.
 */
const OBEYED = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** JSON of a value that is safe for a terminal: the same value to every parser, with control characters escaped. */
export const jsonText = (value: unknown, indent = 0): string =>
  JSON.stringify(value, undefined, indent).replace(OBEYED, escaped);

/** A value within JSON that another program writes, for instance a log line: texts with "?" for control characters. */
export const loggable = (value: unknown): unknown => (typeof value === 'string' ? value.replace(OBEYED, '?') : value);

/** `\u` and four digits for each half of a character. */
const escaped = (character: string): string =>
  character.replace(/./gs, (half) => `\\u${half.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** An untrusted value as one word of a shell line, which no program takes for anything but a value. */
export const shellWord = (text: string): string => quoted(valueText(text));

/**
 * Text as a program's argument: "?" before text that a program would take for an option, or that `aws` would take for
 * the name of a file or page whose contents to send.
 */
export const valueText = (text: string): string => (/^(-|[a-z][a-z0-9+.-]*:\/\/)/i.test(text) ? `?${text}` : text);

/** One word of a shell line: single-quoted unless it needs no quotes, control characters replaced. */
export function quoted(text: string): string {
  const safe = plain(text);
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(safe) ? safe : `'${safe.replaceAll("'", `'\\''`)}'`;
}

/** Text for a terminal: characters that it might interpret or not show become "?". */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '?');

/** The same for text of several lines. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');

/**
 * Text as a cell of a CSV file. Spreadsheets run cells that begin like a formula, also in quotes and behind blanks, so an
 * apostrophe comes before these. Cells are on one line.
 */
export function csvCell(text: string): string {
  const visible = printable(text);
  const safe = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(visible) || /^[\t\r]/.test(text) ? `'${visible}` : visible;
  return /[",;\s']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const MARKUP: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for an element or a quoted attribute of HTML. Line feeds stay. */
export const htmlText = (text: string): string => printableLines(text).replace(/[&<>"']/g, (one) => MARKUP[one]!);

/**
 * Text for a chat client: no mention, no link, no code and no format that a name could make. An underscore within a word
 * formats nothing and stays.
 */
export const chatText = (text: string): string =>
  chatCode(text)
    .replaceAll('*', "'")
    .replaceAll('~', '-')
    .replace(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, '-')
    .replace(/\](?=[([:])/g, '] ');

/** Text between backticks in a chat, where nothing else is markup. Slack and Teams decode the entities. */
export const chatCode = (text: string): string =>
  plain(text)
    .replaceAll('`', "'")
    .replaceAll('@', '(at)')
    .replaceAll('://', ': //')
    .replace(/[&<>]/g, (one) => MARKUP[one]!);

/** Printable ASCII of untrusted bytes, cut to a length. */
export function excerpt(bytes: Uint8Array, limit = 80): string {
  const text = plain(Buffer.from(bytes.subarray(0, limit)).toString('latin1'));
  return bytes.length > limit ? `${text}...` : text;
}
