/** Writes plain flow log text as other tools save it: tables, lines after a time, and other encodings. */
import type { Random } from '../../../bench/random.ts';
import { pick } from '../target.ts';

const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;

/** Lines as a table with a header, sometimes with quotes that do not end. */
function table(lines: readonly string[], random: Random): string {
  const separator = pick([',', ';', '\t', '|'], random);
  const share = pick([0, 0.1, 1], random);
  const cellOf = (cell: string) => {
    const date = /^1[5-9]\d{8}$/.test(cell) && random.next() < 0.3;
    const value = date ? new Date(Number(cell) * 1000).toISOString().replace('T', pick(['T', ' '], random)) : cell;
    if (value === '-') return pick(['', '-', 'null', '\\N', 'NaN'], random);
    if (random.next() < 0.001) return `"${value}`;
    return separator === '\t' || random.next() < share ? quoted(value) : value;
  };
  return lines.map((line) => line.split(' ').map(cellOf).join(separator)).join('\n');
}

/** Lines as one column of a table among others, as the CloudWatch console saves them. */
function messages(lines: readonly string[], random: Random): string {
  const header = pick(['timestamp,message', '@timestamp,@message,@logStream', 'message'], random);
  const rows = lines.map((line) => header.split(',').map((name) => (/message/.test(name) ? quoted(line) : '1')));
  return [header, ...rows.map((cells) => cells.join(','))].join('\n');
}

/** Lines after the time of delivery, and some after the name of a log stream as well. */
function afterTime(lines: readonly string[], random: Random): string {
  const stream = random.next() < 0.5 ? '' : 'eni-0123456789abcdef0-all ';
  return lines
    .map((line, at) => `2026-11-21T12:00:${String(at % 60).padStart(2, '0')}.000Z ${stream}${line}`)
    .join('\n');
}

const withNoBreakSpaces = (lines: readonly string[]): string => lines.join('\n').replaceAll(' ', '\u00a0');
const asItIs = (lines: readonly string[]): string => lines.join('\n');

function utf16(text: string, random: Random): Buffer {
  const bytes = Buffer.from(`${random.next() < 0.7 ? '\ufeff' : ''}${text}`, 'utf16le');
  return random.next() < 0.5 ? bytes : bytes.swap16();
}

/** A text of plain lines, a header first, in one of the forms. */
export function inSomeForm(text: string, random: Random): Buffer {
  const form = pick([table, table, messages, afterTime, withNoBreakSpaces, asItIs], random);
  const saved = `${form(text.trimEnd().split('\n'), random)}\n`;
  return form === asItIs || random.next() < 0.3 ? utf16(saved, random) : Buffer.from(saved);
}
