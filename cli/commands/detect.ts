/** `sweepwatch detect`: runs the whole detector over files, without an AWS account. */
import { type DetectionSettings, detectionSettings, type Sensitivity } from '../../lib/detections/settings.ts';
import type { Collector } from '../../lib/evidence/builder.ts';
import type { Inventory } from '../../lib/evidence/inventory.ts';
import { type Finding, type Severity, severityRank } from '../../lib/finding/model.ts';
import { canonicalAddress } from '../../lib/net/address.ts';
import { ALWAYS, Watches } from '../../lib/notify/watch.ts';
import { scopeFault } from '../../lib/notify/watch-fault.ts';
import { judgeAll, judgeWithRolls } from '../../lib/pipeline/judge-all.ts';
import { Packed } from '../../lib/pipeline/packed.ts';
import { printable } from '../../lib/text/untrusted.ts';
import { countOf } from '../../lib/text/wording.ts';
import { type ConnectionOptions, connectionOf } from '../connection.ts';
import { type Format, formatFindings } from '../formats.ts';
import {
  checkCidr,
  contextOf,
  fieldsOf,
  inputOf,
  LOCAL_SECRET,
  type LogOptions,
  readLogs,
  reportLogs,
} from '../local-logs.ts';
import { Progress } from '../progress.ts';
import type { ReadSignals } from '../read-signals.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

/** The options of `detect`, as the program reads them. */
export interface DetectOptions extends ConnectionOptions {
  readonly format: Format;
  readonly minSeverity: Severity;
  readonly sensitivity?: Sensitivity;
  readonly internal?: readonly string[];
  readonly watch?: readonly string[];
  readonly fields?: string;
  readonly config?: string;
  readonly audit?: readonly string[];
  readonly endpoint?: readonly string[];
  readonly rules?: readonly string[];
  readonly inventory?: readonly string[];
  /** File for the page. */
  readonly report?: string;
  /** An address, or the id of a finding, to explain instead of printing findings. */
  readonly why?: string;
}

interface Options extends LogOptions {
  readonly format: Format;
  readonly minSeverity: Severity;
  readonly settings: DetectionSettings;
  readonly watches: Watches | undefined;
}

/** Options, with the inventory of addresses once it was read. */
type Judging = Options & { readonly inventory?: Inventory };

/** Runs `detect` over paths and returns the exit code. */
export async function detectCommand(
  paths: readonly string[],
  given: DetectOptions,
  terminal: Terminal,
): Promise<number> {
  const wanted = { audit: given.audit ?? [], endpoint: given.endpoint ?? [], rules: given.rules ?? [] };
  const hasSignals = wanted.audit.length + wanted.endpoint.length > 0;
  if (!paths.length && !hasSignals)
    throw new UsageError(
      `missing required argument 'PATH': a file, a folder, "-" for stdin, or s3://bucket/prefix. Or give --audit or --endpoint`,
      'sweepwatch detect',
    );
  if (wanted.rules.length && !wanted.endpoint.length && !wanted.audit.length)
    throw new UsageError(
      '--rules needs --endpoint or --audit: rules are about processes and API calls',
      'sweepwatch detect',
    );
  if (given.inventory?.length && !paths.length)
    throw new UsageError('--inventory needs a flow log: it says which targets were dark', 'sweepwatch detect');
  const read = await readOptions(given);
  const connection = connectionOf(given);
  const held = given.inventory?.length
    ? await (await import('../read-inventory.ts')).readInventory(given.inventory, read.routingDomains, connection)
    : undefined;
  const options: Judging = { ...read, ...(held && { inventory: held.inventory }) };
  const ofLogs = await readLogs(paths, options, connection, terminal);
  const logs = { ...ofLogs, failed: [...(held?.bad ?? []), ...ofLogs.failed] };
  const { collector, reports } = logs;
  if (held) terminal.stderr(`${printable(held.summary)}\n`);
  if (given.why !== undefined) {
    const isExplained = await explain(given.why, given.format, collector, options, terminal);
    const status = reportLogs(logs, collector.dropped, undefined, terminal);
    return isExplained ? status : 1;
  }
  const beside = hasSignals
    ? await (await import('../read-signals.ts')).readSignals(
        wanted,
        connection,
        (files) => new Progress(terminal, files),
      )
    : undefined;
  const scans = await decide(collector, options);
  const findings = beside ? await withSignals([...scans], beside, paths.length > 0, collector.logTime) : scans;
  const found = findings.length;
  const least = severityRank(options.minSeverity);
  const shown = findings.rewrite((finding) => (severityRank(finding.severity) >= least ? finding : undefined));
  // If nothing was read, "no findings" would be misleading.
  if (reports.length || beside?.files.length) await formatFindings(shown, options.format, terminal);
  if (beside) reportSignals(beside, terminal);
  const failed = [...logs.failed, ...(beside?.bad ?? [])];
  const below = found - shown.length;
  const result = `${countOf(found, 'finding')}${below ? `, ${below} of them below --min-severity` : ''}`;
  const status = reportLogs({ ...logs, failed }, collector.dropped, result, terminal);
  if (given.report !== undefined) {
    const { writeReport } = await import('../write-report.ts');
    const reported = {
      findings: [...shown],
      options: optionsIn(given),
      inputs: [...reports, ...(beside?.files ?? [])].map(inputOf),
      notes: failed.map(({ path, reason }) => `${path}: ${reason}`),
    };
    if (!(await writeReport(given.report, reported, terminal))) return 1;
  }
  return beside?.files.some((file) => file.error) ? 1 : status;
}

/** The options that decided what is in a report. */
const optionsIn = ({
  minSeverity,
  sensitivity,
  internal = [],
  watch = [],
  inventory = [],
  config,
}: DetectOptions): [string, string][] => [
  ['command', 'detect'],
  ['least severity', minSeverity],
  ['sensitivity', sensitivity ?? (config ? 'as in the settings file' : 'medium')],
  ...(watch.length ? [['watched networks', watch.join(', ')] as [string, string]] : []),
  ...(internal.length ? [['own public networks', internal.join(', ')] as [string, string]] : []),
  ...(inventory.length ? [['inventory', inventory.join(', ')] as [string, string]] : []),
  ...(config ? [['settings file', config] as [string, string]] : []),
];

function decide(collector: Collector, options: Judging): Promise<Packed<Finding>> {
  const context = contextOf(collector, options.settings, options.internal, options.inventory);
  return judgeAll(collector, context, options.watches);
}

/**
 * Says how far an address was from each threshold, in each scope that has it, or why a finding was reported. Resolves to
 * false if there is no such finding.
 */
async function explain(
  text: string,
  format: Format,
  collector: Collector,
  options: Judging,
  terminal: Terminal,
): Promise<boolean> {
  const { FINDING_ID, printWhy, WHY_FORMATS } = await import('../why.ts');
  const chosen = WHY_FORMATS.find((each) => each === format);
  if (!chosen) throw new UsageError(`--why prints ${WHY_FORMATS.join(', ')}, and not ${format}`, 'sweepwatch detect');
  const address = canonicalAddress(text);
  if (address === undefined && !FINDING_ID.test(text))
    throw new UsageError(
      `--why must be an IPv4 or IPv6 address, or the id of a finding, got "${text}"`,
      'sweepwatch detect',
    );
  const context = contextOf(collector, options.settings, options.internal, options.inventory);
  const explainSources = (address: string, scope?: string) => {
    const found = [...collector.sources()].filter(
      (source) => source.address === address && (scope === undefined || source.scope === scope),
    );
    printWhy(address, found, context, { format: chosen }, terminal);
    return true;
  };
  if (address !== undefined) return explainSources(address);
  const { findings, rolls } = await judgeWithRolls(collector, context);
  const finding = findings.find(({ id }) => id === text);
  if (!finding) {
    terminal.stderr(`no finding ${text} in these logs. Without --why, detect prints the ids\n`);
    return false;
  }
  if (finding.source) return explainSources(finding.source.address, finding.source.scope);
  const { printWhyCampaign } = await import('../why-finding.ts');
  const campaign = { roll: rolls.get(finding.id)!, sources: collector.sources() };
  printWhyCampaign(finding, campaign, context, chosen, terminal);
  return true;
}

async function readOptions(given: DetectOptions): Promise<Options> {
  const file =
    given.config === undefined ? undefined : await (await import('../settings.ts')).runtimeSettingsOf(given.config);
  for (const cidr of given.internal ?? []) checkCidr(cidr);
  const fields = given.fields === undefined ? file?.fields : fieldsOf(given.fields);
  return {
    format: given.format,
    minSeverity: given.minSeverity,
    settings: detectionSettings(given.sensitivity ?? file?.sensitivity, file?.detection),
    watches: watchesOf(given.watch ?? []),
    internal: [...(given.internal ?? []), ...(file?.internal ?? [])],
    routingDomains: file?.routingDomains ?? {},
    ...(fields && { fields }),
  };
}

/** Watches of networks, as sources or as targets, in all of the log. @throws UsageError for a text that is no such network. */
function watchesOf(networks: readonly string[]): Watches | undefined {
  const rest = { reason: '--watch', sensitivity: 'high', ...ALWAYS } as const;
  const watches = networks.flatMap((network) => {
    const fault = scopeFault({ source: network });
    if (fault) throw new UsageError(`--watch${fault.slice('source'.length)}`, 'sweepwatch detect');
    const named = { ...rest, owner: `--watch ${network}`, id: `--watch ${network}` };
    return [
      { ...named, source: network },
      { ...named, target: network },
    ];
  });
  return watches.length ? new Watches(watches) : undefined;
}

/** The findings of flow logs together with what the logs of orchestrators and hosts say. */
async function withSignals(
  scans: readonly Finding[],
  { signals, directory, logTime }: ReadSignals,
  hasFlowLogs: boolean,
  flowLogTime: number,
): Promise<Packed<Finding>> {
  const { meetSignals } = await import('../../lib/finding/meet-signals.ts');
  const context = { secret: LOCAL_SECRET, logTime: Math.max(logTime, flowLogTime), hasFlowLogs };
  const met = new Packed<Finding>();
  met.add(...meetSignals(scans, { signals, directory }, context));
  return met;
}

/** Says what the files of orchestrators and hosts held that could not be used. */
function reportSignals({ files, dropped, rules }: ReadSignals, terminal: Terminal): void {
  const say = (text: string) => terminal.stderr(`${printable(text)}\n`);
  for (const { name, error, unread } of files) {
    if (error) say(`${name}: ${error}`);
    for (const { count, reason, meaning, firstLine } of unread)
      say(
        `${name}: ${countOf(count, 'value')} not used: ${reason} (${meaning})${firstLine === undefined ? '' : `, first at line ${firstLine}`}`,
      );
  }
  if (dropped)
    say(
      `memory limit reached: dropped ${countOf(dropped, 'event')} of orchestrators, those without a known tool first`,
    );
  if (rules !== undefined) say(`${countOf(rules, 'rule')} of yours loaded`);
  const events = files.reduce((sum, file) => sum + file.events, 0);
  say(`${countOf(events, 'event')} in ${countOf(files.length, 'file')} of orchestrators and hosts`);
}
