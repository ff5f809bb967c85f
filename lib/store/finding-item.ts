/**
 * A finding as an item of the findings table: the public shape at the top level, with the fields that the pipeline
 * needs.
 */

import type { DetectedFinding } from '../finding/describe-scan.ts';
import { epochSeconds, type Finding, isoTime, restsOnSignals, type Severity } from '../finding/model.ts';
import { networkOf } from '../net/cidr.ts';
import type { CampaignRoll } from '../scan/campaigns.ts';
import {
  CAMPAIGNS,
  findingExpiry,
  findingIndexKeys,
  findingSort,
  foundPartition,
  foundSort,
  hourOfText,
  MAX_TARGET_ROWS,
  SIGNAL_FINDINGS,
  sourcePartition,
  targetPartition,
} from './keys.ts';

/** The state of a finding in its last alert. */
export interface Announced {
  readonly severity: Severity;
  readonly kind: string;
  readonly openPorts: number;
  readonly status: Finding['status'];
  readonly closedBecause?: Finding['closedBecause'];
  /** Epoch seconds. */
  readonly at: number;
  /** Whether the storm message announced it together with others. */
  readonly inStorm?: true;
}

/** An inclusive range of epoch hours. */
export interface Hours {
  readonly from: number;
  readonly to: number;
}

/** A stored finding. */
export interface StoredFinding {
  readonly pk: string;
  readonly sk: string;
  readonly finding: Finding;
  /** Number of fragments it rests on, then the log time of its judgement: the version that upserts compare. */
  readonly fragments: number;
  readonly judgedAt: number;
  /** Epoch hours in which the fragments were counted. The range never shrinks, so that counts can be compared. */
  readonly hours?: Hours;
  readonly announced?: Announced;
  /** Set while there may be something to announce. This is the outbox. */
  readonly announceSince?: string;
  readonly leaseUntil?: number;
  /** When it was first stored, epoch seconds. Missing in findings of earlier releases. */
  readonly foundAt?: number;
  /** Whether horizons of days contributed to it. */
  readonly overDays?: boolean;
  /** Number of items about signals that it rests on, in its hours. */
  readonly signalItems?: number;
  /** How often people said something of it. Judgements that do not know the last time are refused. */
  readonly reviews?: number;
  /** Only for a campaign. */
  readonly roll?: CampaignRoll;
}

const INTERNAL = new Set([
  'pk',
  'sk',
  'findingId',
  'day',
  'severityTime',
  'openShard',
  'announceShard',
  'announceSince',
  'heldBecause',
  'fragments',
  'judgedAt',
  'foundAt',
  'hours',
  'signalItems',
  'reviews',
  'announced',
  'leaseUntil',
  'expiresAt',
  'roll',
  'overDays',
]);

/** Optional fields of a finding. They are removed from the item if a newer version lacks them. */
export const OPTIONAL_FIELDS = [
  'sources',
  'campaign',
  'mergedInto',
  'closedBecause',
  'actor',
  'signals',
  'watchedBy',
] as const;

/** The finding in an item. */
export function fromItem(item: Record<string, unknown>): StoredFinding {
  const finding = Object.fromEntries(Object.entries(item).filter(([name]) => !INTERNAL.has(name)));
  return {
    pk: String(item.pk),
    sk: String(item.sk),
    finding: finding as unknown as Finding,
    fragments: Number(item.fragments ?? 0),
    judgedAt: Number(item.judgedAt ?? 0),
    ...(item.foundAt !== undefined && { foundAt: Number(item.foundAt) }),
    ...(item.hours !== undefined && { hours: item.hours as Hours }),
    ...(item.announced !== undefined && { announced: item.announced as Announced }),
    ...(item.announceSince !== undefined && { announceSince: String(item.announceSince) }),
    ...(item.leaseUntil !== undefined && { leaseUntil: Number(item.leaseUntil) }),
    ...(item.signalItems !== undefined && { signalItems: Number(item.signalItems) }),
    ...(item.reviews !== undefined && { reviews: Number(item.reviews) }),
    ...(item.overDays === true && { overDays: true }),
    ...(item.roll !== undefined && { roll: item.roll as CampaignRoll }),
  };
}

/** Key of a finding's item. Campaigns have no source and share a partition, and so do findings of signals alone. */
export function findingKey({ finding, anchorHour }: Pick<DetectedFinding, 'finding' | 'anchorHour'>): {
  pk: string;
  sk: string;
} {
  return {
    pk: finding.source ? sourcePartition(finding.source) : restsOnSignals(finding) ? SIGNAL_FINDINGS : CAMPAIGNS,
    sk: findingSort(anchorHour, finding.id),
  };
}

/** The hour in which a stored finding began, from its key. */
export const anchorHourOf = ({ sk }: Pick<StoredFinding, 'sk'>): number => hourOfText(sk.split('#')[1]!);

/** All attributes of a finding's item except its key. */
export function toAttributes(
  finding: Finding,
  version: Pick<StoredFinding, 'fragments' | 'judgedAt' | 'foundAt' | 'hours' | 'signalItems'>,
  now: number,
  retentionDays: number,
): Record<string, unknown> {
  return {
    ...finding,
    ...findingIndexKeys(finding),
    ...version,
    expiresAt: findingExpiry(finding, now, retentionDays),
  };
}

const DAY = 86_400;
/** Longer than a digest may be late. */
const FOUND_ROW_DAYS = 7;
/** Scans that ended longer before they were found are in no digest. Their log is older than any that is merely late. */
const DIGEST_DAYS = 5;

/**
 * The row that leads from the day on which a finding was found to the finding, if it began on another day. The index of
 * days has it under the day of its first probe. A scan that ended more than five days before has no row, because old logs
 * that are read at once would make thousands for one day. It is in no digest, only in the list of findings.
 */
export function foundRows(
  { finding, anchorHour }: DetectedFinding,
  foundAt: number | undefined,
  retentionDays: number,
): Record<string, unknown>[] {
  if (foundAt === undefined) return [];
  const day = isoTime(foundAt).slice(0, 10);
  if (finding.firstSeen.startsWith(day) || epochSeconds(finding.lastSeen) < foundAt - DIGEST_DAYS * DAY) return [];
  const expiresAt = Math.floor(foundAt + Math.min(FOUND_ROW_DAYS, retentionDays) * DAY);
  const ref = findingKey({ finding, anchorHour });
  return [{ pk: foundPartition(day, finding.id), sk: foundSort(foundAt, finding.id), ref, expiresAt }];
}

/** Rows that lead from targets to the finding: answered targets first, at most 100, then one for each network. */
export function targetRows(
  { finding, anchorHour, targets }: DetectedFinding,
  now: number,
  retentionDays: number,
): Record<string, unknown>[] {
  const named = targets.slice(0, MAX_TARGET_ROWS);
  const networks = [...new Set(targets.slice(MAX_TARGET_ROWS).map(networkOf))].slice(0, MAX_TARGET_ROWS);
  return [...named, ...networks].map((target) => ({
    pk: targetPartition(target),
    sk: findingSort(anchorHour, finding.id),
    targetOf: finding.id,
    sourceAddress: finding.source?.address,
    scope: finding.source?.scope,
    severity: finding.severity,
    kind: finding.kind,
    direction: finding.direction,
    firstSeen: finding.firstSeen,
    expiresAt: findingExpiry(finding, now, retentionDays),
  }));
}
