/**
 * `npm run bench`: measures speed, memory, growth and latency, and writes docs/performance.md. `--only PART` measures one
 * part. `--quick` takes small inputs and few rounds, and only prints. `--check` only prints, and ends with 1 over a budget.
 * The part `speed` installs DuckDB in bench/ first, where it is missing.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { budgetTable, documentOf, type Ran, sectionText } from './document.ts';
import { hasDuckdb, installDuckdb } from './duckdb.ts';
import { machine } from './machine.ts';
import { FULL, type Part, QUICK } from './part.ts';
import { coldStart } from './parts/cold-start.ts';
import { files } from './parts/files.ts';
import { growth } from './parts/growth.ts';
import { ingest } from './parts/ingest.ts';
import { latency } from './parts/latency.ts';
import { layouts } from './parts/layouts.ts';
import { memory } from './parts/memory.ts';
import { signals } from './parts/signals.ts';
import { speed } from './parts/speed.ts';

interface NamedPart {
  readonly name: string;
  readonly title: string;
  readonly measure: Part;
}

const PARTS: readonly NamedPart[] = [
  { name: 'speed', title: 'Speed, against what users would otherwise run', measure: speed },
  { name: 'layouts', title: 'Other layouts', measure: layouts },
  { name: 'files', title: 'Several files', measure: files },
  { name: 'growth', title: 'Growth', measure: growth },
  { name: 'memory', title: 'Memory', measure: memory },
  { name: 'signals', title: 'Audit logs', measure: signals },
  { name: 'ingest', title: 'A large object', measure: ingest },
  { name: 'latency', title: 'Latency', measure: latency },
  { name: 'cold-start', title: 'Cold start', measure: coldStart },
];
const DOCUMENT = join(import.meta.dirname, '../../docs/performance.md');

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean' }, check: { type: 'boolean' }, only: { type: 'string', multiple: true } },
  });
  const names = PARTS.map(({ name }) => name);
  const unknown = values.only?.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    console.error(`--only takes one of ${names.join(', ')}, got "${unknown}"`);
    return 2;
  }
  const stamp = `on ${new Date().toISOString().slice(0, 10)}: ${machine()}`;
  const chosen = PARTS.filter(({ name }) => values.only?.includes(name) ?? true);
  if (chosen.some(({ name }) => name === 'speed') && !(await hasDuckdb())) installDuckdb(console.error);
  const ran: Ran[] = [];
  for (const { name, title, measure } of chosen) {
    const one = { name, title, section: await measure(values.quick ? QUICK : FULL) };
    ran.push(one);
    console.log(`## ${title}\n\n${sectionText(one, stamp)}\n`);
    // What was measured is kept, whatever becomes of the parts after it.
    if (!values.quick && !values.check) {
      const previous = existsSync(DOCUMENT) ? readFileSync(DOCUMENT, 'utf8') : '';
      writeFileSync(DOCUMENT, documentOf(previous, [one], PARTS, stamp));
      const { figure } = one.section;
      if (figure) writeFileSync(join(dirname(DOCUMENT), figure.file), figure.svg);
    }
  }
  const verdicts = ran.flatMap(({ section }) => section.verdicts);
  console.log(budgetTable(verdicts));
  return values.check && verdicts.some(({ cells }) => cells.at(-1)?.startsWith('missed')) ? 1 : 0;
}
