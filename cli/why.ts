/** Prints what the evidence says of an address, from files or from a deployment. */
import type { SourceEvidence } from '../lib/evidence/evidence.ts';
import type { JudgingContext } from '../lib/finding/describe-scan.ts';
import type { Finding } from '../lib/finding/model.ts';
import { stateOf } from '../lib/finding/review.ts';
import { type Explanation, explainSource } from '../lib/finding/why.ts';
import { jsonText, printable } from '../lib/text/untrusted.ts';
import { countOf } from '../lib/text/wording.ts';
import type { Terminal } from './terminal.ts';
import { whyText } from './why-text.ts';

/** The form of the id of a finding. */
export const FINDING_ID = /^[0-9a-f]{24}$/;

export const WHY_FORMATS = ['table', 'ndjson', 'json'] as const;
export type WhyFormat = (typeof WHY_FORMATS)[number];

interface WhyOptions {
  readonly format: WhyFormat;
  /** The time that was looked at, as text. */
  readonly when?: string;
  /** Findings about the address in that time, by scope. Undefined if the findings table is not known. */
  readonly reported?: ReadonlyMap<string, readonly Finding[]>;
  /** The context of one place, if it is not that of all. */
  readonly contextFor?: (evidence: SourceEvidence) => JudgingContext;
  /** Lines for people above the explanations. */
  readonly remarks?: readonly string[];
}

/** Explains each place that has the address, with the evidence found there. */
export function printWhy(
  address: string,
  found: readonly SourceEvidence[],
  context: JudgingContext,
  { format, when, reported, contextFor, remarks = [] }: WhyOptions,
  terminal: Terminal,
): void {
  const explanations = found.map((evidence): Explanation & { readonly findings?: readonly Reported[] } => ({
    ...explainSource(evidence, contextFor?.(evidence) ?? context),
    ...(reported && { findings: (reported.get(evidence.scope) ?? []).map(asReported) }),
  }));
  if (format === 'json') terminal.stdout(`${jsonText(explanations, 2)}\n`);
  else if (format === 'ndjson') for (const each of explanations) terminal.stdout(`${jsonText(each)}\n`);
  else if (!explanations.length)
    terminal.stdout(
      `no contact that ${printable(address)} began is known${when ? ` ${when}` : ''}. It may be a target, or the log may lack it\n`,
    );
  else {
    for (const remark of remarks) terminal.stdout(`${printable(remark)}\n`);
    const texts = explanations.map((each) => whyText(each, terminal.paint) + reportedText(each.findings));
    terminal.stdout(texts.join('\n'));
  }
}

/** A finding as an explanation names it. */
type Reported = Pick<Finding, 'id' | 'kind' | 'severity' | 'firstSeen' | 'lastSeen' | 'campaign'> & {
  readonly state: string;
  /** Number of members, of a campaign. */
  readonly members?: number;
};

const asReported = (finding: Finding): Reported => {
  const { id, kind, severity, firstSeen, lastSeen, campaign, sources } = finding;
  return {
    ...{ id, kind, severity, firstSeen, lastSeen, state: stateOf(finding) },
    ...(campaign !== undefined && { campaign }),
    ...(sources && { members: sources.count }),
  };
};

function reportedText(findings: readonly Reported[] | undefined): string {
  if (!findings) return '';
  const lines = findings.map(
    ({ id, kind, severity, firstSeen, lastSeen, state, campaign, members }) =>
      `${severity} ${kind} from ${firstSeen} to ${lastSeen}, ${state}, id ${id}${
        campaign === undefined ? '' : `, part of campaign ${campaign}`
      }${members === undefined ? '' : `. It is one of ${countOf(members, 'source')}: "findings why ${id}" explains them`}`,
  );
  const shown = lines.length ? lines : ['no finding'];
  return `\nWHAT WAS REPORTED\n${shown.map((line) => `  ${printable(line)}\n`).join('')}`;
}
