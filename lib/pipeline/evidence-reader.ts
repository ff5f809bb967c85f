/**
 * The port through which a judge reads evidence: from the windows table in the cloud, from memory on the command line.
 */
import type { SourceEvidence } from '../evidence/evidence.ts';
import type { Calls, FirstProbe } from '../finding/callbacks.ts';
import type { OtherAddress } from '../finding/fallbacks.ts';
import type { FindingSource } from '../finding/model.ts';
import type { HourRange, ServiceUsers } from '../finding/surroundings.ts';
import type { CampaignContacts, CampaignContext } from '../scan/campaign-contacts.ts';
import type { Hours } from '../store/finding-item.ts';
import type { SourceName } from '../store/keys.ts';
import type { NearSignals } from './near-signals.ts';

/** Services, and the hours in which their users count. */
export interface UsersRequest extends HourRange {
  readonly services: readonly string[];
}

/** A source, and the targets to check for calls to it. */
export interface CallsRequest {
  readonly source: SourceName;
  readonly probes: readonly FirstProbe[];
}

/** A source, and the hours in which other addresses of its interface count. */
export interface OthersRequest extends HourRange {
  readonly source: FindingSource;
}

/** The contacts of possible members of campaigns, and the number of fragments behind them, by hour. */
export interface CampaignRead {
  readonly contacts: CampaignContacts;
  readonly fragments: ReadonlyMap<number, number>;
}

/** Reads the evidence about one source. What it has read of the past it keeps. */
export interface SourceReader {
  /**
   * The evidence in some hours.
   * @param isEnough called with the evidence that may indicate a scan. If it returns true, the rest is not read.
   * @returns undefined if nothing is known, or if `isEnough` returned true.
   */
  read(hours: Hours, isEnough: (suspects: SourceEvidence | undefined) => boolean): Promise<SourceEvidence | undefined>;
  /** Forgets the present, so that it is read again. */
  renew(): void;
}

export interface EvidenceReader {
  /** Whether everything known is returned whatever the hours, so that reading other hours adds nothing. */
  readonly isWhole: boolean;
  /** The same evidence without anything that was read before. */
  readonly fresh: EvidenceReader;
  /**
   * The evidence about a source, for one judgement.
   * @param present the first epoch hour about which files may have been written just now.
   */
  source(name: SourceName, present: number): SourceReader;
  /** The contacts of the outside sources in some hours, as far as they may be shares of a campaign. */
  outside(hours: Hours, context: CampaignContext): Promise<CampaignRead>;
  /**
   * The same for the inside sources of a scope.
   * @param sources those of which everything is read. Default: the failures of all, which may be shares.
   */
  inside(scope: string, hours: Hours, context: CampaignContext, sources?: readonly string[]): Promise<CampaignRead>;
  /** Outside sources that completed contacts with some services. */
  users(requests: readonly UsersRequest[]): Promise<ServiceUsers>;
  /** For each request, the calls of its targets to its source. */
  calls(requests: readonly CallsRequest[]): Promise<readonly Calls[]>;
  /** For each request, the IPv4 addresses of the interface of its source, as far as they are quiet in some hour. */
  others(requests: readonly OthersRequest[]): Promise<readonly (readonly OtherAddress[])[]>;
  /** What logs of orchestrators and hosts tell about some hours. Undefined if none arrive. */
  signals(hours: Hours): Promise<NearSignals | undefined>;
}

/** When a judgement is made, and from what. Times are epoch seconds. */
export interface RunContext {
  /** How far the log has come. */
  readonly logTime: number;
  readonly now: number;
  readonly reader: EvidenceReader;
}
