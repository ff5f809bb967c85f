/** The keys of both tables, built in one place. They make repeated writes harmless and queries possible. */
import { createHash } from 'node:crypto';
import { epochSeconds, type Finding, isoTime, severityRank, sourceKey } from '../finding/model.ts';

/**
 * Open findings, announcements and days are spread over this many partitions each, so that no partition becomes hot.
 */
export const SHARDS = 4;
/** Packed outside sources of one hour share this many partitions. */
export const OUTSIDE_BUCKETS = 16;
/** Packed inside sources of a scope share this many partitions. */
export const INSIDE_BUCKETS = 32;

/** A source by its key. */
export interface SourceName {
  readonly scope: string;
  readonly address: string;
}

const shardOf = (text: string, shards: number): number =>
  createHash('sha256').update(text).digest().readUInt32LE(0) % shards;

/** The hour as keys contain it: `2026-11-21T22`. */
export const hourText = (hour: number): string => new Date(hour * 3_600_000).toISOString().slice(0, 13);

/** The epoch hour of text that {@link hourText} wrote. */
export const hourOfText = (text: string): number => Date.parse(`${text}:00:00Z`) / 3_600_000;

/** Represents an object in keys, so that an object that is delivered twice writes the same items. */
export const objectId = (bucket: string, key: string): string =>
  createHash('sha256').update(`${bucket}\n${key}`).digest('hex').slice(0, 16);

/** Partition of a source's windows, and of its findings. */
export const sourcePartition = (source: SourceName): string => `source#${sourceKey(source)}`;

/** Partition of packed inside sources of a scope. Sort keys begin with the hour. */
export const packedInsidePartition = (source: SourceName): string =>
  packedInsideBucket(source.scope, shardOf(sourceKey(source), INSIDE_BUCKETS));
export const packedInsideBucket = (scope: string, bucket: number): string => `calm#${scope}#${bucket}`;

/** Partition of an hour's packed outside sources, by the source's hash. */
export const packedOutsidePartition = (hour: number, source: SourceName): string =>
  packedOutsideBucket(hour, shardOf(sourceKey(source), OUTSIDE_BUCKETS));
export const packedOutsideBucket = (hour: number, bucket: number): string => `noise#${hourText(hour)}#${bucket}`;

/** Samples of the other outside sources of an hour, in as many partitions: for campaigns and users of services. */
export const sampledOutsidePartition = (hour: number, source: SourceName): string =>
  sampledOutsideBucket(hour, shardOf(sourceKey(source), OUTSIDE_BUCKETS));
export const sampledOutsideBucket = (hour: number, bucket: number): string => `loud#${hourText(hour)}#${bucket}`;

/**
 * Failures of the inside sources of a scope that may be shares of a campaign. Sort keys begin with the hour. Not spread,
 * because a file writes one small item.
 */
export const insideSharesPartition = (scope: string): string => `shares#${scope}`;

/**
 * Partitions of what logs of orchestrators and hosts told on a day, by the digest of the payload. Sort keys begin with
 * the hour.
 */
export const signalsPartition = (hour: number, digest: string): string => signalsShard(hour, shardOf(digest, SHARDS));
export const signalsShard = (hour: number, shard: number): string => `signals#${hourText(hour).slice(0, 10)}#${shard}`;

/** Partition of the pods and tasks that ran when a day began, by the epoch hour of that time. */
export const placesPartition = (hour: number): string => `places#${hourText(hour).slice(0, 10)}`;
/** Sort key of the item that names the list that counts. It comes before those of all lists. */
export const PLACES_LIST = '#';
/** Sort key of a part of a list, or the beginning of those of all its parts. */
export const placesSort = (list: string, chunk?: number): string =>
  `${list}#${chunk === undefined ? '' : String(chunk).padStart(5, '0')}`;

/** Partition of the findings that rest on signals alone. */
export const SIGNAL_FINDINGS = 'signals';
/** Partition of the hours whose signals are to be judged. */
export const DUE_SIGNALS = 'due#signals';

/** Partition of all campaigns. There are few, and each judgement of an outside source looks for its own. */
export const CAMPAIGNS = 'campaigns';

/**
 * Partition of due sources. Those from outside have their own, so that a flood of them does not delay the others. Not
 * spread, because a file writes a few items.
 */
export const duePartition = (scope: string): string => (scope === 'internet' ? 'due#internet' : 'due#inside');

/**
 * Partition of the hours to be judged for outside sources, and for the inside sources of a scope that may belong to a
 * campaign.
 */
export const HOURS = 'hours';
export const hourSort = (dueAt: number, hour: number, scope?: string): string =>
  `${isoTime(dueAt)}#${hourText(hour)}${scope === undefined ? '' : `#${scope}`}`;

/** Sort key of a finding. The findings of a source are sorted by the hour in which they began. */
export const findingSort = (anchorHour: number, id: string): string => `finding#${hourText(anchorHour)}#${id}`;

/** Partitions of the rows that lead from a day to findings that were found on it and began on another one. */
export const foundShard = (day: string, shard: number): string => `found#${dayShard(day, shard)}`;
export const foundPartition = (day: string, id: string): string => foundShard(day, shardOf(id, SHARDS));
export const foundSort = (foundAt: number, id: string): string => `${isoTime(foundAt)}#${id}`;

/** Partition of the rows that lead from a target to its findings. */
export const targetPartition = (target: string): string => `target#${target}`;

/** Keys of the indexes of one finding. `openShard` is set only while it is open. */
export function findingIndexKeys(finding: Finding): {
  findingId: string;
  day: string;
  severityTime: string;
  openShard?: string;
} {
  const shard = shardOf(finding.id, SHARDS);
  return {
    findingId: finding.id,
    day: dayShard(finding.firstSeen.slice(0, 10), shard),
    severityTime: `${severityRank(finding.severity)}#${finding.firstSeen}#${finding.id}`,
    ...(finding.status === 'open' && { openShard: openShard(shard) }),
  };
}

export const dayShard = (day: string, shard: number): string => `${day}#${shard}`;
export const openShard = (shard: number): string => `open#${shard}`;
export const announceShard = (shard: number): string => `announce#${shard}`;
export const announceShardOf = (id: string): string => announceShard(shardOf(id, SHARDS));

/**
 * Shard of the same index for announcements that were held in a storm, by severity rank, so that the worst are read
 * first. Not spread, because the few parallel alert functions write no faster than one partition accepts.
 */
export const heldShard = (rank: number): string => `held#${rank}`;

/** Partition and sort key of the item that says where the inventory is. */
export const INVENTORY = 'inventory';
export const INVENTORY_HEAD = 'head';

/** Partition of the parts of a whole inventory, of a few that are written in turn. */
export const inventoryParts = (ring: number): string => `inventory#${ring}`;

/** Partition of the counts of announcements, and the item of a lane in a slot that begins at an epoch second. */
export const ALLOWANCE = 'allowance';
export const allowanceSort = (slot: number, lane: string): string => `${isoTime(slot)}#${lane}`;

/** Rows by target: the answered ones first, at most this many, then one for each /24 (or /64). */
export const MAX_TARGET_ROWS = 100;

/** Expiry in epoch seconds: the later of record end and write time, plus retention. */
export const expiresAt = (recordEnd: number, now: number, retentionDays: number): number =>
  Math.floor(Math.max(recordEnd, now) + retentionDays * 86_400);

/** When a finding's items expire. */
export const findingExpiry = (finding: Finding, now: number, retentionDays: number): number =>
  expiresAt(epochSeconds(finding.lastSeen), now, retentionDays);
