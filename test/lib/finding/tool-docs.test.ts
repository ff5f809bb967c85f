/** docs/tools.md repeats the table of tools. With `UPDATE_EXAMPLES=1` the test writes the rows instead. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parseTables, printTable } from '../../../bench/table.ts';
import { TOOLS } from '../../../lib/finding/tool-table.ts';

const PAGE = join(import.meta.dirname, '../../../docs/tools.md');
const TITLE = 'Rows';

test('docs/tools.md has the rows of the table', () => {
  const text = readFileSync(PAGE, 'utf8');
  const header = ['row', 'tool', 'confidence', 'marks known from'];
  const rows = TOOLS.map(({ id, name, confidence, source }) => [id, name, String(confidence), source]);
  const written = parseTables(text).find(({ title }) => title === TITLE);
  if (process.env.UPDATE_EXAMPLES) {
    const [before, after] = text.split(`## ${TITLE}\n\n`) as [string, string];
    const rest = after.slice(after.indexOf('\n\n'));
    writeFileSync(PAGE, `${before}## ${TITLE}\n\n${printTable({ title: TITLE, header, rows })}${rest}`);
    return;
  }
  expect(written).toEqual({ title: TITLE, header, rows });
});
