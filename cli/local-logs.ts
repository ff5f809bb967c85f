/** Flow logs that a command reads and judges on this machine, without a deployment. */
import type { DetectionSettings } from '../lib/detections/settings.ts';
import { Collector } from '../lib/evidence/builder.ts';
import type { Dropped } from '../lib/evidence/collector-options.ts';
import type { Inventory } from '../lib/evidence/inventory.ts';
import { hashKey } from '../lib/evidence/keyed-hash.ts';
import type { JudgingContext } from '../lib/finding/describe-scan.ts';
import { ColumnsError, columnMap } from '../lib/flowlog/columns.ts';
import { fieldList } from '../lib/flowlog/fields.ts';
import type { FileReport } from '../lib/flowlog/read.ts';
import { SKIP_REASONS } from '../lib/flowlog/skipped.ts';
import { parseCidr } from '../lib/net/cidr.ts';
import { Networks } from '../lib/net/networks.ts';
import type { Connection } from '../lib/store/clients.ts';
import { printable } from '../lib/text/untrusted.ts';
import { countOf } from '../lib/text/wording.ts';
import { type BadInput, resolveInputs } from './inputs.ts';
import { Progress } from './progress.ts';
import { readFiles } from './read-files.ts';
import type { SignalFileReport } from './read-signals.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';
import type { Reported } from './write-report.ts';

/** Without a deployment there is no secret for the ids of findings. A constant makes them the same in every run. */
export const LOCAL_SECRET = 'local';

/** How logs are read. */
export interface LogOptions {
  /** Public networks that count as inside. */
  readonly internal: readonly string[];
  readonly routingDomains: Readonly<Record<string, readonly string[]>>;
  /** Columns of files without a header line. */
  readonly fields?: readonly string[];
}

/** Logs that were read, with what could not be read. */
export interface ReadLogs {
  readonly collector: Collector;
  readonly reports: readonly FileReport[];
  readonly failed: readonly BadInput[];
  /** Number of hidden files that were left out. */
  readonly hidden: number;
}

/** Reads everything behind some paths once. */
export async function readLogs(
  paths: readonly string[],
  { internal, routingDomains, fields }: LogOptions,
  connection: Connection,
  terminal: Terminal,
): Promise<ReadLogs> {
  const { sources, bad, hidden } = await resolveInputs(paths, process.stdin, connection);
  const key = hashKey(LOCAL_SECRET);
  const collector = new Collector({ key, internal, routingDomains });
  const progress = new Progress(terminal, sources);
  const reading = { connection, collector: { key, internal, routingDomains }, ...(fields && { fields }) };
  const read = await readFiles(sources, collector, reading, progress);
  progress.end();
  return {
    collector,
    reports: read.filter((item) => 'records' in item),
    failed: [...bad, ...read.filter((item) => 'reason' in item)],
    hidden,
  };
}

/** How logs that were read in full are judged. */
export const contextOf = (
  collector: Collector,
  settings: DetectionSettings,
  internal: readonly string[],
  inventory?: Inventory,
): JudgingContext & { readonly networks: Networks } => ({
  settings,
  secret: LOCAL_SECRET,
  networks: new Networks(internal),
  // The files are complete: an answer that is not in them will not come.
  overdueBefore: Number.POSITIVE_INFINITY,
  logTime: collector.logTime,
  inventory,
});

/** @throws UsageError if the value of --internal is no network. */
export function checkCidr(cidr: string): void {
  const parsed = parseCidr(cidr);
  if ('problem' in parsed) throw new UsageError(`--internal ${parsed.problem}, got "${cidr}"`);
}

/** The columns that --fields names. @throws UsageError if detection cannot work with them. */
export function fieldsOf(text: string): string[] {
  const fields = fieldList(text);
  try {
    columnMap(fields, '--fields');
  } catch (error) {
    throw error instanceof ColumnsError ? new UsageError(error.message) : error;
  }
  return fields;
}

/** A file that was read, with what is known to be missing of it. */
export function inputOf(file: FileReport | SignalFileReport): Reported['inputs'][number] {
  const skipped = 'skipped' in file ? file.skipped : file.unread;
  const trouble = [
    ...(file.error ? [file.error] : []),
    ...skipped.map(({ count, reason }) => `${countOf(count, 'line')} not used: ${reason}`),
    ...('skipData' in file && file.skipData ? [`${countOf(file.skipData, 'SKIPDATA row')}: AWS dropped records`] : []),
  ].join('. ');
  return { name: file.name, records: 'records' in file ? file.records : file.events, ...(trouble && { trouble }) };
}

/**
 * Says what was read and what could not be used, and returns the exit code.
 * @param result follows the number of records, such as `3 findings`.
 */
export function reportLogs(
  { reports, failed, hidden }: Omit<ReadLogs, 'collector'>,
  dropped: Dropped,
  result: string | undefined,
  terminal: Terminal,
): number {
  const say = (text: string) => terminal.stderr(`${printable(text)}\n`);
  for (const { path, reason } of failed) say(`${path}: ${reason}`);
  for (const file of reports) {
    if (file.error)
      say(`${file.name}: ${file.error}${file.records ? ` (${countOf(file.records, 'record')} before that used)` : ''}`);
    for (const skip of file.skipped) {
      say(
        `${file.name}: ${countOf(skip.count, 'line')} skipped: ${skip.reason} (${SKIP_REASONS[skip.reason]}), first at line ${skip.firstLine}: "${skip.excerpt}"`,
      );
    }
    if (file.skipData) say(`${file.name}: ${countOf(file.skipData, 'SKIPDATA row')}: AWS dropped records there`);
  }
  if (dropped.contacts)
    say(
      `memory limit reached: dropped ${countOf(dropped.contacts, 'contact')} of ${countOf(dropped.sources, 'source')} (least suspicious first); affected findings are marked as estimates`,
    );
  if (dropped.ofInterfaces)
    say(
      `interface limit reached: ignored the interface of ${countOf(dropped.ofInterfaces, 'record')}, so a pod or host behind one of them may not be recognised`,
    );
  const records = reports.reduce((sum, file) => sum + file.records, 0);
  say(
    `${countOf(records, 'record')} in ${countOf(reports.length, 'file')}${result ? `: ${result}` : ''}${hidden ? `, ${countOf(hidden, 'hidden file')} left out` : ''}`,
  );
  return failed.length || reports.some((file) => file.error) ? 1 : 0;
}
