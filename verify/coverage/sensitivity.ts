/** What each sensitivity finds, how soon, and what it costs in false alarms. */
import type { Table } from '../../bench/table.ts';
import type { Sensitivity } from '../../lib/detections/settings.ts';
import { epochSeconds, type Finding } from '../../lib/finding/model.ts';
import type { HeldLog } from './held-log.ts';
import type { LabelledLog } from './labelled-logs.ts';
import { type Score, score } from './score.ts';

/** From the least sensitive. */
export const SENSITIVITIES = ['low', 'medium', 'high'] as const satisfies readonly Sensitivity[];

/** One log under each sensitivity. */
export interface SensitivityScores {
  readonly log: LabelledLog;
  readonly scores: Readonly<Record<Sensitivity, Score>>;
}

export async function sensitivityScores(log: LabelledLog, held: HeldLog): Promise<SensitivityScores> {
  const judge = async (sensitivity: Sensitivity) => score(await held.findings({ sensitivity }), log, log.format);
  return { log, scores: { low: await judge('low'), medium: await judge('medium'), high: await judge('high') } };
}

/**
 * The table of sensitivities. Contacts and seconds are compared over the scans that all of them find.
 * @param slowest the longest interval between two probes at which each still finds a scan.
 */
export function sensitivityTable(title: string, logs: readonly SensitivityScores[], slowest: readonly string[]): Table {
  const scans = logs.flatMap(({ scores }) =>
    scores.medium.verdicts.map((_, at) => SENSITIVITIES.map((one) => scores[one].verdicts[at]!)),
  );
  const common = scans.filter((verdicts) => verdicts.every(({ finding }) => finding));
  return {
    title,
    header: [
      'sensitivity',
      'scans found',
      'contacts',
      'seconds',
      'slowest',
      'logs with alarms',
      'alarms',
      'low findings',
    ],
    rows: SENSITIVITIES.map((sensitivity, at) => {
      const found = scans.filter((verdicts) => verdicts[at]!.finding).length;
      const verdicts = common.map((all) => all[at]!);
      const scores = logs.map((log) => log.scores[sensitivity]);
      const alarming = scores.filter(({ falseAlarms }) => falseAlarms.length).length;
      return [
        sensitivity,
        `${found} of ${scans.length}`,
        median(verdicts.map(({ finding }) => finding!.contactsAtDetection)),
        median(verdicts.map(({ finding, label }) => epochSeconds(finding!.detectedAt) - label.first)),
        slowest[at]!,
        `${alarming} of ${scores.length}`,
        String(scores.reduce((sum, { falseAlarms }) => sum + falseAlarms.length, 0)),
        String(scores.reduce((sum, { chatter }) => sum + chatter.length, 0)),
      ];
    }),
  };
}

function median(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  return middle === undefined ? '-' : String(Math.max(0, Math.round(middle)));
}

/** One line for each miss and each alarm of a sensitivity. */
export const sensitivityLines = (logs: readonly SensitivityScores[]): string[] =>
  SENSITIVITIES.flatMap((sensitivity) =>
    logs.flatMap(({ log, scores }) => [
      ...scores[sensitivity].verdicts
        .filter(({ finding }) => !finding)
        .map(({ label }) => `${sensitivity}: misses ${label.name} in ${log.name} ${log.format}`),
      ...scores[sensitivity].falseAlarms.map(
        (alarm) => `${sensitivity}: alarms in ${log.name} ${log.format}: ${alarmOf(alarm)}`,
      ),
    ]),
  );

const alarmOf = ({ kind, severity, source, sources, reasons }: Finding): string =>
  `${kind} ${severity} of ${source?.address ?? `${sources?.count} sources`}: ${reasons[0]?.text}`;
