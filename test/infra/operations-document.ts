/** Reads docs/operations.md: sections and tables. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const DOCUMENT = 'docs/operations.md';
export const text = readFileSync(join(import.meta.dirname, '../..', DOCUMENT), 'utf8');

/** The part of a section below its heading. */
export const sectionOf = (heading: string): string =>
  text.split(new RegExp(`^##+ ${heading}$`, 'm'))[1]!.split(/^##+ /m)[0]!;

/** The cells of the rows of the first table in a text, its header aside. */
export const rowsOf = (section: string): string[][] => {
  const lines = /(?:^\|.*\n)+/m.exec(section)![0].trim().split('\n').slice(2);
  return lines.map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
};
