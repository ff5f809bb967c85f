/**
 * How often the named tool of a finding is right, over folders of labelled logs. `npm run coverage -- --tools FOLDER`
 * prints it.
 */
import { readFileSync } from 'node:fs';
import type { Finding } from '../../lib/finding/model.ts';
import { findingsOf } from './detector.ts';
import { FORMATS, type LabelledLog, type ToolLabel } from './labelled-logs.ts';
import { speaksOf } from './score.ts';

/**
 * `guessed`: a name for a benign source, or for a program that no name stands for. `unknown`: a name for a scan whose
 * label does not say which program made it, which is neither right nor wrong. `missing`: none for a known scanner.
 */
type Judgement = (typeof JUDGEMENTS)[number];
const JUDGEMENTS = ['right', 'wrong', 'guessed', 'unknown', 'missing', 'absent'] as const;

/** What became of the tool of one finding. */
export interface ToolVerdict {
  readonly log: string;
  readonly format: 'v5' | 'v2';
  readonly source: string;
  /** The tool of the finding, with its confidence. */
  readonly named: string;
  /** The tool by the label, `benign` if no label speaks of the finding. */
  readonly truth: string;
  readonly judgement: Judgement;
}

/** How many findings were judged in each way. */
export type ToolFigures = Readonly<Record<Judgement, number>>;

/** Programs that a finding may name, as they occur in labels, commands and names of tools. */
const PROGRAMS = /nmap|masscan|zmap|mirai|hping|scapy|sipvicious|unicornscan|rustscan|fping|naabu/i;
/** Labels that describe a scan whose program is known, but none of those. */
const OTHERS = /python|powershell|bash|\/dev\/tcp|curl|netcat/i;

/** Judges the tool of every finding in a log. */
const judgeTools = async (log: LabelledLog): Promise<ToolVerdict[]> =>
  (await findingsOf([readFileSync(log.path)])).map((finding) => judgeTool(finding, log));

/** Judges the tool of one finding. A finding about a benign source is wrong if it names any. */
export function judgeTool(finding: Finding, log: Omit<LabelledLog, 'path'>): ToolVerdict {
  const labels = log.labels.filter((label) => speaksOf(finding, label, log.format));
  const truths = labels.map(truthOf);
  const named = finding.tool?.name;
  return {
    log: log.name,
    format: log.format,
    source: finding.source?.address ?? `campaign of ${finding.sources?.sample[0]}`,
    named: finding.tool ? `${finding.tool.name} ${finding.tool.confidence}` : '-',
    truth: labels.length ? (labels[0]!.tool ?? 'unknown') : 'benign',
    judgement: judgementOf(named === undefined ? undefined : programOf(named), truths),
  };
}

/** `other`: a known program that no name stands for. `undefined`: the label does not say. */
type Truth = string | undefined;

function judgementOf(named: string | undefined, truths: readonly Truth[]): Judgement {
  if (named === undefined)
    return truths.some((truth) => truth !== undefined && truth !== 'other') ? 'missing' : 'absent';
  if (truths.includes(named)) return 'right';
  if (truths.includes(undefined)) return 'unknown';
  return truths.some((truth) => truth !== 'other') ? 'wrong' : 'guessed';
}

const programOf = (text: string): string | undefined => PROGRAMS.exec(text)?.[0].toLowerCase() ?? text;

function truthOf({ tool = '', command = '', why = '' }: ToolLabel): Truth {
  const text = `${tool} ${command}`;
  return (
    PROGRAMS.exec(text)?.[0].toLowerCase() ?? (OTHERS.test(text) ? 'other' : PROGRAMS.exec(why)?.[0].toLowerCase())
  );
}

/**
 * Prints a line for each finding that names a tool, or should, and precision and recall of each format. Returns the
 * figures of all logs.
 */
export async function reportTools(logs: readonly LabelledLog[], print: (line: string) => void): Promise<ToolFigures> {
  const all: ToolVerdict[] = [];
  for (const log of logs) {
    const verdicts = await judgeTools(log);
    for (const { judgement, source, named, truth } of verdicts)
      if (judgement !== 'absent') print(`${judgement}: ${log.name} ${log.format} ${source}: ${named} (${truth})`);
    all.push(...verdicts);
  }
  for (const format of FORMATS) {
    const figures = figuresOf(all.filter((verdict) => verdict.format === format));
    const counts = JUDGEMENTS.map((judgement) => `${figures[judgement]} ${judgement}`).join(', ');
    print(`${format}: ${counts}; precision ${percent(precisionOf(figures))}, recall ${percent(recallOf(figures))}`);
  }
  return figuresOf(all);
}

export const figuresOf = (verdicts: readonly ToolVerdict[]): ToolFigures =>
  Object.fromEntries(
    JUDGEMENTS.map((judgement) => [judgement, verdicts.filter((verdict) => verdict.judgement === judgement).length]),
  ) as ToolFigures;

/** Share of the names that are right. Undefined without any whose truth is known. */
export const precisionOf = ({ right, wrong, guessed }: ToolFigures): number | undefined =>
  share(right, right + wrong + guessed);

/** Share of the findings about known scanners that name the right one. */
const recallOf = ({ right, wrong, missing }: ToolFigures): number | undefined => share(right, right + wrong + missing);

const share = (part: number, whole: number): number | undefined => (whole ? part / whole : undefined);
const percent = (value: number | undefined): string => (value === undefined ? 'none' : `${(100 * value).toFixed(1)} %`);
