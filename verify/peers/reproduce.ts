/**
 * `npm run peers -- FOLDER`: every rule over a folder of labelled logs (NAME/flow-v5.log.gz with NAME/labels.json),
 * each row beside the one it should reproduce. Exit code 1 when a rule finds two scans more or fewer than its row says.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXPECTED, type Row } from './expected.ts';
import { alarmOf, falseAlarms, type KnownScan } from './judge.ts';
import { type FlowRecord, readRecords } from './record.ts';
import type { Alarm, Rule } from './rule.ts';
import { RULES } from './rules.ts';

interface LabelledScan extends KnownScan {
  readonly kind: string;
  readonly detectable: string;
}

interface Scenario {
  readonly scans: readonly LabelledScan[];
  readonly records: readonly FlowRecord[];
}

const LOG = 'flow-v5.log.gz';
/** The folder whose background is long enough to count false alarms in. */
const BACKGROUND = /^mixed-/;
const TOLERANCE = 1;
const COLUMNS = ['found', 'fast', 'slow', 'distributed', 'outbound', 'stealth', 'udp'] as const;
type Group = (typeof COLUMNS)[number];

function reproduce(root: string): number {
  const names = readdirSync(root).filter((name) => existsSync(join(root, name, LOG)));
  const results = new Map<Rule, Result>(RULES.map((rule) => [rule, { counts: new Map(), delays: [], falsely: [] }]));
  let asked = 0;
  for (const name of names.sort()) {
    const { scans, records } = readScenario(join(root, name));
    asked += scans.filter(isAsked).length;
    for (const [rule, result] of results) judge([...rule.alarms(records)], scans, BACKGROUND.test(name), result);
  }
  console.log(
    `${names.length} logs, ${asked} scans asked for; false alarms in ${names.filter((name) => BACKGROUND.test(name)).join(', ')}`,
  );
  const rows = [...results].map(([rule, result]) => ({ name: rule.name, row: rowOf(result) }));
  print(rows);
  const off = rows.filter(({ name, row }) => Math.abs(row.found - (EXPECTED[name]?.found ?? row.found)) > TOLERANCE);
  for (const { name, row } of off) console.log(`${name}: found ${row.found}, expected ${EXPECTED[name]?.found}`);
  return off.length ? 1 : 0;
}

function readScenario(path: string): Scenario {
  const { labels } = JSON.parse(readFileSync(join(path, 'labels.json'), 'utf8')) as { labels: LabelledScan[] };
  return { scans: labels, records: readRecords(readFileSync(join(path, LOG))) };
}

const isAsked = ({ detectable }: LabelledScan): boolean => detectable !== 'no' && detectable !== 'maybe';

interface Result {
  readonly counts: Map<Group, number>;
  readonly delays: number[];
  readonly falsely: Alarm[];
}

function judge(alarms: readonly Alarm[], scans: readonly LabelledScan[], isBackground: boolean, result: Result): void {
  for (const scan of scans.filter(isAsked)) {
    const alarm = alarmOf(alarms, scan);
    if (!alarm) continue;
    result.delays.push(Math.max(0, alarm.at - scan.first));
    for (const group of ['found', groupOf(scan)] as const)
      result.counts.set(group, (result.counts.get(group) ?? 0) + 1);
  }
  if (isBackground) result.falsely.push(...falseAlarms(alarms, new Set(scans.flatMap(({ sources }) => sources))));
}

function groupOf({ kind }: LabelledScan): Group {
  const marks: readonly Group[] = ['slow', 'outbound', 'stealth', 'udp'];
  return kind.startsWith('distributed') ? 'distributed' : (marks.find((mark) => kind.endsWith(`-${mark}`)) ?? 'fast');
}

function rowOf({ counts, delays, falsely }: Result): Row {
  const count = (group: Group) => counts.get(group) ?? 0;
  return {
    found: count('found'),
    fast: count('fast'),
    slow: count('slow'),
    distributed: count('distributed'),
    outbound: count('outbound'),
    stealth: count('stealth'),
    udp: count('udp'),
    falseSources: new Set(falsely.map(({ source }) => source)).size,
    falseFindings: falsely.length,
    median: Math.round(medianOf(delays)),
  };
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2;
}

function print(rows: readonly { readonly name: string; readonly row: Row }[]): void {
  const header = ['rule', ...COLUMNS, 'false sources (findings)', 'median s'];
  const lines = [header, ...rows.map(({ name, row }) => [name, ...cells(row, EXPECTED[name])])];
  const widths = header.map((_, column) => Math.max(...lines.map((cell) => cell[column]!.length)));
  console.log('Each cell is ours / expected, or one number where they are equal.');
  for (const line of lines)
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    );
}

function cells(row: Row, expected: Row | undefined): string[] {
  const beside = (text: (row: Row) => string) => {
    const ours = text(row);
    const theirs = expected ? text(expected) : ours;
    return ours === theirs ? ours : `${ours} / ${theirs}`;
  };
  return [
    ...COLUMNS.map((column) => beside((some) => String(some[column]))),
    beside((some) => `${some.falseSources} (${some.falseFindings})`),
    beside((some) => String(some.median)),
  ];
}

const folder = process.argv[2];
if (folder === undefined) {
  console.error('Usage: npm run peers -- FOLDER');
  process.exitCode = 2;
} else process.exitCode = reproduce(folder);
