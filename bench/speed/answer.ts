/** Whether `detect` said what is hidden in a log, and nothing else that would alarm anybody. */
import { type Finding, severityRank } from '../../lib/finding/model.ts';
import type { Label } from '../workload/scans.ts';

export interface Answer {
  readonly found: number;
  readonly asked: number;
  /** One line for each scan that is missing and each alarm about somebody else. */
  readonly wrong: readonly string[];
}

/** Holds findings (JSON, one a line) against labels. `areOthersScanners`: the flood around them scans too. */
export function judge(ndjson: string, labels: readonly Label[], areOthersScanners = false): Answer {
  const findings = ndjson
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Finding);
  const missing = labels.filter((label) => !findings.some((finding) => isAbout(finding, label)));
  const known = new Set(labels.map(({ source }) => source));
  const alarms = findings.filter(
    ({ severity, source }) => severityRank(severity) >= severityRank('medium') && !known.has(source?.address ?? ''),
  );
  return {
    found: labels.length - missing.length,
    asked: labels.length,
    wrong: [
      ...missing.map(({ name, source }) => `${name} by ${source} is not found`),
      ...(areOthersScanners
        ? []
        : alarms.map(
            ({ kind, severity, source }) =>
              `${severity} ${kind} by ${source?.address ?? 'many sources'}, whom no label names`,
          )),
    ],
  };
}

const isAbout = ({ source, kind, direction }: Finding, label: Label): boolean =>
  source?.address === label.source && kind === label.kind && direction === label.direction;

/** As a table has it: `8 of 8`, with what is wrong. */
export const answerText = ({ found, asked, wrong }: Answer): string =>
  `${found} of ${asked}${wrong.length ? `; WRONG: ${wrong.slice(0, 3).join('; ')}${wrong.length > 3 ? '; ...' : ''}` : ''}`;
