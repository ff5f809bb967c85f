/** Tables of a Markdown document, written and read back: the document itself is what a later run is held against. */

/** A table under its heading. The first column, or the first two where the second is `log`, name a row. */
export interface Table {
  readonly title: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The rows of a table by name, each cell by its column. */
export type Rows = ReadonlyMap<string, ReadonlyMap<string, string>>;

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

export const printTable = ({ header, rows }: Table): string =>
  [line(header), `|${'---|'.repeat(header.length)}`, ...rows.map(line)].join('\n');

/** The tables of a document, each named after the heading above it. */
export function parseTables(document: string): Table[] {
  const tables: { title: string; header: string[]; rows: string[][] }[] = [];
  let title = '';
  let isInTable = false;
  for (const text of document.split('\n')) {
    if (text.startsWith('## ')) title = text.slice(3);
    if (!text.startsWith('|')) {
      isInTable = false;
      continue;
    }
    const cells = text
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim());
    if (!isInTable) tables.push({ title, header: cells, rows: [] });
    else if (!/^-+$/.test(cells[0]!)) tables.at(-1)!.rows.push(cells);
    isInTable = true;
  }
  return tables;
}

export function rowsByName({ header, rows }: Table): Rows {
  const named = header[1] === 'log' ? 2 : 1;
  return new Map(
    rows.map((cells) => [
      cells.slice(0, named).join(' '),
      new Map(header.map((column, index) => [column, cells[index] ?? ''])),
    ]),
  );
}
