/**
 * `npm run permissions`: proves the permissions of all deployments, prints the figures and writes docs/permissions.md.
 * `--everywhere` plants each mistake in each deployment, also where the statement is the same, and writes nothing.
 */
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { countsTable, documentOf } from './document.ts';
import { prove } from './proof.ts';

const DOCUMENT = join(import.meta.dirname, '../../docs/permissions.md');

const { everywhere } = parseArgs({ options: { everywhere: { type: 'boolean' } } }).values;
const proofs = prove({ everywhere });
console.log(`${countsTable(proofs)}\n`);
const problems = proofs.flatMap(({ name, verdict }) => verdict.problems.map((problem) => `${name}: ${problem}`));
const planted = proofs.flatMap((proof) => proof.planted);
const missed = planted.filter(({ foundBy }) => foundBy.length === 0);
for (const problem of problems) console.log(problem);
for (const { kind, at } of missed) console.log(`not found: ${kind}, ${at}`);
console.log(
  `${problems.length} problems; ${planted.length - missed.length} of ${planted.length} planted mistakes found`,
);
if (problems.length + missed.length > 0) process.exitCode = 1;
else if (!everywhere) {
  writeFileSync(DOCUMENT, documentOf(proofs));
  console.log(`${relative(process.cwd(), DOCUMENT)} written`);
}
