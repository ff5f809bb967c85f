/** Prints what the evidence says of an address, from files or from a deployment. */
import type { SourceEvidence } from '../lib/evidence/evidence.ts';
import type { JudgingContext } from '../lib/finding/describe-scan.ts';
import { type Explanation, explainSource } from '../lib/finding/why.ts';
import { jsonText, printable } from '../lib/text/untrusted.ts';
import type { Terminal } from './terminal.ts';
import { whyText } from './why-text.ts';

export const WHY_FORMATS = ['table', 'ndjson', 'json'] as const;
export type WhyFormat = (typeof WHY_FORMATS)[number];

interface WhyOptions {
  readonly format: WhyFormat;
  /** The time that was looked at, as text. */
  readonly when?: string;
  /** Lines for people above the explanations. */
  readonly remarks?: readonly string[];
}

/** Explains each place that has the address, with the evidence found there. */
export function printWhy(
  address: string,
  found: readonly SourceEvidence[],
  context: JudgingContext,
  { format, when, remarks = [] }: WhyOptions,
  terminal: Terminal,
): void {
  const explanations: Explanation[] = found.map((evidence) => explainSource(evidence, context));
  if (format === 'json') terminal.stdout(`${jsonText(explanations, 2)}\n`);
  else if (format === 'ndjson') for (const each of explanations) terminal.stdout(`${jsonText(each)}\n`);
  else if (!explanations.length)
    terminal.stdout(
      `no contact that ${printable(address)} began is known${when ? ` ${when}` : ''}. It may be a target, or the log may lack it\n`,
    );
  else {
    for (const remark of remarks) terminal.stdout(`${printable(remark)}\n`);
    terminal.stdout(explanations.map((each) => whyText(each, terminal.paint)).join('\n'));
  }
}
