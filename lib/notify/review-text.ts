/** What people said of a finding, as lines. */
import type { Finding } from '../finding/model.ts';
import { isReopened, VERDICT_WORDS } from '../finding/review.ts';
import { plain } from '../text/untrusted.ts';

/** Who closed a finding as what, as a sentence. Undefined without a verdict. */
export function verdictSentence(finding: Finding): string | undefined {
  const { verdict, verdictGiven } = finding;
  if (!verdict || !verdictGiven) return undefined;
  const { by, at, severity } = verdictGiven;
  const because = isReopened(finding)
    ? ` It is open again, because its severity rose from ${severity} to ${finding.severity}.`
    : '';
  return `${by} closed it at ${at} as ${VERDICT_WORDS[verdict]}.${because}`;
}

/** The last lines about a finding that an analyst closed. */
export const closedByAnalyst = (finding: Finding): string =>
  `${verdictSentence(finding) ?? 'An analyst closed this finding.'} ${
    finding.verdict === 'true' ? 'Finish the steps of the first alert.' : 'Nothing is left to do.'
  } It stays quiet unless its severity rises.`;

/** Verdict, acknowledgement and notes, in order of time. Empty if nobody said anything. */
export function reviewLines(finding: Finding): string[] {
  const { acknowledged, notes = [] } = finding;
  return [
    verdictSentence(finding),
    acknowledged && `${acknowledged.by} looks at it, since ${acknowledged.at}`,
    ...notes.map(({ by, at, text }) => `${at} ${by}: ${text}`),
  ]
    .filter((line) => line !== undefined)
    .map(plain);
}
