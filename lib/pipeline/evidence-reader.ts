/** The port through which a judge reads evidence: over the windows table in the cloud, over memory on the command line. */
import type { SourceEvidence } from '../evidence/evidence.ts';
import type { HourRange, ServiceUsers } from '../finding/surroundings.ts';
import type { InboundContacts, InboundContext } from '../scan/inbound.ts';
import type { Hours } from '../store/finding-item.ts';
import type { SourceName } from '../store/keys.ts';

/** Services, and the hours in which their users count. */
export interface UsersRequest extends HourRange {
  readonly services: readonly string[];
}

/** A source, and the targets of which to say whether they had asked it for something in some hours. */
export interface AskersRequest extends HourRange {
  readonly source: SourceName;
  readonly targets: readonly string[];
}

/** What all outside sources tried, and how many fragments it rests on, by hour. */
export interface InboundRead {
  readonly inbound: InboundContacts;
  readonly fragments: ReadonlyMap<number, number>;
}

export interface EvidenceReader {
  /** Gives all that is known whatever the hours: nothing is gained by reading other hours. */
  readonly isWhole: boolean;
  /** The same evidence without anything that was read beforehand. */
  readonly fresh: EvidenceReader;
  /**
   * What is known of a source in some hours.
   * @param isEnough asked with the part that may speak for a scan; where it says so, the rest is not read.
   * @returns undefined where nothing is known, or `isEnough` spared the rest.
   */
  source(
    name: SourceName,
    hours: Hours,
    isEnough?: (suspects: SourceEvidence | undefined) => boolean,
  ): Promise<SourceEvidence | undefined>;
  /** What outside sources tried in some hours, as far as it may be a share of a campaign. */
  inbound(hours: Hours, context: InboundContext): Promise<InboundRead>;
  /** Outside sources that completed contacts with some services. */
  users(requests: readonly UsersRequest[]): Promise<ServiceUsers>;
  /** For each request, those of its targets that had asked its source for something. */
  askers(requests: readonly AskersRequest[]): Promise<readonly ReadonlySet<string>[]>;
}

/** When a judgement is made, and what it reads. Times are epoch seconds. */
export interface RunContext {
  /** How far the log has come. */
  readonly logTime: number;
  readonly now: number;
  readonly reader: EvidenceReader;
}
