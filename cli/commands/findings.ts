/** `sweepwatch findings`: looks up findings in the table of a deployment, and explains one. */
import { epochSeconds, type Finding } from '../../lib/finding/model.ts';
import { asEarlier, EARLIER_DAYS } from '../../lib/notify/earlier.ts';
import { alertText } from '../../lib/notify/text.ts';
import { FindingsStore } from '../../lib/store/findings-store.ts';
import { printable } from '../../lib/text/untrusted.ts';
import { countOf } from '../../lib/text/wording.ts';
import { type Deployment, type DeploymentOptions, openDeployment } from '../deployment.ts';
import type { EvidenceOptions } from '../evidence.ts';
import { type Filters, findWanted, namedFilters, type Wanted, wantedBy } from '../finding-filters.ts';
import { type Format, formatFindings, textsOf } from '../formats.ts';
import type { Terminal } from '../terminal.ts';
import { whatSilences } from '../what-silences.ts';
import { replaceFile, whyNotWritten } from '../write-file.ts';

/** The options of `findings show`, as the program reads them. */
export interface ShowOptions extends EvidenceOptions {
  readonly format: Format;
}

/** The options of `findings list`, as the program reads them. */
export interface ListOptions extends DeploymentOptions, Filters {
  readonly format: Format;
  /** File for the page. */
  readonly report?: string;
}

/** The options of `findings export`, as the program reads them. */
export interface ExportOptions extends DeploymentOptions, Filters {
  readonly format?: Format;
  /** File for the findings. */
  readonly output?: string;
  /** File for the page. */
  readonly report?: string;
}

/** The findings that the filters of a command choose, and where they are. */
interface Found {
  readonly findings: readonly Finding[];
  readonly deployment: Deployment;
  readonly wanted: Wanted;
}

/** Runs `findings list` and returns the exit code. */
export async function listFindings(options: ListOptions, terminal: Terminal): Promise<number> {
  const found = await find(options, terminal);
  await formatFindings(found.findings, options.format, terminal);
  return report('findings list', found, options.report, terminal);
}

/** Runs `findings export` and returns the exit code. */
export async function exportFindings(options: ExportOptions, terminal: Terminal): Promise<number> {
  const { output, format, report: page } = options;
  const found = await find(options, terminal);
  const isPageOnly = page !== undefined && output === undefined && format === undefined;
  if (!isPageOnly && !(await writeFindings(found.findings, format ?? 'ndjson', output, terminal))) return 1;
  return report('findings export', found, page, terminal);
}

async function find(options: DeploymentOptions & Filters, terminal: Terminal): Promise<Found> {
  const now = Date.now() / 1000;
  const wanted = wantedBy(options, now);
  const { deployment, store } = await openFindings(options);
  return { findings: await findWanted(store, wanted, now, terminal), deployment, wanted };
}

/** Writes findings to a file, or to stdout. False, with the reason on stderr, if that was not possible. */
async function writeFindings(
  findings: readonly Finding[],
  format: Format,
  output: string | undefined,
  terminal: Terminal,
): Promise<boolean> {
  if (output === undefined || output === '-') {
    await formatFindings(findings, format, terminal);
    return true;
  }
  try {
    await replaceFile(output, textsOf(findings, format));
  } catch (error) {
    terminal.stderr(`--output ${printable(output)}: ${whyNotWritten(error as NodeJS.ErrnoException)}\n`);
    return false;
  }
  terminal.stderr(`${countOf(findings.length, 'finding')} written to ${printable(output)}\n`);
  return true;
}

async function report(command: string, found: Found, file: string | undefined, terminal: Terminal): Promise<number> {
  if (file === undefined) return 0;
  const { findings, deployment, wanted } = found;
  const { writeReport } = await import('../write-report.ts');
  const reported = {
    findings,
    options: [
      ['command', command],
      ['deployment', deployment.stack ?? deployment.table],
      ...namedFilters(wanted),
    ] as const,
    inputs: [],
    notes: [],
    tables: tablesOf(deployment),
  };
  return (await writeReport(file, reported, terminal)) ? 0 : 1;
}

/** The names that printed commands use. */
const tablesOf = ({ table, stack, region }: Deployment) => ({ findings: table, region, ...(stack && { stack }) });

/** The findings of the deployment that the options name. */
export async function openFindings(
  options: DeploymentOptions,
): Promise<{ deployment: Deployment; store: FindingsStore }> {
  const deployment = await openDeployment(options);
  const store = new FindingsStore({ client: deployment.client, table: deployment.table, retentionDays: 1 });
  return { deployment, store };
}

/** Runs `findings show` and returns the exit code. */
export async function showFinding(id: string, options: ShowOptions, terminal: Terminal): Promise<number> {
  const { deployment, store } = await openFindings(options);
  const finding = (await store.byId(id))?.finding;
  if (!finding) {
    terminal.stderr(`no finding ${printable(id)} in ${printable(deployment.table)}. "findings list" shows the ids\n`);
    return 1;
  }
  if (options.format !== 'table') {
    await formatFindings([finding], options.format, terminal);
    return 0;
  }
  const place = { deployment: deployment.stack ?? deployment.table, tables: tablesOf(deployment) };
  const began = epochSeconds(finding.firstSeen);
  const earlier = finding.source ? await store.announcedBefore(finding.source, began, EARLIER_DAYS) : [];
  const event = finding.status === 'closed' ? 'closed' : 'opened';
  const told = earlier.map((stored) => asEarlier(stored.finding));
  terminal.stdout(alertText(event, finding, place, Date.now() / 1000, told));
  await (await import('../picture.ts')).printPicture(finding, options, terminal);
  const silencers = whatSilences(finding).map((text) => `  ${printable(text)}\n`);
  terminal.stdout(`\nWHAT WOULD HAVE SUPPRESSED IT\n${silencers.join('')}`);
  if (finding.suppressedBy) terminal.stdout(`  rule in effect: ${printable(finding.suppressedBy)}\n`);
  return 0;
}
