/** Prints why a campaign, or a finding of signals alone, was reported. */
import type { SourceEvidence } from '../lib/evidence/evidence.ts';
import type { JudgingContext } from '../lib/finding/describe-scan.ts';
import { epochSeconds, type Finding, SAMPLE_SIZE } from '../lib/finding/model.ts';
import { stateOf } from '../lib/finding/review.ts';
import {
  type ExplainedFinding,
  type ExplainedMember,
  explainFinding,
  explainMember,
} from '../lib/finding/why-finding.ts';
import type { CampaignRoll } from '../lib/scan/campaigns.ts';
import type { StoredFinding } from '../lib/store/finding-item.ts';
import { jsonText, printable } from '../lib/text/untrusted.ts';
import { describeAwsError } from './aws-errors.ts';
import { type EvidenceOptions, openEvidence } from './evidence.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';
import { whatSilences } from './what-silences.ts';
import type { WhyFormat } from './why.ts';
import { whyFindingText } from './why-finding-text.ts';

const HOUR = 3600;
/** Hours before that decide whether a contact is a first contact. */
const MARGIN = 2;
/** Hours of a campaign in which members are looked at: those of outside ones are read one by one. */
const MOST_HOURS = 24;

/** Explains a stored finding that has no single source. */
export async function printWhyFinding(
  { finding, roll }: Pick<StoredFinding, 'finding' | 'roll'>,
  options: EvidenceOptions & { readonly format: WhyFormat },
  terminal: Terminal,
): Promise<void> {
  const members = (roll ?? finding.sources) ? await membersOf(finding, roll, options, terminal) : undefined;
  printExplained(finding, explainFinding(finding, roll, members), whatSilences(finding), options.format, terminal);
}

/** Explains a finding of files that has no single source, by the evidence of all sources. */
export function printWhyCampaign(
  finding: Finding,
  { roll, sources }: { readonly roll: CampaignRoll; readonly sources: Iterable<SourceEvidence> },
  context: JudgingContext,
  format: WhyFormat,
  terminal: Terminal,
): void {
  const named = roll.members.slice(0, SAMPLE_SIZE);
  const scope = roll.scope ?? 'internet';
  const known = new Map<string, ExplainedMember>();
  for (const evidence of sources)
    if (evidence.scope === scope && named.includes(evidence.address))
      known.set(evidence.address, explainMember(evidence, finding, roll, context));
  const members = named.map((address) => known.get(address) ?? { address });
  printExplained(finding, explainFinding(finding, roll, members), [], format, terminal);
}

/** @param prevention says what would have prevented the finding, a line each. */
function printExplained(
  finding: Finding,
  explained: ExplainedFinding,
  prevention: readonly string[],
  format: WhyFormat,
  terminal: Terminal,
): void {
  if (format === 'table') {
    terminal.stdout(whyFindingText(finding, explained, prevention, terminal.paint));
    return;
  }
  const { id, kind, severity, direction, firstSeen, lastSeen, detectedAt, sources, targets, ports, contacts } = finding;
  const entry = {
    finding: {
      id,
      kind,
      severity,
      ...(direction && { direction }),
      firstSeen,
      lastSeen,
      detectedAt,
      state: stateOf(finding),
    },
    ...explained,
    ...(sources && { sources }),
    targets,
    ports,
    contacts,
    ...(finding.actor && { actor: finding.actor }),
    ...(finding.signals && { signals: finding.signals }),
    prevention,
    dataQuality: finding.dataQuality,
  };
  terminal.stdout(`${format === 'json' ? jsonText([entry], 2) : jsonText(entry)}\n`);
}

/** The members with the most contacts. Without evidence they are only named, and stderr says why. */
async function membersOf(
  finding: Finding,
  roll: CampaignRoll | undefined,
  options: EvidenceOptions,
  terminal: Terminal,
): Promise<ExplainedMember[]> {
  const addresses = (roll?.members ?? finding.sources?.sample ?? []).slice(0, SAMPLE_SIZE);
  const named = addresses.map((address) => ({ address }));
  if (!roll) return named;
  try {
    const { source: read, context } = await openEvidence(options);
    const first = Math.floor(epochSeconds(finding.firstSeen) / HOUR);
    const last = Math.floor(epochSeconds(finding.lastSeen) / HOUR);
    if (last - first > MOST_HOURS)
      terminal.stderr(`shares of the members are those of the first ${MOST_HOURS} hours\n`);
    const scope = roll.scope ?? 'internet';
    return await Promise.all(
      named.map(async ({ address }) => {
        const evidence = await read({ scope, address }, first - MARGIN, Math.min(last, first + MOST_HOURS));
        return evidence ? explainMember(evidence, finding, roll, context) : { address };
      }),
    );
  } catch (error) {
    const why =
      error instanceof UsageError && options.windowsTable === undefined
        ? 'the evidence is in the windows table. Give --stack, --local or --windows-table'
        : printable(describeAwsError(error as Error) ?? (error as Error).message);
    terminal.stderr(`no shares of the members: ${why}\n`);
    return named;
  }
}
