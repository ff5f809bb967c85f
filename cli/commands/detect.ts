/** `sweepwatch detect`: the whole detector over files, without any account. */
import { parseArgs } from 'node:util';
import { type DetectionSettings, detectionSettings, type Sensitivity } from '../../lib/detections/settings.ts';
import { Collector, type Dropped } from '../../lib/evidence/builder.ts';
import { hashKey } from '../../lib/evidence/keyed-hash.ts';
import { type Finding, SEVERITIES, type Severity, severityRank } from '../../lib/finding/model.ts';
import { ColumnsError, columnMap } from '../../lib/flowlog/columns.ts';
import { fieldList } from '../../lib/flowlog/fields.ts';
import type { FileReport } from '../../lib/flowlog/read.ts';
import { SKIP_REASONS } from '../../lib/flowlog/skipped.ts';
import { parseCidr } from '../../lib/net/cidr.ts';
import { Networks } from '../../lib/net/networks.ts';
import { detectAll } from '../../lib/pipeline/detect-all.ts';
import { printable } from '../../lib/text/untrusted.ts';
import { countOf } from '../../lib/text/wording.ts';
import { CONNECTION_HELP, connectionOf, connectionOptions } from '../connection.ts';
import { FORMATS, type Format, formatFindings } from '../formats.ts';
import { type BadInput, resolveInputs } from '../inputs.ts';
import { Progress } from '../progress.ts';
import { readFiles } from '../read-files.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

const HELP = `Usage: sweepwatch detect PATH... [OPTIONS]

Finds scans in VPC Flow Log files. PATH is a file, a folder, "-" for stdin, or s3://bucket/prefix; gzip, plain text and
Parquet are told apart by content. Text may be UTF-16, CSV (Athena, Logs Insights, CloudWatch console) or lines after a
time (CloudWatch export, aws logs tail); of JSON, the message says how to read it. Hidden files of folders are left out
and counted. Several files are one body of evidence and may be given in any order. Private
addresses are kept apart by account, or by the routingDomains of --config, as in a deployment.
Under a folder or prefix, logs of other AWS services (AWSLogs/ACCOUNT/CloudTrail/...) are listed and not opened.

Options:
  --format FORMAT         table (default), ndjson (a finding a line), json, ocsf (OCSF 1.8 Detection Finding, a line each)
  --min-severity LEVEL    ${SEVERITIES.join(', ')}; default informational
  --sensitivity WORD      low, medium (default) or high: how much evidence a finding takes
  --internal CIDR         a public network that is yours, repeatable; private networks are known
  --fields "NAME ..."     columns of files without a header line, or the log format as it is ("\${srcaddr} ..."); default:
                          the 14 fields of the default format
  --config FILE           settings file of the deployment (sweepwatch.config.json); options above override it
${CONNECTION_HELP}
  --help                  this text

Findings go to stdout, all else to stderr; json, ndjson and ocsf say why each fired. Ids are stable from run to run, but
not those of a deployment, which keys them with a secret of its own. Exit codes: 0 done, also with lines skipped and counted; 1 a file could not be
read, was cut short or is another service's log (the findings are printed all the same); 2 wrong usage.
`;

interface Options {
  readonly format: Format;
  readonly minSeverity: Severity;
  readonly settings: DetectionSettings;
  readonly internal: readonly string[];
  readonly routingDomains: Readonly<Record<string, readonly string[]>>;
  readonly fields?: readonly string[];
}

/** On a laptop there is no deployment whose secret could key the findings; ids are then stable from run to run. */
const LOCAL_SECRET = 'local';

/** Runs `detect`; returns the exit code. */
export async function detectCommand(args: string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...connectionOptions,
      format: { type: 'string' },
      'min-severity': { type: 'string' },
      sensitivity: { type: 'string' },
      internal: { type: 'string', multiple: true },
      fields: { type: 'string' },
      config: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    terminal.stdout(HELP);
    return 0;
  }
  if (!positionals.length) throw new UsageError('no PATH given; expected files, folders, "-" or s3://bucket/prefix');
  const options = await readOptions(values);
  const connection = connectionOf(values);
  const { sources, bad, hidden } = await resolveInputs(positionals, process.stdin, connection);
  const { internal, routingDomains, fields } = options;
  const key = hashKey(LOCAL_SECRET);
  const collector = new Collector({ key, internal, routingDomains });
  const progress = new Progress(terminal, sources);
  const reading = { connection, collector: { key, internal, routingDomains }, ...(fields && { fields }) };
  const read = await readFiles(sources, collector, reading, progress);
  progress.end();
  const reports = read.filter((item) => 'records' in item);
  const failed = [...bad, ...read.filter((item) => 'reason' in item)];
  const findings = decide(collector, options);
  const shown = findings.filter((finding) => severityRank(finding.severity) >= severityRank(options.minSeverity));
  // Where nothing was read, "no findings" would be a lie.
  if (reports.length) formatFindings(shown, options.format, terminal);
  return report(reports, failed, findings, shown, collector.dropped, hidden, terminal);
}

function decide(collector: Collector, options: Options): Finding[] {
  const context = {
    settings: options.settings,
    secret: LOCAL_SECRET,
    networks: new Networks(options.internal),
    // The files are all there is: an answer that is not in them will not come.
    overdueBefore: Number.POSITIVE_INFINITY,
    logTime: collector.logTime,
  };
  return detectAll(collector, context).map(({ finding }) => finding);
}

async function readOptions(values: Record<string, unknown>): Promise<Options> {
  const format = oneOf('--format', values.format ?? 'table', FORMATS);
  const minSeverity = oneOf('--min-severity', values['min-severity'] ?? 'informational', SEVERITIES);
  const sensitivity =
    values.sensitivity === undefined
      ? undefined
      : oneOf<Sensitivity>('--sensitivity', values.sensitivity, ['low', 'medium', 'high']);
  const file =
    values.config === undefined
      ? undefined
      : await (await import('../settings.ts')).runtimeSettingsOf(String(values.config));
  const internal = [...((values.internal as string[] | undefined) ?? []), ...(file?.internal ?? [])];
  for (const cidr of (values.internal as string[] | undefined) ?? []) checkCidr(cidr);
  const fields = typeof values.fields === 'string' ? fieldsOf(values.fields) : file?.fields;
  return {
    format,
    minSeverity,
    settings: detectionSettings(sensitivity ?? file?.sensitivity, file?.detection),
    internal,
    routingDomains: file?.routingDomains ?? {},
    ...(fields && { fields }),
  };
}

function oneOf<T extends string>(option: string, value: unknown, allowed: readonly T[]): T {
  if (!allowed.includes(value as T))
    throw new UsageError(`${option} must be one of ${allowed.join(', ')}, got "${value}"`);
  return value as T;
}

function checkCidr(cidr: string): void {
  const parsed = parseCidr(cidr);
  if ('problem' in parsed) throw new UsageError(`--internal ${parsed.problem}, got "${cidr}"`);
}

function fieldsOf(text: string): string[] {
  const fields = fieldList(text);
  try {
    columnMap(fields, '--fields');
  } catch (error) {
    throw error instanceof ColumnsError ? new UsageError(error.message) : error;
  }
  return fields;
}

function report(
  reports: readonly FileReport[],
  failed: readonly BadInput[],
  findings: readonly Finding[],
  shown: readonly Finding[],
  dropped: Dropped,
  hiddenFiles: number,
  terminal: Terminal,
): number {
  const say = (text: string) => terminal.stderr(`${printable(text)}\n`);
  for (const { path, reason } of failed) say(`${path}: ${reason}`);
  for (const file of reports) {
    if (file.error)
      say(`${file.name}: ${file.error}${file.records ? ` (${countOf(file.records, 'record')} before that used)` : ''}`);
    for (const skip of file.skipped) {
      say(
        `${file.name}: ${countOf(skip.count, 'line')} skipped: ${skip.reason} (${SKIP_REASONS[skip.reason]}); first at line ${skip.firstLine}: "${skip.excerpt}"`,
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
      `more interfaces than can be told apart: of ${countOf(dropped.ofInterfaces, 'record')} the interface was not looked at`,
    );
  const records = reports.reduce((sum, file) => sum + file.records, 0);
  const hidden = findings.length - shown.length;
  say(
    `${countOf(records, 'record')} in ${countOf(reports.length, 'file')}: ${countOf(findings.length, 'finding')}${hidden ? `, ${hidden} of them below --min-severity` : ''}${hiddenFiles ? `; ${countOf(hiddenFiles, 'hidden file')} left out` : ''}`,
  );
  return failed.length || reports.some((file) => file.error) ? 1 : 0;
}
