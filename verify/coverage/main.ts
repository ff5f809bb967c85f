/**
 * `npm run coverage`: writes docs/coverage.md. `--check` compares it with the current state (with `--quick` only the
 * detector's results for the shapes). `--jitter SEED` replays changed logs. For folders of labelled logs, `--tools FOLDER`
 * says how often the named tools of the findings are right, `--contexts FOLDER` what is missed or alarms without each
 * context, and `--sensitivity FOLDER` what each sensitivity finds and costs.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { parseTables, printTable, type Table } from '../../bench/table.ts';
import { atomicTable } from './atomic.ts';
import { whatChanged, whatGotWorse } from './compare.ts';
import { contextEffects, contextTable, effectLines } from './contexts.ts';
import {
  judgeShapes,
  ownTables,
  peerTables,
  slowestBySensitivity,
  slowestTable,
  TITLES,
  variationTables,
} from './coverage.ts';
import { documentOf } from './document.ts';
import { HeldLog } from './held-log.ts';
import { runJitter, seedsOf } from './jitter-run.ts';
import { type LabelledLog, labelledLogs } from './labelled-logs.ts';
import { sensitivityLines, sensitivityScores, sensitivityTable } from './sensitivity.ts';
import { precisionOf, reportTools } from './tools.ts';

/** Share of the named tools that must be right. */
const RIGHT_TOOLS = 0.95;
const DOCUMENT = join(import.meta.dirname, '../../docs/coverage.md');
const NAME = relative(process.cwd(), DOCUMENT);

const { values } = parseArgs({
  options: {
    check: { type: 'boolean' },
    quick: { type: 'boolean' },
    jitter: { type: 'string' },
    tools: { type: 'string', multiple: true },
    contexts: { type: 'string', multiple: true },
    sensitivity: { type: 'string', multiple: true },
  },
});
if (values.jitter !== undefined) process.exitCode = await jitter(values.jitter);
else if (values.tools) process.exitCode = await tools(values.tools);
else if (values.contexts) await contexts(values.contexts);
else if (values.sensitivity) await sensitivity(values.sensitivity);
else if (values.check) process.exitCode = await check(values.quick === true);
else await write();

async function write(): Promise<void> {
  writeFileSync(DOCUMENT, documentOf(await allTables()));
  console.log(`${NAME} written`);
}

async function check(isQuick: boolean): Promise<number> {
  const committed = readFileSync(DOCUMENT, 'utf8');
  const before = parseTables(committed);
  const tables = isQuick ? ownTables(await judgeShapes()) : await allTables();
  const worse = whatGotWorse(before, tables);
  const changed = whatChanged(before, tables);
  for (const line of worse) console.log(`worse: ${line}`);
  for (const line of changed) console.log(line);
  const isCurrent = isQuick ? !changed.length : committed === documentOf(tables);
  if (worse.length) console.log(`${worse.length} lines of ${NAME} got worse`);
  else console.log(isCurrent ? `${NAME} is up to date` : `${NAME} is out of date; \`npm run coverage\` writes it anew`);
  return worse.length || !isCurrent ? 1 : 0;
}

async function allTables(): Promise<Table[]> {
  const judged = await judgeShapes();
  return [
    ...ownTables(judged),
    ...(await variationTables()),
    ...peerTables(judged),
    await slowestTable(),
    atomicTable(),
  ];
}

async function jitter(text: string): Promise<number> {
  const seeds = seedsOf(text);
  if (!seeds.length) {
    console.error(`--jitter takes a seed such as 7, or seeds such as 1..20, got "${text}"`);
    return 2;
  }
  return (await runJitter(seeds, (line) => console.log(line))) ? 1 : 0;
}

async function tools(folders: readonly string[]): Promise<number> {
  const figures = await reportTools(folders.flatMap(labelledLogs), (line) => console.log(line));
  return (precisionOf(figures) ?? 1) >= RIGHT_TOOLS ? 0 : 1;
}

async function contexts(folders: readonly string[]): Promise<void> {
  const effects = await ofEach(folders, contextEffects);
  print(contextTable(TITLES.contexts, effects), effectLines(effects));
}

async function sensitivity(folders: readonly string[]): Promise<void> {
  const scores = await ofEach(folders, sensitivityScores);
  print(sensitivityTable(TITLES.sensitivity, scores, await slowestBySensitivity()), sensitivityLines(scores));
}

async function ofEach<T>(
  folders: readonly string[],
  judge: (log: LabelledLog, held: HeldLog) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  for (const log of folders.flatMap(labelledLogs)) results.push(await judge(log, await HeldLog.read(log.path)));
  return results;
}

function print(table: Table, lines: readonly string[]): void {
  for (const line of lines) console.log(line);
  console.log(printTable(table));
}
