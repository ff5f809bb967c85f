/** Aligned columns for people. */
import type { Style, Terminal } from './terminal.ts';

/** A cell, with how it is painted where the terminal has colours. */
interface Cell {
  readonly text: string;
  readonly style?: Style | undefined;
}

export type Paint = NonNullable<Terminal['paint']>;

/** Paints nothing. */
const plainly: Paint = (_, text) => text;

/** A line for each row, with the headings in bold above. Cells must be printable. */
export function alignedTable(
  headings: readonly string[],
  rows: readonly (readonly Cell[])[],
  paint: Paint = plainly,
): string {
  const all: readonly (readonly Cell[])[] = [headings.map((text) => ({ text, style: 'bold' as const })), ...rows];
  const widths = headings.map((_, at) => all.reduce((width, row) => Math.max(width, row[at]!.text.length), 0));
  const last = headings.length - 1;
  const lines = all.map((row) =>
    row
      .map(({ text, style }, at) => {
        // Trailing blanks would wrap on a narrow terminal.
        const blanks = at === last ? '' : ' '.repeat(widths[at]! - text.length);
        return `${style ? paint(style, text) : text}${blanks}`;
      })
      .join('  '),
  );
  return `${lines.join('\n')}\n`;
}
