/**
 * Turns flow log lines as other tools save them back into plain lines: tables (Athena, Logs Insights and the CloudWatch
 * console save CSV), and lines with a time in front (CloudWatch export tasks, `aws logs tail`).
 */
import { isKnownField, normalizeFieldName } from './fields.ts';

/** Turns one line, without its end, into a plain flow log line. */
export type LineForm = (line: string) => string;

const SEPARATORS = [',', ';', '\t', '|'];
/** Names that CloudWatch and Logs Insights give to the column with the flow log line. */
const MESSAGE_NAMES = ['message', '@message'];
/**
 * A table without a header has as many cells as the format has columns. With fewer cells a separator proves nothing.
 */
const FEWEST_CELLS = 5;
/** Placeholders for missing values in tables, in addition to the empty cell. */
const NOTHING = /^(null|\\N|none|nan)$/i;
/** A date and time. Without a zone it is UTC, as Athena writes it. */
const DATE_TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d+)?) ?(Z|UTC|[+-]\d\d:?\d\d)?$/;
const TIME_BEFORE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?\s+/;
/** `aws logs tail` writes the log stream after the time. */
const MOST_BEFORE = 2;
const NO_BREAK_SPACES = /[\u00a0\u202f]/g;

/**
 * Recognises the form of a text by its first line that is not blank. Undefined for plain flow log lines and for unknown
 * forms.
 * @param columns how many columns a line has if there is no header.
 */
export function formOf(line: string, columns: number): LineForm | undefined {
  if (line.search(NO_BREAK_SPACES) >= 0) return (text) => text.replace(NO_BREAK_SPACES, ' ');
  if (isAfterTime(line)) {
    const before = wordsOf(line).length - columns;
    return before >= 1 && before <= MOST_BEFORE ? (text) => withoutTime(text, columns) : undefined;
  }
  for (const separator of SEPARATORS) {
    const form = tableForm(line, separator, columns);
    if (form) return form;
  }
  return undefined;
}

/** Why a line cannot be read, in words. Undefined if the reason is unknown. */
export function explainLine(line: string): string | undefined {
  if (isAfterTime(line))
    return 'a time precedes the columns, as CloudWatch Logs exports them: name the columns after it with --fields';
  for (const separator of [',', ';'])
    if (cellsOf(line, separator).length >= FEWEST_CELLS)
      return 'it is comma-separated (CSV): a header line must name the columns, or --fields as many as there are';
  return undefined;
}

const isAfterTime = (line: string): boolean => TIME_BEFORE.test(line);
const wordsOf = (line: string): string[] => line.split(/\s+/).filter(Boolean);

function withoutTime(line: string, columns: number): string {
  if (!isAfterTime(line)) return line;
  const words = wordsOf(line);
  return words.slice(words.length - columns === MOST_BEFORE ? MOST_BEFORE : 1).join(' ');
}

function tableForm(header: string, separator: string, columns: number): LineForm | undefined {
  const cells = cellsOf(header, separator);
  if (cells.length < 2) return undefined;
  const names = cells.map((cell, at) => normalizeFieldName(cell) || `unnamed-${at + 1}`);
  const message = names.findIndex((name) => MESSAGE_NAMES.includes(name));
  if (message >= 0) return (line) => (line === header ? '' : (cellsOf(line, separator)[message] ?? line));
  if (names.filter(isKnownField).length >= 2) {
    // Tabs alone are ordinary white space between plain columns.
    if (separator === '\t' && !header.includes('"')) return undefined;
    return (line) => (line === header ? names.join(' ') : rowOf(cellsOf(line, separator), names));
  }
  const isRow = cells.length >= FEWEST_CELLS && cells.length === columns && wordsOf(header).length === 1;
  return isRow ? (line) => rowOf(cellsOf(line, separator), []) : undefined;
}

const rowOf = (cells: readonly string[], names: readonly string[]): string =>
  cells.map((cell, at) => plainValue(cell, names[at])).join(' ');

/**
 * A cell as the text format writes the value: "-" for a missing value, seconds for times, white space percent-encoded.
 */
function plainValue(cell: string, name: string | undefined): string {
  if (cell === '' || NOTHING.test(cell)) return '-';
  const time = name === 'start' || name === 'end' ? DATE_TIME.exec(cell) : undefined;
  if (time) {
    const zone = time[3] === undefined || time[3] === 'UTC' ? 'Z' : time[3];
    const seconds = Math.floor(Date.parse(`${time[1]}T${time[2]}${zone}`) / 1000);
    if (!Number.isNaN(seconds)) return String(seconds);
  }
  return cell.replace(/\s+/g, '%20');
}

/** The cells of a table line. Quoted cells may contain separators and doubled quotes (RFC 4180). */
function cellsOf(line: string, separator: string): string[] {
  if (!line.includes('"')) return line.split(separator).map((cell) => cell.trim());
  const cells: string[] = [];
  let cell = '';
  let isQuoted = false;
  for (let at = 0; at < line.length; at++) {
    const char = line[at]!;
    if (char === '"') {
      if (isQuoted && line[at + 1] === '"') {
        cell += char;
        at++;
      } else isQuoted = !isQuoted;
    } else if (char === separator && !isQuoted) {
      cells.push(cell.trim());
      cell = '';
    } else cell += char;
  }
  cells.push(cell.trim());
  return cells;
}
