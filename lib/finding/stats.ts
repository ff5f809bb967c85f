/** How good each detection is, by the verdicts of people. */
import { isVoid } from './lifecycle.ts';
import type { Finding } from './model.ts';

/** The findings of one kind, or of all kinds together. */
export interface Stats {
  readonly kind: string;
  /** Findings that stand. Merged ones are part of others, and withdrawn ones are counted apart. */
  readonly findings: number;
  readonly withdrawn: number;
  readonly suppressed: number;
  /** Findings with a verdict. */
  readonly judged: number;
  readonly true: number;
  readonly benign: number;
  readonly tuned: number;
  /** Share of true verdicts. Undefined without verdicts. */
  readonly precision?: number;
  /** Where the precision lies with a confidence of 95%, if the judged findings are like the others. */
  readonly interval?: readonly [low: number, high: number];
}

/** The kind under which all findings together are counted. */
export const ALL = 'all';

/** A row for each kind, the one with the most findings first, and one for all. Empty without findings. Tests do not count. */
export function statsOf(all: readonly Finding[]): Stats[] {
  const findings = all.filter(({ test }) => !test);
  if (!findings.length) return [];
  const kinds = [...Map.groupBy(findings, ({ kind }) => kind)].map(([kind, members]) => count(kind, members));
  kinds.sort((a, b) => b.findings - a.findings || (a.kind < b.kind ? -1 : 1));
  return [...kinds, count(ALL, findings)];
}

function count(kind: string, findings: readonly Finding[]): Stats {
  const standing = findings.filter((finding) => !isVoid(finding));
  const of = (verdict: Finding['verdict']) => standing.filter((finding) => finding.verdict === verdict).length;
  const verdicts = { true: of('true'), benign: of('benign'), tuned: of('tuned') };
  const judged = verdicts.true + verdicts.benign + verdicts.tuned;
  return {
    kind,
    findings: standing.length,
    withdrawn: findings.filter(({ closedBecause }) => closedBecause === 'refuted').length,
    suppressed: standing.filter(({ suppressedBy }) => suppressedBy !== undefined).length,
    judged,
    ...verdicts,
    ...(judged > 0 && {
      precision: rounded(verdicts.true / judged),
      interval: wilson(verdicts.true, judged),
    }),
  };
}

/** Standard deviations of a confidence of 95%. */
const Z = 1.96;

/** The interval of Wilson (1927), which is honest for few samples and for shares of 0 and 1. */
export function wilson(hits: number, samples: number): readonly [low: number, high: number] {
  const share = hits / samples;
  const scale = 1 + Z ** 2 / samples;
  const center = (share + Z ** 2 / (2 * samples)) / scale;
  const half = (Z / scale) * Math.sqrt((share * (1 - share)) / samples + Z ** 2 / (4 * samples ** 2));
  return [rounded(Math.max(0, center - half)), rounded(Math.min(1, center + half))];
}

const rounded = (value: number): number => Math.round(value * 10_000) / 10_000;
