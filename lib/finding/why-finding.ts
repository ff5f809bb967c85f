/**
 * Why a finding without a single source was reported: a campaign, or events of orchestrators and hosts alone. Pure, for
 * stored findings.
 */
import { distributedScan } from '../detections/distributed-scan.ts';
import { TESTS } from '../detections/tests.ts';
import type { SourceEvidence } from '../evidence/evidence.ts';
import { isFailure } from '../evidence/seen.ts';
import type { CampaignRoll } from '../scan/campaigns.ts';
import { firstContacts } from '../scan/contacts.ts';
import { shapesOf } from '../scan/sliding-shares.ts';
import type { JudgingContext } from './describe-scan.ts';
import { epochSeconds, type Finding, type Reason } from './model.ts';
import { type ExplainedWindow, explainSource } from './why.ts';

/** A test of a finding, and by how much it was met. */
interface ExplainedTest extends Reason {
  /** Whether the value had to stay at or below the threshold, not to reach it. */
  readonly isCeiling: boolean;
  /** How far the value was beyond the threshold when the evidence was first enough. 0 if it was just met. */
  readonly margin: number;
  /** The value in the end, if it goes on growing after that. */
  readonly final?: number;
}

/** What one member of a campaign did, and how far it was from being found alone. */
export interface ExplainedMember {
  readonly address: string;
  /** Distinct parts that it tried of what the members divide. Absent if its evidence was not read or has expired. */
  readonly share?: number;
  /** Those of them that failed. */
  readonly failed?: number;
  /** The window in which it came nearest to a threshold of a single source. */
  readonly nearest?: Pick<ExplainedWindow, 'test' | 'failures' | 'nearness'>;
}

/** Why a finding was reported. */
export interface ExplainedFinding {
  readonly tests: readonly ExplainedTest[];
  /** What the members of a campaign divide: targets, or ports such as "22/6". Empty for pairs of target and port. */
  readonly shared?: readonly string[];
  readonly members?: readonly ExplainedMember[];
}

/** Explains a campaign or a finding of signals alone. `members` are those whose evidence was read. */
export const explainFinding = (
  finding: Finding,
  roll?: CampaignRoll,
  members?: readonly ExplainedMember[],
): ExplainedFinding => ({
  tests: finding.reasons.map((reason) => explainTest(reason, finding)),
  ...(roll && { shared: roll.kind === 'block' ? [] : roll.shared }),
  ...(members && { members }),
});

function explainTest(reason: Reason, finding: Finding): ExplainedTest {
  const about = TESTS.get(reason.test)?.about;
  const isCeiling = about === 'overlap';
  const beyond = isCeiling ? reason.threshold - reason.value : reason.value - reason.threshold;
  const final = finalOf(about, finding);
  return { ...reason, isCeiling, margin: Math.round(beyond * 100) / 100, ...(final !== undefined && { final }) };
}

function finalOf(about: string | undefined, { sources, ports, targets, contacts }: Finding): number | undefined {
  if (about === 'sources') return sources?.count;
  if (about === 'ports') return ports.count;
  if (about === 'targets') return targets.count;
  return about === 'pairs' ? contacts.failed + contacts.established : undefined;
}

/** Explains a member of a campaign by its own evidence. */
export function explainMember(
  evidence: SourceEvidence,
  { firstSeen, lastSeen }: Pick<Finding, 'firstSeen' | 'lastSeen'>,
  { kind, shared }: CampaignRoll,
  context: JudgingContext,
): ExplainedMember {
  const [from, to] = [epochSeconds(firstSeen), epochSeconds(lastSeen)];
  const shape = shapesOf(distributedScan, context.settings).find((each) => each.kind === kind)!;
  const own = firstContacts(evidence, context.settings, context).filter(
    (contact) =>
      contact.end >= from && contact.start <= to && (kind === 'block' || shared.includes(shape.groupOf(contact))),
  );
  const parts = (contacts: typeof own) =>
    new Set(contacts.map((contact) => `${shape.groupOf(contact)} ${shape.partOf(contact)}`)).size;
  const [nearest] = explainSource(evidence, context).windows;
  return {
    address: evidence.address,
    share: parts(own),
    failed: parts(own.filter(({ outcome }) => isFailure(outcome))),
    ...(nearest && { nearest: { test: nearest.test, failures: nearest.failures, nearness: nearest.nearness } }),
  };
}
