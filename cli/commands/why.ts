/** `sweepwatch findings why`: what the evidence says of a source that was not reported, and why a finding was. */
import type { SourceEvidence } from '../../lib/evidence/evidence.ts';
import { epochSeconds, type Finding, isoTime } from '../../lib/finding/model.ts';
import { canonicalAddress } from '../../lib/net/address.ts';
import { Networks } from '../../lib/net/networks.ts';
import { Watches } from '../../lib/notify/watch.ts';
import { watchedSettings, watchesAbout } from '../../lib/pipeline/watched.ts';
import { WatchesStore } from '../../lib/store/watches-store.ts';
import { printable } from '../../lib/text/untrusted.ts';
import { openDeployment } from '../deployment.ts';
import { type EvidenceOptions, openEvidence } from '../evidence.ts';
import { readTime } from '../finding-filters.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { FINDING_ID, printWhy, type WhyFormat } from '../why.ts';
import { printWhyFinding } from '../why-finding.ts';
import { openFindings } from './findings.ts';

/** The options of `findings why`, as the program reads them. */
export interface WhyOptions extends EvidenceOptions {
  readonly since?: string;
  readonly until?: string;
  readonly scope?: string;
  readonly format: WhyFormat;
}

const HOUR = 3600;
/** Hours of an outside address that may be read, 31 days and the margin. */
const MOST_HOURS = 31 * 24 + 3;
/** Hours before that decide whether a contact is a first contact. */
const MARGIN = 2;

/** Time that is looked at unless an option says another. */
const SINCE = '3d';

/** Runs `findings why` and returns the exit code. */
export async function explain(text: string, options: WhyOptions, terminal: Terminal): Promise<number> {
  const address = canonicalAddress(text);
  if (address !== undefined) return explainAddress(address, options, terminal);
  if (FINDING_ID.test(text)) return explainReported(text, options, terminal);
  throw new UsageError(`SOURCE must be an IPv4 or IPv6 address, or the id of a finding, got "${text}"`);
}

/** Explains a finding: by the evidence of its source, or as a campaign or signals if it has none. */
async function explainReported(id: string, options: WhyOptions, terminal: Terminal): Promise<number> {
  if (options.since ?? options.until ?? options.scope)
    throw new UsageError('--since, --until and --scope go with an address: a finding has its own time and scope');
  const { deployment, store } = await openFindings(options);
  const stored = await store.byId(id);
  if (!stored) {
    terminal.stderr(`no finding ${id} in ${printable(deployment.table)}. "findings list" shows the ids\n`);
    return 1;
  }
  const { source, firstSeen, lastSeen: until } = stored.finding;
  if (source) {
    const earliest = isoTime(epochSeconds(until) - (MOST_HOURS - MARGIN) * HOUR);
    const isShort = firstSeen > earliest || new Networks().isInsideText(source.address);
    const since = isShort ? firstSeen : earliest;
    if (!isShort) terminal.stderr(`the finding began at ${firstSeen}: the last 31 days of it are read\n`);
    return explainAddress(source.address, { ...options, since, until, scope: source.scope }, terminal);
  }
  await printWhyFinding(stored, options, terminal);
  return 0;
}

async function explainAddress(address: string, options: WhyOptions, terminal: Terminal): Promise<number> {
  const now = Date.now() / 1000;
  const from = Math.floor(readTime('--since', options.since ?? SINCE, now) / HOUR) - MARGIN;
  const until = options.until === undefined ? now + HOUR : readTime('--until', options.until, now);
  const to = Math.floor(until / HOUR);
  if (to < from + MARGIN) throw new UsageError('--until is before --since: no evidence can be in that time');
  if (to - from > MOST_HOURS && !new Networks().isInsideText(address))
    throw new UsageError(
      '--since and --until may be 31 days apart for an outside address: its hours are read one by one',
    );
  const { context, remarks, source, scopesOf } = await openEvidence(options);
  const scopes = options.scope === undefined ? await scopesOf(address) : [options.scope];
  const found = await Promise.all(scopes.map((scope) => source({ scope, address }, from, to)));
  if (options.format !== 'table') for (const remark of remarks) terminal.stderr(`${printable(remark)}\n`);
  const when = `from ${isoTime((from + MARGIN) * HOUR)} to ${isoTime((to + 1) * HOUR)}`;
  const known = found.filter((evidence) => evidence !== undefined);
  const reported = await findingsOf(known, from, to, options);
  const watches = await watchesOf(options);
  // Without signals, a watch of a namespace may be about any pod.
  const watched = new Map(known.map((evidence) => [evidence, watchesAbout(watches, evidence, evidence.panes)]));
  if ([...watched.values()].some((each) => each !== undefined))
    terminal.stderr(
      `a watch may be about ${address} in this time, so thresholds are those of the watch. "watch list" shows it\n`,
    );
  const contextFor = (evidence: SourceEvidence) => ({
    ...context,
    settings: watchedSettings(context.settings, watched.get(evidence)),
  });
  const shown = { format: options.format, remarks, when, contextFor, ...(reported && { reported }) };
  printWhy(address, known, context, shown, terminal);
  return 0;
}

/** Whether an option or the environment names the findings table. */
function hasFindings(options: WhyOptions): boolean {
  const { SWEEPWATCH_FINDINGS_TABLE, SWEEPWATCH_STACK } = process.env;
  const named = options.table ?? options.stack ?? SWEEPWATCH_STACK ?? SWEEPWATCH_FINDINGS_TABLE;
  return named !== undefined || options.local === true;
}

/** The watches of the deployment, in force or over. Undefined if no option names the findings table. */
async function watchesOf(options: WhyOptions): Promise<Watches | undefined> {
  if (!hasFindings(options)) return undefined;
  const { client, table } = await openDeployment(options);
  return new Watches(await new WatchesStore(client, table).list());
}

/** How long before some hours a campaign may have begun that went on in them, in hours. */
const CAMPAIGN_HOURS = 72;

/**
 * The findings about sources that overlap some hours, and the campaigns with them as members, by scope. Undefined if no
 * option names the findings table.
 */
async function findingsOf(
  sources: readonly SourceEvidence[],
  from: number,
  to: number,
  options: WhyOptions,
): Promise<ReadonlyMap<string, readonly Finding[]> | undefined> {
  if (!sources.length || !hasFindings(options)) return undefined;
  const { store } = await openFindings(options);
  const campaigns = await store.campaigns(from - CAMPAIGN_HOURS);
  const lists = await Promise.all(
    sources.map(async ({ scope, address }) => {
      const withIt = campaigns.filter(
        ({ roll }) => roll && (roll.scope ?? 'internet') === scope && roll.members.includes(address),
      );
      const stored = [...(await store.ofSource({ scope, address })), ...withIt].map(({ finding }) => finding);
      const isThen = ({ firstSeen, lastSeen }: Finding) =>
        epochSeconds(lastSeen) >= from * HOUR && epochSeconds(firstSeen) < (to + 1) * HOUR;
      return [scope, stored.filter(isThen)] as const;
    }),
  );
  return new Map(lists);
}
