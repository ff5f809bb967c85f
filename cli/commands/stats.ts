/** `sweepwatch findings stats`: how good each detection is, by the verdicts of people. */
import { ALL, type Stats, statsOf } from '../../lib/finding/stats.ts';
import { jsonText, printable } from '../../lib/text/untrusted.ts';
import { countOf, grouped } from '../../lib/text/wording.ts';
import type { DeploymentOptions } from '../deployment.ts';
import { type Filters, findWanted, wantedBy } from '../finding-filters.ts';
import { alignedTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { openFindings } from './findings.ts';

export const STATS_FORMATS = ['table', 'ndjson', 'json'] as const;

/** The options of `findings stats`, as the program reads them. */
export interface StatsOptions extends DeploymentOptions, Filters {
  readonly format: (typeof STATS_FORMATS)[number];
}

/** Runs `findings stats` and returns the exit code. */
export async function printStats(options: StatsOptions, terminal: Terminal): Promise<number> {
  const now = Date.now() / 1000;
  const wanted = wantedBy(options, now);
  const { store } = await openFindings(options);
  const stats = statsOf(await findWanted(store, wanted, now, terminal));
  if (options.format === 'json') terminal.stdout(`${jsonText(stats, 2)}\n`);
  else if (options.format === 'ndjson') for (const row of stats) terminal.stdout(`${jsonText(row)}\n`);
  else terminal.stdout(stats.length ? table(stats, terminal) : 'no findings\n');
  return 0;
}

function table(stats: readonly Stats[], terminal: Terminal): string {
  const headings = ['KIND', 'FINDINGS', 'WITHDRAWN', 'SUPPRESSED', 'JUDGED', 'TRUE', 'BENIGN', 'TUNED', 'PRECISION'];
  const rows = stats.map((row) => [
    { text: printable(row.kind), style: row.kind === ALL ? ('bold' as const) : undefined },
    ...[row.findings, row.withdrawn, row.suppressed, row.judged, row.true, row.benign, row.tuned].map((value) => ({
      text: grouped(value),
    })),
    { text: precisionText(row) },
  ]);
  return `${alignedTable(headings, rows, terminal.paint)}\n${remarkOn(stats.at(-1)!)}\n`;
}

const percent = (share: number): string => `${Math.round(share * 100)}%`;

const precisionText = ({ precision, interval }: Stats): string =>
  precision === undefined || !interval
    ? 'unknown'
    : `${percent(precision)} (${percent(interval[0])} to ${percent(interval[1])})`;

/** What the numbers do not say by themselves. */
function remarkOn({ findings, judged }: Stats): string {
  if (judged === 0)
    return 'No finding has a verdict, so the precision is unknown. Give verdicts with "findings close".';
  const share = `${countOf(judged, 'verdict')} on ${countOf(findings, 'finding')}. Behind each precision is its interval at 95% confidence.`;
  return judged < findings
    ? `${share}\nFindings without a verdict may be better or worse than those that people chose to judge.`
    : share;
}
