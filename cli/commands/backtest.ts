/** `sweepwatch backtest`: reads logs once, judges them with two settings, and prints the findings that differ. */
import { isDeepStrictEqual } from 'node:util';
import { loadSettings, parseSettings, SettingsError } from '../../lib/config/load.ts';
import type { Settings } from '../../lib/config/settings-types.ts';
import {
  type DetectionSettings,
  detectionSettings,
  SETTING_NAMES,
  type Sensitivity,
} from '../../lib/detections/settings.ts';
import { type Change, compareFindings, type SettingsComparison, subjectOf } from '../../lib/finding/compare.ts';
import { type Finding, type Severity, severityRank } from '../../lib/finding/model.ts';
import { judgeAll } from '../../lib/pipeline/judge-all.ts';
import { countOf } from '../../lib/text/wording.ts';
import { type ComparisonFormat, writeComparison } from '../comparison-text.ts';
import { type ConnectionOptions, connectionOf } from '../connection.ts';
import {
  checkCidr,
  contextOf,
  fieldsOf,
  inputOf,
  type LogOptions,
  type ReadLogs,
  readLogs,
  reportLogs,
} from '../local-logs.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

/** The options of `backtest`, as the program reads them. */
export interface BacktestOptions extends ConnectionOptions {
  readonly set?: readonly string[];
  readonly sensitivity?: Sensitivity;
  readonly config?: string;
  readonly against?: string;
  readonly minSeverity: Severity;
  readonly internal?: readonly string[];
  readonly fields?: string;
  readonly format: ComparisonFormat;
  /** File for the page. */
  readonly report?: string;
}

const COMMAND = 'sweepwatch backtest';

/** Runs `backtest` over paths and returns the exit code. */
export async function backtestCommand(
  paths: readonly string[],
  given: BacktestOptions,
  terminal: Terminal,
): Promise<number> {
  const [before, after] = bothSettings(given);
  const logOptions = logOptionsOf(given, before);
  const numbers = { before: numbersOf(before), after: numbersOf(after) };
  const differing = SETTING_NAMES.filter((name) => numbers.before[name] !== numbers.after[name]);
  if (!differing.length)
    throw new UsageError('nothing to compare: both settings are the same. Change one with --set', COMMAND);
  const logs = await readLogs(paths, logOptions, connectionOf(given), terminal);
  const judge = async (settings: DetectionSettings): Promise<Finding[]> => [
    ...(await judgeAll(logs.collector, contextOf(logs.collector, settings, logOptions.internal))),
  ];
  const all = compareFindings(await judge(numbers.before), await judge(numbers.after));
  const least = severityRank(given.minSeverity);
  const changes = all.changes.filter((change) => worstRank(change) >= least);
  const comparison = {
    ...all,
    changes,
    settings: differing.map((name) => ({ name, before: numbers.before[name], after: numbers.after[name] })),
  };
  if (logs.reports.length) writeComparison(comparison, given.format, terminal);
  const below = all.changes.length - changes.length;
  const result = `${countOf(all.changes.length, 'difference')}${below ? `, ${below} of them below --min-severity` : ''}`;
  const status = reportLogs(logs, logs.collector.dropped, result, terminal);
  if (given.report === undefined) return status;
  return (await writePage(given.report, comparison, logs, terminal)) ? status : 1;
}

const worstRank = (change: Change): number =>
  change.change === 'changed'
    ? Math.max(severityRank(change.before.severity), severityRank(change.after.severity))
    : severityRank(subjectOf(change).severity);

async function writePage(
  file: string,
  comparison: SettingsComparison,
  { reports, failed }: ReadLogs,
  terminal: Terminal,
): Promise<boolean> {
  const { writeReport } = await import('../write-report.ts');
  const reported = {
    findings: comparison.changes.map(subjectOf),
    comparison,
    options: [
      ['command', 'backtest'],
      ...comparison.settings.map(({ name, before, after }) => [name, `${before} before, ${after} after`] as const),
    ] as const,
    inputs: reports.map(inputOf),
    notes: failed.map(({ path, reason }) => `${path}: ${reason}`),
  };
  return writeReport(file, reported, terminal);
}

/** The settings before and after. */
function bothSettings(given: BacktestOptions): [Settings, Settings] {
  const { config, against, sensitivity, set } = given;
  if (against === undefined && sensitivity === undefined && !set?.length)
    throw new UsageError('nothing to compare: give --set, --sensitivity or --against', COMMAND);
  const before = config === undefined ? parseSettings({}) : settingsIn(config);
  const other = against === undefined ? before : settingsIn(against);
  if (against !== undefined)
    for (const name of ['internal', 'routingDomains', 'fields'] as const)
      if (!isDeepStrictEqual(before[name], other[name]))
        throw new UsageError(
          `${config ?? 'the defaults'} and ${against} differ in ${name}. The logs are read once for both, so it must be the same. Compare two runs of detect instead`,
          COMMAND,
        );
  return [before, withChanges(other, sensitivity, set ?? [])];
}

/** Settings with the values of --sensitivity and --set. @throws UsageError that names each wrong one. */
function withChanges(settings: Settings, sensitivity: Sensitivity | undefined, set: readonly string[]): Settings {
  const numbers: Record<string, unknown> = { ...settings.detection };
  for (const text of set) {
    const [, name, value] = /^(?:detection\.)?([^=]+)=(.*)$/s.exec(text) ?? [];
    if (name === undefined || value === undefined)
      throw new UsageError(`--set must be NAME=VALUE, such as failuresIn5Minutes=12, got "${text}"`, COMMAND);
    numbers[name] = value.trim() === '' || Number.isNaN(Number(value)) ? value : Number(value);
  }
  const changed = { sensitivity: sensitivity ?? settings.sensitivity, detection: numbers };
  return refusing(() => parseSettings(changed, '--set'));
}

const settingsIn = (file: string): Settings => refusing(() => loadSettings(file));

/** The settings. A mistake in them becomes wrong usage. */
function refusing(read: () => Settings): Settings {
  try {
    return read();
  } catch (error) {
    throw error instanceof SettingsError
      ? new UsageError(error.message.replaceAll('--set: detection.', '--set '), COMMAND)
      : error;
  }
}

const numbersOf = ({ sensitivity, detection }: Settings): DetectionSettings =>
  detectionSettings(sensitivity, detection as Partial<DetectionSettings>);

function logOptionsOf(given: BacktestOptions, settings: Settings): LogOptions {
  for (const cidr of given.internal ?? []) checkCidr(cidr);
  const fields = given.fields === undefined ? settings.fields : fieldsOf(given.fields);
  return {
    internal: [...(given.internal ?? []), ...settings.internal],
    routingDomains: settings.routingDomains,
    ...(fields.length > 0 && { fields }),
  };
}
